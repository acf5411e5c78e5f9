"""What nobody signed, and trust that is old or frozen: it pauses, it is told, and it changes nothing (I2, I12)."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import msgspec
import pytest

from jmdesk.core.clock import utc_text
from jmdesk.core.messages import table
from sync.client.asking import HALT, load_halt
from sync.client.membership import load_membership, save_membership
from sync.client.starting_over import review_due
from sync.protocol.trust import sign_trust
from tests.hostile.stage import PAGE, RECEIPT, STRANGER, Stage
from tests.soak.blueprint import START

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
@pytest.mark.parametrize("on", ["batches", "manifest", "commit", "receipt", "changes", "session"])
def test_an_unsigned_refusal_pauses_and_changes_nothing(on: str, lied: str, stage: Stage) -> None:
    stage.work()
    if on in {"manifest", "commit"}:
        stage.break_off()
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
    stage.between.lie = lambda target: (409, _problem(lied, missing=[1])) if _end(target) == "batches" else None
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
