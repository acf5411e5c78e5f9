"""Long lists: read page by page, everything by keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.ui.gallery import HOUSEHOLD_COLUMNS
from tests.ui.keys import press, write
from tests.ui.samples import ManyRows
from ui.widgets.empty_state import EmptyState
from ui.widgets.table_model import PAGE, Nothing
from ui.widgets.table_view import TableOrEmpty, WindowedTable


@pytest.fixture
def table(qtbot: QtBot) -> WindowedTable:
    made = WindowedTable(HOUSEHOLD_COLUMNS, "农户")
    qtbot.addWidget(made)
    made.resize(1000, 500)
    made.show()
    return made


def test_only_what_is_shown_is_read(table: WindowedTable) -> None:
    source = ManyRows(300_000)
    table.show_source(source)
    table.viewport().repaint()
    assert table.rows.rowCount() == 300_000
    assert source.fetched == [(0, PAGE)]


def test_a_jump_reads_the_page_it_lands_on(table: WindowedTable) -> None:
    source = ManyRows(300_000)
    table.show_source(source)
    press(table, Qt.Key.Key_End)
    table.viewport().repaint()
    assert table.current_key() == "row-299999"
    assert len(source.fetched) <= 3
    press(table, Qt.Key.Key_Home)
    assert table.current_key() == "row-0"
    press(table, Qt.Key.Key_PageDown)
    assert int(table.current_key().removeprefix("row-")) > 5


@pytest.mark.parametrize("line", [5 * PAGE - 1, 5 * PAGE, 5 * PAGE + PAGE // 2])
def test_a_jump_reads_once_wherever_it_lands(table: WindowedTable, line: int) -> None:
    source = ManyRows(300_000)
    table.show_source(source)
    table.viewport().repaint()
    source.fetched.clear()
    table.verticalScrollBar().setValue(line)
    table.viewport().repaint()
    assert len(source.fetched) == 1


def test_pages_far_away_are_let_go(table: WindowedTable) -> None:
    source = ManyRows(300_000)
    table.show_source(source)
    for number in range(0, 300_000, PAGE * 10):
        assert table.rows.row_at(number) is not None
    before = len(source.fetched)
    table.rows.row_at(0)
    assert len(source.fetched) == before + 1


def test_enter_opens_the_selected_row(table: WindowedTable, qtbot: QtBot) -> None:
    table.show_source(ManyRows(10))
    press(table, Qt.Key.Key_Down)
    with qtbot.waitSignal(table.opened) as opened:
        press(table, Qt.Key.Key_Return)
    assert opened.args == ["row-1"]


def test_typing_goes_to_the_search(table: WindowedTable, qtbot: QtBot) -> None:
    table.show_source(ManyRows(10))
    with qtbot.waitSignal(table.typed) as typed:
        write(table, "c")
    assert typed.args == ["c"]


def test_a_list_read_again_keeps_the_selected_record(table: WindowedTable) -> None:
    source = ManyRows(1000)
    table.show_source(source)
    table.selectRow(700)
    table.reread()
    assert table.current_key() == "row-700"
    source.length = 500
    table.reread()
    assert table.current_key() == "row-499"
    source.length = 0
    table.reread()
    assert table.current_key() == ""


def test_a_row_that_vanished_meanwhile_is_painted_empty(table: WindowedTable) -> None:
    source = ManyRows(200)
    table.show_source(source)
    source.length = 150
    assert table.rows.row_at(170) is None
    assert table.rows.data(table.rows.index(170, 0)) is None


def test_screen_readers_hear_the_column_with_the_value(table: WindowedTable) -> None:
    table.show_source(ManyRows(3))
    index = table.rows.index(0, 5)
    assert table.rows.data(index) == "A"
    assert table.rows.data(index, Qt.ItemDataRole.AccessibleTextRole) == "评级 A"


def test_rows_have_one_height_and_columns_are_never_measured(table: WindowedTable) -> None:
    table.show_source(ManyRows(300_000))
    assert {table.rowHeight(n) for n in (0, 5, 299_999)} == {34}
    assert table.viewport().width() >= sum(table.columnWidth(n) for n in range(7)) - 7


def test_an_empty_list_says_why(qtbot: QtBot) -> None:
    table = WindowedTable(HOUSEHOLD_COLUMNS, "农户")
    empty = EmptyState("没有找到农户", action="新建")
    both = TableOrEmpty(table, empty)
    qtbot.addWidget(both)
    both.show()
    table.show_source(Nothing())
    assert empty.isVisible()
    assert not table.isVisible()
    table.show_source(ManyRows(1))
    assert table.isVisible()
    with qtbot.waitSignal(empty.acted):
        empty.action.click()
