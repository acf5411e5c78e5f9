"""The conflict desk on real stores: decisions, merging, voids, refusals, and ratings that have grown old."""

from __future__ import annotations

import json

import pytest

from jmdesk.catalogue.types import Record
from jmdesk.conflicts.case import Case, Kind
from jmdesk.conflicts.rules import Changed, Choice, Side
from jmdesk.conflicts.service import Whole
from jmdesk.core.errors import Refused
from jmdesk.core.messages import table
from jmdesk.core.resources import resource
from jmdesk.desk import Desk
from jmdesk.store import change_log, outbox, reading
from jmdesk.store.stored import Stored
from tests.desks import VILLAGE
from tests.jmdesk.conflicts.city import City, Office

MINE, THEIRS = Choice(Side.MINE), Choice(Side.THEIRS)
FIRST: Record = {"region_code": VILLAGE, "population": 3, "labor_count": 2, "phone": "19900000001", "address": "旧址"}


def shared(ours: Office, other: Office, values: Record = FIRST, type_id: str = "R05") -> str:
    """A record that both desks have as the platform has it."""
    rid = ours.desk.records.create(type_id, values)
    ours.exchange([rid])
    other.exchange([rid])
    return rid


def clash(ours: Office, other: Office, mine: Record, theirs: Record) -> str:
    """The other desk was faster."""
    rid = shared(ours, other)
    other.desk.records.change("R05", rid, theirs)
    other.exchange([rid])
    ours.desk.records.change("R05", rid, mine)
    ours.exchange([rid])
    return rid


def only(office: Office) -> Case:
    (case,) = office.desk.conflicts.cases()
    return case


def record(desk: Desk, rid: str, type_id: str = "R05") -> Stored:
    return desk.records.get(type_id, rid).record


