"""The import page: from choosing a register to its result, what goes wrong on the way, and back again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from jmdesk.registers.register import open_register
from jmdesk.registers.samples import LAYOUTS, Layout, write_register
from jmdesk.registers.service import import_households
from tests.ui.desks import VILLAGE, fill
from tests.ui.import_registers import GOOD, HEADERS, cells_of, held, household, protect, show, write
from tests.ui.keys import press
from tests.ui.keys import write as type_text
from ui.core.context import Context, Target
from ui.core.messages import Notice
from ui.core.vaults import OpenDesk
from ui.pages.imports.page import ImportsPage
from ui.pages.imports.reading import open_source
from ui.pages.imports.wizard import COLUMNS, RESULT, SOURCE, TRIAL

Settle = Callable[[], None]
BEFORE = 12
"""Households that the desk holds before an import."""


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle) -> Iterator[ImportsPage]:
    """The page of a desk with a dozen households."""
    assert desk.services.records.count("R05") == BEFORE
    made = show(qtbot, context)
    yield made
    made.hide()
    settled()


@pytest.fixture
def register(tmp_path: Path) -> Path:
    """Three good households and one whose identity number is wrong."""
    rows = [household(n, name, GOOD[n]) for n, name in enumerate(("陈稻香", "李灯塔", "黄铜锣"))]
    return write(tmp_path / "登记表.xlsx", [HEADERS, *rows, household(9, "何风车", GOOD[3][:-1] + "9")])


def posted(context: Context) -> list[Notice]:
    heard: list[Notice] = []
    context.notices.posted.connect(heard.append)
    return heard


def households(desk: OpenDesk) -> int:
    return desk.services.records.count("R05")


def to_trial(page: ImportsPage, source: Path, settled: Settle) -> None:
    page.source.choose(source)
    settled()
    page.go_on()
    settled()
    assert page.wizard.step == TRIAL


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_goes_from_the_file_to_the_archive_and_changes_nothing_the_second_time(
    page: ImportsPage, desk: OpenDesk, tmp_path: Path, settled: Settle, layout: Layout
) -> None:
    source = tmp_path / ("户表" if layout == "c" else "户表.xlsx")
    made = write_register(source, VILLAGE, layout, 20, seed=2, flaws=0.5)
    refused = made.expected("refused")
    assert refused
    page.source.choose(source)
    settled()
    assert page.wizard.step == COLUMNS
    assert page.columns.preview.rows.rowCount() == 20
    page.go_on()
    settled()
    figures = page.trial.figures.shown
    assert (figures["新增"], figures["退回补正"]) == (20 - refused, refused)
    assert households(desk) == BEFORE, "a trial writes nothing"
    page.go_on()
    settled()
    assert page.wizard.step == RESULT
    assert households(desk) == BEFORE + 20 - refused
    assert page.result.words.text().startswith(f"新增 {20 - refused} 户，更新 0 户")
    page.result.another_button.click()
    assert page.wizard.step == SOURCE
    to_trial(page, source, settled)
    assert page.trial.figures.shown["无变化"] == 20 - refused
    assert "再导入一次也不会改变什么" in page.hint.text()


def test_every_step_is_done_by_keyboard(
    page: ImportsPage, desk: OpenDesk, register: Path, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(register), ""))

    def focused() -> object:
        return QApplication.focusWidget()

    def tab_to(wanted: object) -> None:
        for _ in range(40):
            if focused() is wanted:
                return
            here = QApplication.focusWidget()
            assert here is not None
            press(here, Qt.Key.Key_Tab)
        raise AssertionError("not reached by Tab")

    page.take_focus()
    assert focused() is page.source.file_button
    press(page.source.file_button, Qt.Key.Key_Space)
    settled()
    assert focused() is page.columns.table
    press(page.columns.table, Qt.Key.Key_Down)
    press(page.columns.table, Qt.Key.Key_Return)
    assert focused() is page.columns.editor.picker
    press(page.columns.editor.picker, Qt.Key.Key_Return)
    assert focused() is page.columns.table
    assert page.columns.table.current_key() == "与户主关系"
    tab_to(page.next_button)
    press(page.next_button, Qt.Key.Key_Space)
    settled()
    assert focused() is page.trial.found.table
    tab_to(page.next_button)
    press(page.next_button, Qt.Key.Key_Space)
    settled()
    assert focused() is page.result.save_button
    assert households(desk) == BEFORE + 3


def test_a_protected_workbook_asks_for_its_password_where_one_is(
    page: ImportsPage, register: Path, settled: Settle
) -> None:
    page.source.choose(protect(register, "稻田2025"))
    settled()
    assert page.source.password_row.isVisible()
    assert page.source.password.hasFocus()
    assert "打开密码" in page.source.trouble.text.text()
    page.source.password.toggle()
    type_text(page.source.password, "稻田")
    press(page.source.password, Qt.Key.Key_Return)
    settled()
    assert page.source.trouble.text.text() == "打开密码不对。"
    assert page.source.password.text() == ""
    page.source.password.setText("稻田2025")
    page.source.open_button.click()
    settled()
    assert page.wizard.step == COLUMNS
    assert not page.source.password_row.isVisible()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("图片.xlsx", b"\x89PNG\r\n\x1a\n" * 40, "不是能识别的表格"),
        ("空.xlsx", b"", "文件是空的"),
        ("网页.xls", b"<html><table><tr><td>x</td></tr></table></html>", "其实是网页"),
        ("别的.csv", "品名,数量\n稻谷,3\n".encode(), "看不出哪一行是表头"),
    ],
)
def test_a_file_that_is_no_register_is_told_in_place_with_what_to_do(
    page: ImportsPage, tmp_path: Path, register: Path, settled: Settle, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    page.source.choose(tmp_path / name)
    settled()
    assert page.wizard.step == SOURCE
    assert said in page.source.trouble.text.text()
    assert page.source.trouble.hint.text().startswith("请")
    assert not page.next_button.isEnabled()
    page.source.choose(register)
    settled()
    assert page.wizard.step == COLUMNS


def test_a_folder_without_registers_and_a_file_that_went_away_are_told(
    page: ImportsPage, tmp_path: Path, settled: Settle
) -> None:
    (tmp_path / "空文件夹").mkdir()
    page.source.choose(tmp_path / "空文件夹")
    settled()
    assert "没有可导入的表格" in page.source.trouble.text.text()
    page.source.choose(tmp_path / "没有了.xlsx")
    settled()
    assert "找不到文件" in page.source.trouble.text.text()


def test_a_file_held_by_another_program_is_read_when_it_is_free_again(
    page: ImportsPage, register: Path, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(_path: Path) -> bytes:
        raise PermissionError

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Path, "read_bytes", held)
        page.source.choose(register)
        settled()
    assert "正被 WPS 或其他程序占用" in page.source.trouble.text.text()
    page.source.trouble.action.click()
    settled()
    assert page.wizard.step == COLUMNS


def test_refused_households_come_back_mended(
    page: ImportsPage, context: Context, desk: OpenDesk, register: Path, tmp_path: Path, settled: Settle
) -> None:
    heard = posted(context)
    to_trial(page, register, settled)
    page.go_on()
    settled()
    assert households(desk) == BEFORE + 3
    page.save_refused(tmp_path / "退回.xlsx")
    settled()
    assert heard[-1].text == "退回的户已存为“退回.xlsx”。"
    head, row = cells_of(tmp_path / "退回.xlsx")[:2]
    assert row[1] == "何风车"
    assert "校验" in str(row[-1]) or "身份证" in str(row[-1])
    row[head.index("身份证号")] = GOOD[3]
    page.result.another_button.click()
    to_trial(page, write(tmp_path / "改好.xlsx", [head, row]), settled)
    page.go_on()
    settled()
    assert households(desk) == BEFORE + 4
    assert not page.result.save_button.isVisible()


def test_a_cancelled_import_writes_nothing_and_can_be_begun_again(
    page: ImportsPage, desk: OpenDesk, register: Path, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_trial(page, register, settled)
    cancelled = held(monkeypatch, import_households, "ui.pages.imports.trial.import_households")
    page.go_on()
    assert page.wizard.busy
    assert page.progress.isVisible()
    assert page.progress.stop.hasFocus()
    page.progress.stop.click()
    cancelled.set()
    settled()
    assert households(desk) == BEFORE
    assert page.wizard.step == TRIAL
    assert page.trial.trouble.text.text() == "导入已取消，没有写入任何内容。"
    page.go_on()
    settled()
    assert households(desk) == BEFORE + 3


def test_a_cancelled_reading_leaves_the_choice_open(
    page: ImportsPage, register: Path, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled = held(monkeypatch, open_source, "ui.pages.imports.wizard.open_source")
    page.source.choose(register)
    page.progress.stop.click()
    cancelled.set()
    settled()
    assert page.wizard.step == SOURCE
    assert page.wizard.opened is None
    page.source.choose(register)
    settled()
    assert page.wizard.step == COLUMNS


def test_findings_are_listed_with_their_cell_and_filtered(page: ImportsPage, register: Path, settled: Settle) -> None:
    to_trial(page, register, settled)
    found = page.trial.found
    first = found.table.rows.row_at(0)
    assert first is not None
    assert first.cells[1] == "登记表!D5"
    assert found.words.text().startswith("登记表!D5")
    everything = found.table.rows.rowCount()
    found.level.setCurrentIndex(1)
    assert found.table.rows.rowCount() == 1
    assert found.level.currentText() == "退回补正(1 项)"
    found.level.setCurrentIndex(0)
    assert found.table.rows.rowCount() == everything


def test_a_file_mended_meanwhile_is_read_again_with_the_same_choices(
    page: ImportsPage, register: Path, settled: Settle
) -> None:
    page.source.choose(register)
    settled()
    assert page.wizard.mapping is not None
    page.wizard.choose(page.wizard.mapping.changed("种植收入", key=""))
    page.go_on()
    settled()
    write(register, [HEADERS, household(9, "何风车", GOOD[3])])
    page.trial.again_button.click()
    settled()
    assert page.wizard.step == TRIAL
    assert page.trial.figures.shown["退回补正"] == 0
    assert page.wizard.mapping.by_header["种植收入"].key == ""


def test_a_register_where_nothing_can_land_is_not_imported(page: ImportsPage, tmp_path: Path, settled: Settle) -> None:
    to_trial(page, write(tmp_path / "坏.xlsx", [HEADERS, household(1, "何风车", "44078319791130324")]), settled)
    assert not page.next_button.isEnabled()
    assert "没有一户可以导入" in page.hint.text()
    page.go_on()
    assert page.wizard.step == TRIAL


def test_an_import_is_undone_and_can_be_made_again(
    page: ImportsPage, desk: OpenDesk, register: Path, settled: Settle
) -> None:
    to_trial(page, register, settled)
    page.go_on()
    settled()
    assert page.result.undo_button.isVisible()
    page.result.undo_button.click()
    settled()
    assert households(desk) == BEFORE
    assert page.result.chip.text() == "已撤销"
    assert not page.result.undo_button.isVisible()
    page.go_back()
    assert page.wizard.step == COLUMNS
    page.go_on()
    settled()
    assert page.trial.figures.shown["新增"] == 3


def test_an_undo_stopped_halfway_takes_nothing_back_and_can_be_tried_again(
    page: ImportsPage, desk: OpenDesk, register: Path, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_trial(page, register, settled)
    page.go_on()
    settled()
    cancelled = held(monkeypatch, OpenDesk.undo_last, "ui.core.vaults.OpenDesk.undo_last")
    page.result.undo_button.click()
    page.progress.stop.click()
    cancelled.set()
    settled()
    assert households(desk) == BEFORE + 3
    assert page.result.trouble.text.text() == "已取消，没有改动任何内容。"
    page.result.undo_button.click()
    settled()
    assert households(desk) == BEFORE
    assert not page.result.trouble.isVisible()


def test_after_another_change_the_import_is_no_longer_undone_from_here(
    page: ImportsPage, desk: OpenDesk, register: Path, settled: Settle, qtbot: QtBot
) -> None:
    to_trial(page, register, settled)
    page.go_on()
    settled()
    assert page.result.undo_button.isVisible()
    fill(desk, 1, start=50)
    qtbot.waitUntil(lambda: not page.result.undo_button.isVisible())
    page.wizard.undo()
    settled()
    assert households(desk) == BEFORE + 4


def test_the_result_leads_to_the_households(
    page: ImportsPage, context: Context, register: Path, settled: Settle, qtbot: QtBot
) -> None:
    to_trial(page, register, settled)
    page.go_on()
    settled()
    with qtbot.waitSignal(context.going) as going:
        page.result.households_button.click()
    assert going.args == [Target("households")]


def test_going_back_keeps_what_was_chosen_and_a_page_built_anew_shows_it(
    page: ImportsPage, context: Context, qtbot: QtBot, register: Path, settled: Settle
) -> None:
    to_trial(page, register, settled)
    page.go_back()
    page.go_back()
    assert page.wizard.step == SOURCE
    assert register.name in page.source.chosen.text()
    page.go_on()
    assert page.wizard.step == COLUMNS
    page.go_on()
    assert not page.wizard.busy, "what was tried already is not tried again"
    again = show(qtbot, context)
    assert again.stack.currentWidget() is again.trial
    assert again.trial.figures.shown == page.trial.figures.shown


def test_a_file_dropped_on_the_page_is_read_and_several_are_not(
    page: ImportsPage, context: Context, register: Path, settled: Settle
) -> None:
    def drop(*paths: Path) -> None:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        event = QDropEvent(
            QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
        page.dropEvent(event)

    heard = posted(context)
    drop(register, register)
    assert heard[-1].text == "一次拖一个文件，或拖整个文件夹。"
    assert page.wizard.source is None
    drop(register)
    settled()
    assert page.wizard.step == COLUMNS


def test_template_and_practice_register_are_written_where_asked(
    page: ImportsPage, context: Context, tmp_path: Path, settled: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = posted(context)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "模板"), ""))
    page.source._ask_template()
    settled()
    assert "姓名" in cells_of(tmp_path / "模板.xlsx")[2]
    page.save_sample(tmp_path / "练习.xlsx")
    settled()
    assert open_register(tmp_path / "练习.xlsx").parts
    assert heard[-1].action is not None
    heard[-1].action()
    settled()
    assert page.wizard.step == COLUMNS


def test_a_place_that_cannot_be_written_is_told(
    page: ImportsPage, context: Context, tmp_path: Path, settled: Settle
) -> None:
    heard = posted(context)
    page.save_template(tmp_path / "没有这个文件夹" / "模板.xlsx")
    settled()
    assert "写不进去" in heard[-1].text


def test_ctrl_return_goes_on_from_step_to_step_and_only_when_one_can(
    page: ImportsPage, desk: OpenDesk, register: Path, settled: Settle
) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    press(page, Qt.Key.Key_Return, control)
    assert page.wizard.step == SOURCE
    page.source.choose(register)
    settled()
    assert page.wizard.step == COLUMNS
    press(page, Qt.Key.Key_Return, control)
    settled()
    assert page.wizard.step == TRIAL
    press(page, Qt.Key.Key_Return, control)
    settled()
    assert page.wizard.step == RESULT
    assert households(desk) == BEFORE + 3
    assert page.next_button.toolTip() == "下一步  Ctrl+Return"
