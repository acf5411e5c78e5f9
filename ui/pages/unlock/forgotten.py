"""Forgotten passphrase: the printed code, a request to the administrators, or their answer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QFrame, QProgressBar

from jmdesk.core.errors import KnownError
from jmdesk.vault.files import disk_error
from ui.core.context import Context
from ui.core.i18n import language, tr
from ui.core.ports import Vaults
from ui.core.runner import Outcome
from ui.widgets.field import TextField
from ui.widgets.passphrase_field import PassphraseField
from ui.widgets.strength import StrengthMeter
from ui.widgets.styling import button, column, label, row

CODE, ASK, ANSWER = range(3)


class Forgotten(QFrame):
    """Emits ``unlocked`` with the open desk, or ``given_up``."""

    unlocked = Signal(object)
    given_up = Signal()

    def __init__(self, context: Context, vaults: Vaults) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._context, self._vaults = context, vaults
        self._folder, self._user = Path(), ""
        down = column(self, margin=20, gap=6)
        down.addWidget(label(tr("忘记口令"), "heading"))
        self.way = QComboBox()
        self.way.setAccessibleName(tr("办法"))
        self.way.addItems([tr("用打印的恢复码"), tr("向管理员申请重置"), tr("读入管理员的答复")])
        self.way.currentIndexChanged.connect(self._choose)
        down.addWidget(self.way)
        self.advice = label("", "muted", wrap=True)
        down.addWidget(self.advice)
        self.code_label = label(tr("恢复码"), "label")
        self.code = TextField(max_length=60)
        self.code.setAccessibleName(tr("恢复码"))
        down.addWidget(self.code_label)
        down.addWidget(self.code)
        self.new_label = label("", "label")
        self.new = PassphraseField(tr("新口令"))
        self.again = PassphraseField(tr("再输一次"))
        self.meter = StrengthMeter(self.new, tuple)
        for part in (self.new_label, self.new, self.again, self.meter):
            down.addWidget(part)
        self.again.setPlaceholderText(tr("再输一次"))
        self.problem = label("", "problem", wrap=True)
        self.fingerprint = label("", "", wrap=True)
        self.waiting = QProgressBar()
        self.waiting.setRange(0, 0)
        self.waiting.setTextVisible(False)
        self.waiting.setAccessibleName(tr("正在核对"))
        for told in (self.problem, self.fingerprint, self.waiting):
            told.hide()
            down.addWidget(told)
        across = row()
        self.back_button = button(tr("返回"))
        self.go_button = button("", "primary")
        across.addWidget(self.back_button)
        across.addStretch(1)
        across.addWidget(self.go_button)
        down.addLayout(across)
        self.back_button.clicked.connect(self.given_up)
        self.go_button.clicked.connect(self.go)
        self.again.returnPressed.connect(self.go)

    def begin(self, folder: Path, user: str) -> None:
        """Start for a user of a vault."""
        self._folder, self._user = folder, user
        for field in (self.new, self.again):
            field.take()
        self.code.set_value(None)
        self._choose()

    def _choose(self) -> None:
        way = self.way.currentIndex()
        self.advice.setText(
            (
                tr("恢复码在封存的打印件上。用过即作废。"),
                tr("写出申请文件，交给管理员，并在电话里报出指纹。新口令现在就定，管理员看不到它。"),
                tr("请输入申请时定下的新口令，再选管理员给的答复文件。"),
            )[way]
        )
        self.go_button.setText((tr("开库并换口令"), tr("写出申请文件"), tr("选择答复文件"))[way])
        self.new_label.setText(tr("申请时定下的新口令") if way == ANSWER else tr("新口令"))
        for part in (self.code, self.code_label):
            part.setVisible(way == CODE)
        self.again.setVisible(way != ANSWER)
        self.meter.setVisible(way != ANSWER)
        self._tell("")
        self.fingerprint.hide()
        (self.code if way == CODE else self.new).setFocus()

    def go(self) -> None:
        """Do what was chosen, off the GUI thread: keys are derived."""
        way, new = self.way.currentIndex(), self.new.text()
        if way != ANSWER and new != self.again.text():
            self._tell(tr("两次输入的口令不一样。"))
            return
        vaults, folder, user = self._vaults, self._folder, self._user
        if way == CODE:
            code = str(self.code.value() or "")
            self._submit(lambda: vaults.recover(folder, code, new, user), self._opened)
        elif way == ASK:
            target, _ = QFileDialog.getSaveFileName(self, tr("写出申请文件"), tr("口令重置申请.json"), "JSON (*.json)")
            if target:
                self._submit(lambda: vaults.ask_reset(folder, user, new), partial(self._asked, Path(target)))
        else:
            source, _ = QFileDialog.getOpenFileName(self, tr("选择答复文件"), "", "JSON (*.json)")
            if source:
                self._submit(lambda: vaults.accept_reset(folder, Path(source), new), self._opened)

    def _submit(self, work: object, done: object) -> None:
        assert callable(work)  # noqa: S101 -- made above
        assert callable(done)  # noqa: S101
        self._tell("")
        self._wait(waiting=True)
        self._context.runner.submit(lambda _progress, _cancelled: work(), done)

    def _opened(self, outcome: Outcome) -> None:
        self._wait(waiting=False)
        if outcome.ok:
            for field in (self.new, self.again):
                field.take()
            self.unlocked.emit(outcome.value)
        else:
            self._failed(outcome.error)

    def _asked(self, target: Path, outcome: Outcome) -> None:
        self._wait(waiting=False)
        if not isinstance(outcome.value, tuple):
            self._failed(outcome.error)
            return
        data, fingerprint = outcome.value
        try:
            target.write_bytes(data)
        except OSError as error:
            self._failed(disk_error(error))
            return
        self.fingerprint.setText(tr("申请文件已写好。指纹：{fingerprint}", fingerprint=fingerprint))
        self.fingerprint.show()

    def _failed(self, error: BaseException | None) -> None:
        if isinstance(error, KnownError):
            told = error.message_for_user(language())
            self._tell(f"{told.text}{told.action}")
        elif error is not None:
            self._context.notices.error(error)

    def _wait(self, *, waiting: bool) -> None:
        self.waiting.setVisible(waiting)
        for widget in (self.go_button, self.back_button, self.way):
            widget.setEnabled(not waiting)

    def _tell(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
