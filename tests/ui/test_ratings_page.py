"""The ratings page: rating a village, what is said of it, the explanation on screen and on paper."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot

from tests.ui.desks import VILLAGE, make_desk
from tests.ui.keys import press
from ui.core.context import Context, Target
from ui.core.messages import Notice
from ui.core.ports import Chip
from ui.core.theme import look, theme
from ui.core.vaults import OpenDesk
from ui.pages.ratings.model import Explained
from ui.pages.ratings.page import RatingsPage

Settle = Callable[[], None]


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle) -> Iterator[RatingsPage]:
    """The page of a desk with a dozen households, none of them rated."""
    assert desk.services.records.count("R16") == 0
    made = show(qtbot, context)
    settled()
    yield made
    made.hide()
    settled()


@pytest.fixture
def rated(page: RatingsPage, desk: OpenDesk, qtbot: QtBot) -> RatingsPage:
    """The same after everybody was rated."""
    desk.services.ratings.rate_all()
    qtbot.waitUntil(lambda: page.list.table.rows.rowCount() == 12)
    qtbot.waitUntil(lambda: page.pane.shown is not None)
    return page


def show(qtbot: QtBot, context: Context) -> RatingsPage:
    made = RatingsPage(context)
    qtbot.addWidget(made)
    made.resize(1190, 700)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def households(desk: OpenDesk) -> list[str]:
    return [row.household for row in desk.services.ratings.page(desk.services.ratings.this_year())]


def letters(text: str) -> str:
    """Words without the spaces and breaks that a layout puts between them."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def posted(context: Context) -> list[Notice]:
    heard: list[Notice] = []
    context.notices.posted.connect(heard.append)
    return heard


def test_a_desk_without_households_leads_to_where_they_are_made(
    qtbot: QtBot, context: Context, tmp_path: Path, settled: Settle
) -> None:
    empty = make_desk(tmp_path / "空资料库")
    context.take(empty)
    page = show(qtbot, context)
    settled()
    assert page.list.empty.heading.text() == "还没有农户档案"
    with qtbot.waitSignal(context.going) as going:
        page.show_target(Target("ratings"))
        press(page.list.empty.action, Qt.Key.Key_Space)
    assert going.args == [Target("households")]
    page.hide()
    settled()
    context.runner.close()
    empty.close()


def test_everybody_is_rated_by_one_key_and_the_page_says_what_happened(page: RatingsPage, qtbot: QtBot) -> None:
    assert page.list.empty.heading.text() == "本年度还没有评定"
    assert page.list.empty.action.hasFocus()
    press(page.list.empty.action, Qt.Key.Key_Space)
    qtbot.waitUntil(page.outcome.isVisible)
    assert page.outcome.words() == ["首次评定 12 户。"]
    assert page.outcome.failures.isHidden()
    assert page.list.table.rows.rowCount() == 12
    qtbot.waitUntil(lambda: page.sentence.text().startswith("2026年度已评 12 户(本机建档农户") or not page.isVisible())
    page.rate_all()
    qtbot.waitUntil(lambda: page.outcome.words() == ["情况没有变化，保持原结果 12 户。"])


def test_the_summary_counts_households_by_grade_and_says_what_is_left(
    page: RatingsPage, desk: OpenDesk, qtbot: QtBot
) -> None:
    first = desk.services.records.find("R05", limit=1)[0].rid
    desk.services.ratings.rate(first)
    qtbot.waitUntil(lambda: page.summary is not None and page.summary.rated == 1)
    assert page.summary is not None
    assert "已评 1 户，还有 11 户没有评定" in page.sentence.text()
    assert [chip.text for chip in page.summary.chips()] == ["信息不足：1 户"]


def test_contradicting_records_are_told_with_reason_and_way_to_the_household(
    page: RatingsPage, desk: OpenDesk, qtbot: QtBot
) -> None:
    wrong = desk.services.records.find("R05", limit=1)[0].rid
    desk.services.records.create("assessment", {
        "subject_id": f"R05:{wrong}", "rating_year": desk.services.ratings.this_year(), "item": "A2",
        "facts": {"performance": "perhaps"}, "assessed_on": "2026-10-01", "assessor_id": desk.services.actor,
    })  # fmt: skip
    page.rate_all()
    qtbot.waitUntil(page.outcome.isVisible)
    assert page.outcome.words() == ["首次评定 11 户。", "信息前后不符，没有评成 1 户，原因见下表。"]
    row = page.outcome.failures.rows.row_at(0)
    assert row is not None
    assert "A2.performance" in str(row.cells[1])
    assert row.cells[2]
    with qtbot.waitSignal(page.context.going) as going:
        press(page.outcome.failures, Qt.Key.Key_Return)
    assert going.args == [Target("households", "R05", wrong)]


def test_a_run_that_was_cancelled_before_it_began_changes_nothing(
    page: RatingsPage, desk: OpenDesk, qtbot: QtBot
) -> None:
    lane = threading.Event()
    page.context.runner.beside(lambda _progress, _cancelled: lane.wait(30))
    page.rate_all()
    page.progress.stop.click()
    lane.set()
    qtbot.waitUntil(page.outcome.isVisible)
    assert page.progress.isHidden()
    assert page.outcome.words()[0].startswith("已取消")
    assert page.run_button.isEnabled()
    assert desk.services.records.count("R16") == 0


