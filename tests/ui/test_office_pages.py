"""Handover, kept villages and the household file at the window: by keyboard, and what is written."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from jmdesk.accounts.service import NewAccount
from jmdesk.caretaking.service import COLLECTION
from jmdesk.place import Place
from jmdesk.vault.kdf import FLOOR
from tests.ui.desks import VILLAGE
from tests.ui.keys import press, write
from ui.core.context import Context, Target
from ui.core.messages import Notice
from ui.core.vaults import OpenDesk
from ui.pages.caretaking.page import CaretakingPage
from ui.pages.handover.page import HandoverPage
from ui.pages.households.page import HouseholdsPage
from ui.pages.households.paper_file import MAIN

Settle = Callable[[], None]


def test_a_handover_is_drawn_up_signed_by_three_and_closes_the_account(
    qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.services.accounts.cost = FLOOR
    leaver = desk.services.accounts.add(NewAccount("黄伟业", ("R2",)), "四条小船过了石桥").user
    page = HandoverPage(context)
    qtbot.addWidget(page)
    page.show()
    settled()
    page.leaver.setCurrentIndex(page.leaver.findData(leaver))
    page.refresh()
    settled()
    assert not page.sign_it.isEnabled()
    press(page.issue, Qt.Key.Key_Space)
    settled()
    assert "等待三方签名" in page.state.text()
    file = tmp_path / "清单.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), "PDF (*.pdf)"))
    press(page.save_it, Qt.Key.Key_Space)
    settled()
    assert PdfReader(io.BytesIO(file.read_bytes())).pages
    for field, name in ((page.giver, "黄伟业"), (page.taker, "林小燕"), (page.witness, "梁监交")):
        write(field, name)
    write(page.day, "t")
    assert not page.close_it.isEnabled()
    press(page.sign_it, Qt.Key.Key_Space)
    settled()
    assert desk.services.handovers.standing(leaver).is_signed
    assert not page.issue.isEnabled()
    press(page.close_it, Qt.Key.Key_Space)
    settled()
    assert not desk.services.accounts.get(leaver).active


def test_a_kept_village_is_added_worked_on_and_its_forms_printed(
    qtbot: QtBot,
    context: Context,
    desk: OpenDesk,
    settled: Settle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    notices: list[Notice],
) -> None:
    monkeypatch.setattr(Place, "regions", (VILLAGE[:9],))
    page = CaretakingPage(context)
    qtbot.addWidget(page)
    page.show()
    settled()
    page.village.set_value(VILLAGE)
    press(page.add, Qt.Key.Key_Space)
    settled()
    assert page.table.rows.rowCount() == 1
    press(page.table, Qt.Key.Key_Return)
    settled()
    assert desk.services.village_at_work == VILLAGE
    file = tmp_path / "采集表.pdf"
    page.print_forms(COLLECTION, file)
    qtbot.waitUntil(lambda: context.runner.idle, timeout=60_000)
    assert len(PdfReader(io.BytesIO(file.read_bytes())).pages) >= desk.services.households.by_village()[VILLAGE]
    assert "采集表.pdf" in notices[-1].text
    press(page.end_button, Qt.Key.Key_Space)
    settled()
    assert page.table.rows.rowCount() == 0
    assert desk.services.village_at_work == ""


def test_a_households_file_is_asked_for_with_a_purpose_and_written_into_a_folder(
    qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rid = desk.services.records.find("R05", limit=1)[0].rid
    page = HouseholdsPage(context)
    qtbot.addWidget(page)
    page.show()
    page.show_target(Target("households", "R05", rid))
    settled()
    press(page.file_button, Qt.Key.Key_Space)
    asked = page.paper_file
    press(asked.purpose, Qt.Key.Key_Return)
    assert asked.isVisible()
    folder = tmp_path / "检查"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    write(asked.purpose, "县级检查")
    press(asked.purpose, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: context.runner.idle, timeout=60_000)
    assert not asked.isVisible()
    assert len(PdfReader(io.BytesIO((folder / MAIN).read_bytes())).pages) > 10
