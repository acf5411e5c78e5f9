"""What is shown when something happened that nobody foresaw."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from ui.core.bugs import report
from ui.core.i18n import tr
from ui.core.theme import look
from ui.widgets.styling import button, column, label, picture, row


class BugDialog(QDialog):
    """Says that saved work is safe, and offers a description with nothing about any person in it."""

    def __init__(self, error: BaseException, version: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("程序出错"))
        px = look().theme.px
        self.setMinimumWidth(px(560))
        down = column(self, margin=20, gap=12)
        head = row(gap=12)
        head.addWidget(picture("bad", "bad", 28))
        head.addWidget(label(tr("程序出现了没有预料到的错误。已保存的记录都在，可以继续使用。"), wrap=True), 1)
        down.addLayout(head)
        down.addWidget(
            label(tr("下面的说明只有程序内部的位置，不含任何人的信息；复制后发给技术支持即可。"), "muted", wrap=True)
        )
        self.text = QPlainTextEdit(report(error, version))
        self.text.setReadOnly(True)
        self.text.setAccessibleName(tr("错误说明"))
        self.text.setFixedHeight(px(120))
        down.addWidget(self.text)
        across = row()
        copy = button(tr("复制说明"))
        close = button(tr("关闭"), "primary")
        across.addStretch(1)
        across.addWidget(copy)
        across.addWidget(close)
        down.addLayout(across)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        close.clicked.connect(self.accept)
        close.setDefault(True)
