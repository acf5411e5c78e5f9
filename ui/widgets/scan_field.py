"""A document that goes with what is being filled in: chosen, dragged here, or none."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from ui.core.i18n import tr
from ui.core.overriding import override
from ui.widgets.attachments import KINDS, dropped_files
from ui.widgets.elided import Elided
from ui.widgets.styling import button, row


class ScanField(QWidget):
    """Holds the path of one photo or PDF, or nothing; it is read when the form is saved."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._path: Path | None = None
        self.setAcceptDrops(True)
        across = row(self, gap=8)
        self.name = Elided("hint")
        self.choose = button(tr("选择"), "link", "folder")
        self.choose.setAccessibleName(tr("选择扫描件"))
        self.drop_it = button(tr("去掉"), "link")
        self.drop_it.setAccessibleName(tr("去掉扫描件"))
        across.addWidget(self.name, 1)
        across.addWidget(self.choose)
        across.addWidget(self.drop_it)
        self.choose.clicked.connect(self._ask)
        self.drop_it.clicked.connect(lambda: self.set_value(None))
        self.setFocusProxy(self.choose)
        self.set_value(None)

    def value(self) -> Path | None:
        """The file chosen."""
        return self._path

    def set_value(self, value: object) -> None:
        """Take a file, or nothing."""
        self._path = value if isinstance(value, Path) else None
        self.name.setText(self._path.name if self._path else tr("没有选；可以以后再归档"))
        # Hiding what was never shown is harmless; showing what has no parent yet would open a window.
        self.drop_it.setEnabled(self._path is not None)
        self.edited.emit()

    def problem(self) -> str:
        """A file is only found wrong when it is read."""
        return ""

    def _ask(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("选择扫描件"), "", f"{tr('照片或 PDF')} {KINDS}")
        if name:
            self.set_value(Path(name))

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        self.set_value(dropped_files(event.mimeData())[0])
        event.acceptProposedAction()
