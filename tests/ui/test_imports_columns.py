"""Step 2 of the import: meanings by keyboard, units that echo, what must not be collected, the whole register."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from jmdesk.core.clock import beijing_date
from tests import documents
from tests.ui.import_registers import GOOD, HEADERS, household, show, write
from tests.ui.keys import press
from tests.ui.keys import write as type_text
from ui.core.context import Context
from ui.core.ports import Chip
from ui.core.vaults import OpenDesk
from ui.pages.imports import meanings
from ui.pages.imports.columns import ColumnsStep
from ui.pages.imports.page import ImportsPage
from ui.pages.imports.wizard import COLUMNS

Settle = Callable[[], None]
NAMES = ("陈稻香", "李灯塔", "黄铜锣")


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle) -> Iterator[ImportsPage]:
    """The page of a desk with a dozen households."""
    assert desk.services.regions
    made = show(qtbot, context)
    yield made
    made.hide()
    settled()


def register(folder: Path, headers: tuple[str, ...] = HEADERS, **options: object) -> Path:
    """Three households; ``options`` as of ``write``, and ``income`` for their incomes."""
    income = options.pop("income", 32000)
    more = tuple(f"另{place}" for place in range(len(headers) - len(HEADERS)))
    rows = [(*household(n, name, GOOD[n], income), *more) for n, name in enumerate(NAMES)]
    return write(folder / "登记表.xlsx", [headers, *rows], **options)  # type: ignore[arg-type]


def opened(page: ImportsPage, source: Path, settled: Settle) -> ColumnsStep:
    page.source.choose(source)
    settled()
    assert page.wizard.step == COLUMNS
    return page.columns


def select(step: ColumnsStep, header: str) -> None:
    for line in range(step.table.rows.rowCount()):
        row = step.table.rows.row_at(line)
        if row is not None and row.key == header:
            step.table.selectRow(line)
            return
    raise AssertionError(header)


def state(step: ColumnsStep, header: str) -> str:
    select(step, header)
    row = step.table.rows.row_at(step.table.currentIndex().row())
    assert row is not None
    chip = row.cells[4]
    assert isinstance(chip, Chip)
    return chip.text


def test_a_meaning_is_typed_by_its_initials_and_the_next_column_follows(
    page: ImportsPage, tmp_path: Path, settled: Settle
) -> None:
    step = opened(page, register(tmp_path, (*HEADERS, "某栏", "末栏")), settled)
    assert state(step, "某栏") == "不导入"
    press(step.table, Qt.Key.Key_Return)
    assert step.editor.picker.hasFocus()
    type_text(step.editor.picker, "zz")
    popup = step.editor.picker.completer().popup()
    assert popup.isVisible()
    press(popup, Qt.Key.Key_Escape)
    step.editor.picker.clear()
    type_text(step.editor.picker, "打工收入")
    press(step.editor.picker, Qt.Key.Key_Return)
    settled()
    assert step.table.hasFocus()
    assert step.table.current_key() == "末栏"
    mapping = page.wizard.mapping
    assert mapping is not None
    assert mapping.by_header["某栏"].key == "R07.income_labor"
    assert state(step, "某栏") == "已对应"


def test_a_word_that_means_nothing_is_said_and_changes_nothing(
    page: ImportsPage, tmp_path: Path, settled: Settle
) -> None:
    step = opened(page, register(tmp_path), settled)
    before = page.wizard.mapping
    select(step, "村民小组")
    step.editor.take_focus()
    step.editor.picker.clear()
    type_text(step.editor.picker, "不知所云")
    press(step.editor.picker, Qt.Key.Key_Return)
    assert step.editor.problem.isVisible()
    assert page.wizard.mapping == before


def test_the_unit_switch_shows_what_becomes_of_the_values_and_the_preview_follows(
    page: ImportsPage, tmp_path: Path, settled: Settle
) -> None:
    step = opened(page, register(tmp_path, income=3.2), settled)
    select(step, "种植收入")
    assert step.editor.echoes()[0] == "3.2 → 3.20 元"
    step.editor.unit.setCurrentIndex(step.editor.unit.findText("万元"))
    step.editor.unit.activated.emit(step.editor.unit.currentIndex())
    settled()
    assert step.editor.echoes()[0] == "3.2 → 32,000.00 元"
    assert "种植收入 32,000.00元" in step.told.toPlainText()


def test_incomes_that_look_like_ten_thousands_are_doubted_until_somebody_chooses(
    page: ImportsPage, tmp_path: Path, settled: Settle
) -> None:
    rows = [household(n, f"陈某{n}", "", 3.2) for n in range(8)]
    step = opened(page, write(tmp_path / "登记表.xlsx", [HEADERS, *rows]), settled)
    assert "像是以万元为单位" in step.doubts.text.text()
    assert step.doubts.action.isVisible()
    step.doubts.action.click()
    settled()
    assert not step.doubts.isVisible()
    mapping = page.wizard.mapping
    assert mapping is not None
    assert mapping.by_header["种植收入"].unit == "万元"


def test_a_column_that_must_not_be_collected_is_said_so_and_cannot_be_chosen(
    page: ImportsPage, tmp_path: Path, settled: Settle
) -> None:
    step = opened(page, register(tmp_path, (*HEADERS, "宗教信仰")), settled)
    assert state(step, "宗教信仰") == "不得采集"
    assert not step.editor.picker.isEnabled()
    assert "不得采集的内容" in step.editor.words.text()


def test_two_columns_for_one_thing_are_marked(page: ImportsPage, tmp_path: Path, settled: Settle) -> None:
    step = opened(page, register(tmp_path, (*HEADERS, "某栏")), settled)
    mapping = page.wizard.mapping
    assert mapping is not None
    page.wizard.choose(mapping.changed("某栏", key="R06.person_name"))
    settled()
    assert state(step, "某栏") == "重复"
    assert state(step, "姓名") == "重复"


def test_a_guess_is_confirmed(page: ImportsPage, tmp_path: Path, settled: Settle) -> None:
    headers = (*HEADERS, "主要产业情况")
    step = opened(page, register(tmp_path, headers), settled)
    assert state(step, headers[-1]) == "请核对"
    assert "请核对" in step.summary.text()
    step.editor.confirm_button.click()
    settled()
    assert state(step, headers[-1]) == "已对应"


def test_identity_numbers_are_masked_wherever_they_are_shown(
    page: ImportsPage, tmp_path: Path, settled: Settle
) -> None:
    step = opened(page, register(tmp_path), settled)
    select(step, "身份证号")
    shown = [*step.editor.echoes(), step.told.toPlainText()]
    for table in (step.table, step.preview):
        for line in range(table.rows.rowCount()):
            row = table.rows.row_at(line)
            shown += [cell for cell in (row.cells if row else ()) if isinstance(cell, str)]
    assert "440783********2315" in " ".join(shown)
    assert GOOD[0] not in " ".join(shown)


def test_hidden_rows_are_read_or_skipped_as_chosen(page: ImportsPage, tmp_path: Path, settled: Settle) -> None:
    step = opened(page, register(tmp_path, hidden=(2,)), settled)
    assert "1 行被隐藏" in step.doubts.text.text()
    assert step.preview.rows.rowCount() == 3
    step.whole.skip_hidden.click()
    settled()
    assert step.preview.rows.rowCount() == 2


def test_sheets_are_left_out_one_by_one(page: ImportsPage, tmp_path: Path, settled: Settle) -> None:
    step = opened(page, register(tmp_path, sheets=("一组", "二组")), settled)
    assert step.preview.rows.rowCount() == 6
    step.whole.sheet_section.unfolded = True
    step.whole.sheets["二组"].click()
    settled()
    assert step.preview.rows.rowCount() == 3
    assert "跳过 1 张" in step.whole.sheet_section.remark.text()


def test_year_and_place_hold_for_the_whole_register(page: ImportsPage, tmp_path: Path, settled: Settle) -> None:
    step = opened(page, register(tmp_path), settled)
    assert "上洞" in step.whole.region.line.text()
    type_text(step.whole.year, "2023")
    press(step.whole.year, Qt.Key.Key_Return)
    settled()
    assert "年度 2023" in step.told.toPlainText()


def test_what_an_office_chose_is_remembered_for_its_next_register(
    page: ImportsPage, tmp_path: Path, settled: Settle
) -> None:
    headers = (*HEADERS, "某栏")
    step = opened(page, register(tmp_path, headers), settled)
    mapping = page.wizard.mapping
    assert mapping is not None
    page.wizard.choose(mapping.changed("某栏", key="R05.address"))
    page.go_on()
    settled()
    page.go_on()
    settled()
    page.wizard.restart()
    assert opened(page, register(tmp_path, headers), settled) is step
    assert "已按本单位上次的选择对应" in step.summary.text()
    again = page.wizard.mapping
    assert again is not None
    assert again.by_header["某栏"].key == "R05.address"


def test_a_scan_of_signed_papers_opens_what_would_be_sealed(
    page: ImportsPage, desk: OpenDesk, tmp_path: Path, settled: Settle
) -> None:
    scan = tmp_path / "授权书.pdf"
    scan.write_bytes(documents.pdf(words="signed by everybody"))
    step = opened(page, register(tmp_path), settled)
    page.go_on()
    settled()
    assert page.trial.figures.shown["待授权"] > 0
    page.go_back()
    step.whole.take_scan(scan)
    assert step.whole.scan_name.text() == "授权书.pdf"
    tomorrow = beijing_date(desk.services.clock.now()) + timedelta(days=1)
    leave(step.whole.signed_on, tomorrow.isoformat())
    assert "不能在今天之后" in step.whole.scan_problem.text()
    leave(step.whole.signed_on, "2026-03-01")
    page.go_on()
    settled()
    assert page.trial.figures.shown["待授权"] == 0
    assert page.wizard.trial is not None
    assert page.wizard.trial.result.consents > 0


def leave(field: QLineEdit, text: str) -> None:
    field.clear()
    type_text(field, text)
    press(field, Qt.Key.Key_Return)


def test_every_meaning_can_be_found_by_its_name() -> None:
    assert meanings.search("务工收入", 5)[0].code == "R07.income_labor"
    assert meanings.search("打工收入", 5)[0].code == "R07.income_labor"
    assert "R06.person_name" in [choice.code for choice in meanings.search("xm", 50)]
    assert meanings.label_of("no.such") is None
