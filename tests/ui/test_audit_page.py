"""The audit page: who did what, filters, the chain, export; and exports of lists, the mask, the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from sqlalchemy import text

from ui.core.context import Context
from ui.core.messages import Notice
from ui.core.vaults import OpenDesk
from ui.pages.audit.page import AuditPage
from ui.pages.records.page import RecordsPage
from ui.widgets.masked_field import MaskedField


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Callable[[], None]) -> AuditPage:
    assert context.desk is desk
    made = AuditPage(context)
    qtbot.addWidget(made)
    made.show()
    settled()
    return made


def shown(page: AuditPage, column: int) -> list[str]:
    model = page.table.model()
    return [str(model.index(line, column).data()) for line in range(model.rowCount())]


def test_the_newest_entry_is_the_login(page: AuditPage) -> None:
    assert shown(page, 3)[0] == "开库"
    assert page.count.text().startswith("共 ")


def test_the_list_follows_its_filters(page: AuditPage) -> None:
    everything = page.table.rows.rowCount()
    page.what.setCurrentIndex(page.what.findData("login"))
    page.refresh()
    assert set(shown(page, 3)) == {"开库"}
    assert 0 < page.table.rows.rowCount() < everything
    page.until.set_value("2020-01-01")
    page.refresh()
    assert page.table.rows.rowCount() == 0


def test_the_trail_names_fields_and_never_values(page: AuditPage) -> None:
    details = "".join(shown(page, 6))
    assert "姓名" in details
    member = page.context.services.records.find("R06", limit=1)[0]
    assert str(member.values["person_name"]) not in details


def test_a_broken_link_is_named(page: AuditPage, settled: Callable[[], None], notices: list[Notice]) -> None:
    page.check()
    settled()
    assert "日志链完好" in notices[-1].text
    with page.context.services.store.beside() as connection:
        connection.execute(text("UPDATE change_log SET verb = 'edit' WHERE seq = 2"))
    page.check()
    settled()
    assert notices[-1].text == "日志在第 2 条断开：可能被改动。"


def choose(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_more: (str(file), "Excel (*.xlsx)"))


def test_the_trail_is_exported_and_that_is_in_the_trail(
    page: AuditPage, settled: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, tmp_path / "审计.xlsx")
    page.bar.ask()
    page.bar.choose()
    assert page.bar.purpose.problem() == "请写明用途。"
    page.bar.purpose.set_value("年度审计")
    page.bar.choose()
    settled()
    assert (tmp_path / "审计.xlsx").stat().st_size > 0
    assert shown(page, 3)[0] == "导出"
    assert shown(page, 5)[0] == "年度审计"


def test_a_list_of_records_is_exported_as_it_is_filtered(
    qtbot: QtBot,
    context: Context,
    desk: OpenDesk,
    settled: Callable[[], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    notices: list[Notice],
) -> None:
    assert context.desk is desk
    choose(monkeypatch, tmp_path / "成员.csv")
    page = RecordsPage(context)
    qtbot.addWidget(page)
    page.show()
    page.show_list("R06")
    settled()
    bar = page._lists["R06"].bar
    bar.ask()
    bar.purpose.set_value("镇级核对")
    bar.choose()
    settled()
    lines = (tmp_path / "成员.csv").read_text("utf-8-sig").splitlines()
    assert "用途：镇级核对" in lines[1]
    assert notices[-1].text == f"已导出 {len(lines) - 3} 条，已留痕。"


def test_a_copied_number_leaves_the_clipboard_and_other_text_stays(qtbot: QtBot) -> None:
    clipboard = QGuiApplication.clipboard()
    made = MaskedField()
    qtbot.addWidget(made)
    made.set_mask("4407**********1234")
    made.reveal("440783198512311234")
    clipboard.setText("440783198512311234")
    assert made.clipboard.timer.isActive()
    assert made.clipboard.timer.interval() == 30_000
    made.clipboard.timer.timeout.emit()
    assert clipboard.text() == ""
    clipboard.setText("别的文字")
    made.clipboard.timer.timeout.emit()
    assert clipboard.text() == "别的文字"


def test_a_number_is_covered_again_after_a_minute(qtbot: QtBot) -> None:
    made = MaskedField()
    qtbot.addWidget(made)
    made.set_mask("4407**********1234")
    made.reveal("440783198512311234")
    assert made._hide_again.interval() == 60_000
    made._hide_again.timeout.emit()
    assert made.line.text() == "4407**********1234"
