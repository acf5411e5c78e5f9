"""New keys for the platform: two accounts, the offline root, no restart; what was signed or sealed before holds."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from jmdesk.core.clock import FixedClock, SystemClock, utc_text
from sync.gateway.admin.rollover import KEEP_DAYS, Destroyed, destroy, roll
from sync.gateway.database import OWNER
from sync.gateway.keys import load_keys
from sync.gateway.packages import publish
from sync.protocol.manifest import Encryption
from sync.protocol.packages import Package, PackageKind, sign_package
from sync.protocol.parts import open_attachment
from sync.protocol.receipts import AttachmentVerdict, Keeping, open_custody
from sync.protocol.suites import KeyRole
from sync.protocol.trust import open_trust
from tests.sync.gateway.conftest import Platform
from tests.sync.gateway.desk import Batch, Desk, draft, household
from tests.sync.gateway.staff import QIAN, SUN, WHY, ZHAO, Office, refusal
from tests.sync.gateway.test_attachments import paper
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


# -- the key that opens batches ----------------------------------------------------------------------------------------


def settled(happened: Callable[[], bool]) -> None:
    """Wait until a running gateway has heard of something, for half a minute at most."""
    between = threading.Event()
    for _ in range(600):
        if happened():
            return
        between.wait(0.05)
    pytest.fail("the gateway did not hear of it")


def rolled_opening_key(platform: Platform, office: Office) -> str:
    """A new opening key under four eyes, once the running gateway has taken it up; the old one's id."""
    keys = platform.running.gateway.keys
    before, version = keys.opening.keyid, keys.trust.document.version
    office.do("platform-key", "recipient")
    made = roll(
        platform.storage.database, platform.data, CLOCK, ZHAO, platform.data / "offline-root.json", KeyRole.RECIPIENT
    )
    assert made.trust_version == version + 1
    settled(lambda: keys.opening.keyid == made.key)
    return before


def destroyed(platform: Platform, kid: str, days: int = KEEP_DAYS + 1) -> Destroyed:
    clock = FixedClock(CLOCK.now())
    clock.advance(days=days)
    return destroy(platform.storage.database, platform.data, clock, ZHAO, kid)


def kids(batch: Batch) -> set[str]:
    return {recipient.kid for recipient in batch.signed.manifest.enc.recipients}


def verdict(desk: Desk, batch: Batch) -> tuple[str, str]:
    (line,) = desk.verdicts(batch)[1]
    return line.verdict.value, line.code


def test_desks_seal_to_the_new_opening_key_and_what_was_sealed_before_still_opens(
    platform: Platform, office: Office
) -> None:
    late = platform.desk()
    sealed_before = small(late)
    old = rolled_opening_key(platform, office)
    new = platform.running.gateway.keys.opening.keyid
    assert kids(sealed_before) >= {old}

    desk = platform.desk()  # its trust document is the new one, from the gateway that never stopped
    batch = small(desk)
    assert new in kids(batch)
    assert old not in kids(batch)
    desk.send(batch)
    assert verdict(desk, batch) == ("accepted", "")
    late.send(sealed_before)
    assert verdict(late, sealed_before) == ("accepted", "")
    anew = load_keys(platform.storage.database, platform.data, CLOCK)
    assert [key.keyid for key in anew.openers][:2] == [new, old]


def test_an_old_opening_key_goes_when_its_time_is_over_and_nothing_needs_it(platform: Platform, office: Office) -> None:
    desk, late = platform.desk(), platform.desk()
    content, digest = paper()
    rid, values = household()
    desk.send(kept := desk.seal(draft("R05", rid, values, evidence=[digest]), attachments=[(rid, content)]))
    assert desk.verdicts(kept)[0].attachments == (AttachmentVerdict(0, Keeping.KEPT),)
    waiting, too_late = small(late), small(late)
    late.announce(waiting)
    database = platform.storage.database
    assert refusal(lambda: office.do("key-destroy", platform.running.gateway.keys.opening.keyid)) == "admin.key_current"
    old = rolled_opening_key(platform, office)

    assert refusal(lambda: destroyed(platform, old)) == "admin.no_rollover"
    office.do("key-destroy", old)
    assert refusal(lambda: destroyed(platform, old, days=KEEP_DAYS - 1)) == "admin.key_fresh"
    assert refusal(lambda: destroyed(platform, old)) == "admin.key_needed"
    late.send(waiting)
    assert verdict(late, waiting) == ("accepted", "")
    done = destroyed(platform, old)
    assert (done.key, done.documents) == (old, 1)
    assert refusal(lambda: destroyed(platform, old)) == "admin.no_rollover"
    assert refusal(lambda: office.do("key-destroy", old)) == "admin.no_key"

    keys = platform.running.gateway.keys
    settled(lambda: all(key.keyid != old for key in keys.openers))
    with database.transaction(OWNER) as connection:
        assert connection.execute("SELECT sealed FROM platform_keys WHERE kid = %s", (old,)).fetchone() == (b"",)
        row = connection.execute("SELECT ciphertext, enc FROM attachments WHERE sha256 = %s", (digest,)).fetchone()
    assert row is not None
    entry = msgspec.structs.replace(kept.signed.manifest.attachments[0], enc=msgspec.convert(row[1], Encryption))
    assert old not in {recipient.kid for recipient in entry.enc.recipients}
    assert open_attachment(entry, bytes(row[0]), kept.id, desk.device, keys.opener(entry.enc.recipients)) == content

    late.send(too_late)  # nothing is lost: every record has its verdict, and the desk offers it again
    assert verdict(late, too_late) == ("rejected", "protocol.not_a_recipient")
    listed = {row["key"]: row for row in office.overview.platform_keys()}
    assert listed[old]["destroyed"]
    assert office.overview.check_log().broken == 0


def test_a_package_that_is_published_elsewhere_is_served_and_judged_by_without_a_restart(platform: Platform) -> None:
    desk = platform.desk()
    keys = platform.running.gateway.keys
    package = Package(
        *(1, PackageKind.LIST, "late", "1", 1, "2026-01-01", "", "", utc_text(CLOCK.now())), {"list.csv": "名称\n"}
    )
    envelope = sign_package(package, keys.publisher)
    platform.storage.database.run(OWNER, lambda connection: publish(connection, keys.trust, CLOCK, envelope))
    offered = desk.call("GET", "/v1/packages").json()["packages"]
    assert ("list", "late") in {(one["kind"], one["name"]) for one in offered}
