"""Making a vault in three steps: for whom, where, with which passphrase."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QProgressBar, QStackedWidget, QWidget

from jmdesk.core.errors import KnownError
from ui.core.i18n import language, tr
from ui.core.ports import NewVault, Vaults
from ui.widgets.field import TextField
from ui.widgets.passphrase_field import PassphraseField
from ui.widgets.region_picker import RegionPicker
from ui.widgets.stepper import Stepper
from ui.widgets.strength import StrengthMeter
from ui.widgets.styling import button, column, label, row

USCC_LENGTH = 18


class CreateVault(QFrame):
    """Emits ``wanted`` with a ``NewVault`` when all is answered, ``given_up`` when the user turns back."""

    wanted = Signal(object)
    given_up = Signal()

    def __init__(self, vaults: Vaults) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._vaults = vaults
        self.stepper = Stepper((tr("单位"), tr("存放位置"), tr("开库口令")))
        self.pages = QStackedWidget()
        for page in (self._unit_step(), self._place_step(), self._passphrase_step()):
            self.pages.addWidget(page)
        self.problem = label("", "problem", wrap=True)
        self.problem.hide()
        self._waiting = QProgressBar()
        self._waiting.setRange(0, 0)
        self._waiting.setTextVisible(False)
        self._waiting.setAccessibleName(tr("正在新建本机资料库"))
        self._waiting.hide()
        self.back_button = button(tr("上一步"))
        self.next_button = button(tr("下一步"), "primary")
        down = column(self, margin=20, gap=12)
        down.addWidget(self.stepper)
        down.addWidget(self.pages)
        down.addWidget(self.problem)
        down.addWidget(self._waiting)
        across = row()
        across.addWidget(self.back_button)
        across.addStretch(1)
        across.addWidget(self.next_button)
        down.addLayout(across)
        self.back_button.clicked.connect(self.back)
        self.next_button.clicked.connect(self.forward)

    def begin(self) -> None:
        """Start at the first step; what was typed before is kept, passphrases are not."""
        self.passphrase.take()
        self.again.take()
        self._go(0)

    def forward(self) -> None:
        """Go on when this step is answered, else say what is missing."""
        problem = (self._unit_problem, self._place_problem, self._passphrase_problem)[self.stepper.current]()
        self._tell(problem)
        if problem:
            return
        if self.stepper.current < 2:
            self._go(self.stepper.current + 1)
        else:
            self._send()

    def back(self) -> None:
        """Go back a step, or give up at the first."""
        self._tell("")
        if self.stepper.current == 0:
            self.given_up.emit()
        else:
            self._go(self.stepper.current - 1)

    def wait(self, *, waiting: bool) -> None:
        """Show that the vault is being made."""
        self._waiting.setVisible(waiting)
        self.next_button.setEnabled(not waiting)
        self.back_button.setEnabled(not waiting)

    def show_error(self, error: KnownError) -> None:
        """Show why the vault could not be made."""
        told = error.message_for_user(language())
        self._tell(f"{told.text}{told.action}")

    def _unit_step(self) -> QWidget:
        page = QWidget()
        down = column(page, gap=4)
        self.unit = TextField(max_length=USCC_LENGTH)
        self.unit.setPlaceholderText(tr("18 位"))
        self.unit_name = TextField(max_length=100)
        vaults = self._vaults
        self.region = RegionPicker(vaults.regions, vaults.region_path, vaults.region_children)
        for text, field in (
            (tr("单位统一社会信用代码"), self.unit),
            (tr("单位名称"), self.unit_name),
            (tr("管辖区划(镇街或村居)"), self.region),
        ):
            down.addWidget(label(text, "label"))
            down.addWidget(field)
            field.setAccessibleName(text)
        down.addStretch(1)
        return page

    def _place_step(self) -> QWidget:
        page = QWidget()
        down = column(page, gap=4)
        self.folder = TextField()
        self.folder.set_value(str(Path.home() / tr("信用资料库")))
        browse = button(tr("浏览"))
        browse.clicked.connect(self._browse)
        across = row(gap=6)
        across.addWidget(self.folder, 1)
        across.addWidget(browse)
        self.user = TextField(max_length=30)
        down.addWidget(label(tr("新文件夹"), "label"))
        down.addLayout(across)
        down.addWidget(label(tr("请放在本机硬盘上，不要放在优盘或网盘同步文件夹里。"), "hint", wrap=True))
        down.addWidget(label(tr("经办人姓名"), "label"))
        down.addWidget(self.user)
        down.addWidget(label(tr("记入修改历史；加密保存。"), "hint", wrap=True))
        self.folder.setAccessibleName(tr("新文件夹"))
        self.user.setAccessibleName(tr("经办人姓名"))
        down.addStretch(1)
        return page

    def _passphrase_step(self) -> QWidget:
        page = QWidget()
        down = column(page, gap=4)
        self.passphrase = PassphraseField(tr("开库口令"))
        self.again = PassphraseField(tr("再输一次"))
        down.addWidget(label(tr("开库口令"), "label"))
        down.addWidget(self.passphrase)
        down.addWidget(label(tr("再输一次"), "label"))
        down.addWidget(self.again)
        known = (self.unit, self.unit_name, self.user)
        self.meter = StrengthMeter(self.passphrase, lambda: tuple(str(one.value() or "") for one in known))
        down.addWidget(self.meter)
        advice = tr("口令没有后门。开库后请打印恢复码，封存保管。")
        down.addWidget(label(advice, "hint", wrap=True))
        down.addStretch(1)
        self.again.returnPressed.connect(self.forward)
        return page

    def _unit_problem(self) -> str:
        if len(str(self.unit.value() or "")) != USCC_LENGTH:
            return tr("请输入 18 位统一社会信用代码。")
        if not self.unit_name.value():
            return tr("请输入单位名称。")
        if not self.region.value():
            return self.region.problem() or tr("请选择管辖区划。")
        return ""

    def _place_problem(self) -> str:
        if not self.folder.value():
            return tr("请选择存放位置。")
        return "" if self.user.value() else tr("请输入经办人姓名。")

    def _passphrase_problem(self) -> str:
        if self.passphrase.text() != self.again.text():
            return tr("两次输入的口令不一样。")
        try:
            self._vaults.check_passphrase(self.passphrase.text(), str(self.unit.value()))
        except KnownError as error:
            told = error.message_for_user(language())
            return f"{told.text}{told.action}"
        return ""

    def _send(self) -> None:
        self.again.take()
        self.wait(waiting=True)
        self.wanted.emit(
            NewVault(
                Path(str(self.folder.value())).expanduser(),
                self.passphrase.take(),
                str(self.unit.value()).upper(),
                str(self.unit_name.value()),
                str(self.region.value()),
                str(self.user.value()),
            )
        )

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("选择存放位置"))
        if folder:
            self.folder.set_value(str(Path(folder) / tr("信用资料库")))

    def _go(self, step: int) -> None:
        self.stepper.go(step)
        self.pages.setCurrentIndex(step)
        self.back_button.setText(tr("返回") if step == 0 else tr("上一步"))
        self.next_button.setText(tr("新建") if step == 2 else tr("下一步"))
        (self.unit, self.folder, self.passphrase)[step].setFocus()

    def _tell(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
