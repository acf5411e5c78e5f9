"""Pages to look at in a window of the program's own: turned, sized, moved by keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QScrollArea, QWidget

from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.widgets.elided import Elided
from ui.widgets.styling import button, column, label, row

STEP = 1.25
NARROWEST, WIDEST = 200, 4000
"""Pixels that a page may be wide."""


class PagesDialog(QDialog):
    """Esc closes; Page Up and Page Down turn pages, Up and Down move them, plus and minus size them.

    A subclass says how a page is drawn (``draw``), puts what else it offers into ``tools`` (beside the keys above) and
    ``body`` (beneath the page), and calls ``load`` once it is made.
    """

    def __init__(self, context: Context, title: str, pages: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.pages, self.page = pages, 0
        self._wide = look().theme.px(900)
        self.setWindowTitle(title)
        self.resize(look().theme.px(1000), look().theme.px(680))
        self.body = column(self, margin=12, gap=8)
        self.tools = row(gap=8)
        self.body.addWidget(self._head(title))
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName(title)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.picture)
        self.body.addWidget(self.area, 1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocus()  # a button with the focus would take the arrow keys

    def draw(self, page: int, wide: int) -> QImage:
        """One page, from 0, about so many pixels wide. Called off the GUI thread; may set ``pages``."""
        raise NotImplementedError

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
        """Show another page."""
        wanted = min(max(self.page + pages, 0), max(self.pages, 1) - 1)
        if wanted != self.page:
            self.page = wanted
            self.load()

    def zoom(self, times: float) -> None:
        """Show the page larger or smaller."""
        wide = round(min(max(self._wide * times, NARROWEST), WIDEST))
        if wide != self._wide:
            self._wide = wide
            self.load()

    # -- the picture -----------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Draw the page that is to be seen."""
        page, wide = self.page, self._wide
        self._tell_place()
        self._context.runner.read(lambda: (page, wide, self.draw(page, wide)), self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, tuple):
            if outcome.error is not None:
                self._context.notices.error(outcome.error)
                self.picture.setText(tr("显示不出来。"))
            return
        page, wide, image = outcome.value
        self._tell_place()
        if (page, wide) != (self.page, self._wide):
            return
        self.picture.setPixmap(QPixmap.fromImage(image))
        self.area.verticalScrollBar().setValue(0)

    def _tell_place(self) -> None:
        pages = self.pages
        self.place.setText(tr("第 {n} 页，共 {of} 页", n=self.page + 1, of=pages) if pages else "")
        self.earlier.setEnabled(self.page > 0)
        self.later.setEnabled(self.page + 1 < pages)
        self.earlier.setVisible(pages > 1)
        self.later.setVisible(pages > 1)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _head(self, text: str) -> QFrame:
        made = QFrame()
        across: QHBoxLayout = row(made, gap=8)
        title = Elided("heading")
        title.setText(text)
        self.place = label("", "muted")
        self.earlier, self.later = button(tr("上一页")), button(tr("下一页"))
        smaller, larger = button(tr("缩小")), button(tr("放大"))
        close = button(tr("关闭"))
        hints = {self.earlier: "PgUp", self.later: "PgDn", smaller: "-", larger: "+", close: "Esc"}
        for made_button, key in hints.items():
            made_button.setToolTip(key)
            made_button.setAutoDefault(False)
        self.earlier.clicked.connect(lambda: self.turn(-1))
        self.later.clicked.connect(lambda: self.turn(1))
        smaller.clicked.connect(lambda: self.zoom(1 / STEP))
        larger.clicked.connect(lambda: self.zoom(STEP))
        close.clicked.connect(self.accept)
        across.addWidget(title, 1)
        across.addWidget(self.place)
        for each in (self.earlier, self.later, smaller, larger):
            across.addWidget(each)
        across.addLayout(self.tools)
        across.addWidget(close)
        return made
