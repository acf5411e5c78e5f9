"""The first thing on screen: choose a vault, type the passphrase."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QProgressBar, QStackedWidget, QWidget

from jmdesk.core.errors import KnownError
from ui.core.context import Context
from ui.core.doorbell import ring
from ui.core.i18n import language, tr
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.widgets.passphrase_field import PassphraseField
from ui.widgets.styling import button, card, column, dress, label, mark, picture, row

if TYPE_CHECKING:
    from jmdesk.catalogue.pickers import Choice
    from ui.core.ports import NewVault, Vaults
    from ui.pages.unlock.forgotten import Forgotten
    from ui.pages.unlock.form import CreateVault

CARD_WIDTH = 460


class UnlockPage(QWidget):
    """Emits ``unlocked`` with the open desk. Nothing here waits for a network."""

    unlocked = Signal(object)

    def __init__(self, context: Context, vaults: Vaults) -> None:
        super().__init__()
        self.setObjectName("page")
        self._context = context
        self._vaults = vaults
        self.stack = QStackedWidget()
        self.stack.addWidget(self._open_card())
        self.wizard: CreateVault | None = None
        self.forgotten: Forgotten | None = None
        self._pins: frozenset[str] = frozenset()
        px = look().theme.px
        self.stack.setFixedWidth(px(CARD_WIDTH))
        across = row(self, margin=16)
        across.addStretch(1)
        down = column(gap=12)
        down.addStretch(2)
        down.addLayout(self._brand())
        down.addWidget(self.stack)
        self.demonstration_button = button(tr("打开演示(数据均为虚构，供培训和远程协助)"), "link")
        self.demonstration_button.clicked.connect(self.start_demonstration)
        down.addWidget(self.demonstration_button, 0, Qt.AlignmentFlag.AlignHCenter)
        down.addStretch(3)
        foot = label(tr("数据只存放在这台电脑，并已加密；不联网也能使用。"), "hint")
        down.addWidget(foot, 0, Qt.AlignmentFlag.AlignHCenter)
        across.addLayout(down)
        across.addStretch(1)
        self.refresh()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        (self.passphrase if self.vault.count() else self.create_button).setFocus()

    def refresh(self) -> None:
        """Read the list of vaults anew and put the cursor where it is needed."""
        self.vault.clear()
        for folder in self._context.settings.vaults:
            self.vault.addItem(f"{folder.name}    {folder.parent}", folder)
        known = self.vault.count() > 0
        self._fields.setVisible(known)
        self._none.setVisible(not known)
        self.open_button.setVisible(known)
        self.forgotten_button.setVisible(known)
        dress(self.create_button, "link" if known else "primary")
        if known:
            self.passphrase.setFocus()
        else:
            self.create_button.setFocus()

    def choose(self, folder: Path) -> None:
        """Offer a vault folder and ask for its passphrase."""
        self._context.settings.remember_vault(folder)
        self.refresh()

    def _brand(self) -> QHBoxLayout:
        across = row(gap=10)
        across.addWidget(picture("app", "accent", 36))
        words = column(gap=0)
        words.addWidget(label(tr("江门信用桌面端"), "title"))
        words.addWidget(label(tr("农户与特色行业信用信息档案"), "muted"))
        across.addLayout(words, 1)
        return across

    def _open_card(self) -> QFrame:
        made = card()
        down = column(made, margin=20, gap=10)
        self._none = label(tr("这台电脑上还没有本机资料库。新建一个，或打开别处拷来的资料库文件夹。"), wrap=True)
        down.addWidget(self._none)
        self._fields = QWidget()
        fields = column(self._fields, gap=4)
        fields.addWidget(label(tr("本机资料库"), "label"))
        self.vault = QComboBox()
        self.vault.setAccessibleName(tr("本机资料库"))
        self.vault.currentIndexChanged.connect(self._peek)
        fields.addWidget(self.vault)
        self._user_label = label(tr("用户"), "label")
        self.user = QComboBox()
        self.user.setAccessibleName(tr("用户"))
        self.user.currentIndexChanged.connect(self._hint)
        fields.addWidget(self._user_label)
        fields.addWidget(self.user)
        fields.addWidget(label(tr("开库口令"), "label"))
        self.passphrase = PassphraseField(tr("开库口令"))
        self.passphrase.returnPressed.connect(self.unlock)
        fields.addWidget(self.passphrase)
        down.addWidget(self._fields)
        self.problem = label("", "problem", wrap=True)
        self.problem.hide()
        self.advice = label("", "muted", wrap=True)
        self.advice.hide()
        down.addWidget(self.problem)
        down.addWidget(self.advice)
        self._waiting = QProgressBar()
        self._waiting.setRange(0, 0)
        self._waiting.setTextVisible(False)
        self._waiting.setAccessibleName(tr("正在核对口令"))
        self._waiting.hide()
        down.addWidget(self._waiting)
        self.open_button = button(tr("打开"), "primary", "unlock")
        self.open_button.clicked.connect(self.unlock)
        down.addWidget(self.open_button)
        links = row()
        self.create_button = button(tr("新建本机资料库"), "link", "add")
        self.create_button.clicked.connect(self.start_create)
        self.browse_button = button(tr("选择其他文件夹"), "link", "folder")
        self.browse_button.clicked.connect(self._browse)
        self.forgotten_button = button(tr("忘记口令"), "link")
        self.forgotten_button.clicked.connect(self.start_forgotten)
        links.addWidget(self.create_button)
        links.addWidget(self.forgotten_button)
        links.addStretch(1)
        links.addWidget(self.browse_button)
        down.addLayout(links)
        return made

    def unlock(self) -> None:
        """Try the passphrase, off the GUI thread: deriving its key takes up to a second."""
        folder = self.vault.currentData()
        if not isinstance(folder, Path) or not self.open_button.isEnabled():
            return
        if not self.passphrase.text():
            self._tell(tr("请输入开库口令。"))
            return
        user, passphrase = str(self.user.currentData() or ""), self.passphrase.take()
        self._wait(waiting=True)
        vaults = self._vaults
        self._context.runner.submit(
            lambda _progress, _cancelled: vaults.open(folder, passphrase, user),
            lambda outcome: self._opened(outcome, folder),
        )

    def start_demonstration(self) -> None:
        """Open the vault of invented data; making one takes some seconds."""
        if not self.demonstration_button.isEnabled():
            return
        vaults = self._vaults
        self._wait(waiting=True)
        self._tell("", tr("正在准备演示数据…"))
        self._context.runner.submit(
            lambda progress, _cancelled: vaults.open_demonstration(progress),
            lambda outcome: self._opened(outcome, None),
        )

    def start_create(self) -> None:
        """Show the steps that make a vault."""
        if self.wizard is None:
            from ui.pages.unlock.form import CreateVault

            self.wizard = CreateVault(self._vaults)
            self.wizard.given_up.connect(lambda: self.stack.setCurrentIndex(0))
            self.wizard.wanted.connect(self._create)
            self.stack.addWidget(self.wizard)
        self.stack.setCurrentWidget(self.wizard)
        self.wizard.begin()

    def start_forgotten(self) -> None:
        """Show the ways back in for who forgot the passphrase."""
        folder = self.vault.currentData()
        if not isinstance(folder, Path):
            return
        if self.forgotten is None:
            from ui.pages.unlock.forgotten import Forgotten

            self.forgotten = Forgotten(self._context, self._vaults)
            self.forgotten.given_up.connect(lambda: self.stack.setCurrentIndex(0))
            self.forgotten.unlocked.connect(self._back_in)
            self.stack.addWidget(self.forgotten)
        self.stack.setCurrentWidget(self.forgotten)
        self.forgotten.begin(folder, str(self.user.currentData() or ""))

    def _back_in(self, desk: object) -> None:
        self.stack.setCurrentIndex(0)
        self.unlocked.emit(desk)

    def _create(self, wanted: NewVault) -> None:
        vaults = self._vaults
        self._context.runner.submit(
            lambda _progress, _cancelled: vaults.create(wanted),
            lambda outcome: self._created(outcome, wanted.folder),
        )

    def _created(self, outcome: Outcome, folder: Path) -> None:
        assert self.wizard is not None  # noqa: S101 -- only the wizard asks for a vault
        self.wizard.wait(waiting=False)
        if outcome.ok:
            self.stack.setCurrentIndex(0)
            self._context.settings.remember_vault(folder)
            self.unlocked.emit(outcome.value)
        elif isinstance(outcome.error, KnownError):
            self.wizard.show_error(outcome.error)
        elif outcome.error is not None:
            self._context.notices.error(outcome.error)

    def _opened(self, outcome: Outcome, folder: Path | None) -> None:
        """``folder`` None is the demonstration, which is not remembered among the vaults."""
        self._wait(waiting=False)
        if outcome.ok:
            self._tell("")
            if folder is not None:
                self._context.settings.remember_vault(folder)
            self.unlocked.emit(outcome.value)
        elif isinstance(outcome.error, KnownError):
            if outcome.error.code == "vault.in_use" and ring(folder or self._vaults.demonstration_vault):
                self._tell(tr("这个资料库已在另一个窗口打开，已把那个窗口放到最前。"))
                return
            told = outcome.error.message_for_user(language())
            self._tell(told.text, told.action)
            self.passphrase.setFocus()
        elif outcome.error is not None:
            self._context.notices.error(outcome.error)

    def _peek(self) -> None:
        """Ask the vault for its users, off the GUI thread: the page must not wait for a slow disk."""
        folder = self.vault.currentData()
        self._show_users(())
        self._tell("")
        if isinstance(folder, Path):
            vaults = self._vaults
            self._context.runner.read(lambda: vaults.peek(folder), partial(self._peeked, folder))

    def _peeked(self, folder: Path, outcome: Outcome) -> None:
        from ui.core.ports import VaultCard

        if folder != self.vault.currentData():
            return
        if isinstance(outcome.value, VaultCard):
            self._pins = outcome.value.pin
            self._show_users(outcome.value.users)
        elif isinstance(outcome.error, KnownError):
            told = outcome.error.message_for_user(language())
            self._tell(told.text, told.action)
        elif outcome.error is not None:
            self._context.notices.error(outcome.error)

    def _show_users(self, users: Sequence[Choice]) -> None:
        self.user.clear()
        for user in users:
            self.user.addItem(user.label, user.code)
        self.user.setVisible(len(users) > 1)
        self._user_label.setVisible(len(users) > 1)

    def _hint(self) -> None:
        """Say that a PIN will do, where one waits."""
        pin = self.user.currentData() in self._pins
        self.passphrase.setPlaceholderText(tr("今天可用快捷码") if pin else "")

    def _browse(self) -> None:
        from PySide6.QtWidgets import QFileDialog

        folder = QFileDialog.getExistingDirectory(self, tr("选择本机资料库文件夹"))
        if folder:
            self.choose(Path(folder))

    def _wait(self, *, waiting: bool) -> None:
        self._waiting.setVisible(waiting)
        for widget in (self.open_button, self.passphrase, self.vault, self.user, self.create_button):
            widget.setEnabled(not waiting)
        self.demonstration_button.setEnabled(not waiting)
        if waiting:
            self._tell("")

    def _tell(self, problem: str, advice: str = "") -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.advice.setText(advice)
        self.advice.setVisible(bool(advice))
        mark(self.passphrase, "problem", bool(problem))
