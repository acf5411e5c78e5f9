"""A new signing key for the platform: two accounts, the offline root, and everything signed before still holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jmdesk.core.clock import SystemClock, utc_text
from sync.gateway.admin.rollover import roll
from sync.gateway.keys import load_keys
from sync.protocol.receipts import open_custody
from sync.protocol.suites import KeyRole
from sync.protocol.trust import open_trust
from tests.sync.gateway.conftest import Platform
from tests.sync.gateway.staff import QIAN, SUN, WHY, ZHAO, Office, refusal
from tests.sync.gateway.test_devices import small

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def office(platform: Platform) -> Office:
    office = Office(platform.storage.database)
    office.staff()
    return office


def test_a_new_signing_key_takes_two_accounts_and_the_offline_root(
    platform: Platform, office: Office, tmp_path: Path
) -> None:
    database, data = platform.storage.database, platform.data
    root = data / "offline-root.json"
    desk = platform.desk()
    batch = small(desk)
    custody = desk.send(batch)
    before = load_keys(database, data, CLOCK)

    assert refusal(lambda: roll(database, data, CLOCK, ZHAO, root)) == "admin.no_rollover"
    made = office.proposals.propose(ZHAO, "platform-key", "platform", WHY)
    assert refusal(lambda: roll(database, data, CLOCK, ZHAO, root)) == "admin.no_rollover"
    office.proposals.approve(QIAN, made.id, WHY)
    assert refusal(lambda: roll(database, data, CLOCK, SUN, root)) == "admin.not_allowed"
    foreign = tmp_path / "foreign.json"
    foreign.write_text(json.dumps({"root": "11" * 32}), encoding="ascii")
    assert refusal(lambda: roll(database, data, CLOCK, ZHAO, foreign)) == "admin.root_file"
    assert refusal(lambda: roll(database, data, CLOCK, ZHAO, tmp_path / "none")) == "admin.root_file"
    assert load_keys(database, data, CLOCK).signing.keyid == before.signing.keyid

    rolled = roll(database, data, CLOCK, ZHAO, root)
    after = load_keys(database, data, CLOCK)
    assert (rolled.proposal, rolled.key) == (made.id, after.signing.keyid)
    assert after.signing.keyid != before.signing.keyid
    assert after.trust.document.version == before.trust.document.version + 1 == rolled.trust_version
    assert (after.opening, after.provisioning.keyid) == (before.opening, before.provisioning.keyid)
    assert refusal(lambda: roll(database, data, CLOCK, ZHAO, root)) == "admin.no_rollover"

    trust = open_trust(after.trust.envelope, desk.trust.root, now=utc_text(CLOCK.now()), version=1)
    open_custody(custody, trust, batch.signed.manifest, batch.signed.digest)
    assert sum(key.role is KeyRole.PLATFORM for key in trust.document.keys) == 2
    assert office.overview.log()[0]["detail"] == {"key": rolled.key, "trust_version": rolled.trust_version}
    assert office.overview.check_log().broken == 0
