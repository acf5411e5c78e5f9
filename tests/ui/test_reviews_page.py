"""The household review through the real window, by keyboard: from the batch to the certificate, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from jmdesk.consents.service import Signature
from jmdesk.core.clock import FixedClock
from tests.desks import NOW
from tests.documents import pdf
from tests.packages import issue, rules_text
from tests.ui.desks import VILLAGE
from tests.ui.keys import press, write
from ui.core.context import Context
from ui.core.theme import look, theme
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.main_window import MainWindow
from ui.pages.reviews.page import ReviewsPage
from ui.pages.unlock.page import UnlockPage

Settle = Callable[[], None]
CONTROL = Qt.KeyboardModifier.ControlModifier


def focused() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


@pytest.fixture
def clock(desk: OpenDesk) -> FixedClock:
    """A day that the test moves on; everything the desk has made so far hears of it."""
    made = FixedClock(NOW)
    desk.services.clock = made
    desk.services.store.clock = made
    return made


@pytest.fixture
def window(qtbot: QtBot, context: Context, desk: OpenDesk, clock: FixedClock, settled: Settle) -> Iterator[MainWindow]:
    """The window on a village of which three households signed everything and earn enough."""
    services = desk.services
    assert clock.now() == NOW
    kept = services.records.find("R05", limit=3)
    with services.records.writing("import") as writer:
        for found in services.records.find("R05")[3:]:
            writer.change("R05", found.rid, {"archive_status": "60"})
        for found in kept:
            writer.change("R05", found.rid, {"industry_since": 2010, "labor_count": 2, "verify_level": "3"})
            money = {"income_crop": "90000.00", "income_labor": "60000.00", "cost_production": "1000.00"}
            writer.create("R07", {"household_id": found.rid, "year": 2025, "evidence_level": "3", **money})
    for found in kept:
        services.consents.sign(found.rid, Signature("2026-10-01T02:00:00Z"))
    front = UnlockPage(context, VaultsOnDisk())
    made = MainWindow(context, front)
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    made.enter(desk)
    settled()
    yield made
    settled()


def become(desk: OpenDesk, actor: str) -> None:
    """Somebody else sits down at the desk."""
    services = desk.services
    services.vault = replace(services.vault, user=actor)
    services.workflows._actor = actor
    services.records._actor = actor


def take(page: ReviewsPage, settled: Settle, step: str, **needs: str) -> None:
    """Take a step for every household in the same state: tick, press the step's button, fill its form, confirm."""
    pane = page.cases
    if pane.whole.isVisible() and not pane.whole.isChecked():
        pane.whole.setFocus()
        press(pane.whole, Qt.Key.Key_Space)
    made = pane.panel.buttons[step]
    assert made.isEnabled(), made.toolTip()
    made.setFocus()
    press(made, Qt.Key.Key_Space)
    form = pane.panel.form
    assert form is not None
    for name, text in needs.items():
        write(form.needs[name], text)
    form.confirm()
    settled()


def states(page: ReviewsPage) -> set[str]:
    assert page.opened is not None
    return {case.standing.state for case in page.opened.cases}


def test_a_village_is_reviewed_by_keyboard_from_the_batch_to_the_certificate(
    window: MainWindow, desk: OpenDesk, clock: FixedClock, settled: Settle
) -> None:
    press(window, Qt.Key.Key_R, CONTROL)
    settled()
    page = window.page
    assert isinstance(page, ReviewsPage)
    assert page.village.value() == VILLAGE
    page.village.setFocus()
    press(focused(), Qt.Key.Key_Tab)
    press(focused(), Qt.Key.Key_Space)
    settled()
    assert page.opened is not None
    assert focused() is page.cases.take_up
    press(focused(), Qt.Key.Key_Space)
    settled()
    assert len(page.opened.cases) == 3

    page.tabs.setCurrentIndex(1)
    for n in range(5):
        page.panel.name.setFocus()
        write(page.panel.name, f"司徒{'甲乙丙丁戊'[n]}")
        press(page.panel.household, Qt.Key.Key_Return)
        settled()
    for n in range(5):
        page.panel.table.selectRow(n)
        press(page.panel.table, Qt.Key.Key_Space)
        settled()
    assert all(seat.attended for seat in page.opened.sheet.seats)

    page.tabs.setCurrentIndex(0)
    page.cases.enter()
    take(page, settled, "screen", checked="失信被执行人名单")
    page.tabs.setCurrentIndex(2)
    for n in range(5):
        page.ballots.seat.setCurrentIndex(n)
        page.ballots._choose()
        for _ in range(3 * 4):
            press(page.ballots.grid, Qt.Key.Key_5)
        settled()
    assert {case.votes for case in page.opened.cases} == {5}

    page.tabs.setCurrentIndex(0)
    take(page, settled, "assess")
    take(page, settled, "score")
    assert not page.cases.panel.buttons["close" if "close" in page.cases.panel.buttons else "recall"].toolTip()
    own = desk.services.actor
    become(desk, desk.services.ids.new())
    take(page, settled, "review")
    become(desk, own)
    take(page, settled, "post", place="村委会公告栏")
    assert states(page) == {"noticed"}
    clock.advance(days=9)
    become(desk, desk.services.ids.new())
    take(page, settled, "decide", doc_no="恩信〔2026〕1号", org="某市人民政府")
    become(desk, own)
    take(page, settled, "certify")
    assert states(page) == {"certified"}
    assert {paper.template for paper in page.opened.papers} == {"review-notice", "review-certificate"}


