"""A paper that was given out is looked at as it will be printed, moved onto its form, printed and saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from jmdesk.consents.service import Signature
from jmdesk.desk import Desk
from jmdesk.papers.queries import Paper
from jmdesk.permissions.guard import Guard
from jmdesk.permissions.matrix import shipped
from tests.ui.keys import press
from ui.core.context import Context
from ui.core.messages import Notice
from ui.core.vaults import OpenDesk
from ui.widgets.paper_file import PaperFile
from ui.widgets.paper_view import PaperView

Settle = Callable[[], None]
CONTROL = Qt.KeyboardModifier.ControlModifier
VALUES = {
    "applicant": "区永滘", "received_on": "2026年11月2日", "subject": "信用户评级", "case_no": "YY4407850020260001",
    "reason": "收入数据有误", "finding": "原收入少记一笔。", "result": "成立，已更正", "office": "某村村民委员会",
    "date": "2026年11月22日",
}  # fmt: skip


@pytest.fixture
def services(desk: OpenDesk) -> Desk:
    """The services of the open desk."""
    return desk.services


@pytest.fixture
def paper(services: Desk) -> Paper:
    """An answer to an objection, given out."""
    household = services.records.find("R05", limit=1)[0].rid
    return services.papers.issue("objection-answer", "R05", household, VALUES).paper


@pytest.fixture
def look_at(qtbot: QtBot, context: Context, services: Desk, settled: Settle) -> Iterator[Callable[[Paper], PaperView]]:
    """Opens a paper in its window."""

    def opened(paper: Paper) -> PaperView:
        made = PaperView(context, paper, services.papers.document(paper.number))
        qtbot.addWidget(made)
        made.show()
        settled()
        return made

    yield opened
    settled()


def ink(shown: QPixmap) -> tuple[int, int]:
    """The column and the line in which the print begins, in pixels from the corner of the sheet."""
    image = shown.toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    dots, wide = bytes(image.constBits()), image.bytesPerLine()
    lines = [dots[start : start + image.width()] for start in range(0, wide * image.height(), wide)]
    inked = [n for n, line in enumerate(lines) if min(line) < 128]
    return min(next(x for x, dot in enumerate(lines[n]) if dot < 128) for n in inked), inked[0]


def ways(services: Desk) -> list[object]:
    """How papers left the program, as the audit trail tells, oldest first."""
    from jmdesk.audit.queries import Wanted

    found = services.audit.page(services.guard, Wanted(verbs=("print",)))
    return [entry.told["way"] for entry in reversed(found)]


def test_what_is_looked_at_is_the_file_that_is_saved_as_pdf_or_word(
    look_at: Callable[[Paper], PaperView],
    services: Desk,
    paper: Paper,
    settled: Settle,
    notices: list[Notice],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view = look_at(paper)
    assert not view.picture.pixmap().isNull()
    assert view.place.text() == "第 1 页，共 1 页"
    for name in ("答复.pdf", "答复.docx"):
        target = str(tmp_path / name)
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, chosen=target: (chosen, ""))
        press(view, Qt.Key.Key_S, CONTROL)
        settled()
    assert "区永滘" in PdfReader(tmp_path / "答复.pdf").pages[0].extract_text()
    assert "区永滘" in "".join(part.text for part in docx.Document(str(tmp_path / "答复.docx")).paragraphs)
    assert ways(services) == ["pdf", "docx"]
    assert notices[-1].text == "已保存 答复.docx。文件没有加密，用完请删除。"


def test_a_file_that_cannot_be_written_is_told_and_not_called_saved(
    look_at: Callable[[Paper], PaperView], services: Desk, paper: Paper, settled: Settle, notices: list[Notice],
    tmp_path: Path,
) -> None:  # fmt: skip
    look_at(paper).save(tmp_path / "没有这个文件夹" / "答复.pdf")
    settled()
    assert notices[-1].kind == "bad"
    assert ways(services) == []


def test_a_print_is_moved_onto_its_form_and_this_computer_remembers_it_for_that_paper_alone(
    look_at: Callable[[Paper], PaperView], context: Context, services: Desk, paper: Paper, settled: Settle
) -> None:
    view = look_at(paper)
    left, top = ink(view.picture.pixmap())
    pixels = view.picture.pixmap().width() / 210  # of a millimetre on A4
    view.right.setValue(10.0)
    view.down.setValue(-2.5)
    settled()
    moved_left, moved_top = ink(view.picture.pixmap())
    assert moved_left - left == pytest.approx(10 * pixels, abs=4)
    assert moved_top - top == pytest.approx(-2.5 * pixels, abs=4)
    assert look_at(paper).offset == (10.0, -2.5)
    other = services.papers.issue("review-application", "R05", paper.rid, dict.fromkeys(FIELDS, "某")).paper
    assert look_at(other).offset == (0, 0)


FIELDS = ("village", "head", "household", "group", "year", "office", "date")


def test_the_collector_who_takes_a_withdrawal_hands_out_its_slip(
    qtbot: QtBot, context: Context, services: Desk, settled: Settle
) -> None:
    household = services.records.find("R05", limit=1)[0].rid
    services.consents.sign(household, Signature("2026-03-01T02:00:00Z"))
    services.records.guard = Guard(shipped(), frozenset({"R1"}))
    slip = services.rights.withdraw(household, ["C4"], reason="不愿公示").slip
    page = QWidget()
    qtbot.addWidget(page)
    opener = PaperFile(page, context)
    opener.open(slip)
    settled()
    assert opener.view is not None
    opener.view.close()
    settled()
    assert opener.view is None


def test_a_void_paper_says_so_above_its_page(
    look_at: Callable[[Paper], PaperView], services: Desk, paper: Paper
) -> None:
    view = look_at(services.papers.void(paper.number, "打印错误"))
    labels = (found for found in view.findChildren(QLabel) if isinstance(found, QLabel))  # type: ignore[var-annotated]
    assert "已作废：打印错误" in [found.text() for found in labels]


def test_a_paper_goes_to_the_printer_without_becoming_a_file_of_ours(
    look_at: Callable[[Paper], PaperView],
    services: Desk,
    paper: Paper,
    settled: Settle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view = look_at(paper)
    monkeypatch.setattr(QPrintDialog, "exec", lambda _dialog: QDialog.DialogCode.Rejected)
    press(view, Qt.Key.Key_P, CONTROL)
    settled()
    assert ways(services) == []
    sheet = tmp_path / "printer.pdf"

    def chosen(dialog: QPrintDialog) -> QDialog.DialogCode:
        printer = dialog.printer()
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(sheet))
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(QPrintDialog, "exec", chosen)
    press(view, Qt.Key.Key_P, CONTROL)
    settled()
    assert len(PdfReader(sheet).pages) == 1
    assert ways(services) == ["printer"]
