"""The band over every page that nobody can take for real work: all data here are invented."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from ui.core.i18n import tr
from ui.core.theme import look
from ui.widgets.styling import button, label, row


class DemonstrationBanner(QFrame):
    """``left`` when the user has seen enough, ``reset`` when everything is to begin anew."""

    left = Signal()
    reset = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("demonstration")
        across = row(self, gap=12)
        px = look().theme.px
        across.setContentsMargins(px(20), px(5), px(16), px(5))
        self.text = label(tr("演示模式：数据均为虚构，请勿录入真实信息；不接入平台，不报送。"), wrap=True)
        across.addWidget(self.text, 1)
        self.reset_button = button(tr("清空重来"))
        self.reset_button.setToolTip(tr("删除演示资料库，重新生成虚构数据"))
        self.reset_button.clicked.connect(self.reset)
        self.leave_button = button(tr("退出演示"))
        self.leave_button.clicked.connect(self.left)
        across.addWidget(self.reset_button)
        across.addWidget(self.leave_button)
