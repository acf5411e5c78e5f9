"""The documents of one record: seen small, added by file, dragging or pasting, opened, taken off with a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QFileDialog, QFrame, QListView, QListWidget, QListWidgetItem, QScrollArea

from jmdesk.attachments.intake import examine
from jmdesk.core.errors import KnownError
from jmdesk.core.media import PDF
from ui.core.context import Context
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.widgets.attachment_pictures import encoded, thumbnail
from ui.widgets.attachment_viewer import AttachmentViewer
from ui.widgets.field import TextField
from ui.widgets.section import Section
from ui.widgets.styling import button, column, label, row

if TYPE_CHECKING:
    from jmdesk.attachments.queries import Attachment

PICTURE = 72
"""Pixels of a thumbnail's longer side in the list."""

_LINK = int(Qt.ItemDataRole.UserRole)
KINDS = "(*.jpg *.jpeg *.png *.pdf *.JPG *.JPEG *.PNG *.PDF)"


def state_words(state: str) -> str:
    """How far a document is on its way to the platform."""
    words = {
        "local": tr("只存本机"),
        "waiting": tr("待报送"),
        "sealed": tr("报送中"),
        "done": tr("平台已收"),
        "refused": tr("平台未收"),
    }
    return words.get(state, state)


def dropped_files(mime: QMimeData) -> list[Path]:
    """The files of this computer that are being dragged or pasted."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


def _framed(picture: QPixmap) -> QIcon:
    """A thumbnail with a line around it: most papers are as white as the list."""
    painter = QPainter(picture)
    pen = QPen(QColor(look().theme.colour("edge")))
    pen.setWidth(max(1, picture.width() // 96))
    painter.setPen(pen)
    painter.drawRect(picture.rect().adjusted(0, 0, -1, -1))
    painter.end()
    return QIcon(picture)


class _List(QListWidget):
    """Thumbnails beside each other; its owner does what the keys ask for."""

    def __init__(self, keys: Callable[[QKeyEvent], bool]) -> None:
        super().__init__()
        self._keys = keys
        px = look().theme.px
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(px(PICTURE), px(PICTURE)))
        self.setGridSize(QSize(px(PICTURE + 64), px(PICTURE + 52)))
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setFixedHeight(px(PICTURE + 76))
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("附件"))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._keys(event):
            super().keyPressEvent(event)


class AttachmentsPanel(QFrame):
    """The documents of the record that ``show_record`` names.

    In the list: Enter opens, Delete takes off, Ctrl+V pastes. Writing and drawing happen on the runner.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._type = self._rid = self._read_rid = ""
        self.editable = False
        self._found: dict[str, Attachment] = {}
        self._pictures: dict[str, QIcon] = {}
        self._viewers: list[AttachmentViewer] = []
        self.setProperty("role", "card")
        self.setAcceptDrops(True)
        self.section = Section(tr("附件"), unfolded=False)
        column(self, margin=12).addWidget(self.section)
        self.add_button = button(tr("添加"), "link", "add")
        self.add_button.setAccessibleName(tr("添加附件"))
        self.paste_button = button(tr("粘贴"), "link")
        self.paste_button.setAccessibleName(tr("粘贴为附件"))
        for action in (self.add_button, self.paste_button):
            self.section.add_action(action)
        self.list = _List(self._key)
        advice = tr("把照片或 PDF 拖到这里，或按 Ctrl+V 粘贴。照片里的拍摄地点等信息会自动去掉。")
        self.hint = label(advice, "hint", wrap=True)
        self.section.add(self.list)
        self.section.add(self._remove_line())
        self.section.add(self.hint)
        self.add_button.clicked.connect(self.ask_files)
        self.paste_button.clicked.connect(self.paste)
        self.list.itemActivated.connect(lambda item: self.open(str(item.data(_LINK))))
        self.section.toggled.connect(lambda _unfolded: QTimer.singleShot(0, self, self._come_into_view))
        self._freshness = Freshness(self, context.runner, self._reread)

    # -- which record ----------------------------------------------------------------------------------------------

    def show_record(self, type_id: str, rid: str, *, editable: bool) -> None:
        """Show the documents of a record; ``editable`` lets them be added and taken off."""
        if (type_id, rid) != (self._type, self._rid):
            self._found.clear()
            self._read_rid = ""
            self.list.clear()
            self.section.unfolded = False
            self.remove_line.hide()
        self._type, self._rid, self.editable = type_id, rid, editable
        for action in (self.add_button, self.paste_button, self.hint):
            action.setVisible(editable)
        self.setVisible(bool(rid))
        self._reread()

    def take_focus(self) -> None:
        """Unfold and put the cursor into the list."""
        self.section.unfolded = True
        (self.list if self.list.count() else self.add_button).setFocus()

    def _come_into_view(self) -> None:
        """What was unfolded below the edge of a scrolled page is brought onto the screen."""
        above = self.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea) and self.section.unfolded and self.isVisible():
                above.ensureWidgetVisible(self)
            above = above.parentWidget()

    def _reread(self) -> None:
        type_id, rid = self._type, self._rid
        if rid:
            attachments = self._context.services.attachments
            self._context.runner.read(lambda: (rid, attachments.of(type_id, rid)), self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, tuple):
            if outcome.error is not None:
                self._context.notices.error(outcome.error)
            return
        rid, found = outcome.value
        if rid != self._rid:
            return
        fresh = rid == self._read_rid and any(one.link not in self._found for one in found)
        self._read_rid = rid
        chosen = self.list.currentRow()
        self._found = {one.link: one for one in found}
        self.list.clear()
        for one in found:
            self.list.addItem(self._item(one))
        self.list.setCurrentRow(min(max(chosen, 0), len(found) - 1))
        self.list.setVisible(bool(found))
        self.section.remark.setText(tr("{n} 份", n=len(found)) if found else tr("没有"))
        if fresh:
            self.section.unfolded = True
        for one in found:
            if one.sha256 not in self._pictures and one.media:
                self._draw(one)

    def _item(self, one: Attachment) -> QListWidgetItem:
        name = one.caption or (tr("文件") if one.media == PDF else tr("照片"))
        room = self.list.gridSize().width() - look().theme.px(24)
        shown = self.list.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room)
        item = QListWidgetItem(f"{shown}\n{state_words(one.state)}")
        item.setData(_LINK, one.link)
        item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        item.setIcon(self._pictures.get(one.sha256) or icon("records", "muted"))
        extent = tr("共 {n} 页", n=one.pages) if one.pages else f"{one.width} × {one.height}"
        known = f"{extent}，{one.size / 1024:.0f} KiB" if one.media else tr("内容已从本机清除")
        lines = [name, known, state_words(one.state)]
        item.setToolTip("\n".join(lines))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, "，".join(lines))
        return item

    def _draw(self, one: Attachment) -> None:
        """The small picture from the store, or made now and kept there."""
        attachments = self._context.services.attachments

        def work() -> tuple[str, bytes]:
            kept = attachments.thumbnail(one.link)
            if kept is None:
                kept = thumbnail(one.media, attachments.data(one.link))
                attachments.keep_thumbnail(one.sha256, kept)
            return one.sha256, kept

        self._context.runner.beside(lambda _progress, _cancelled: work(), self._drawn)

    def _drawn(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, tuple):
            return  # what cannot be drawn keeps its plain sign; opening it says why
        sha256, data = outcome.value
        self._pictures[sha256] = _framed(QPixmap.fromImage(QImage.fromData(data)))
        for place in range(self.list.count()):
            item = self.list.item(place)
            one = self._found.get(str(item.data(_LINK)))
            if one is not None and one.sha256 == sha256:
                item.setIcon(self._pictures[sha256])

    # -- adding ----------------------------------------------------------------------------------------------------

    def ask_files(self) -> None:
        """Ask which files to add."""
        names, _ = QFileDialog.getOpenFileNames(self, tr("添加附件"), "", f"{tr('照片或 PDF')} {KINDS}")
        self.add_files([Path(name) for name in names])

    def add_files(self, files: Sequence[Path]) -> None:
        """Add documents from files, each for itself: one that is refused does not keep the others out."""
        type_id, rid, attachments = self._type, self._rid, self._context.services.attachments
        if not files or not self.editable or not rid:
            return

        def work() -> tuple[list[str], list[KnownError]]:
            links: list[str] = []
            refused: list[KnownError] = []
            for file in files:
                try:
                    links.append(attachments.add_file(type_id, rid, file))
                except KnownError as error:
                    refused.append(error)
            return links, refused

        self._context.runner.submit(lambda _progress, _cancelled: work(), self._added)

    def paste(self) -> None:
        """Add what the clipboard holds: files, or a picture."""
        mime = QGuiApplication.clipboard().mimeData()
        if not self._take(mime):
            self._context.notices.say(tr("剪贴板里没有照片或文件。"), "info")

    def _take(self, mime: QMimeData) -> bool:
        files = dropped_files(mime)
        if files:
            self.add_files(files)
            return True
        picture = mime.imageData() if mime.hasImage() else None
        if not isinstance(picture, QImage) or picture.isNull() or not self.editable or not self._rid:
            return False
        type_id, rid, attachments = self._type, self._rid, self._context.services.attachments

        def work() -> tuple[list[str], list[KnownError]]:
            return [attachments.add(type_id, rid, examine(encoded(picture, b"png")), caption=tr("粘贴的图片"))], []

        self._context.runner.submit(lambda _progress, _cancelled: work(), self._added)
        return True

    def _added(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, tuple):
            if outcome.error is not None:
                self._context.notices.error(outcome.error)
            return
        links, refused = outcome.value
        if links:
            text = tr("已添加 {n} 份附件。", n=len(links))
            self._context.notices.done_with_undo(text, lambda: self._remove(links, tr("撤销添加")))
        for error in refused:
            self._context.notices.error(error)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if self.editable and (dropped_files(mime) or mime.hasImage()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        if self._take(event.mimeData()):
            event.acceptProposedAction()

    # -- opening and taking off ------------------------------------------------------------------------------------

    def open(self, link: str) -> None:
        """Look at one document."""
        one = self._found.get(link)
        if one is None:
            return
        viewer = AttachmentViewer(self._context, one, self.window())
        viewer.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._viewers.append(viewer)
        viewer.finished.connect(lambda: self._viewers.remove(viewer))
        viewer.show()

    def ask_remove(self) -> None:
        """Ask why the chosen document is taken off."""
        if self.editable and self._chosen() is not None:
            self.remove_line.show()
            self.reason.setFocus()

    def remove(self) -> None:
        """Take the chosen document off for the reason typed."""
        one, reason = self._chosen(), str(self.reason.value() or "")
        if not reason:
            self.reason.show_problem(tr("请写明移除理由；理由会留在历史中。"))
            return
        if one is not None:
            self.reason.set_value(None)
            self.remove_line.hide()
            self._remove([one.link], reason)

    def _remove(self, links: Sequence[str], reason: str) -> None:
        attachments = self._context.services.attachments

        def work() -> None:
            for link in links:
                attachments.remove(link, reason)

        self._context.runner.submit(
            lambda _progress, _cancelled: work(), lambda outcome: self._removed(outcome, tuple(links))
        )

    def _removed(self, outcome: Outcome, links: Sequence[str]) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        attachments = self._context.services.attachments

        def restore() -> None:
            for link in links:
                attachments.restore(link)

        def undo() -> None:
            self._context.runner.submit(lambda _progress, _cancelled: restore())

        self._context.notices.done_with_undo(tr("已移除(留痕)。内容 30 天后从本机清除。"), undo)

    def _chosen(self) -> Attachment | None:
        place = self.list.currentRow()
        return self._found.get(str(self.list.item(place).data(_LINK))) if place >= 0 else None

    def _key(self, event: QKeyEvent) -> bool:
        if event.matches(QKeySequence.StandardKey.Paste) and self.editable:
            self.paste()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._chosen() is not None:
            self.open(str(self.list.currentItem().data(_LINK)))
        elif event.matches(QKeySequence.StandardKey.Delete) and self.editable:
            self.ask_remove()
        else:
            return False
        return True

    def _remove_line(self) -> QFrame:
        self.remove_line = QFrame()
        across = row(self.remove_line, gap=8)
        self.reason = TextField(max_length=200)
        self.reason.setPlaceholderText(tr("移除理由(必填，留痕)"))
        self.reason.setAccessibleName(tr("移除理由"))
        self.reason.returnPressed.connect(self.remove)
        go, stop = button(tr("移除"), "danger"), button(tr("取消"))
        go.clicked.connect(self.remove)
        stop.clicked.connect(self.remove_line.hide)
        across.addWidget(self.reason, 1)
        across.addWidget(stop)
        across.addWidget(go)
        self.remove_line.hide()
        return self.remove_line
