from __future__ import annotations

import pytest
from msgspec.structs import replace

from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.inbox import CURSOR, Arrival, Outcome
from jmdesk.records.readiness import SEND_ORDER
from jmdesk.store import outbox, reading
from jmdesk.store.outbox import Batch
from tests.desks import VILLAGE, Family

NEWER = Arrival(
    "R05",
    "",
    2,
    VILLAGE,
    "other-unit",
    {"household_id": f"{VILLAGE}000001", "address": "别处改的", "population": 4},
    {},
)


def seal(desk: Desk, batch_id: str, seq: int) -> list[outbox.Sent]:
    with desk.store.transaction(desk.actor, "seal") as transaction:
        drafts = list(outbox.drafts(transaction.connection, types=SEND_ORDER))
        batch = Batch(batch_id, 1, seq, "sealed", len(drafts), "x.jmb", "0" * 64, transaction.at, None, None, {}, None)
        outbox.seal(transaction.connection, batch, [(w.id, i) for i, w in enumerate(drafts)])
        return outbox.operations_of(transaction.connection, batch_id)


def settle(desk: Desk, batch_id: str, outcomes: list[Outcome]) -> None:
    desk.inbox.verdicts(batch_id, outcomes, receipt=b"signed", totals={"accepted": len(outcomes)}, epoch="e1")


def accept_all(desk: Desk, batch_id: str = "b1", seq: int = 1, version: int = 1) -> None:
    sent = seal(desk, batch_id, seq)
    settle(desk, batch_id, [Outcome(s.index, s.rid, "accepted", version=version) for s in sent])


def test_done_is_only_what_a_signed_verdict_says(desk: Desk, family: Family) -> None:
    sent = seal(desk, "b1", 1)
    assert desk.records.get("R05", family.household).record.sync == "mine"
    settle(desk, "b1", [Outcome(s.index, s.rid, "accepted", version=1) for s in sent])
    household = desk.records.get("R05", family.household).record
    assert (household.sync, household.base_version, household.version_of("address")) == ("confirmed", 1, 1)


def test_outcomes_of_another_batch_are_refused_whole(desk: Desk, family: Family) -> None:
    sent = seal(desk, "b1", 1)
    swapped = [Outcome(s.index, s.rid, "accepted", version=1) for s in reversed(sent)]
    with pytest.raises(Refused, match=r"sync\.receipt_mismatch"):
        settle(desk, "b1", swapped)
    assert desk.records.get("R05", family.household).record.base_version == 0


def test_a_refused_record_is_set_aside_and_blocks_no_other(desk: Desk, family: Family) -> None:
    sent = seal(desk, "b1", 1)
    outcomes = [
        Outcome(s.index, s.rid, "rejected", code="field.required", path="year", params={"label": "年度"})
        if s.rid == family.income
        else Outcome(s.index, s.rid, "accepted", version=1)
        for s in sent
    ]
    settle(desk, "b1", outcomes)
    with desk.store.reading() as connection:
        (aside,) = outbox.set_aside(connection)
    assert (aside.rid, aside.verdict, aside.code) == (family.income, "rejected", "field.required")
    assert (aside.path, aside.params) == ("year", {"label": "年度"})
    assert desk.records.get("R07", family.income).record.sync == "refused"
    assert desk.records.get("R05", family.household).record.sync == "confirmed"


def test_a_record_edited_after_sealing_stays_mine(desk: Desk, family: Family) -> None:
    sent = seal(desk, "b1", 1)
    desk.records.change("R05", family.household, {"address": "又改了"})
    settle(desk, "b1", [Outcome(s.index, s.rid, "accepted", version=1) for s in sent])
    household = desk.records.get("R05", family.household).record
    assert (household.sync, household.values["address"], household.base_version) == ("mine", "又改了", 1)


def test_a_pull_takes_over_what_nobody_here_is_editing(desk: Desk, family: Family) -> None:
    accept_all(desk)
    applied = desk.inbox.page([replace(NEWER, rid=family.household)], cursor="c2", epoch="e1")
    household = desk.records.get("R05", family.household).record
    assert (applied.adopted, household.values["address"], household.base_version) == (1, "别处改的", 2)
    assert desk.store.setting(CURSOR) == "c2"
    assert desk.records.history(family.household)[-1].actor == "platform"


