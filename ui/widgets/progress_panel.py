"""Long work on screen: how far, what it is doing, and the way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QProgressBar

from ui.core.i18n import tr
from ui.core.runner import Progress, Task
from ui.widgets.styling import button, column, label, row


class ProgressPanel(QFrame):
    """Follows one task. Hidden while there is none."""

    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._task: Task | None = None
        self.text = label("")
        self.numbers = label("", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("进度"))
        self.stop = button(tr("取消"))
        down = column(self, margin=12, gap=8)
        across = row()
        across.addWidget(self.text, 1)
        across.addWidget(self.numbers)
        across.addWidget(self.stop)
        down.addLayout(across)
        down.addWidget(self.bar)
        self.stop.clicked.connect(self._cancel)
        self.hide()

    def follow(self, task: Task, text: str) -> None:
        """Show a task until it ends."""
        self._task = task
        self.text.setText(text)
        self.numbers.clear()
        self.bar.setRange(0, 0)
        self.stop.setEnabled(True)
        self.stop.setText(tr("取消"))
        self.show()
        task.progressed.connect(self._progress)
        task.finished.connect(self._finish)

    def _progress(self, progress: Progress) -> None:
        if progress.text:
            self.text.setText(progress.text)
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        self.numbers.setText(f"{progress.done:,} / {progress.total:,}" if progress.total else f"{progress.done:,}")

    def _finish(self, _outcome: object) -> None:
        self._task = None
        self.hide()

    def _cancel(self) -> None:
        if self._task is not None:
            self.stop.setEnabled(False)
            self.stop.setText(tr("正在停止…"))
            self._task.cancel()
            self.cancelled.emit()
