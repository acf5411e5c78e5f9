"""Looking credit up: places without consent, a household only for the bank and the purpose that it agreed to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from jmdesk.catalogue.types import Record
from jmdesk.consents.service import Signature
from jmdesk.core.clock import utc_text
from tests.ui.desks import VILLAGE
from tests.ui.keys import press
from ui.core.context import Context
from ui.core.vaults import OpenDesk
from ui.pages.lookup.page import LookupPage

Settle = Callable[[], None]
BANK = "91440785MA4UL00008"


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle) -> LookupPage:
    made = LookupPage(context)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    settled()
    return made


def household(desk: OpenDesk) -> str:
    return desk.services.records.find("R05", order="household_id")[0].rid


def choose(page: LookupPage, rid: str, settled: Settle) -> None:
    page.household.set_value(rid)
    page.household.edited.emit()
    settled()


def test_a_village_is_told_without_consent(page: LookupPage, desk: OpenDesk, settled: Settle) -> None:
    assert page.places.rows.rowCount() == 0
    with desk.services.records.writing("award") as writer:
        values: Record = {
            "region_code": VILLAGE,
            "rating_year": 2026,
            "hh_base": 200,
            "hh_credit": 130,
            "village_grade": "1",
        }
        writer.bookkeep("R17", writer.transaction.new_id(), values)
    page.refresh()
    settled()
    row = page.places.rows.row_at(0)
    assert row is not None
    assert row.cells[1:5] == ("2026", "200", "130", "65.0")
    assert desk.services.records.count("R26") == 0


def test_a_household_without_an_agreement_says_what_is_missing(
    page: LookupPage, desk: OpenDesk, settled: Settle
) -> None:
    choose(page, household(desk), settled)
    assert page.agreements.rows.rowCount() == 0
    assert "C5" in page.nothing.hint.text()


def test_a_bank_is_answered_by_keyboard_and_the_query_is_logged(
    page: LookupPage, desk: OpenDesk, settled: Settle
) -> None:
    rid, services = household(desk), desk.services
    now = utc_text(services.clock.now())
    services.consents.sign(rid, Signature(now, doc_digest="ab" * 32))
    services.consents.sign(rid, Signature(now, recipient=BANK, purpose="2"), kinds=("C5",))
    services.ratings.rate(rid)
    choose(page, rid, settled)
    assert page.agreements.current_key() == f"{BANK} 2"
    press(page.agreements, Qt.Key.Key_Return)
    settled()
    assert "已记入查询日志" in page.answer.text()
    (entry,) = services.records.find("R26")
    assert (entry.values["org_uscc"], entry.values["purpose"]) == (BANK, "2")