def test_a_pull_never_overwrites_unsent_work_and_never_moves_its_base(desk: Desk, family: Family) -> None:
    accept_all(desk)
    desk.records.change("R05", family.household, {"address": "我改的"})
    applied = desk.inbox.page([replace(NEWER, rid=family.household)], cursor="c2", epoch="e1")
    entry = desk.records.get("R05", family.household)
    assert applied.beside == 1
    assert (entry.record.values["address"], entry.record.base_version) == ("我改的", 1)
    assert entry.theirs is not None
    assert entry.theirs["version"] == 2


def test_what_a_pull_brings_is_not_offered_back(desk: Desk, family: Family) -> None:
    accept_all(desk)
    desk.inbox.page([replace(NEWER, rid=family.household)], cursor="c2", epoch="e1")
    with desk.store.reading() as connection:
        assert "draft" not in outbox.counts(connection)


def test_a_pull_leaves_what_the_platform_does_not_show_this_unit(desk: Desk, family: Family) -> None:
    accept_all(desk)
    desk.records.change("R05", family.household, {"old_household_no": "旧-12"})
    (sent,) = seal(desk, "b2", 2)
    settle(desk, "b2", [Outcome(0, sent.rid, "accepted", version=2)])
    theirs = replace(NEWER, rid=family.household, version=3)
    desk.inbox.page([theirs], cursor="c3", epoch="e1")
    household = desk.records.get("R05", family.household).record
    assert (household.values["address"], household.values["old_household_no"]) == ("别处改的", "旧-12")


def test_the_same_page_twice_changes_nothing(desk: Desk, family: Family) -> None:
    accept_all(desk)
    arrival = replace(NEWER, rid=family.household)
    desk.inbox.page([arrival], cursor="c2", epoch="e1")
    changes = len(desk.records.history(family.household))
    assert desk.inbox.page([arrival], cursor="c2", epoch="e1").known == 1
    assert len(desk.records.history(family.household)) == changes


def test_a_record_of_another_desk_appears_and_can_be_found(desk: Desk) -> None:
    person = Arrival("R06", desk.ids.new(), 1, VILLAGE, "u2", {"person_name": "谭志强", "household_id": "h9"}, {})
    desk.inbox.page([person], cursor="c1", epoch="e1")
    with desk.store.reading() as connection:
        found = reading.find(connection, "R06")
    assert [(r.source, r.sync) for r in found] == [("u2", "confirmed")]


def test_a_tombstone_from_the_platform_voids_the_record_with_its_values_kept(desk: Desk, family: Family) -> None:
    accept_all(desk)
    gone = replace(NEWER, rid=family.household, values={}, tombstone=True, reason="重复建档")
    desk.inbox.page([gone], cursor="c2", epoch="e1")
    household = desk.records.get("R05", family.household).record
    assert (household.voided, household.values["address"]) == ("重复建档", "塘洲村1组8号")


def test_a_conflict_keeps_both_sides(desk: Desk, family: Family) -> None:
    sent = seal(desk, "b1", 1)
    theirs = {"address": "平台上的"}
    outcomes = [
        Outcome(s.index, s.rid, "conflict", version=3, values=dict(theirs), versions={"address": 3})
        if s.rid == family.household
        else Outcome(s.index, s.rid, "accepted", version=1)
        for s in sent
    ]
    settle(desk, "b1", outcomes)
    entry = desk.records.get("R05", family.household)
    assert entry.record.sync == "conflict"
    assert entry.record.values["address"] == "塘洲村1组8号"
    assert entry.theirs is not None
    assert entry.theirs["values"] == theirs


def test_a_merged_edit_waits_for_the_pull_to_bring_the_rest(desk: Desk, family: Family) -> None:
    accept_all(desk)
    desk.records.change("R05", family.household, {"group_no": "5"})
    (sent,) = seal(desk, "b2", 2)
    settle(desk, "b2", [Outcome(0, sent.rid, "merged", version=3)])
    household = desk.records.get("R05", family.household).record
    assert (household.base_version, household.version_of("group_no"), household.version_of("address")) == (1, 3, 1)
    both = replace(NEWER, rid=family.household, version=3, versions={"address": 2})
    desk.inbox.page([both], cursor="c3", epoch="e1")
    assert desk.records.get("R05", family.household).record.base_version == 3


