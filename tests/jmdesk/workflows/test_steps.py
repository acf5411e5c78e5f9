"""Steps of a case at one desk: what may be taken, by whom, how it is taken back, and the clocks that run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from jmdesk.catalogue.calendar import work_calendar
from jmdesk.catalogue.types import Record
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.workflows.definition import Book, Flawed, book, definition
from jmdesk.workflows.service import Workflows
from jmdesk.workflows.standing import Event, standing

RAW: dict[str, object] = {
    "id": "W7", "version": "2020-01", "label": "投诉办理", "subject": "R22", "effective": "2020-01-01",
    "initial": "new",
    "states": {
        "new": {"label": "未登记"}, "received": {"label": "已收到"}, "accepted": {"label": "已受理"},
        "refused": {"label": "不予受理", "final": True}, "closed": {"label": "已办结", "final": True},
    },
    "steps": {
        "receive": {"label": "登记", "from": ["new"], "to": "received"},
        "accept": {
            "label": "受理", "from": ["received"], "to": "accepted", "roles": ["R4", "R13"], "not_by": ["receive"],
            "paper": "counts", "sets": {"accept_decision": "1"}, "stamps": ["accepted_at"],
        },
        "refuse": {"label": "不予受理", "from": ["received"], "to": "refused", "needs": {"ground": "不予受理情形"}},
        "test": {"label": "送检", "from": ["accepted"]},
        "tested": {"label": "检测完成", "from": ["accepted"]},
        "close": {"label": "办结", "from": ["accepted"], "to": "closed", "reversible": False, "stamps": ["closed_at"]},
        "reopen": {"label": "重新办理", "from": ["closed"], "to": "accepted"},
    },
    "clocks": [
        {"id": "decide", "label": "受理决定", "days": 7, "starts": ["receive"], "met_by": ["accept", "refuse"]},
        {
            "id": "mediate", "label": "终止调解", "days": 45, "starts": ["accept", "reopen"], "met_by": ["close"],
            "pauses": [["test", "tested"]], "waits_for": "调解员",
        },
    ],
}  # fmt: skip
RULES = definition(RAW)
COMPLAINT: Record = {
    "complaint_no": "TS-440785-00-2026-0001", "channel": "1", "complainant_kind": "1", "is_anonymous": True,
    "respondent_name": "恩平某电声厂", "respondent_is_member": False, "product": "话筒", "problem_class": "01",
    "claims": ["1"], "facts": "收到的话筒无声。", "received_at": "2026-11-22T02:00:00Z",
}  # fmt: skip


@dataclass
class Person:
    """Somebody at the desk; the same vault, another actor."""

    desk: Desk
    actor: str
    roles: frozenset[str] = field(default_factory=lambda: frozenset({"R3"}))

    @property
    def cases(self) -> Workflows:
        rules = Book([RULES, definition(RAW | {"version": "2027-01", "effective": "2027-01-01"})])
        unit = self.desk.unit
        return Workflows(self.desk, actor=self.actor, unit=unit, roles=lambda: self.roles, definitions=rules)


@pytest.fixture
def clerk(desk: Desk) -> Person:
    return Person(desk, desk.actor)


@pytest.fixture
def chief(desk: Desk) -> Person:
    return Person(desk, desk.ids.new(), frozenset({"R4"}))


@pytest.fixture
def case(desk: Desk) -> str:
    return desk.records.create("R22", dict(COMPLAINT))


def test_a_step_moves_the_case_and_shows_on_its_record(desk: Desk, clerk: Person, chief: Person, case: str) -> None:
    clerk.cases.take("W7", "R22", case, "receive")
    reached = chief.cases.take("W7", "R22", case, "accept")
    assert (reached.state, reached.label) == ("accepted", "已受理")
    values = desk.records.get("R22", case).record.values
    assert (values["accept_decision"], values["accepted_at"]) == ("1", "2026-11-22T02:00:00Z")
    assert desk.records.history(case)[-1].verb == "step"


def test_a_step_belongs_where_its_subject_is(desk: Desk, clerk: Person, case: str) -> None:
    clerk.cases.take("W7", "R22", case, "receive")
    step = desk.records.find("workflow_event")[0]
    assert step.region == desk.records.get("R22", case).record.region


def test_the_one_who_registered_does_not_accept(clerk: Person, case: str) -> None:
    clerk.roles = frozenset({"R4"})
    clerk.cases.take("W7", "R22", case, "receive")
    with pytest.raises(Refused) as refused:
        clerk.cases.take("W7", "R22", case, "accept")
    assert refused.value.code == "workflows.same_person"
    assert clerk.cases.standing("W7", "R22", case).state == "received"


def test_a_paper_signed_by_the_leader_counts_where_the_rules_say_so(clerk: Person, case: str) -> None:
    clerk.roles = frozenset({"R4"})
    clerk.cases.take("W7", "R22", case, "receive")
    paper = {"signer": "会长林国栋", "date": "2026-11-20"}
    reached = clerk.cases.take("W7", "R22", case, "accept", details={"paper": paper})
    assert reached.taken[-1].signer == "会长林国栋"


@pytest.mark.parametrize(
    ("step", "paper"), [("accept", {"signer": ""}), ("refuse", {"signer": "某", "date": "2026-11-20"})]
)
def test_a_paper_that_is_not_whole_or_not_taken_is_refused(
    chief: Person, case: str, step: str, paper: dict[str, str]
) -> None:
    chief.cases.take("W7", "R22", case, "receive")
    with pytest.raises(Refused) as refused:
        chief.cases.take("W7", "R22", case, step, details={"paper": paper, "ground": "3"})
    assert refused.value.code == "workflows.paper"


def test_what_a_step_needs_is_asked_for_by_its_name(clerk: Person, case: str) -> None:
    clerk.cases.take("W7", "R22", case, "receive")
    with pytest.raises(Refused) as refused:
        clerk.cases.take("W7", "R22", case, "refuse")
    assert refused.value.params["missing"] == "不予受理情形"


def test_only_the_role_may_and_only_now(clerk: Person, chief: Person, case: str) -> None:
    with pytest.raises(Refused, match="not_now"):
        chief.cases.take("W7", "R22", case, "accept")
    chief.cases.take("W7", "R22", case, "receive")
    with pytest.raises(Refused, match="role") as refused:
        clerk.cases.take("W7", "R22", case, "accept")
    assert refused.value.params["roles"] == "协会负责人、协会秘书长"


def test_a_step_taken_back_leaves_the_record_as_before_and_stays_in_history(
    desk: Desk, clerk: Person, chief: Person, case: str
) -> None:
    clerk.cases.take("W7", "R22", case, "receive")
    chief.cases.take("W7", "R22", case, "accept")
    back = chief.cases.step_back("W7", "R22", case, "点错了")
    assert back.state == "received"
    assert "accepted_at" not in desk.records.get("R22", case).record.values
    assert len(desk.records.find("workflow_event")) == 3
    again = chief.cases.take("W7", "R22", case, "accept")
    assert again.state == "accepted"


def test_what_was_served_cannot_be_taken_back(clerk: Person, chief: Person, case: str) -> None:
    clerk.cases.take("W7", "R22", case, "receive")
    chief.cases.take("W7", "R22", case, "accept")
    chief.cases.take("W7", "R22", case, "close", values={"outcome": "2"})
    with pytest.raises(Refused, match="no_way_back"):
        chief.cases.step_back("W7", "R22", case, "想改")
    with pytest.raises(Refused, match="reason"):
        chief.cases.step_back("W7", "R22", case, " ")


def test_a_case_keeps_the_rules_it_was_begun_under(desk: Desk, clerk: Person, case: str) -> None:
    clerk.cases.take("W7", "R22", case, "receive")
    assert isinstance(desk.clock, FixedClock)
    desk.clock.at = datetime(2027, 3, 1, tzinfo=UTC)
    assert clerk.cases.standing("W7", "R22", case).definition.version == "2020-01"
    fresh = desk.records.create("R22", COMPLAINT | {"complaint_no": "TS-440785-00-2027-0001"})
    assert clerk.cases.standing("W7", "R22", fresh).definition.version == "2027-01"


def event(n: int, step: str, day: str, **details: object) -> Event:
    return Event(f"{n:03d}", step, f"{day}T02:00:00Z", "a", "u", "", details)


def test_two_desks_that_acted_apart_see_the_same_and_one_step_is_disputed() -> None:
    events = [event(1, "receive", "2026-03-02"), event(2, "refuse", "2026-03-03"), event(3, "accept", "2026-03-04")]
    for order in (events, events[::-1]):
        found = standing(RULES, order, work_calendar())
        assert found.state == "refused"
        assert [e.step for e in found.disputed] == ["accept"]


def test_a_clock_starts_the_day_after_and_skips_holidays() -> None:
    # Received on Friday 13 February 2026; Spring Festival 15 to 23 February, 14 and 28 February are worked.
    found = standing(RULES, [event(1, "receive", "2026-02-13")], work_calendar())
    (due,) = found.open_dues()
    assert due.day == date(2026, 3, 2)
    assert due.days_left(date(2026, 3, 3)) == -1
    assert not due.in_time(date(2026, 3, 3))


def test_a_clock_stands_still_while_the_product_is_tested() -> None:
    begun = [event(1, "receive", "2026-03-02"), event(2, "accept", "2026-03-02"), event(3, "test", "2026-03-09")]
    paused = standing(RULES, begun, work_calendar()).open_dues()
    assert [due.day for due in paused] == [None]
    without = standing(RULES, begun[:2], work_calendar()).open_dues()[0].day
    resumed = standing(RULES, [*begun, event(4, "tested", "2026-03-16")], work_calendar()).open_dues()[0].day
    assert without
    assert resumed
    assert work_calendar().working_days(without, resumed) == 5


def test_a_clock_that_was_met_keeps_the_day_it_was_met() -> None:
    events = [event(1, "receive", "2026-03-02"), event(2, "accept", "2026-03-13")]
    decide = next(d for d in standing(RULES, events, work_calendar()).dues if d.clock.id == "decide")
    assert (decide.day, decide.met_on, decide.in_time(date(2026, 12, 1))) == (
        date(2026, 3, 11),
        date(2026, 3, 13),
        False,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"initial": "nowhere"},
        {"steps": {"receive": {"label": "登记", "from": ["nowhere"]}}, "clocks": []},
        {"clocks": [{"id": "x", "label": "x", "days": 0, "starts": ["receive"], "met_by": ["accept"]}]},
        {"clocks": [{"id": "x", "label": "x", "days": 1, "starts": ["nothing"], "met_by": ["accept"]}]},
    ],
)
def test_a_package_that_contradicts_itself_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Flawed):
        definition(RAW | wrong)


def test_every_workflow_that_ships_holds_together() -> None:
    assert len({(made.id, made.version) for made in book().all()}) == len(book().all())
