"""Looks at one document in a window of the program's own: photos, and papers page by page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QFrame, QWidget

from jmdesk.core.media import JPEG, PDF
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.widgets.attachment_pictures import page_picture
from ui.widgets.field import TextField
from ui.widgets.pages_dialog import PagesDialog
from ui.widgets.styling import button, label, row

if TYPE_CHECKING:
    from jmdesk.attachments.queries import Attachment


class AttachmentViewer(PagesDialog):
    """One document beside a record; it leaves the store only for a reason."""

    def __init__(self, context: Context, shown: Attachment, parent: QWidget | None = None) -> None:
        super().__init__(context, shown.caption or tr("附件"), shown.pages, parent)
        self._shown = shown
        self._data: bytes | None = None
        words = tr("这份 PDF 带有脚本或内嵌文件；本程序只显示页面，不会运行或打开它们。")
        self.warning = label(words, "warning", wrap=True)
        self.body.insertWidget(1, self.warning)
        if not shown.scripted:
            self.warning.hide()
        self.export_button = button(tr("导出…"), "", "export")
        self.export_button.setAutoDefault(False)
        self.export_button.clicked.connect(self.ask_export)
        self.tools.addWidget(self.export_button)
        self.body.addWidget(self._export_line())
        self.load()

    @override
    def draw(self, page: int, wide: int) -> QImage:
        if self._data is None:
            self._data = self._context.services.attachments.data(self._shown.link)
        image = page_picture(self._shown.media, self._data, page, wide)
        if image.width() != wide and self._shown.media != PDF:
            image = image.scaledToWidth(wide, Qt.TransformationMode.SmoothTransformation)
        return image

    # -- taking it out ---------------------------------------------------------------------------------------------

    def ask_export(self) -> None:
        """Ask why the document leaves the store."""
        self.export_line.show()
        self.reason.setFocus()

    def export(self) -> None:
        """Write the document to a file that is asked for, for the reason typed."""
        reason = str(self.reason.value() or "")
        if not reason:
            self.reason.show_problem(tr("请写明导出理由；理由会留在历史中。"))
            return
        ending = {JPEG: "jpg", PDF: "pdf"}.get(self._shown.media, "png")
        name, _ = QFileDialog.getSaveFileName(self, tr("导出附件"), f"{tr('附件')}.{ending}", f"*.{ending}")
        if name:
            self.export_to(Path(name), reason)

    def export_to(self, target: Path, reason: str) -> None:
        """Write the document to a file."""
        link, attachments = self._shown.link, self._context.services.attachments
        self._context.runner.submit(
            lambda _progress, _cancelled: attachments.export(link, target, reason=reason), self._exported
        )

    def _exported(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        self.reason.set_value(None)
        self.export_line.hide()
        self._context.notices.say(tr("已导出一份明文文件；用完请删除。历史中已留痕。"))

    # -- parts -----------------------------------------------------------------------------------------------------

    def _export_line(self) -> QFrame:
        self.export_line = QFrame()
        across = row(self.export_line, gap=8)
        self.reason = TextField(max_length=200)
        self.reason.setPlaceholderText(tr("导出理由(必填，留痕)"))
        self.reason.setAccessibleName(tr("导出理由"))
        go = button(tr("选择位置并导出"), "danger")
        go.clicked.connect(self.export)
        across.addWidget(self.reason, 1)
        across.addWidget(go)
        self.export_line.hide()
        return self.export_line
