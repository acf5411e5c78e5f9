"""What is shown masked and revealed only for a reason, which is recorded: numbers, addresses, incomes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from ui.core.clipboard import ForgetfulClipboard
from ui.core.i18n import tr
from ui.widgets.field import LineField
from ui.widgets.styling import button, column, label, row

SHOWN_SECONDS = 60
"""How long a revealed value stays readable."""
_NUMBER_LENGTH = 40


class MaskedField(QWidget):
    """A value of which the mask is shown; it comes in plain after ``reveal_requested`` carried a reason.

    ``inner`` takes what is typed anew (a line of text unless given) and is shown while nothing is stored, or once the
    stored value is to be changed. ``value()`` is what was typed, or ``None`` when nothing was (``changed`` tells).
    """

    edited = Signal()
    problem_changed = Signal(str)
    reveal_requested = Signal(str)

    def __init__(self, inner: QWidget | None = None) -> None:
        super().__init__()
        # Typed loosely: a field is a widget and what ``Field`` says, and Qt's stubs know no such pair.
        made: Any = inner if inner is not None else LineField(max_length=_NUMBER_LENGTH)
        self.inner = made
        self._mask = ""
        self._open = True
        self._read_only = False
        self._covered = LineField()
        self._covered.setReadOnly(True)
        self.show_button = button(tr("查看"), "link", "eye")
        self.change_button = button(tr("修改"), "link", "edit")
        self.note = label("", "hint")
        self.note.hide()
        down = column(self, gap=4)
        across = row(gap=4)
        across.addWidget(self._covered, 1)
        across.addWidget(self.inner, 1)
        across.addWidget(self.show_button)
        across.addWidget(self.change_button)
        down.addLayout(across)
        down.addWidget(self.note)
        down.addWidget(self._asking())
        self._hide_again = QTimer(self)
        self._hide_again.setSingleShot(True)
        self._hide_again.setInterval(SHOWN_SECONDS * 1000)
        self._hide_again.timeout.connect(self.cover)
        self.clipboard = ForgetfulClipboard(self)
        self.show_button.clicked.connect(self._toggle)
        self.change_button.clicked.connect(self.start_change)
        self.inner.edited.connect(self.edited.emit)
        self.inner.problem_changed.connect(self.problem_changed.emit)
        self.set_mask("")

    def _asking(self) -> QWidget:
        self._ask = QWidget()
        self.reason = LineField(max_length=60)
        self.reason.setPlaceholderText(tr("查看事由(会留痕)，例如：核对身份证原件"))
        self.reason.setAccessibleName(tr("查看事由"))
        self.confirm = button(tr("确定查看"))
        asking = row(self._ask, gap=4)
        asking.addWidget(self.reason, 1)
        asking.addWidget(self.confirm)
        self._ask.hide()
        self.confirm.clicked.connect(self._request)
        self.reason.returnPressed.connect(self._request)
        return self._ask

    @property
    def line(self) -> Any:
        """What the cursor goes into just now: the covered line, or what is typed into."""
        return getattr(self.inner, "line", self.inner) if self._open else self._covered

    @property
    def stored(self) -> bool:
        """Whether there is a stored value, which is masked."""
        return bool(self._mask)

    @property
    def changed(self) -> bool:
        """Whether a new value is being typed, in place of a stored one or of none."""
        return self._open and not self._read_only

    @property
    def revealed(self) -> bool:
        """Whether the stored value is readable just now."""
        return self._hide_again.isActive()

    def value(self) -> object:
        """The value typed anew, or ``None``."""
        return self.inner.value() if self._open else None

    def set_value(self, value: object) -> None:
        """Show a value as if it had just been typed, in place of a stored one."""
        if not self._open:
            self.start_change()
        self.inner.set_value(value)

    def set_mask(self, mask: str) -> None:
        """Show a stored value by its mask; an empty one may be typed at once."""
        self._mask = mask
        self.inner.set_value(None)
        self._turn(open_=not mask)
        self.cover()

    def follow(self, value: object, words: str) -> None:
        """Show a value that is computed from others: in plain while nothing is stored or while it is revealed."""
        if not self.stored:
            self.inner.set_value(value)
        elif self.revealed:
            self._covered.set_value(words)

    def setReadOnly(self, read_only: bool) -> None:  # noqa: N802 -- named as in every Qt field
        """Show, but do not take input."""
        self._read_only = read_only
        self.inner.setReadOnly(read_only)
        self.change_button.setVisible(not self._open and not read_only)

    def problem(self) -> str:
        """What is wrong with what was typed."""
        return str(self.inner.problem())

    def show_problem(self, text: str) -> None:
        """Show what someone else finds wrong."""
        self.inner.show_problem(text)

    def reveal(self, text: str, note: str = "") -> None:
        """Show the stored value for a minute; ``note`` says what was written down of it."""
        self._ask.hide()
        self.clipboard.watch(text)
        self._covered.set_value(text)
        self.show_button.setText(tr("遮住"))
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self._hide_again.start()

    def cover(self) -> None:
        """Show the mask again."""
        self._hide_again.stop()
        self._ask.hide()
        self.note.hide()
        self.show_button.setText(tr("查看"))
        self._covered.set_value(self._mask or None)

    def start_change(self) -> None:
        """Let a new value be typed; the stored one stays until it is saved."""
        self.cover()
        self._turn(open_=True)
        self.inner.setFocus()

    def _turn(self, *, open_: bool) -> None:
        """Show what is typed into, or the covered value with the ways to see and to change it."""
        self._open = open_
        self._covered.setVisible(not open_)
        self.inner.setVisible(open_)
        self.show_button.setVisible(not open_)
        self.change_button.setVisible(not open_ and not self._read_only)
        self.setFocusProxy(self.inner if open_ else self._covered)

    def _toggle(self) -> None:
        if self.revealed:
            self.cover()
        else:
            self._ask.show()
            self.reason.setFocus()

    def _request(self) -> None:
        reason = str(self.reason.value() or "")
        if not reason:
            self.reason.show_problem(tr("请写明查看事由。"))
            return
        self.reason.set_value(None)
        self.reveal_requested.emit(reason)
