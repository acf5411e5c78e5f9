"""Complaints linked by hand: duplicates and chains about one product stand in both cases, and so does the undoing."""

from __future__ import annotations

import pytest

from jmdesk.complaints.links import CHAIN, DUPLICATE, MERGED
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from tests.jmdesk.complaints.association import RIVAL, Person, add_firm, intake


@pytest.fixture
def clerk(desk: Desk) -> Person:
    return Person(desk, ("R3",))


@pytest.fixture
def firm(desk: Desk) -> str:
    return add_firm(desk)


def registered(clerk: Person, firm: str, count: int) -> list[tuple[str, str]]:
    """So many complaints about a firm: record id and number."""
    made = [clerk.at_desk.register(intake(firm, order_no=f"D{n}")).record for n in range(count)]
    return [(one.rid, str(one.values["complaint_no"])) for one in made]


def linked(clerk: Person, rid: str) -> list[tuple[str, str, bool]]:
    return [(one.number, one.relation, one.direct) for one in clerk.at_desk.linked(clerk.at_desk.case(rid))]


def test_a_link_stands_in_both_and_says_who_made_it(clerk: Person, firm: str) -> None:
    (first, one), (second, two) = registered(clerk, firm, 2)
    clerk.at_desk.take(first, "link", {"other": two, "relation": DUPLICATE}, reason="同一人来电两次")
    assert linked(clerk, first) == [(two, DUPLICATE, True)]
    assert linked(clerk, second) == [(one, DUPLICATE, True)]
    for rid in (first, second):
        event = clerk.at_desk.case(rid).standing.last("link")
        assert event is not None
        assert event.actor == clerk.user
    assert {due.clock.id for due in clerk.at_desk.case(second).standing.open_dues()} == {"acceptance"}


def test_unlinking_takes_it_from_both_and_both_keep_the_history(clerk: Person, firm: str) -> None:
    (first, one), (second, two) = registered(clerk, firm, 2)
    clerk.at_desk.take(first, "link", {"other": two, "relation": CHAIN})
    clerk.at_desk.take(second, "unlink", {"other": one, "ground": "型号不同"})
    for rid in (first, second):
        assert linked(clerk, rid) == []
        assert [event.step for event in clerk.at_desk.case(rid).standing.taken] == ["receive", "link", "unlink"]


def test_a_chain_is_followed_to_its_end(clerk: Person, firm: str) -> None:
    (first, _), (second, two), (third, three), _ = registered(clerk, firm, 4)
    clerk.at_desk.take(first, "link", {"other": two, "relation": CHAIN})
    clerk.at_desk.take(second, "link", {"other": three, "relation": CHAIN})
    assert linked(clerk, first) == [(two, CHAIN, True), (three, CHAIN, False)]
    assert len(linked(clerk, third)) == 2


def test_a_merger_stands_in_the_case_it_went_into(clerk: Person, firm: str) -> None:
    (first, one), (second, two) = registered(clerk, firm, 2)
    assert clerk.at_desk.take(second, "merge", {"into": one}).is_final
    assert linked(clerk, second) == [(one, MERGED, True)]
    assert linked(clerk, first) == [(two, DUPLICATE, True)]


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"other": "TS0", "relation": DUPLICATE}, "complaints.no_such_number"),
        ({"other": "one", "relation": DUPLICATE}, "complaints.link_itself"),
        ({"other": "two", "relation": "亲戚"}, "complaints.relation"),
        ({"other": "three", "relation": DUPLICATE}, "complaints.linked_already"),
    ],
)
def test_a_link_that_makes_no_sense_is_refused_whole(
    clerk: Person, firm: str, details: dict[str, str], code: str
) -> None:
    (first, one), (_, two), (third, three) = registered(clerk, firm, 3)
    clerk.at_desk.take(first, "link", {"other": three, "relation": CHAIN})
    number = {"one": one, "two": two, "three": three}.get(details["other"], details["other"])
    with pytest.raises(Refused) as refused:
        clerk.at_desk.take(first, "link", {**details, "other": number})
    assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        clerk.at_desk.take(third, "unlink", {"other": two, "ground": "误关联"})
    assert refused.value.code == "complaints.not_linked"
    assert [event.step for event in clerk.at_desk.case(first).standing.taken] == ["receive", "link"]


def test_who_has_a_firm_in_the_other_case_neither_links_it_nor_sees_the_link(
    desk: Desk, clerk: Person, firm: str
) -> None:
    own = add_firm(desk, RIVAL, "恩平某音响厂")
    other = Person(desk, ("R3",))
    ((first, _),) = registered(clerk, firm, 1)
    closed = str(clerk.at_desk.register(intake(own, respondent_name="恩平某音响厂")).record.values["complaint_no"])
    other.at_desk.declare([RIVAL])
    with pytest.raises(Refused) as refused:
        other.at_desk.take(first, "link", {"other": closed, "relation": CHAIN})
    assert refused.value.code == "complaints.interest"
    clerk.at_desk.take(first, "link", {"other": closed, "relation": CHAIN})
    assert linked(other, first) == []
    assert linked(clerk, first) == [(closed, CHAIN, True)]
