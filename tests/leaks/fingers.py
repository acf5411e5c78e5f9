"""What a clerk does with her beyond looking: pictures, searches, covered values, papers, the clipboard, a dialog."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from jmdesk.attachments.intake import examine
from tests.documents import phone_photo
from tests.jmdesk.papers.test_papers import VALUES
from tests.leaks import canary
from tests.leaks.matters import hers
from ui.app import Session
from ui.core.context import Target
from ui.pages.households.page import HouseholdsPage
from ui.pages.records.page import RecordsPage
from ui.widgets.attachments import AttachmentsPanel
from ui.widgets.masked_field import MaskedField
from ui.widgets.paper_file import PaperFile

Settle = Callable[[], None]


def touch_everything(session: Session, settle: Settle, given: Path, exported: Path) -> None:
    """All of it, in the open window of ``session``."""
    rid = hers(session.context.services)
    _pictures(session, settle, rid)
    _searches(session, settle)
    _looks(session, settle, rid)
    _papers(session, settle, rid, exported)
    _dialog(settle, given)


def _pictures(session: Session, settle: Settle, rid: str) -> None:
    """A photo of her house: its thumbnail and the viewer."""
    services = session.context.services
    link = services.attachments.add("R05", rid, examine(phone_photo()), caption=canary.NAME)
    session.window.go(Target("records", "R05", rid))
    settle()
    assert session.window.page is not None
    panels: Iterable[AttachmentsPanel] = session.window.page.findChildren(AttachmentsPanel)
    next(iter(panels)).open(link)
    settle()
    session.window.grab()


def _searches(session: Session, settle: Settle) -> None:
    """Lists searched by what names her."""
    session.window.go(Target("households"))
    settle()
    page = session.window.page
    assert isinstance(page, HouseholdsPage)
    for text in (canary.NAME, canary.ID_NO, canary.PHONE, canary.ADDRESS):
        page.list.search.setText(text)
        page.list.refresh()
        settle()
    page.list.search.clear()


def _looks(session: Session, settle: Settle, rid: str) -> None:
    """Her phone and address, looked at and copied: covered after a minute, off the clipboard after half of one."""
    session.window.go(Target("records", "R05", rid))
    settle()
    page = session.window.page
    assert isinstance(page, RecordsPage)
    clipboard = QGuiApplication.clipboard()
    values = session.context.services.records.get("R05", rid).record.values
    for name in ("phone", "address"):
        value = str(values[name])
        field = page._forms["R05"].rows[name].field
        assert isinstance(field, MaskedField)
        field.show_button.click()
        field.reason.setText("核对")
        field.reason.setModified(True)
        field.confirm.click()
        settle()
        assert field.line.text() == value
        clipboard.setText(field.line.text())
        assert field.clipboard.timer.isActive()
        field.clipboard.timer.timeout.emit()
        assert clipboard.text() == ""
        field._hide_again.timeout.emit()
        assert field.line.text() != value


def _papers(session: Session, settle: Settle, rid: str, exported: Path) -> None:
    """A paper about her, and the way to a list in full."""
    paper = session.context.services.papers.issue("objection-answer", "R05", rid, VALUES).paper
    PaperFile(session.window, session.context).save(paper, exported / "paper.pdf")
    settle()
    page = session.window.page
    assert isinstance(page, RecordsPage)
    page.show_list("R05")
    page._lists["R05"].bar.ask()
    page._lists["R05"].in_full.toggle()
    settle()


def _dialog(settle: Settle, given: Path) -> None:
    """A file whose name is hers, chosen in the dialog: what the toolkit remembers of it is searched like the rest."""
    named = given / f"{canary.NAME}.csv"
    named.touch()
    dialog = QFileDialog(None, "", str(given))
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.show()
    dialog.selectFile(str(named))
    settle()
    dialog.accept()
    settle()
    dialog.deleteLater()
