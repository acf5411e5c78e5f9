"""The trust document at the desk: newer ones are taken, older, foreign and ended ones are not, and work goes on."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from jmdesk.core.clock import FixedClock, utc_text
from jmdesk.desk import Desk
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership, save_membership
from sync.client.patience import Patience
from sync.client.report import SyncReport
from sync.client.transport import Opened, Transport
from sync.gateway.database import OWNER
from sync.gateway.keys import roll_key
from sync.protocol.envelope import split_envelope
from sync.protocol.suites import KeyRole, SigningKey
from sync.protocol.trust import TrustDocument, sign_trust
from tests.sync.client.conftest import Pair, Platform
from tests.sync.client.desk_view import RECORDS, Enrolled, Outbox, household_of
from tests.sync.client.lines import Line
from tests.sync.client.office import add_household


class Serving(Line):
    """A platform that says that its newest trust document is another one, and serves it."""

    def __init__(self, real: Transport, document: bytes, version: int) -> None:
        super().__init__(real)
        self._document, self._version = document, version

    def open_session(self, answer: bytes) -> Opened:
        return replace(super().open_session(answer), trust_version=self._version)

    def trust(self) -> bytes:
        self.calls.append("trust")
        return self._document


def document_of(desk: Desk) -> TrustDocument:
    return load_membership(desk.store).keyring.document


def signed(root: SigningKey, known: TrustDocument, version: int, expires: str = "") -> bytes:
    return sign_trust(root, version=version, issued=known.issued, expires=expires or known.expires, keys=known.keys)


def served(desk: Desk, transport: HttpTransport, document: bytes, version: int, patience: Patience) -> SyncReport:
    add_household(desk, 1)
    transport.token = ""
    return synchronise(desk, Serving(transport, document, version), patience=patience)


def test_a_newer_document_is_taken_when_the_platform_names_it(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    known = document_of(desk)
    report = served(desk, transport, signed(platform.root, known, known.version + 3), known.version + 3, patience)
    assert report.complete
    assert document_of(desk).version == known.version + 3


def test_an_older_document_is_refused_and_work_goes_on(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    known = document_of(desk)
    newer = base64.b64encode(signed(platform.root, known, known.version + 3)).decode()
    save_membership(desk.store, msgspec.structs.replace(load_membership(desk.store), trust=newer))
    rollback = signed(platform.root, known, known.version + 1)
    report = served(desk, transport, rollback, known.version + 9, patience)
    assert report.problem is not None
    assert report.problem.code == "protocol.trust_rollback"
    assert document_of(desk).version == known.version + 3
    assert report.verdicts == {"accepted": RECORDS}


def test_a_document_of_another_root_is_refused_and_work_goes_on(enrolled: Enrolled, patience: Patience) -> None:
    desk, transport = enrolled
    known = document_of(desk)
    stranger = SigningKey(KeyRole.ROOT, bytes(range(32)))
    report = served(desk, transport, signed(stranger, known, known.version + 1), known.version + 1, patience)
    assert report.problem is not None
    assert report.problem.code == "protocol.trust_root"
    assert document_of(desk) == known
    assert report.verdicts == {"accepted": RECORDS}


def test_after_its_date_a_document_seals_nothing_but_changes_still_come_in(
    enrolled: Enrolled, platform: Platform, pair: Pair, patience: Patience
) -> None:
    desk, transport = enrolled
    first = pair.first
    known = document_of(desk)
    soon = utc_text(datetime.now(UTC) + timedelta(seconds=60))
    ending = signed(platform.root, known, known.version, expires=soon)
    save_membership(
        desk.store, msgspec.structs.replace(load_membership(desk.store), trust=base64.b64encode(ending).decode())
    )
    theirs = add_household(first, 21)
    synchronise(first, pair.to_first, patience=patience)
    desk.clock = FixedClock(datetime.now(UTC) + timedelta(seconds=90))
    outbox = Outbox(desk)
    report = served(desk, transport, ending, known.version, patience)
    assert report.problem is not None
    assert report.problem.code == "protocol.trust_expired"
    assert household_of(desk, theirs).sync == "confirmed"
    assert outbox.moved == {"draft": RECORDS}
    desk.clock = FixedClock(datetime.now(UTC) + timedelta(seconds=90))
    transport.token = ""
    assert synchronise(desk, transport, patience=patience).verdicts == {"accepted": RECORDS}


def test_a_desk_seals_to_the_platform_s_new_opening_key_from_its_next_contact_on(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    add_household(desk, 1)
    assert synchronise(desk, transport, patience=patience).complete
    old = platform.running.gateway.keys.opening.keyid
    made = platform.storage.database.run(
        OWNER, lambda c: roll_key(c, platform.data, platform.root, datetime.now(UTC), KeyRole.RECIPIENT)
    )
    assert made is not None
    add_household(desk, 2)
    transport.token = ""
    platform.running.gateway.keys.renew()  # the running gateway hears of it by itself; here it has
    report = synchronise(desk, transport, patience=patience)
    assert report.verdicts == {"accepted": RECORDS}
    ((envelope,),) = platform.ask(
        "SELECT envelope FROM batches WHERE device = %s ORDER BY epoch DESC, seq DESC LIMIT 1",
        load_membership(desk.store).device,
    )
    payload = json.loads(split_envelope(bytes(envelope)).payload)
    sealed_to = {one["kid"] for one in payload["enc"]["recipients"]}
    assert made[0] in sealed_to
    assert old not in sealed_to
