"""Registers that an office might hand in, for the import page; all people are invented."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import cast

import pytest
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile
from pytestqt.qtbot import QtBot
from python_calamine import CalamineWorkbook

from ui.core.context import Context
from ui.pages.imports.page import ImportsPage

HEADERS = ("户编号", "姓名", "与户主关系", "身份证号", "村民小组", "种植收入")
GOOD = ("440783198503122315", "440783198704053221", "440783199001011214", "440783197911303241")
Cells = Sequence[Sequence[object]]


def household(serial: int, name: str, number: str, income: object = 32000) -> tuple[object, ...]:
    """One household of one person."""
    return (f"{serial:04d}", name, "户主", number, "3组", income)


def write(path: Path, rows: Cells, *, hidden: Collection[int] = (), sheets: Sequence[str] = ("登记表",)) -> Path:
    """A plain workbook: the same rows on every sheet; ``hidden`` rows count from 0."""
    with xlsxwriter.Workbook(str(path)) as book:
        for name in sheets:
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            for number in hidden:
                sheet.set_row(number, None, None, {"hidden": True})
    return path


def protect(path: Path, password: str) -> Path:
    """Lock a workbook with an opening password."""
    plain = io.BytesIO(path.read_bytes())
    with path.open("wb") as out:
        OOXMLFile(plain).encrypt(password, out)
    return path


def cells_of(path: Path) -> list[list[object]]:
    """The cells of a workbook's first sheet."""
    with CalamineWorkbook.from_path(path) as book:
        return cast("list[list[object]]", book.get_sheet_by_index(0).to_python(skip_empty_area=False))


def show(qtbot: QtBot, context: Context) -> ImportsPage:
    """The import page in a window of its own."""
    made = ImportsPage(context)
    qtbot.addWidget(made)
    made.resize(1190, 700)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def held(monkeypatch: pytest.MonkeyPatch, work: Callable[..., object], place: str) -> threading.Event:
    """Have work go on only when the event is set, so that a test can cancel in its midst."""
    go_on = threading.Event()

    def waiting(*args: object, **named: object) -> object:
        assert go_on.wait(timeout=20)
        return work(*args, **named)

    monkeypatch.setattr(place, waiting)
    return go_on
