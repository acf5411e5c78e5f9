"""Every attack of the TUF list against the real client: each is named, and none changes what the desk holds.

The attacker sits behind the desk's TLS. Without a key of the platform he can repeat, mix, withhold and damage;
``stolen`` attacks have the platform's signing key too, so that only what the desk itself remembers finds them out.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from jmdesk.core.clock import FixedClock, utc_text
from jmdesk.core.errors import KnownError, Refused, Unreachable
from jmdesk.core.messages import table
from jmdesk.inbox import CURSOR
from sync.client.asking import HALT, load_halt
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership, opening_key, save_membership
from sync.client.patience import Patience
from sync.client.report import SyncReport
from sync.client.starting_over import review_due
from sync.client.steering import Steering
from sync.protocol.envelope import PayloadType
from sync.protocol.suites import KeyRole, SigningKey
from sync.protocol.trust import sign_trust
from tests.hostile.gateway import Forger, Interceptor
from tests.postgres import postgres
from tests.soak.blueprint import START, Blueprint
from tests.soak.city import City
from tests.soak.office import Office
from tests.soak.wire import Air, Line, Loop
from tests.sync.client.hostile import HostileServer

__all__ = ["postgres"]

STRANGER = SigningKey(KeyRole.PLATFORM, os.urandom(32))
_STEERING = Steering(wait=lambda _: None)


@dataclass
class Stage:
    """A desk behind a hostile gateway, a second one that is left alone, and the city behind both."""

    city: City
    desk: Office
    other: Office
    between: Interceptor
    transport: HttpTransport
    household: str
    root: SigningKey
    edits: int = 0

    @property
    def stolen(self) -> Forger:
        """Who has the platform's signing key."""
        return Forger(self.city.keys.signing, opening_key(self.desk.desk.vault.device_keys()))

    @property
    def strange(self) -> Forger:
        """Who has a key of his own."""
        return Forger(STRANGER, opening_key(self.desk.desk.vault.device_keys()))

    def sync(self) -> SyncReport:
        patience = Patience(_STEERING, attempts=1)
        return synchronise(self.desk.desk, self.transport, _STEERING, patience=patience, wait_seconds=0)

    def attacked(self) -> KnownError | None:
        """What the user is told of an exchange."""
        try:
            return self.sync().problem
        except (Refused, Unreachable) as error:
            return error

    def work(self) -> None:
        """Something to send, and something to fetch."""
        self.edits += 1
        self.other.desk.records.change("R05", self.household, {"register_no": f"别处{self.edits}"})
        assert self.other.sync() is not None
        self.desk.desk.records.change("R05", self.household, {"x_remark": f"此处{self.edits}"})

    def held(self) -> dict[str, object]:
        """What the desk holds of the platform's word."""
        found = self.desk.here("R05", self.household)
        assert found is not None
        membership = load_membership(self.desk.desk.store)
        settled = [(b.seq, b.receipt) for b in self.desk.batches() if b.state == "done"]
        return {
            "cursor": self.desk.desk.store.setting(CURSOR),
            "trust": membership.trust,
            "history": membership.server_epoch,
            "theirs": found.values.get("register_no"),
            "settled": settled,
            "custody": [b.custody for b in self.desk.batches(open_only=True)],
            "verdicts": self.desk.states().get("done"),
        }


@dataclass(frozen=True)
class Attack:
    """What is forged: ``on`` the end of a request's path. ``watched``: what must stay as it was."""

    on: str
    forge: Callable[[Stage, bytes], bytes]
    codes: tuple[str, ...]
    watched: tuple[str, ...]


_TOTALS: dict[str, int] = {
    **dict.fromkeys(("accepted", "conflict", "duplicate", "forbidden", "gone", "rejected"), 0),
    "merged": 1,
}
CUSTODY, RECEIPT, PAGE = ("custody",), ("settled", "verdicts"), ("cursor", "theirs", "history")


def _first(stage: Stage, kind: str) -> bytes:
    return stage.between.heard[kind][0]


def _twice(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[-1]]


def _other_envelope(stage: Stage, answer: bytes) -> bytes:
    return _first(stage, "trust")


def _extra_member(envelope: bytes) -> bytes:
    return json.dumps(json.loads(envelope) | {"note": "x"}).encode()


def _second_signature(envelope: bytes) -> bytes:
    found = json.loads(envelope)
    return json.dumps(found | {"signatures": found["signatures"] * 2}).encode()


