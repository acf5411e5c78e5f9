"""Every attack of the TUF list against the real client: each is named, and none changes what the desk holds.

The attacker sits behind the desk's TLS. Without a key of the platform he can repeat, mix, withhold and damage;
``stolen`` attacks have the platform's signing key too, so that only what the desk itself remembers finds them out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from jmdesk.core.messages import table
from sync.protocol.envelope import PayloadType
from tests.hostile.stage import CUSTODY, PAGE, RECEIPT, Stage


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
        "batches",
        lambda s, a: s.strange.signed(PayloadType.CUSTODY_RECEIPT, a),
        ("protocol.key_unknown",),
        CUSTODY,
    ),
    "wrong type: another signed message as custody": Attack(
        "batches", _other_envelope, ("protocol.payload_type",), CUSTODY
    ),
    "mix and match: custody of an earlier batch": Attack(
        "batches", lambda s, _: _first(s, "batches"), ("protocol.receipt_other_batch",), CUSTODY
    ),
    "extraneous: a member too many in an envelope": Attack(
        "batches", lambda _, a: _extra_member(a), ("protocol.schema",), CUSTODY
    ),
    "extraneous: two signatures": Attack(
        "batches", lambda _, a: _second_signature(a), ("protocol.envelope_signatures",), CUSTODY
    ),
    "endless: an envelope over its bound": Attack(
        "batches", lambda _, a: a + b" " * (5 * 1024 * 1024), ("sync.answer_too_large",), CUSTODY
    ),
    "stolen: custody for another device": Attack(
        "batches",
        lambda s, a: s.stolen.signed(PayloadType.CUSTODY_RECEIPT, a, device="0" * 32),
        ("protocol.receipt_other_device",),
        CUSTODY,
    ),
    "stolen: custody for other bytes": Attack(
        "batches",
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