def test_a_void_that_the_platform_took_leaves_nothing_to_decide_about_earlier_edits(desk: Desk, family: Family) -> None:
    accept_all(desk)
    desk.records.change("R05", family.household, {"group_no": "5"})
    (edited,) = seal(desk, "b2", 2)
    desk.records.void("R05", family.household, "重复建档")
    (voided,) = seal(desk, "b3", 3)
    settle(desk, "b2", [Outcome(0, edited.rid, "conflict", version=1, values={}, versions={})])
    settle(desk, "b3", [Outcome(0, voided.rid, "accepted", version=2)])
    assert desk.records.get("R05", family.household).record.sync == "confirmed"
    assert not desk.conflicts.cases()


def test_what_a_restored_platform_does_not_show_is_offered_again(desk: Desk, family: Family) -> None:
    """A field for the owner's desks alone: this desk cannot see whether the platform still has what it took of it."""
    theirs = replace(NEWER, rid="01900000-0000-7000-8000-00000000beef", version=1)
    accept_all(desk)
    desk.inbox.page([theirs], cursor="c1", epoch="e1")
    desk.records.change("R05", theirs.rid, {"old_household_no": "旧0815"})
    accept_all(desk, "b2", 2, version=2)
    applied = desk.inbox.page([theirs], cursor="c1", epoch="e2")
    assert applied.offered == 1
    with desk.store.reading() as connection:
        (line,) = outbox.unsettled(connection, theirs.rid)
    assert (line.state, line.fields) == ("draft", ("old_household_no",))
    found = desk.records.get("R05", theirs.rid).record
    assert (found.values["old_household_no"], found.version_of("old_household_no")) == ("旧0815", 1)
    assert desk.records.get("R05", family.household).record.sync == "confirmed"


def test_the_version_to_decide_on_is_the_one_that_includes_what_was_confirmed_since(desk: Desk, family: Family) -> None:
    accept_all(desk)
    before = desk.records.get("R05", family.household).record
    desk.records.change("R05", family.household, {"population": 5})
    (refused,) = seal(desk, "b2", 2)
    desk.records.change("R05", family.household, {"address": "确认过的路"})
    (confirmed,) = seal(desk, "b3", 3)
    settle(desk, "b2", [Outcome(0, refused.rid, "conflict", version=1, values={"population": 4})])
    settle(desk, "b3", [Outcome(0, confirmed.rid, "accepted", version=2)])
    assert not desk.conflicts.case("R05", family.household).whole
    values = {n: v for n, v in before.values.items() if desk.catalogue.types["R05"].by_identifier[n].on_wire}
    versions = dict.fromkeys(values.keys() - {"address"}, 1)
    theirs = Arrival("R05", family.household, 2, VILLAGE, "", {**values, "address": "确认过的路"}, versions)
    desk.inbox.page([theirs], cursor="9", epoch="e1")
    case = desk.conflicts.case("R05", family.household)
    assert case.whole
    assert case.theirs is not None
    assert (case.theirs.version, case.theirs.values["address"]) == (2, "确认过的路")


def test_a_verdict_of_another_history_leaves_the_base_for_its_snapshot_to_compare(desk: Desk, family: Family) -> None:
    accept_all(desk)
    desk.inbox.page([replace(NEWER, rid=family.household)], cursor="9", epoch="e1")
    desk.records.change("R05", family.household, {"population": 5})
    (sent,) = seal(desk, "b2", 2)
    said = [Outcome(0, sent.rid, "duplicate", version=1)]
    desk.inbox.verdicts("b2", said, receipt=b"signed", totals={"duplicate": 1}, epoch="e2")
    after = desk.records.get("R05", family.household).record
    assert (after.sync, after.server_epoch, after.base_version) == ("confirmed", "e1", 2)
