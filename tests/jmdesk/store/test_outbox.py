from __future__ import annotations

from jmdesk.desk import Desk
from jmdesk.records.readiness import SEND_ORDER
from jmdesk.store import outbox
from jmdesk.store.outbox import Batch, Waiting
from tests.desks import Family


def waiting(desk: Desk, rid: str) -> list[Waiting]:
    with desk.store.reading() as connection:
        return [w for w in outbox.drafts(connection, types=SEND_ORDER) if w.record.rid == rid]


def seal_all(desk: Desk, batch_id: str = "b1", seq: int = 1) -> None:
    with desk.store.transaction(desk.actor, "seal") as transaction:
        drafts = list(outbox.drafts(transaction.connection, types=SEND_ORDER))
        batch = Batch(batch_id, 1, seq, "sealed", len(drafts), "b1.jmb", "0" * 64, transaction.at, None, None, {}, None)
        outbox.seal(transaction.connection, batch, [(w.id, i) for i, w in enumerate(drafts)])


def test_edits_before_sealing_travel_as_one_operation(desk: Desk, family: Family) -> None:
    desk.records.change("R05", family.household, {"address": "新址"})
    desk.records.change("R05", family.household, {"contractor_code": "440785109214010001"})
    (draft,) = waiting(desk, family.household)
    assert {"address", "contractor_code", "group_no"} <= set(draft.fields)
    assert draft.record.values["address"] == "新址"


def test_an_edit_after_sealing_is_an_operation_of_its_own(desk: Desk, family: Family) -> None:
    seal_all(desk)
    desk.records.change("R05", family.household, {"address": "新址"})
    (draft,) = waiting(desk, family.household)
    assert draft.fields == ("address",)


def test_computed_and_local_fields_are_never_offered(desk: Desk, family: Family) -> None:
    (person,) = waiting(desk, family.head)
    assert "is_under14" not in person.fields
    assert "birth_date" in person.fields
    (income,) = waiting(desk, family.income)
    assert {"income_total", "exp_total", "net_income"}.isdisjoint(income.fields)


def test_local_bookkeeping_never_waits_to_be_sent(desk: Desk) -> None:
    with desk.store.reading() as connection:
        assert "R02" not in outbox.counts_by_type(connection, "draft")


def test_voiding_what_was_never_sent_leaves_nothing_to_send(desk: Desk, family: Family) -> None:
    desk.records.void("R07", family.income, "录错年度")
    assert waiting(desk, family.income) == []


def test_voiding_what_is_on_its_way_sends_a_tombstone(desk: Desk, family: Family) -> None:
    seal_all(desk)
    desk.records.void("R07", family.income, "录错年度")
    (draft,) = waiting(desk, family.income)
    assert (draft.op, draft.record.voided) == ("tombstone", "录错年度")