ATTACKS = {
    "wrong key: custody by a stranger": Attack(
        "commit",
        lambda s, a: s.strange.signed(PayloadType.CUSTODY_RECEIPT, a),
        ("protocol.key_unknown",),
        CUSTODY,
    ),
    "wrong type: another signed message as custody": Attack(
        "commit", _other_envelope, ("protocol.payload_type",), CUSTODY
    ),
    "mix and match: custody of an earlier batch": Attack(
        "commit", lambda s, _: _first(s, "commit"), ("protocol.receipt_other_batch",), CUSTODY
    ),
    "extraneous: a member too many in an envelope": Attack(
        "commit", lambda _, a: _extra_member(a), ("protocol.schema",), CUSTODY
    ),
    "extraneous: two signatures": Attack(
        "commit", lambda _, a: _second_signature(a), ("protocol.envelope_signatures",), CUSTODY
    ),
    "endless: an envelope over its bound": Attack(
        "commit", lambda _, a: a + b" " * (5 * 1024 * 1024), ("sync.answer_too_large",), CUSTODY
    ),
    "stolen: custody for another device": Attack(
        "commit",
        lambda s, a: s.stolen.signed(PayloadType.CUSTODY_RECEIPT, a, device="0" * 32),
        ("protocol.receipt_other_device",),
        CUSTODY,
    ),
    "stolen: custody for other bytes": Attack(
        "commit",
        lambda s, a: s.stolen.signed(PayloadType.CUSTODY_RECEIPT, a, manifest="0" * 64),
        ("protocol.receipt_other_bytes",),
        CUSTODY,
    ),
    "wrong key: verdicts by a stranger": Attack(
        "receipt", lambda s, a: s.strange.receipt(a), ("protocol.key_unknown",), RECEIPT
    ),
    "mix and match: the verdicts of an earlier batch": Attack(
        "receipt", lambda s, _: _first(s, "receipt"), ("protocol.receipt_other_batch",), RECEIPT
    ),
    "mix and match: a page in the place of verdicts": Attack(
        "receipt", lambda s, _: _first(s, "changes"), ("protocol.cursor_back", "protocol.cursor_gap"), RECEIPT
    ),
    "extraneous: an entry too many": Attack(
        "receipt",
        lambda s, a: s.stolen.packed(s.stolen.entries(a) | {"parts/00009": b"x"}),
        ("protocol.container_unlisted",),
        (),  # what was listed is signed, and stays
    ),
    "stolen: totals that lie": Attack(
        "receipt",
        lambda s, a: s.stolen.receipt(a, totals=_TOTALS | {"rejected": 1}),
        ("protocol.totals",),
        RECEIPT,
    ),
    "stolen: a verdict too many": Attack(
        "receipt",
        lambda s, a: s.stolen.receipt(a, _twice, totals=_TOTALS | {"accepted": 2}, records=2),
        ("protocol.verdict_order", "protocol.receipt_other_bytes", "protocol.sums"),
        RECEIPT,
    ),
    "stolen: a verdict for another place": Attack(
        "receipt",
        lambda s, a: s.stolen.receipt(a, lambda lines: [lines[0].replace(b'.0"', b'.1"', 1)]),
        ("protocol.verdict_order",),
        RECEIPT,
    ),
    "stolen: another audit head": Attack(
        "receipt",
        lambda s, a: s.stolen.receipt(a, audit={"count": 1, "head": "0" * 64}),
        ("protocol.receipt_audit",),
        RECEIPT,
    ),
    "wrong key: changes by a stranger": Attack(
        "changes", lambda s, a: s.strange.page(a), ("protocol.key_unknown",), PAGE
    ),
    "rollback: an older page": Attack(
        "changes", lambda s, _: _first(s, "changes"), ("protocol.cursor_gap", "protocol.cursor_back"), PAGE
    ),
    "truncated: half a page": Attack("changes", lambda _, a: a[: len(a) // 2], ("protocol.container_truncated",), PAGE),
    "wrong type: verdicts in the place of a page": Attack(
        "changes", lambda s, _: _first(s, "receipt"), ("protocol.payload_type",), PAGE
    ),
    "stolen: a page for another device": Attack(
        "changes",
        lambda s, a: s.stolen.page(a, device="0" * 32),
        ("protocol.receipt_other_device",),
        PAGE,
    ),
    "stolen: a page that ends before it begins": Attack(
        "changes", lambda s, a: s.stolen.page(a, to=0), ("protocol.cursor_back",), PAGE
    ),
    "stolen: a page that promises other sums": Attack(
        "changes", lambda s, a: s.stolen.page(a, records=0, raw_bytes=0), ("protocol.sums",), PAGE
    ),
}


@pytest.fixture(scope="module")
def stage(postgres: str) -> Iterator[Stage]:
    home = Path(tempfile.mkdtemp(prefix="jmdesk-hostile-"))
    blueprint = Blueprint.make(postgres, home / "desks")
    loop: Loop = blueprint.loop
    city = City(blueprint.server, loop, blueprint.server.copy(blueprint.database), FixedClock(START))
    server = HostileServer(home)
    offices: list[Office] = []
    for number, name in enumerate(("first", "second"), 1):
        shutil.copytree(blueprint.vaults[name].folder, home / name)
        line = Line(city.ask, Air(), name)
        vault = blueprint.vaults[name]
        offices.append(Office(name, vault, home / name, FixedClock(START), line, (number << 32) + 2**20))
    first, second = offices
    transport = HttpTransport(server.url, first.ids, ca=server.ca)
    root = SigningKey(KeyRole.ROOT, bytes.fromhex(json.loads((home / "desks/offline-root.json").read_text())["root"]))
    made = Stage(city, first, second, Interceptor(city, server), transport, blueprint.households[0], root)
    transport.trust()
    made.work()
    assert made.sync().complete, "an honest exchange to begin with"
    yield made
    transport.close()
    for office in offices:
        office.close()
    server.close()
    city.close()
    blueprint.close()
    shutil.rmtree(home)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_named_and_changes_nothing(name: str, stage: Stage) -> None:
    attack = ATTACKS[name]
    stage.work()
    before = stage.held()
    stage.between.forges = {attack.on: lambda answer: attack.forge(stage, answer)}
    problem = stage.attacked()
    stage.between.forges = {}
    assert problem is not None, "the attack was not noticed"
    assert problem.code in attack.codes
    assert problem.code in table(), "nobody could be told"
    after = stage.held()
    if attack.watched == CUSTODY:
        assert after["custody"] == [None]
    else:
        assert {w: after[w] for w in attack.watched} == {w: before[w] for w in attack.watched}
    honest = stage.sync()
    assert honest.problem is None
    assert honest.complete
    found = stage.desk.here("R05", stage.household)
    assert found is not None
    assert (found.values["register_no"], found.sync) == (f"别处{stage.edits}", "confirmed")


# -- unsigned words (I2) -----------------------------------------------------------------------------------------------


def _problem(code: str, **members: object) -> bytes:
    return json.dumps({"code": code, **members}).encode()


def _calm(stage: Stage) -> None:
    """An honest exchange, after which everything agrees again."""
    stage.between.lie = lambda _: None
    stage.between.forges = {}
    stage.transport.token = ""
    honest = stage.sync()
    assert (honest.problem, honest.complete) == (None, True)


@pytest.mark.parametrize("lied", ["cursor_unknown", "parts_missing", "not_found", "digest_mismatch", "unavailable"])
@pytest.mark.parametrize("on", ["manifest", "commit", "receipt", "changes", "session"])
def test_an_unsigned_refusal_pauses_and_changes_nothing(on: str, lied: str, stage: Stage) -> None:
    stage.work()
    before, edits = stage.held(), stage.desk.states()
    stage.transport.token = ""
    stage.between.lie = lambda target: (409, _problem(lied)) if _end(target) == on else None
    problem = stage.attacked()
    # Without a receipt, the batch is handed over once more and the desk waits: nothing to complain of.
    assert (problem is None) == (on == "receipt" and lied == "not_found")
    assert problem is None or problem.code in table()
    after = stage.held()
    assert {name: after[name] for name in ("trust", "history")} == {name: before[name] for name in ("trust", "history")}
    if on in {"changes", "session"}:
        assert {name: after[name] for name in PAGE} == {name: before[name] for name in PAGE}
    if on != "changes":
        assert {name: after[name] for name in RECEIPT} == {name: before[name] for name in RECEIPT}
    assert sum(stage.desk.states().values()) >= sum(edits.values()), "an edit was lost"
    _calm(stage)


def test_a_lie_about_the_cursor_leaves_cursor_and_records_unchanged(stage: Stage) -> None:
    """Even where a page is there that the platform signed from 0: it is of the history that the desk is in."""
    stage.work()
    before = stage.held()
    lies = iter([(409, _problem("cursor_unknown"))])
    stage.between.lie = lambda target: next(lies, None) if _end(target) == "changes" else None
    problem = stage.attacked()
    assert problem is not None
    assert problem.code == "sync.cursor_unknown"
    after = stage.held()
    assert {name: after[name] for name in PAGE} == {name: before[name] for name in PAGE}
    assert not review_due(stage.desk.desk)
    _calm(stage)


@pytest.mark.parametrize("lied", ["chain_fork", "seq_reuse", "seq_gap"])
def test_a_lie_about_the_chain_halts_and_no_more(lied: str, stage: Stage) -> None:
    stage.work()
    before = stage.held()
    stage.between.lie = lambda target: (409, _problem(lied, missing=[1])) if _end(target) == "manifest" else None
    problem = stage.attacked()
    assert problem is not None
    assert problem.code == f"sync.{lied}"
    assert load_halt(stage.desk.desk.store) is not None
    (waiting,) = stage.desk.batches(open_only=True)
    assert waiting.custody is None
    after = stage.held()
    assert {name: after[name] for name in RECEIPT} == {name: before[name] for name in RECEIPT}
    stage.desk.desk.store.put_setting(HALT, "")
    _calm(stage)
    assert not stage.desk.batches(open_only=True), "the same bytes were taken once nobody lied any more"


def test_a_signed_page_of_a_history_before_this_one_leads_nowhere(stage: Stage) -> None:
    """What a platform signed before it was restored is still signed; kept by somebody it must not lead back there."""
    stage.work()
    before = stage.held()
    older = {"server_epoch": "the-one-before", "created": "2020-01-01T00:00:00Z"}
    stage.between.forges = {"changes": lambda answer: stage.stolen.page(answer, **older)}
    problem = stage.attacked()
    assert problem is not None
    assert problem.code == "protocol.server_epoch"
    after = stage.held()
    assert {name: after[name] for name in PAGE} == {name: before[name] for name in PAGE}
    assert not review_due(stage.desk.desk)
    _calm(stage)


# -- trust: rollback and freeze ----------------------------------------------------------------------------------------


def _document(stage: Stage, version: int, **changes: object) -> bytes:
    """A trust document of the true root, in date unless ``changes`` says otherwise."""
    known = load_membership(stage.desk.desk.store).keyring.document
    document = msgspec.structs.replace(known, version=version, **changes)
    return sign_trust(
        stage.root,
        version=document.version,
        issued=document.issued,
        expires=document.expires,
        keys=document.keys,
        revoked=document.revoked,
    )


def _frozen(stage: Stage, envelope: bytes, promised: int) -> None:
    """From now on this is the trust document, and the platform is said to have the version ``promised``."""
    stage.transport.token = ""

    def session(answer: bytes) -> bytes:
        return json.dumps(json.loads(answer) | {"trust_version": promised}).encode()

    stage.between.forges = {"trust": lambda _: envelope, "session": session}


def test_an_old_document_that_is_still_in_date_never_takes_the_place_of_a_newer_one(stage: Stage) -> None:
    stage.work()
    old = load_membership(stage.desk.desk.store)
    revoked = (STRANGER.public.keyid,)
    _frozen(stage, _document(stage, old.keyring.document.version + 1, revoked=revoked), 99)
    stage.attacked()
    newer = load_membership(stage.desk.desk.store)
    assert newer.keyring.document.revoked == revoked
    _frozen(stage, base64.b64decode(old.trust), 100)
    problem = stage.attacked()
    assert problem is not None
    assert problem.code == "protocol.trust_rollback"
    assert load_membership(stage.desk.desk.store).trust == newer.trust
    _calm(stage)


def test_a_second_document_of_the_same_version_does_not_take_a_revocation_back(stage: Stage) -> None:
    version = load_membership(stage.desk.desk.store).keyring.document.version
    revoked, draft = (STRANGER.public.keyid,), _document(stage, version + 1, revoked=())
    issued = utc_text(START + timedelta(hours=1))
    _frozen(stage, _document(stage, version + 1, revoked=revoked, issued=issued), version + 1)
    assert stage.attacked() is None
    _frozen(stage, draft, version + 2)
    problem = stage.attacked()
    assert problem is not None
    assert problem.code == "protocol.trust_rollback"
    assert load_membership(stage.desk.desk.store).keyring.document.revoked == revoked
    _calm(stage)


def test_a_trust_that_is_withheld_is_told_and_work_goes_on(stage: Stage) -> None:
    stage.work()
    membership = load_membership(stage.desk.desk.store)
    _frozen(stage, base64.b64decode(membership.trust), membership.keyring.document.version + 1)
    problem = stage.attacked()
    assert problem is not None
    assert problem.code == "sync.trust_withheld"
    assert load_membership(stage.desk.desk.store).trust == membership.trust
    assert not stage.desk.batches(open_only=True), "what was typed is at the platform all the same"
    _calm(stage)


def test_a_trust_frozen_past_its_date_seals_nothing_and_keeps_everything(stage: Stage) -> None:
    stage.work()
    before, membership = stage.held(), load_membership(stage.desk.desk.store)
    ended = _document(stage, membership.keyring.document.version + 1, expires=utc_text(START + timedelta(days=1)))
    store = base64.b64encode(ended).decode()
    save_membership(stage.desk.desk.store, msgspec.structs.replace(membership, trust=store))
    stage.desk.clock.advance(days=2)
    _frozen(stage, ended, membership.keyring.document.version + 1)
    problem = stage.attacked()
    stage.desk.clock.advance(days=-2)
    assert problem is not None
    assert problem.code in {"protocol.trust_expired", "sync.trust_expired"}
    assert stage.held()["settled"] == before["settled"]
    assert not stage.desk.batches(open_only=True), "sealed to keys that nobody vouches for any more"
    save_membership(stage.desk.desk.store, membership)
    _calm(stage)


def _end(target: str) -> str:
    return target.partition("?")[0].rpartition("/")[2]