def test_what_a_step_refuses_for_some_is_told_with_the_reason(
    window: MainWindow, desk: OpenDesk, settled: Settle
) -> None:
    reviews = desk.services.reviews
    batch = reviews.panel.open_batch(VILLAGE)
    reviews.apply(batch, reviews.candidates(batch))
    reviews.advance("screen", [case.line.rating for case in reviews.cases(batch)], details={"checked": "名单"})
    press(window, Qt.Key.Key_R, CONTROL)
    settled()
    page = window.page
    assert isinstance(page, ReviewsPage)
    press(page.table, Qt.Key.Key_Return)
    settled()
    take(page, settled, "assess")
    assert states(page) == {"screened"}
    assert "有效票只有 0 张" in window.notices.text.text()


def test_kinship_is_told_in_the_grid_and_answered_by_a_key(window: MainWindow, desk: OpenDesk, settled: Settle) -> None:
    reviews = desk.services.reviews
    batch = reviews.panel.open_batch(VILLAGE)
    reviews.apply(batch, reviews.candidates(batch))
    line = reviews.cases(batch)[0].line
    seat = reviews.panel.seat(batch, f"{line.head[0]}大文", address=line.address.replace("号", "7号"))
    reviews.panel.attend(batch, seat.no, present=True)
    press(window, Qt.Key.Key_R, CONTROL)
    settled()
    page = window.page
    assert isinstance(page, ReviewsPage)
    page.open(batch)
    settled()
    page.tabs.setCurrentIndex(2)
    page.ballots._choose()
    grid = page.ballots.grid

    def said() -> str:
        item = grid.item(0, 2)
        assert item is not None
        return item.text()

    assert said() == "同姓近邻，先核实"
    press(grid, Qt.Key.Key_0)
    settled()
    assert said() == "亲属，回避"
    grid.setCurrentCell(0, 3)
    for _ in range(4):
        press(grid, Qt.Key.Key_4)
    settled()
    assert reviews.cases(batch)[0].votes == 0


def test_a_case_of_a_review_leads_from_the_list_of_cases_to_its_page(
    window: MainWindow, desk: OpenDesk, settled: Settle
) -> None:
    reviews = desk.services.reviews
    batch = reviews.panel.open_batch(VILLAGE)
    reviews.apply(batch, reviews.candidates(batch)[:1])
    press(window, Qt.Key.Key_9, CONTROL)
    settled()
    press(focused(), Qt.Key.Key_Return)
    settled()
    page = window.page
    assert isinstance(page, ReviewsPage)
    assert page.number == batch


def test_a_comparison_of_rules_is_shown_and_writes_nothing(window: MainWindow, desk: OpenDesk, settled: Settle) -> None:
    reviews = desk.services.reviews
    batch = reviews.panel.open_batch(VILLAGE)
    press(window, Qt.Key.Key_R, CONTROL)
    settled()
    page = window.page
    assert isinstance(page, ReviewsPage)
    page.open(batch)
    settled()
    page.tabs.setCurrentWidget(page.comparing)
    write(page.comparing.name, "JM-HH-1@1.0")
    press(page.comparing.name, Qt.Key.Key_Return)
    settled()
    assert page.comparing.sentence.text() == "比较 3 户，等级有变化 0 户。"
    assert desk.services.records.count("R16") == 0
    stricter = issue("rules", "1.1", name="JM-HH-1", files={"rules.json": rules_text("1.1", total="99")})
    desk.services.packages.take(replace(stricter, effective="2027-01-01"), b"envelope")
    desk.services.renew()
    page.refresh()
    settled()
    (offer,) = (b for b in page.comparing.findChildren(QPushButton) if b.text() == "JM-HH-1@1.1")  # type: ignore[var-annotated]
    press(offer, Qt.Key.Key_Space)
    settled()
    assert page.comparing.sentence.text().startswith("比较 3 户")
    assert page.comparing.name.value() == "JM-HH-1@1.1"
    assert desk.services.records.count("R16") == 0


