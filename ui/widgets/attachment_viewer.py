"""Looks at one document in a window of the program's own: photos, and papers page by page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import QDialog, QFileDialog, QFrame, QLabel, QScrollArea, QWidget

from jmdesk.core.media import JPEG, PDF
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.widgets.attachment_pictures import page_picture
from ui.widgets.elided import Elided
from ui.widgets.field import TextField
from ui.widgets.styling import button, column, label, row

if TYPE_CHECKING:
    from jmdesk.attachments.queries import Attachment

STEP = 1.25
NARROWEST, WIDEST = 200, 4000
"""Pixels that a page may be wide."""


class AttachmentViewer(QDialog):
    """Esc closes; Page Up and Page Down turn pages, Up and Down move them, plus and minus size them."""

    def __init__(self, context: Context, shown: Attachment, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._shown = context, shown
        self.page = 0
        self._wide = look().theme.px(900)
        self.setWindowTitle(shown.caption or tr("附件"))
        self.resize(look().theme.px(1000), look().theme.px(680))
        down = column(self, margin=12, gap=8)
        down.addWidget(self._head())
        words = tr("这份 PDF 带有脚本或内嵌文件；本程序只显示页面，不会运行或打开它们。")
        self.warning = label(words, "warning", wrap=True)
        down.addWidget(self.warning)
        if not shown.scripted:
            self.warning.hide()
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName(shown.caption or tr("附件"))
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.picture)
        down.addWidget(self.area, 1)
        down.addWidget(self._export_line())
        self._data: bytes | None = None
        self._load()

    # -- what the keys do ------------------------------------------------------------------------------------------

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_PageDown:
                self.turn(1)
            case Qt.Key.Key_PageUp:
                self.turn(-1)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(STEP)
            case Qt.Key.Key_Minus:
                self.zoom(1 / STEP)
            case Qt.Key.Key_Down | Qt.Key.Key_Up:
                bar = self.area.verticalScrollBar()
                bar.setValue(bar.value() + (1 if event.key() == Qt.Key.Key_Down else -1) * bar.pageStep() // 4)
            case _:
                super().keyPressEvent(event)

    def turn(self, pages: int) -> None:
        """Show another page of a paper."""
        wanted = min(max(self.page + pages, 0), max(self._shown.pages, 1) - 1)
        if wanted != self.page:
            self.page = wanted
            self._load()

    def zoom(self, times: float) -> None:
        """Show the page larger or smaller."""
        wide = round(min(max(self._wide * times, NARROWEST), WIDEST))
        if wide != self._wide:
            self._wide = wide
            self._load()

    # -- the picture -----------------------------------------------------------------------------------------------

    def _load(self) -> None:
        shown, page, wide, kept = self._shown, self.page, self._wide, self._data
        attachments = self._context.services.attachments

        def work() -> tuple[int, bytes, QImage]:
            data = kept if kept is not None else attachments.data(shown.link)
            return page, data, page_picture(shown.media, data, page, wide)

        self._tell_place()
        self._context.runner.read(work, self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, tuple):
            if outcome.error is not None:
                self._context.notices.error(outcome.error)
                self.picture.setText(tr("显示不出来。"))
            return
        page, self._data, image = outcome.value
        if page != self.page:
            return
        if image.width() != self._wide and self._shown.media != PDF:
            image = image.scaledToWidth(self._wide, Qt.TransformationMode.SmoothTransformation)
        self.picture.setPixmap(QPixmap.fromImage(image))
        self.area.verticalScrollBar().setValue(0)

    def _tell_place(self) -> None:
        pages = self._shown.pages
        self.place.setText(tr("第 {n} 页，共 {of} 页", n=self.page + 1, of=pages) if pages else "")
        self.earlier.setEnabled(self.page > 0)
        self.later.setEnabled(self.page + 1 < pages)

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

    def _head(self) -> QFrame:
        made = QFrame()
        across = row(made, gap=8)
        title = Elided("heading")
        title.setText(self._shown.caption or tr("附件"))
        self.place = label("", "muted")
        self.earlier, self.later = button(tr("上一页")), button(tr("下一页"))
        smaller, larger = button(tr("缩小")), button(tr("放大"))
        self.export_button = button(tr("导出…"), "", "export")
        close = button(tr("关闭"), "primary")
        hints = {self.earlier: "PgUp", self.later: "PgDn", smaller: "-", larger: "+", close: "Esc"}
        for made_button, key in hints.items():
            made_button.setToolTip(key)
        for each in (*hints, self.export_button):
            each.setAutoDefault(False)
        self.earlier.clicked.connect(lambda: self.turn(-1))
        self.later.clicked.connect(lambda: self.turn(1))
        smaller.clicked.connect(lambda: self.zoom(1 / STEP))
        larger.clicked.connect(lambda: self.zoom(STEP))
        self.export_button.clicked.connect(self.ask_export)
        close.clicked.connect(self.accept)
        across.addWidget(title, 1)
        across.addWidget(self.place)
        for each in (self.earlier, self.later, smaller, larger, self.export_button, close):
            across.addWidget(each)
        self.earlier.setVisible(self._shown.pages > 1)
        self.later.setVisible(self._shown.pages > 1)
        return made

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
