"""A heading under which things fold away."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.theme import look
from ui.widgets.styling import column, label, row


class Section(QWidget):
    """A heading that folds what is under it away."""

    toggled = Signal(bool)

    def __init__(self, title: str, *, unfolded: bool = True, remark: str = "") -> None:
        super().__init__()
        self.head = QToolButton()
        self.head.setProperty("role", "section")
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setText(title)
        self.head.setCheckable(True)
        side = look().theme.px(14)
        self.head.setIconSize(QSize(side, side))
        self.remark = label(remark, "hint")
        self.body = QWidget()
        self.layout_: QVBoxLayout = column(self.body, gap=8)
        down = column(self, gap=4)
        across = self._across = row(gap=8)
        across.addWidget(self.head)
        across.addWidget(self.remark)
        across.addStretch(1)
        down.addLayout(across)
        down.addWidget(self.body)
        self.head.toggled.connect(self._toggle)
        self.head.setChecked(unfolded)
        self._toggle(unfolded)

    @property
    def unfolded(self) -> bool:
        """Whether the body shows."""
        return self.head.isChecked()

    @unfolded.setter
    def unfolded(self, yes: bool) -> None:
        self.head.setChecked(yes)

    def add_action(self, widget: QWidget) -> None:
        """Put a button at the end of the heading."""
        self._across.addWidget(widget)

    def add(self, widget: QWidget) -> None:
        """Put something under the heading."""
        self.layout_.addWidget(widget)

    def _toggle(self, unfolded: bool) -> None:
        self.head.setIcon(icon("down" if unfolded else "right", "muted"))
        self.head.setAccessibleDescription(tr("已展开") if unfolded else tr("已收起"))
        self.body.setVisible(unfolded)
        self.toggled.emit(unfolded)