def test_arrows_choose_a_household_and_enter_reads_its_explanation_word_for_word(
    rated: RatingsPage, desk: OpenDesk, qtbot: QtBot
) -> None:
    second = households(desk)[1]
    rated.list.table.setFocus()
    press(rated.list.table, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: rated.pane.shown is not None and rated.pane.shown.household == second)
    press(rated.list.table, Qt.Key.Key_Return)
    qtbot.waitUntil(rated.pane.paper.hasFocus)
    on_screen = letters(rated.pane.paper.toPlainText())
    place = 0
    for words in desk.services.ratings.explanation(second).words():
        found = on_screen.find(letters(words), place)
        assert found >= 0, words
        place = found
    before = rated.pane.paper.verticalScrollBar().value()
    press(rated.pane.paper, Qt.Key.Key_PageDown)
    assert rated.pane.paper.verticalScrollBar().value() > before
    rated.go_back()
    assert rated.list.table.hasFocus()


def test_another_page_can_open_a_households_explanation_and_is_returned_to(
    rated: RatingsPage, desk: OpenDesk, qtbot: QtBot
) -> None:
    last = households(desk)[-1]
    origin = Target("households", "R05", last)
    rated.show_target(Target("ratings", "R16", last, came_from=origin))
    qtbot.waitUntil(rated.pane.paper.hasFocus)
    assert rated.pane.shown is not None
    assert (rated.pane.shown.household, rated.list.table.current_key()) == (last, last)
    with qtbot.waitSignal(rated.context.going) as going:
        rated.go_back()
    assert going.args == [origin]


def test_a_household_without_rating_offers_to_be_rated(page: RatingsPage, desk: OpenDesk, qtbot: QtBot) -> None:
    rid = desk.services.records.find("R05", limit=1)[0].rid
    notices = posted(page.context)
    page.show_target(Target("ratings", "R05", rid))
    qtbot.waitUntil(page.pane.unrated.action.hasFocus)
    press(page.pane.unrated.action, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.pane.shown is not None and bool(page.pane.shown.html))
    assert [notice.text for notice in notices] == ["已评定：信息不足。"]
    page.rate_one()
    qtbot.waitUntil(lambda: len(notices) == 2 and page.pane.rate_button.isEnabled())


def test_a_village_and_a_grade_narrow_the_list_and_the_run(rated: RatingsPage, qtbot: QtBot, settled: Settle) -> None:
    choose(rated.list.village, VILLAGE)
    assert rated.run_button.text() == "评定本村农户"
    assert rated.list.table.rows.rowCount() == 12
    choose(rated.list.grade, "AAA")
    assert rated.list.table.rows.rowCount() == 0
    assert rated.list.empty.heading.text() == "没有这个等级的农户"
    assert rated.pane.shown is None
    choose(rated.list.grade, "NR")
    assert rated.list.table.rows.rowCount() == 12
    settled()
    rated.rate_all()
    qtbot.waitUntil(rated.outcome.isVisible)
    assert rated.outcome.words() == ["情况没有变化，保持原结果 12 户。"]


def choose(box: QComboBox, code: str) -> None:
    """Choose an entry as a user does."""
    box.setCurrentIndex(box.findData(code))
    box.activated.emit(box.currentIndex())


def test_the_explanation_goes_onto_paper_and_the_user_is_warned_of_the_file(rated: RatingsPage, tmp_path: Path) -> None:
    notices = posted(rated.context)
    rated.save_pdf(tmp_path / "说明书.pdf")
    assert (notices[0].text, notices[0].kind) == ("说明书已存为 说明书.pdf。", "ok")
    assert "没有加密" in notices[0].hint
    printed = letters("".join(page.extract_text() for page in PdfReader(tmp_path / "说明书.pdf").pages))
    assert "逐项得分说明书" in printed
    assert rated.pane.shown is not None
    assert rated.pane.shown.number in printed
    assert "历史评定按当时的规则可以重新算出同样的结果" in printed


def test_a_pdf_that_cannot_be_written_is_told(rated: RatingsPage, tmp_path: Path) -> None:
    notices = posted(rated.context)
    rated.save_pdf(tmp_path / "没有这个文件夹" / "说明书.pdf")
    assert (notices[0].text, notices[0].kind) == ("文件没有写成。", "bad")


def test_at_a_large_text_size_list_and_explanation_take_turns(
    qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle
) -> None:
    desk.services.ratings.rate_all()
    look().apply(theme("light", 150))
    page = show(qtbot, context)
    settled()
    assert (page.list.isVisible(), page.pane.isVisible()) == (True, False)
    page.list.table.setFocus()
    press(page.list.table, Qt.Key.Key_Return)
    qtbot.waitUntil(page.pane.paper.hasFocus)
    assert (page.list.isVisible(), page.pane.isVisible()) == (False, True)
    page.pane.back_button.click()
    assert (page.list.isVisible(), page.pane.isVisible()) == (True, False)
    page.hide()
    settled()


def test_policies_for_a_grade_are_shown_as_published_when_asked_for(
    rated: RatingsPage,
) -> None:
    rated.pane.show_explained(
        Explained("rid", "陈建明", "1", "上洞村", Chip("A", "ok"), "<html><p>说明</p></html>", "A")
    )
    assert rated.pane.benefits.isHidden()
    rated.pane.benefits_button.setChecked(True)
    labels = cast("list[QLabel]", rated.pane.benefits.findChildren(QLabel))
    said = "".join(shown.text() for shown in labels)
    assert "不是审批结果" in said
    assert "银行公布的参考政策" in said