def test_a_tally_sheet_is_entered_by_keyboard_checked_while_typing_and_filed_with_its_scan(
    window: MainWindow, desk: OpenDesk, settled: Settle, tmp_path: Path
) -> None:
    services, reviews = desk.services, desk.services.reviews
    batch = reviews.panel.open_batch(VILLAGE)
    reviews.apply(batch, reviews.candidates(batch))
    for n in range(6):
        seat = reviews.panel.seat(batch, f"司徒{'甲乙丙丁戊己'[n]}", address=f"外村{n}号")
        reviews.panel.attend(batch, seat.no, present=True)
    press(window, Qt.Key.Key_R, CONTROL)
    settled()
    page = window.page
    assert isinstance(page, ReviewsPage)
    page.open(batch)
    settled()
    pane = page.tally
    page.tabs.setCurrentWidget(pane)
    pane.grid.setFocus()

    def key_in(*numbers: int) -> None:
        for number in numbers:
            write(pane.grid, str(number))
            press(pane.grid, Qt.Key.Key_Return)

    key_in(6, 20, 18, 16, 14, 19, 17, 103)
    assert pane.grid.text(0, pane.grid.total + 3) == "各票合计 104 分，与总分不符"
    assert not pane.save_it.isEnabled()
    assert pane.grid.currentRow() == 1
    pane.grid.setCurrentCell(0, pane.grid.total)
    press(pane.grid, Qt.Key.Key_Backspace)
    write(pane.grid, "4")
    assert pane.grid.text(0, pane.grid.total + 3) == "相符"
    assert pane.grid.text(0, pane.grid.total + 1) == "20 和 14"
    assert pane.grid.text(0, pane.grid.total + 2) == "4.38"
    struck = [n for n in range(6) if (item := pane.grid.item(0, 3 + n)) is not None and item.font().strikeOut()]
    assert struck == [0, 3]
    press(pane.grid, Qt.Key.Key_Return)
    key_in(5, 20, 20, 20, 20)
    assert pane.grid.text(1, pane.grid.total + 3) == "有效票 5 张，已录 4 张"
    key_in(21)
    assert pane.grid.text(1, pane.grid.total + 3) == "每张票 4–20 分"
    pane.grid.setCurrentCell(1, 7)
    press(pane.grid, Qt.Key.Key_Delete)
    key_in(20, 100)
    assert page.unsaved()
    scan = tmp_path / "计票表.pdf"
    scan.write_bytes(pdf())
    pane.scan.set_value(scan)
    press(window, Qt.Key.Key_S, CONTROL)
    settled()
    assert not page.unsaved()
    assert page.opened is not None
    assert [case.votes for case in page.opened.cases] == [6, 5, 0]
    sheets = services.records.find("assessment")
    assert len(sheets) == 2
    assert all(services.attachments.of("assessment", found.rid) for found in sheets)
    assert pane.grid.text(0, pane.grid.total) == "104"


def test_at_a_large_text_size_the_list_of_cases_and_a_case_take_turns(
    window: MainWindow, desk: OpenDesk, settled: Settle
) -> None:
    reviews = desk.services.reviews
    batch = reviews.panel.open_batch(VILLAGE)
    reviews.apply(batch, reviews.candidates(batch))
    look().apply(theme("light", 150))
    press(window, Qt.Key.Key_R, CONTROL)
    settled()
    page = window.page
    assert isinstance(page, ReviewsPage)
    page.open(batch)
    settled()
    assert (page.cases.table.isVisible(), page.cases.panel.isVisible()) == (True, False)
    press(page.cases.table, Qt.Key.Key_Return)
    assert (page.cases.table.isVisible(), page.cases.panel.isVisible()) == (False, True)
    page.go_back()
    assert focused() is page.cases.table
    assert page.number == batch
