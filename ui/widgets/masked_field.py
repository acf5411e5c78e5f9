"""Numbers that are shown masked and revealed only for a reason, which is recorded."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from jmdesk.core.text import masked_number
from ui.core.clipboard import ForgetfulClipboard
from ui.core.i18n import tr
from ui.widgets.field import LineField
from ui.widgets.styling import button, column, row

SHOWN_SECONDS = 60
"""How long a revealed number stays readable."""


class MaskedField(QWidget):
    """An identity or phone number. The page is given the mask only; the number comes after ``reveal_requested``.

    ``reveal_requested`` carries the reason typed; whoever may answers with ``reveal``. ``value()`` is what was typed
    anew, or ``None`` when nothing was (``changed`` tells which).
    """

    edited = Signal()
    problem_changed = Signal(str)
    reveal_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._mask = ""
        self.line = LineField(max_length=40)
        self.show_button = button(tr("查看"), "link", "eye")
        self.change_button = button(tr("修改"), "link", "edit")
        self.reason = LineField(max_length=60)
        self.reason.setPlaceholderText(tr("查看事由(会留痕)，例如：核对身份证原件"))
        self.reason.setAccessibleName(tr("查看事由"))
        self.confirm = button(tr("确定查看"))
        down = column(self, gap=4)
        across = row(gap=4)
        across.addWidget(self.line, 1)
        across.addWidget(self.show_button)
        across.addWidget(self.change_button)
        down.addLayout(across)
        self._ask = QWidget()
        asking = row(self._ask, gap=4)
        asking.addWidget(self.reason, 1)
        asking.addWidget(self.confirm)
        self._ask.hide()
        down.addWidget(self._ask)
        self.setFocusProxy(self.line)
        self._hide_again = QTimer(self)
        self._hide_again.setSingleShot(True)
        self._hide_again.setInterval(SHOWN_SECONDS * 1000)
        self._hide_again.timeout.connect(self.cover)
        self.clipboard = ForgetfulClipboard(self)
        self.show_button.clicked.connect(self._toggle)
        self.change_button.clicked.connect(self.start_change)
        self.confirm.clicked.connect(self._request)
        self.reason.returnPressed.connect(self._request)
        self.line.edited.connect(self.edited)
        self.line.problem_changed.connect(self.problem_changed)
        self.set_mask("")

    @property
    def changed(self) -> bool:
        """Whether a new number is being typed in place of the stored one."""
        return not self.line.isReadOnly()

    @property
    def revealed(self) -> bool:
        """Whether the stored number is readable just now."""
        return self._hide_again.isActive()

    def value(self) -> object:
        """The number typed anew, or ``None``."""
        return self.line.value() if self.changed else None

    def set_value(self, value: object) -> None:
        """Show a number that this page is allowed to hold, masked."""
        self.set_mask(masked_number(str(value)) if value else "")

    def set_mask(self, mask: str) -> None:
        """Show a stored number by its mask; an empty one may be typed at once."""
        self._mask = mask
        self.cover()
        self.line.setReadOnly(bool(mask))
        self.show_button.setVisible(bool(mask))
        self.change_button.setVisible(bool(mask))

    def setReadOnly(self, read_only: bool) -> None:  # noqa: N802 -- named as in every Qt field
        """Show, but do not take input."""
        self.change_button.setVisible(bool(self._mask) and not read_only)
        self.line.setReadOnly(read_only or bool(self._mask))

    def problem(self) -> str:
        """What is wrong with what was typed."""
        return self.line.problem()

    def show_problem(self, text: str) -> None:
        """Show what someone else finds wrong."""
        self.line.show_problem(text)

    def reveal(self, number: str) -> None:
        """Show the stored number for a minute."""
        self._ask.hide()
        self.clipboard.watch(number)
        self.line.set_value(number)
        self.show_button.setText(tr("遮住"))
        self._hide_again.start()

    def cover(self) -> None:
        """Show the mask again."""
        self._hide_again.stop()
        self._ask.hide()
        self.show_button.setText(tr("查看"))
        self.line.set_value(self._mask or None)

    def start_change(self) -> None:
        """Let a new number be typed; the stored one stays until it is saved."""
        self.cover()
        self.line.setReadOnly(False)
        self.line.set_value(None)
        self.show_button.hide()
        self.change_button.hide()
        self.line.setFocus()

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
