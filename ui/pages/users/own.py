"""One's own ways in: change the passphrase, print a recovery code, set a PIN for the day."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from jmdesk.accounts.recovery_sheet import recovery_sheet
from jmdesk.core.errors import Refused
from jmdesk.packages.security import security_of
from jmdesk.vault.keeper import check_pin, seconds_of_today, start_keeper
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.messages import WARN, Notice
from ui.core.runner import Outcome
from ui.widgets.passphrase_field import PassphraseField
from ui.widgets.strength import StrengthMeter
from ui.widgets.styling import button, card, column, label, row


class OwnWays(QWidget):
    """A card with three things that everybody may do for themselves."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        inside = card()
        column(self).addWidget(inside)
        down = column(inside, margin=16, gap=6)
        down.addWidget(label(tr("我的口令"), "heading"))
        self.old = PassphraseField(tr("原口令"))
        self.new = PassphraseField(tr("新口令"))
        self.again = PassphraseField(tr("再输一次"))
        for field, name in ((self.old, tr("原口令")), (self.new, tr("新口令")), (self.again, tr("再输一次"))):
            field.setPlaceholderText(name)
            down.addWidget(field)
        self.meter = StrengthMeter(self.new, lambda: (context.services.unit, context.services.unit_name))
        down.addWidget(self.meter)
        self.change_button = button(tr("更换口令"))
        self.change_button.clicked.connect(self.change)
        down.addWidget(self.change_button)
        down.addWidget(label(tr("恢复码：忘记口令时用。打印后封存，旧码作废。"), "hint", wrap=True))
        self.code_button = button(tr("生成恢复码并存为 PDF"), "", "print")
        self.code_button.clicked.connect(self.make_code)
        down.addWidget(self.code_button)
        self.pin_words = label(tr("快捷码：锁定后当天可用它开库，连错三次作废。"), "hint", wrap=True)
        self.pin = PassphraseField(tr("快捷码"))
        self.pin.setMaxLength(8)
        self.pin.setPlaceholderText(tr("4 至 8 位数字"))
        self.pin_button = button(tr("启用快捷码"))
        self.pin_button.clicked.connect(self.set_pin)
        across = row(gap=6)
        across.addWidget(self.pin, 1)
        across.addWidget(self.pin_button)
        down.addWidget(self.pin_words)
        down.addLayout(across)
        for part in (self.pin_words, self.pin, self.pin_button):
            part.setEnabled(security_of(context.services.packages).pin_allowed)
        down.addStretch(1)

    def change(self) -> None:
        """Change the passphrase."""
        if self.new.text() != self.again.text():
            self._context.notices.post(Notice(tr("两次输入的口令不一样。"), WARN))
            return
        accounts, old, new = self._context.services.accounts, self.old.take(), self.new.take()
        self.again.take()
        self._do(lambda: accounts.change_passphrase(old, new), tr("口令已更换。"))

    def make_code(self) -> None:
        """Make a recovery code and write its sheet where the user says."""
        name, _ = QFileDialog.getSaveFileName(self, tr("存为 PDF"), f"{tr('恢复码')}.pdf", "PDF (*.pdf)")
        if name:
            desk = self._context.services
            self._context.runner.submit(
                lambda _progress, _cancelled: desk.accounts.give_recovery_code(), partial(self._coded, Path(name))
            )

    def _coded(self, target: Path, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        from ui.core.printing import write_pdf

        desk = self._context.services
        write_pdf(recovery_sheet(str(outcome.value), desk.accounts.get(desk.actor), desk.unit_name), target)
        self._context.printed(tr("恢复码"), "R02", desk.actor)
        text = tr("恢复码已写成 PDF。请马上打印、封存，然后删除文件。")
        self._context.notices.post(Notice(text, WARN))

    def set_pin(self) -> None:
        """Let a PIN reopen the desk today."""
        desk, pin = self._context.services, self.pin.take()

        def start() -> None:
            check_pin(pin)
            policy = security_of(desk.packages)
            if not policy.pin_allowed:  # a package may have come since the page was made
                raise Refused("permissions.no_pin")
            start_keeper(desk.vault, pin, seconds_of_today(desk.clock.now(), policy.pin_hours))
            desk.audit.note("key", "R02", desk.actor, {"kind": "pin"})

        self._do(start, tr("快捷码已启用，今天锁定后可用它开库。"))

    def _do(self, work: object, said: str) -> None:
        assert callable(work)  # noqa: S101 -- given by this class
        self._context.runner.submit(lambda _progress, _cancelled: work(), partial(self._done, said))

    def _done(self, said: str, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        else:
            self._context.notices.say(said)
