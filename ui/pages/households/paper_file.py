"""One household, one file: asks what for, then writes the PDF and its enclosures into a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFormLayout, QWidget

from jmdesk.core.errors import Environment, Refused
from jmdesk.desk import Desk
from ui.core.drawing import drawn
from ui.core.household_file import bound
from ui.core.i18n import tr
from ui.widgets.field import TextField
from ui.widgets.styling import button, card, column, label, row

MAIN = "一户一档.pdf"


def hand_out(desk: Desk, household: str, purpose: str, folder: Path) -> int:
    """Write a household's file into an empty folder; gives the number of pages. Call on the runner.

    ``Refused`` as ``Inspections.file``, "rights.folder" for a folder in the vault or one that holds a file already;
    ``Environment`` "printing.cannot_write".
    """
    vault = desk.vault.folder.resolve()
    if vault in (folder.resolve(), *folder.resolve().parents) or (folder / MAIN).exists():
        raise Refused("rights.folder")
    file = desk.inspections.file(household, purpose)
    made = drawn(lambda: bound(file))
    # The line first: a file that nobody knows of must not exist.
    desk.inspections.note(file, purpose, sha256=hashlib.sha256(made.data).hexdigest(), pages=made.pages)
    try:
        for name, content in ((MAIN, made.data), *((one.name, one.content) for one in file.enclosures)):
            (folder / name).touch(0o600, exist_ok=False)
            (folder / name).write_bytes(content)
    except OSError as error:
        raise Environment("printing.cannot_write", reason=str(error.errno)) from error
    return made.pages


class PaperFilePane(QWidget):
    """Asks for the purpose and the folder. ``wished`` carries both."""

    wished = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        box = card()
        column(self).addWidget(box)
        down = column(box, margin=12, gap=8)
        down.addWidget(label(tr("导出一户一档"), "heading"))
        words = tr("按纸质档案的顺序合成一个 PDF，有目录和页码，附件放在同一文件夹。")
        words += tr("证件号、电话、住址和收入遮蔽；导出会记入审计。")
        down.addWidget(label(words, "muted", wrap=True))
        lines = QFormLayout()
        self.purpose = TextField(max_length=100)
        self.purpose.setAccessibleName(tr("用途"))
        self.purpose.setPlaceholderText(tr("例如：县信用办 2026 年档案检查"))
        self.purpose.returnPressed.connect(self.ask)
        lines.addRow(tr("用途 *"), self.purpose)
        down.addLayout(lines)
        across = row(gap=8)
        self.go = button(tr("选择文件夹…"), "primary")
        self.go.clicked.connect(self.ask)
        self.cancel = button(tr("取消"))
        self.cancel.clicked.connect(self.hide)
        for widget in (self.go, self.cancel):
            across.addWidget(widget)
        across.addStretch(1)
        down.addLayout(across)
        self.hide()

    def begin(self) -> None:
        """Ask."""
        self.purpose.set_value("")
        self.show()
        self.purpose.setFocus()

    def ask(self) -> None:
        """Take the purpose, then ask where to."""
        if not str(self.purpose.value() or "").strip():
            self.purpose.show_problem(tr("请填写用途。"))
            self.purpose.setFocus()
            return
        name = QFileDialog.getExistingDirectory(self, tr("选择一个空文件夹"))
        if name:
            self.wished.emit(str(self.purpose.value()), Path(name))