def lines(desk: Desk, rid: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    with desk.store.reading() as connection:
        return [(x.state, x.op, x.verdict, x.fields) for x in outbox.unsettled(connection, rid)]


def settle(office: Office, choices: dict[str, Choice], reason: str = "已向本人核实") -> None:
    case = only(office)
    office.desk.conflicts.settle(case.type, case.rid, choices, reason=reason, seen=case.seen)


def test_a_conflict_shows_base_mine_and_theirs_and_who_wrote_it(ours: Office, other: Office) -> None:
    clash(ours, other, {"phone": "19900000002"}, {"phone": "19900000003", "population": 4})
    case = only(ours)
    assert (case.kind, case.whole, case.under_way, case.mergeable) == (Kind.EDITED, True, False, False)
    differing = {f.name: (f.base, f.mine, f.theirs, f.changed) for f in case.fields if f.differs}
    assert differing == {
        "phone": ("19900000001", "19900000002", "19900000003", Changed.BOTH),
        "population": (3, 3, 4, Changed.THEIRS),
    }
    assert case.theirs is not None
    assert (case.theirs.device, case.theirs.unit != "", case.theirs.at != "") == ("b" * 32, True, True)


def test_a_decision_moves_the_base_sends_what_stays_mine_and_keeps_both_values(ours: Office, other: Office) -> None:
    rid = clash(ours, other, {"phone": "19900000002"}, {"phone": "19900000003", "population": 4})
    settle(ours, {"phone": MINE})
    found = record(ours.desk, rid)
    assert (found.values["phone"], found.values["population"]) == ("19900000002", 4)
    assert (found.base_version, found.sync, found.version_of("phone")) == (2, "mine", 2)
    assert lines(ours.desk, rid) == [("draft", "upsert", "", ("phone",))]
    assert ours.desk.records.get("R05", rid).theirs is None
    taken, kept = ours.desk.records.history(rid)[-2:]
    assert (taken.before["phone"], taken.after["phone"]) == ("19900000002", "19900000003")
    assert (kept.before, kept.after) == ({"phone": "19900000003"}, {"phone": "19900000002"})
    assert (taken.verb, taken.reason, kept.reason, taken.command) == (
        "settle", "已向本人核实", "已向本人核实", kept.command,
    )  # fmt: skip
    ours.exchange([rid])
    other.exchange([rid])
    assert record(ours.desk, rid).sync == "confirmed"
    assert record(other.desk, rid).values == record(ours.desk, rid).values
    with ours.desk.store.reading() as connection:
        assert outbox.counts(connection) == {"done": 2, "superseded": 1}
        assert not list(change_log.verify(connection))


def test_taking_the_platforms_value_sends_nothing(ours: Office, other: Office) -> None:
    rid = clash(ours, other, {"phone": "19900000002"}, {"phone": "19900000003"})
    settle(ours, {"phone": THEIRS})
    assert lines(ours.desk, rid) == []
    found = record(ours.desk, rid)
    assert (found.values["phone"], found.sync) == ("19900000003", "confirmed")


def test_the_other_value_can_be_kept_as_a_note_with_its_number_masked(ours: Office, other: Office) -> None:
    rid = clash(ours, other, {"phone": "19900000002"}, {"phone": "19900000003"})
    settle(ours, {"phone": Choice(Side.MINE, note=True)}, reason="本人来电")
    reason = ours.desk.records.history(rid)[-1].reason
    assert reason.startswith("本人来电(备注：")
    assert "平台为 199" in reason
    assert "19900000003" not in reason


def test_no_decision_without_a_reason_a_choice_or_the_newest_content(ours: Office, other: Office) -> None:
    rid = clash(ours, other, {"phone": "19900000002"}, {"phone": "19900000003"})
    seen = only(ours).seen
    desk = ours.desk.conflicts
    with pytest.raises(Refused, match=r"conflicts\.reason_needed"):
        desk.settle("R05", rid, {"phone": MINE}, reason=" ", seen=seen)
    with pytest.raises(Refused, match=r"conflicts\.undecided"):
        desk.settle("R05", rid, {}, reason="核实", seen=seen)
    other.desk.records.change("R05", rid, {"phone": "19900000004"})
    other.exchange([rid])
    ours.pull()
    with pytest.raises(Refused, match=r"conflicts\.moved_on"):
        desk.settle("R05", rid, {"phone": MINE}, reason="核实", seen=seen)
    assert only(ours).record.values["phone"] == "19900000002"
    settle(ours, {"phone": MINE})
    with pytest.raises(Refused, match=r"conflicts\.none"):
        desk.settle("R05", rid, {"phone": MINE}, reason="核实", seen=seen)


def test_a_verdict_alone_is_not_enough_to_decide_on(ours: Office, other: Office) -> None:
    rid = shared(ours, other)
    other.desk.records.change("R05", rid, {"phone": "19900000003", "population": 4})
    other.exchange([rid])
    ours.desk.records.change("R05", rid, {"phone": "19900000002"})
    ours.seal([rid])
    ours.send()
    ours.receive()
    assert [field.name for field in only(ours).fields] == ["phone"]
    with pytest.raises(Refused, match=r"conflicts\.not_whole"):
        settle(ours, {"phone": MINE})
    ours.pull()
    settle(ours, {"phone": MINE})
    assert record(ours.desk, rid).values["population"] == 4


def test_a_version_from_before_a_confirmed_edit_is_not_decided_on(ours: Office, other: Office) -> None:
    """Taking it would put the confirmed edit back at this desk alone."""
    rid = clash(ours, other, {"phone": "19900000002"}, {"phone": "19900000003"})
    ours.desk.records.change("R05", rid, {"address": "新址"})
    ours.seal([rid])
    ours.send()
    ours.receive()
    with pytest.raises(Refused, match=r"conflicts\.not_whole"):
        settle(ours, {"phone": THEIRS})
    assert not only(ours).mergeable
    ours.pull()
    settle(ours, {"phone": THEIRS})
    assert record(ours.desk, rid).values["address"] == "新址"


def test_a_verdict_never_replaces_the_whole_record_that_a_page_brought(ours: Office, other: Office) -> None:
    rid = shared(ours, other)
    ours.desk.records.change("R05", rid, {"phone": "19900000002"})
    ours.seal([rid])
    other.desk.records.change("R05", rid, {"phone": "19900000003", "population": 4})
    other.exchange([rid])
    ours.pull()
    with pytest.raises(Refused, match=r"conflicts\.under_way"):
        settle(ours, {"phone": MINE})
    ours.send()
    ours.receive()
    case = only(ours)
    assert (case.whole, case.decided_there) == (True, True)
    settle(ours, {"phone": MINE})


def test_what_came_beside_is_taken_over_once_the_own_edit_was_merged(ours: Office, other: Office) -> None:
    rid = shared(ours, other)
    other.desk.records.change("R05", rid, {"population": 4})
    other.exchange([rid])
    ours.desk.records.change("R05", rid, {"phone": "19900000002"})
    ours.seal([rid])
    ours.send()
    ours.pull()
    assert record(ours.desk, rid).values["population"] == 3
    ours.receive()
    found = record(ours.desk, rid)
    assert (found.values["population"], found.values["phone"], found.sync) == (4, "19900000002", "confirmed")
    assert ours.desk.records.get("R05", rid).theirs is None


def test_changes_of_different_things_are_merged_on_request_and_clashes_are_not(ours: Office, other: Office) -> None:
    rid, second = shared(ours, other), shared(ours, other)
    for one in (rid, second):
        other.desk.records.change("R05", one, {"population": 4})
    other.exchange([rid, second])
    ours.desk.records.change("R05", rid, {"phone": "19900000002"})
    ours.desk.records.change("R05", second, {"labor_count": 1})
    ours.pull()
    assert ours.desk.conflicts.newer_beside() == 2
    assert {case.rid: case.mergeable for case in ours.desk.conflicts.cases()} == {rid: True, second: False}
    assert ours.desk.conflicts.merge_all() == 1
    found = record(ours.desk, rid)
    assert (found.values["population"], found.values["phone"], found.base_version) == (4, "19900000002", 2)
    assert lines(ours.desk, rid) == [("draft", "upsert", "", ("phone",))]
    with pytest.raises(Refused, match=r"conflicts\.clash"):
        ours.desk.conflicts.merge("R05", second)


def test_editing_a_record_in_conflict_leaves_it_in_conflict_and_loses_nothing(ours: Office, other: Office) -> None:
    rid = clash(ours, other, {"phone": "19900000002"}, {"phone": "19900000003"})
    ours.desk.records.change("R05", rid, {"address": "新址"})
    assert record(ours.desk, rid).sync == "conflict"
    settle(ours, {"phone": THEIRS})
    assert record(ours.desk, rid).values["address"] == "新址"
    assert lines(ours.desk, rid) == [("draft", "upsert", "", ("address",))]


def test_a_second_conflict_starts_from_what_the_first_decision_took_over(ours: Office, other: Office) -> None:
    rid = clash(ours, other, {"phone": "19900000002"}, {"phone": "19900000003"})
    settle(ours, {"phone": MINE})
    other.desk.records.change("R05", rid, {"phone": "19900000004"})
    other.exchange([rid])
    ours.exchange([rid])
    (field,) = [f for f in only(ours).fields if f.differs]
    assert (field.base, field.mine, field.theirs) == ("19900000003", "19900000002", "19900000004")


@pytest.mark.parametrize("decision", [Whole.VOID, Whole.KEEP])
def test_a_record_voided_here_and_changed_there_is_decided_whole(
    ours: Office, other: Office, city: City, decision: Whole
) -> None:
    rid = shared(ours, other)
    other.desk.records.change("R05", rid, {"phone": "19900000003"})
    other.exchange([rid])
    ours.desk.records.void("R05", rid, "重复建档")
    ours.exchange([rid])
    case = only(ours)
    assert (case.kind, case.decided_there) == (Kind.VOIDED_HERE, True)
    with pytest.raises(Refused, match=r"conflicts\.wrong_decision"):
        ours.desk.conflicts.settle_whole("R05", rid, Whole.RENEW, reason="核实", seen=case.seen)
    ours.desk.conflicts.settle_whole("R05", rid, decision, reason="核实", seen=case.seen)
    ours.exchange([rid])
    other.exchange([rid])
    gone = decision is Whole.VOID
    assert city.held[rid].tombstone is gone
    assert [record(o.desk, rid).voided is not None for o in (ours, other)] == [gone, gone]
    assert ours.desk.conflicts.cases() == []


def test_a_record_changed_here_and_voided_there_becomes_void_and_the_edit_stays_in_history(
    ours: Office, other: Office
) -> None:
    rid = shared(ours, other)
    other.desk.records.void("R05", rid, "重复建档")
    other.exchange([rid])
    ours.desk.records.change("R05", rid, {"phone": "19900000002"})
    ours.exchange([rid])
    case = only(ours)
    assert (case.kind, case.verdict.verdict if case.verdict else "") == (Kind.VOIDED_THERE, "gone")
    with pytest.raises(Refused, match=r"conflicts\.cannot_renew"):
        ours.desk.conflicts.settle_whole("R05", rid, Whole.RENEW, reason="核实", seen=case.seen)
    ours.desk.conflicts.settle_whole("R05", rid, Whole.VOID, reason="核实", seen=case.seen)
    found = record(ours.desk, rid)
    assert (found.voided, found.sync, lines(ours.desk, rid)) == ("重复建档", "confirmed", [])
    assert ours.desk.records.history(rid)[-1].after == {"voided": True}
    assert any(change.after.get("phone") == "19900000002" for change in ours.desk.records.history(rid))


def test_what_was_voided_there_can_be_recorded_anew_where_nothing_points_at_it(ours: Office, other: Office) -> None:
    person = ours.desk.ids.new()
    values: Record = {"subject_id": f"R05:{person}", "honor_title": "好人"}
    rid = shared(ours, other, values, "R13")
    other.desk.records.void("R13", rid, "重复")
    other.exchange([rid])
    ours.desk.records.change("R13", rid, {"honor_title": "最美乡贤"})
    ours.exchange([rid])
    case = only(ours)
    new = ours.desk.conflicts.settle_whole("R13", rid, Whole.RENEW, reason="仍需保留", seen=case.seen)
    assert new != rid
    assert record(ours.desk, new, "R13").values["honor_title"] == "最美乡贤"
    assert record(ours.desk, rid, "R13").voided is not None
    assert [line[0] for line in lines(ours.desk, new)] == ["draft"]


def test_a_refused_record_is_mended_by_editing_and_sent_anew_whole(ours: Office, city: City) -> None:
    rid = ours.desk.records.create("R05", FIRST)
    city.refusing.add(rid)
    ours.exchange([rid])
    assert (only(ours).kind, record(ours.desk, rid).sync) == (Kind.REFUSED, "refused")
    ours.desk.records.change("R05", rid, {"phone": "19900000002"})
    assert record(ours.desk, rid).sync == "mine"
    ((state, _, _, fields),) = lines(ours.desk, rid)
    assert (state, set(fields)) == ("draft", set(FIRST))
    assert ours.desk.conflicts.cases() == []
    city.refusing.clear()
    ours.exchange([rid])
    assert city.held[rid].fields == {**FIRST, "phone": "19900000002"}
    assert record(ours.desk, rid).sync == "confirmed"


def test_a_refused_record_can_be_sent_again_as_it_is(ours: Office, city: City) -> None:
    rid = ours.desk.records.create("R05", FIRST)
    city.refusing.add(rid)
    ours.exchange([rid])
    city.refusing.clear()
    ours.desk.conflicts.send_again("R05", rid, "平台已放开")
    last = ours.desk.records.history(rid)[-1]
    assert (last.verb, last.reason, record(ours.desk, rid).sync) == ("resend", "平台已放开", "mine")
    ours.exchange([rid])
    assert city.held[rid].fields == FIRST


def test_a_record_that_the_platform_refused_to_know_is_voided_without_a_word_to_it(ours: Office, city: City) -> None:
    rid = ours.desk.records.create("R05", FIRST)
    city.refusing.add(rid)
    ours.exchange([rid])
    ours.desk.records.void("R05", rid, "录错了")
    assert lines(ours.desk, rid) == []
    assert ours.desk.conflicts.cases() == []


def test_a_decision_cannot_be_undone_and_says_so(ours: Office, other: Office) -> None:
    clash(ours, other, {"phone": "19900000002"}, {"phone": "19900000003"})
    settle(ours, {"phone": MINE})
    with pytest.raises(Refused, match=r"records\.cannot_undo"):
        ours.desk.records.undo_last()


def test_a_rating_grows_old_when_a_fact_of_it_is_settled_and_not_by_anything_else(ours: Office, other: Office) -> None:
    rid = clash(ours, other, {"labor_count": 1}, {"labor_count": 0})
    ours.desk.ratings.rate(rid)
    assert ours.desk.conflicts.ratings_due() == []
    ours.wait_a_minute()
    settle(ours, {"labor_count": THEIRS})
    assert ours.desk.conflicts.ratings_due() == [rid]
    ours.desk.ratings.rate(rid)
    assert ours.desk.conflicts.ratings_due() == []
    ours.wait_a_minute()
    ours.desk.records.change("R05", rid, {"phone": "19900000009"})
    assert ours.desk.conflicts.ratings_due() == []


def test_every_refusal_of_the_desk_has_its_text() -> None:
    raw = json.loads(resource("i18n/errors/conflicts.json").read_text(encoding="utf-8"))
    assert set(raw) <= set(table())


def test_nothing_waits_beside_a_settled_record(ours: Office, other: Office) -> None:
    rid = clash(ours, other, {"phone": "19900000002"}, {"phone": "19900000003"})
    settle(ours, {"phone": MINE})
    ours.exchange([rid])
    with ours.desk.store.reading() as connection:
        assert reading.theirs(connection, rid) is None


def test_the_same_value_typed_at_both_desks_hides_nothing_else_that_one_of_them_changed(
    ours: Office, other: Office
) -> None:
    rid = shared(ours, other)
    other.desk.records.change("R05", rid, {"labor_count": 1, "old_household_no": "甲1"})
    ours.desk.records.change("R05", rid, {"labor_count": 1})
    other.exchange([rid])
    ours.exchange([rid])
    assert record(ours.desk, rid).values == record(other.desk, rid).values
    assert record(ours.desk, rid).base_version == 2
