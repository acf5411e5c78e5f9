from __future__ import annotations

import pytest

from jmdesk.consents.service import Signature
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.households import queries
from jmdesk.households.numbers import Numbering
from jmdesk.households.queries import HouseholdFilter
from tests.desks import VILLAGE, Family, add_family


@pytest.mark.parametrize(
    "typed", ["曾建", "曾建明", "zjm", "zengjianming", "区小燕", "oxy", "1234", "19900001234", "塘洲", "建明 8"]
)
def test_a_household_is_found_by_any_member_and_any_spelling(desk: Desk, family: Family, typed: str) -> None:
    (row,) = desk.households.page(HouseholdFilter(search=typed), 0, 10)
    assert (row.rid, row.head_name, row.phone) == (family.household, "曾建明", "199****1234")


@pytest.mark.parametrize("typed", ["0011", "010011", "440785199001010011", f"{VILLAGE}000001", "000001", "区小燕"])
def test_a_household_is_found_by_the_end_of_an_identity_number_and_by_its_own(
    desk: Desk, family: Family, typed: str
) -> None:
    desk.consents.sign(family.household, Signature("2026-10-01T02:00:00Z"))
    with desk.records.writing("import") as writer:
        add_family(writer, desk.actor, f"{VILLAGE}000002")
    found = [row.rid for row in desk.households.page(HouseholdFilter(search=typed), 0, 10)]
    assert found[:1] == [family.household]
    assert len(found) == (2 if typed == "区小燕" else 1)


@pytest.mark.parametrize("typed", ["李", "8888", "zjx", '"', "* OR 1", "NEAR("])
@pytest.mark.usefixtures("family")
def test_what_is_not_there_is_not_found_and_no_query_is_an_error(desk: Desk, typed: str) -> None:
    assert desk.households.page(HouseholdFilter(search=typed), 0, 10) == []


def test_a_sealed_identity_number_is_not_in_the_search_index(desk: Desk, family: Family) -> None:
    assert desk.households.page(HouseholdFilter(search="440785199001010011"), 0, 10) == []


def test_a_changed_name_is_found_and_the_old_one_is_not(desk: Desk, family: Family) -> None:
    desk.records.change("R06", family.head, {"person_name": "陈伟"})
    assert desk.households.count(HouseholdFilter(search="chenwei")) == 1
    assert desk.households.count(HouseholdFilter(search="曾建明")) == 0


def test_filters_by_region_group_and_waiting_values(desk: Desk, family: Family) -> None:
    assert desk.households.count(HouseholdFilter(region_prefix="440785109", group="1", awaiting=True)) == 1
    assert desk.households.count(HouseholdFilter(region_prefix="440703")) == 0
    assert desk.households.count(HouseholdFilter(group="2")) == 0
    assert desk.households.groups() == ["1"]


def test_the_dossier_holds_everything_about_a_household(desk: Desk, family: Family) -> None:
    dossier = desk.households.dossier(family.household)
    assert dossier.head is not None
    assert dossier.head.rid == family.head
    assert len(dossier.members) == 3
    assert [r.rid for r in dossier.parts["R07"]] == [family.income]
    assert {entry.lock for entry in dossier.awaiting} == {"sensitive", "written"}


def test_a_household_is_named_by_its_number_or_its_id(desk: Desk, family: Family) -> None:
    assert desk.households.find(f"{VILLAGE}000001") == family.household
    with pytest.raises(Refused, match=r"households\.none_found"):
        desk.households.find("nobody")


def test_numbers_go_on_where_they_stopped_and_never_repeat(desk: Desk) -> None:
    for expected in ("0001", "0002"):
        with desk.store.transaction(desk.actor, "import") as transaction:
            numbering = Numbering(transaction.connection, "07")
            assert numbering.next(VILLAGE) == f"{VILLAGE}07{expected}"
            numbering.save()


def test_pages_come_in_order_of_number(desk: Desk) -> None:
    with desk.records.writing("import") as writer:
        for serial in (3, 1, 2):
            add_family(writer, desk.actor, f"{VILLAGE}00{serial:04d}")
    pages = [desk.households.page(HouseholdFilter(), offset, 2) for offset in (0, 2)]
    assert [[row.number[-1] for row in page] for page in pages] == [["1", "2"], ["3"]]


@pytest.mark.parametrize("near", [0, 10_000])
def test_pages_are_the_same_from_whichever_end_they_are_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    monkeypatch.setattr(queries, "_NEAR", near)
    with desk.records.writing("import") as writer:
        rids = [add_family(writer, desk.actor, f"{VILLAGE}00{serial:04d}").household for serial in range(1, 12)]
    desk.records.void("R05", rids[6], "重复建档")
    everything = HouseholdFilter()
    assert desk.households.count(everything) == 10
    pages = [desk.households.page(everything, offset, 3) for offset in (0, 3, 6, 9, 12)]
    assert [[int(row.number[-2:]) for row in page] for page in pages] == [[1, 2, 3], [4, 5, 6], [8, 9, 10], [11], []]
