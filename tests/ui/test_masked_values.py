"""Phones, addresses and incomes are covered on every page until somebody says why; who may not see them has no place
for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from jmdesk.audit.queries import Wanted
from jmdesk.catalogue.loader import catalogue
from jmdesk.consents.service import Signature
from jmdesk.desk import Desk
from jmdesk.households.queries import HouseholdFilter
from jmdesk.permissions.guard import EVERYTHING, Avoided, Guard
from jmdesk.permissions.matrix import shipped
from jmdesk.records.masking import is_masked
from tests.ui.keys import write
from ui.core.context import Context
from ui.core.vaults import OpenDesk
from ui.pages.households.model import DossierReader, HouseholdSource, list_columns
from ui.pages.records.page import RecordsPage
from ui.widgets.masked_field import MaskedField
from ui.widgets.money_field import MoneyField
from ui.widgets.record_form import RecordForm

COVERED = "＊＊＊"


@pytest.fixture
def services(desk: OpenDesk) -> Desk:
    return desk.services


@pytest.fixture
def page(qtbot: QtBot, context: Context, services: Desk, settled: Callable[[], None]) -> Iterator[RecordsPage]:
    assert services is context.services
    made = RecordsPage(context)
    qtbot.addWidget(made)
    made.show()
    yield made
    settled()


@pytest.fixture
def income(services: Desk) -> str:
    """A year of a household that has consented to everything."""
    household = services.records.find("R05", limit=1)[0].rid
    services.consents.sign(household, Signature(signed_at="2026-03-01T01:00:00Z"))
    return services.records.create(
        "R07", {"household_id": household, "year": 2025, "income_crop": "35000.00", "income_labor": "1200.50"}
    )


def form(page: RecordsPage) -> RecordForm:
    return page._forms[page.type_id]


def field(page: RecordsPage, name: str) -> MaskedField:
    found = form(page).rows[name].field
    assert isinstance(found, MaskedField)
    return found


def ask(made: MaskedField, reason: str) -> None:
    made.show_button.click()
    write(made.reason, reason)
    made.confirm.click()


def test_numbers_addresses_and_incomes_of_people_are_what_is_masked() -> None:
    masked = {
        f"{type_id}.{field.identifier}"
        for type_id, record_type in catalogue().types.items()
        for field in record_type.fields
        if is_masked(field)
    }
    assert {
        "R05.phone",
        "R05.address",
        "R06.id_no",
        "R07.income_crop",
        "R07.net_income",
        "R22.complainant_addr",
    } <= masked
    assert not masked & {"R05.group_no", "R07.year", "R20.ent_name", "R07.evidence_level"}


def test_a_years_amounts_are_covered_and_come_together_for_one_reason(
    page: RecordsPage, services: Desk, income: str, settled: Callable[[], None]
) -> None:
    page.open("R07", income)
    settled()
    names = ("income_crop", "income_labor", "income_total", "net_income")
    assert {field(page, name).line.text() for name in names} == {COVERED}
    ask(field(page, "income_labor"), "核对年度收入")
    settled()
    assert [field(page, name).line.text() for name in names] == [
        "35,000.00元",
        "1,200.50元",
        "36,200.50元",
        "36,200.50元",
    ]
    assert not form(page).changes().any
    assert field(page, "income_crop").note.text() == "已留痕；今天您第 1 次查看"
    (looked,) = services.records.find("R26")
    assert set(names) <= set(looked.values["fields"])  # type: ignore[arg-type]
    field(page, "income_crop")._hide_again.timeout.emit()
    assert field(page, "income_crop").line.text() == COVERED


def test_an_amount_is_typed_anew_without_showing_the_others(
    page: RecordsPage, services: Desk, income: str, settled: Callable[[], None]
) -> None:
    page.open("R07", income)
    settled()
    crop = field(page, "income_crop")
    assert isinstance(crop.inner, MoneyField)
    crop.change_button.click()
    write(crop.line, "4万")
    page.save()
    settled()
    values = services.records.get("R07", income).record.values
    assert (values["income_crop"], values["income_labor"]) == ("40000.00", "1200.50")
    assert field(page, "income_crop").line.text() == COVERED
    assert services.records.find("R26") == []


def test_looks_are_counted(page: RecordsPage, services: Desk, settled: Callable[[], None]) -> None:
    page.open("R05", services.records.find("R05", limit=1)[0].rid)
    settled()
    ask(field(page, "address"), "上门走访")
    settled()
    ask(field(page, "phone"), "电话核实")
    settled()
    assert field(page, "address").line.text().startswith("第1村民小组")
    assert field(page, "phone").note.text() == "已留痕；今天您第 2 次查看"
    assert services.audit.count(EVERYTHING, Wanted(verbs=("reveal",), type="R26")) == 2


def test_lists_histories_and_dossiers_cover_addresses_and_incomes(services: Desk, income: str) -> None:
    household = str(services.records.get("R07", income).record.values["household_id"])
    shown = DossierReader(services).read(household)
    assert dict(shown.facts)["住址"] == "第1村…"
    (year,) = next(part for part in shown.parts if part.record_type.id == "R07").rows
    assert COVERED in year.cells
    assert not any("35,000" in str(cell) for cell in year.cells)


def test_a_draft_of_a_changed_number_comes_back(
    qtbot: QtBot, context: Context, page: RecordsPage, services: Desk, settled: Callable[[], None]
) -> None:
    rid = services.records.find("R05", limit=1)[0].rid
    page.open("R05", rid)
    settled()
    phone = field(page, "phone")
    phone.start_change()
    write(phone.line, "13900001111")
    page.keep_draft()
    fresh = RecordsPage(context)
    qtbot.addWidget(fresh)
    fresh.open("R05", rid)
    settled()
    assert form(fresh).changes().set_ == {"phone": "13900001111"}
    fresh.discard()
    page.discard()
    settled()


@pytest.fixture
def supervisor(services: Desk) -> Iterator[Desk]:
    """A desk at which somebody works who sees households up to S2, and no people (role R12)."""
    before = services.records.guard
    services.records.guard = Guard(shipped(), frozenset({"R12"}))
    yield services
    services.records.guard = before


def test_columns_above_a_role_are_left_out_of_the_list(supervisor: Desk) -> None:
    hidden = supervisor.households.hidden_columns()
    titles = [column.title for column in list_columns(hidden)]
    assert "户主" not in titles
    assert "住址" in titles
    source = HouseholdSource(supervisor, HouseholdFilter())
    (row, *_) = source.fetch(0, 3)
    assert len(row.cells) == len(titles)
    assert not any("陈" in str(cell) for cell in row.cells)
    assert HouseholdSource(supervisor, HouseholdFilter(search="陈建明")).count() == 0


def test_a_form_has_no_place_for_what_a_role_may_not_see(
    page: RecordsPage, services: Desk, settled: Callable[[], None]
) -> None:
    rid = services.records.find("R05", limit=1)[0].rid
    above = {"phone", "address"}
    low = Guard(avoided=Avoided(fields={"R05": frozenset(above)}))
    before, services.records.guard = services.records.guard, low
    try:
        page.open("R05", rid)
        settled()
        assert not above & form(page).rows.keys()
    finally:
        services.records.guard = before
