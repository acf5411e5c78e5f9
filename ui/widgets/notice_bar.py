"""Notices at the top of the page: they never block, never take the focus, and offer the way back."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QLabel, QToolButton

from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.messages import Notice
from ui.core.theme import look
from ui.widgets.styling import button, column, label, mark, picture, row

SECONDS = 8
"""How long good news stays; anything else stays until it is closed."""


class NoticeBar(QFrame):
    """One notice at a time, the latest wins."""

    def __init__(self) -> None:
        super().__init__()
        self._notice: Notice | None = None
        self._picture = QLabel()
        self.text = label("", wrap=True)
        self.hint = label("", "muted", wrap=True)
        self.action = button("", "link")
        self.close_button = QToolButton()
        side = look().theme.px(16)
        self.close_button.setIconSize(QSize(side, side))
        self.close_button.setToolTip(tr("关闭提示"))
        self.close_button.setAccessibleName(tr("关闭提示"))
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        across = row(self, margin=8, gap=8)
        across.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignVCenter)
        words = column(gap=2)
        words.addWidget(self.text)
        words.addWidget(self.hint)
        across.addLayout(words, 1)
        across.addWidget(self.action, 0, Qt.AlignmentFlag.AlignVCenter)
        across.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SECONDS * 1000)
        self._timer.timeout.connect(self.dismiss)
        self.action.clicked.connect(self.act)
        self.close_button.clicked.connect(self.dismiss)
        self.hide()

    @property
    def notice(self) -> Notice | None:
        """What is shown now."""
        return self._notice

    def show_notice(self, notice: Notice) -> None:
        """Show a notice in place of the one before."""
        self._notice = notice
        mark(self, "notice", notice.kind)
        shown = picture(notice.kind, notice.kind, 18)
        self._picture.setPixmap(shown.pixmap())
        self._picture.setFixedSize(shown.size())
        self.close_button.setIcon(icon("close", "muted"))
        self.text.setText(notice.text)
        self.hint.setText(notice.hint)
        self.hint.setVisible(bool(notice.hint))
        self.action.setText(notice.action_text)
        self.action.setVisible(notice.action is not None)
        self.setAccessibleName(f"{notice.text}{notice.hint}")
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        if notice.lasting:
            self._timer.stop()
        else:
            self._timer.start()

    def act(self) -> None:
        """Do what the notice offers."""
        notice = self._notice
        self.dismiss()
        if notice is not None and notice.action is not None:
            notice.action()

    def dismiss(self) -> None:
        """Take the notice away."""
        self._timer.stop()
        self._notice = None
        self.hide()
