"""One household's explanation on screen, word for word what is printed and what the platform shows."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QTextFrameFormat
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedLayout, QTextEdit, QWidget

from jmdesk.villages.benefits import Benefit, for_household
from ui.core import wording
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.ports import Chip
from ui.core.printing import ruled
from ui.core.theme import look
from ui.pages.ratings.model import Explained
from ui.widgets.benefits import BenefitsCard
from ui.widgets.chip import ChipLabel
from ui.widgets.empty_state import EmptyState
from ui.widgets.styling import button, column, label, row


class Paper(QTextEdit):
    """A document to read: it scrolls by key and cannot be changed."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.setAccessibleName(tr("逐项得分说明书"))
        self.setStyleSheet(self._dress(focused=False))

    def show_html(self, html: str) -> None:
        """Show a document from its head."""
        self.setHtml(ruled(html, look().theme.colour("line")))
        frame = self.document().rootFrame()
        shape: QTextFrameFormat = frame.frameFormat()
        shape.setMargin(look().theme.px(14))
        frame.setFrameFormat(shape)
        self.moveCursor(self.textCursor().MoveOperation.Start)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.setStyleSheet(self._dress(focused=True))

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.setStyleSheet(self._dress(focused=False))

    @staticmethod
    def _dress(*, focused: bool) -> str:
        theme = look().theme
        edge = theme.colour("focus" if focused else "line")
        ground = theme.colour("surface")
        return f"QTextEdit {{ background: {ground}; border: 1px solid {edge}; border-radius: {theme.px(6)}px; }}"


class ExplanationPane(QWidget):
    """Emits what the user wants done with the household shown."""

    back_wished = Signal()
    rate_wished = Signal()
    pdf_wished = Signal()
    print_wished = Signal()
    dossier_wished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.shown: Explained | None = None
        self._published: tuple[Benefit, ...] = ()
        self.paper = Paper()
        self.nothing = EmptyState(tr("选一户看说明书"), tr("在左边的列表里选一户，按 Enter 阅读。"), "", "rating")
        self.unrated = EmptyState(tr("该户还没有评定结果"), "", tr("评定这一户"), "rating")
        self.unrated.acted.connect(self.rate_wished)
        down = column(self, gap=8)
        self._head = QWidget()
        head = column(self._head, gap=6)
        head.addLayout(self._names())
        head.addLayout(self._verbs())
        down.addWidget(self._head)
        self.benefits = BenefitsCard()
        down.addWidget(self.benefits)
        below = QWidget()
        self._stack = QStackedLayout(below)
        for part in (self.nothing, self.unrated, self.paper):
            self._stack.addWidget(part)
        down.addWidget(below, 1)
        self.show_nothing()

    def show_nothing(self) -> None:
        """Show that no household is chosen."""
        self.shown = None
        self._head.hide()
        self._stack.setCurrentWidget(self.nothing)

    def show_explained(self, shown: Explained) -> None:
        """Show a household; when it is the one on screen read anew, the place stays."""
        same = self.shown is not None and self.shown.household == shown.household
        place = self.paper.verticalScrollBar().value() if same else 0
        self.shown = shown
        self.name.setText(tr("{name} 户", name=shown.name))
        self.number.setText(f"{wording.household_number(shown.number)}  {shown.place}")
        self.grade.show_chip(shown.grade)
        self.grade.setVisible(bool(shown.grade.text))
        for verb in (self.pdf_button, self.print_button, self.rate_button):
            verb.setVisible(bool(shown.html))
        self._published = for_household(shown.code)
        self.benefits_button.setVisible(bool(self._published))
        self._show_benefits(self.benefits_button.isChecked())
        self._head.show()
        if shown.html:
            self.paper.show_html(shown.html)
            self.paper.verticalScrollBar().setValue(place)
        self._stack.setCurrentWidget(self.paper if shown.html else self.unrated)

    def read(self) -> None:
        """Put the cursor where one reads on by key."""
        if self.shown is None:
            return
        (self.paper if self.shown.html else self.unrated.action).setFocus()

    def wait(self, *, waiting: bool) -> None:
        """Keep from rating twice at once."""
        self.rate_button.setEnabled(not waiting)
        self.unrated.action.setEnabled(not waiting)

    def _show_benefits(self, wanted: bool) -> None:
        """What banks and offices published for the grade, or nothing."""
        self.benefits.show_benefits(self._published if wanted else ())

    def _names(self) -> QHBoxLayout:
        across = row(gap=8)
        self.back_button = button(tr("返回"), "link", "back")
        self.back_button.clicked.connect(self.back_wished)
        self.name, self.number, self.grade = label("", "heading"), label("", "muted"), ChipLabel(Chip(""))
        for widget in (self.back_button, self.name, self.grade, self.number):
            across.addWidget(widget)
        across.addStretch(1)
        return across

    def _verbs(self) -> QHBoxLayout:
        across = row(gap=8)
        self.rate_button = button(tr("再评这一户"), "", "rating")
        self.pdf_button = button(tr("存为 PDF"), "", "export")
        self.print_button = button(tr("打印"), "", "print")
        self.dossier_button = button(tr("打开档案"), "link", "household")
        for made, wish in (
            (self.rate_button, self.rate_wished),
            (self.pdf_button, self.pdf_wished),
            (self.print_button, self.print_wished),
            (self.dossier_button, self.dossier_wished),
        ):
            made.clicked.connect(wish)
            across.addWidget(made)
        self.benefits_button = button(tr("参考政策"), "link", "info")
        self.benefits_button.setCheckable(True)
        self.benefits_button.toggled.connect(self._show_benefits)
        across.addWidget(self.benefits_button)
        across.addStretch(1)
        return across
