"""The computer as a device of its unit: whether its chain is sound, and the ways to new keys and a new computer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QFrame
from shiboken6 import isValid

from jmdesk.core.clock import beijing_text
from ui.core.context import Context, Target
from ui.core.i18n import tr
from ui.core.ports import Chip
from ui.core.runner import Outcome
from ui.pages.sync.exchange import line
from ui.widgets.chip import ChipLabel
from ui.widgets.styling import button, column, label, row

if TYPE_CHECKING:
    from jmdesk.desk import Desk


@dataclass(frozen=True, slots=True)
class State:
    """How this computer stands: since when nothing is sent, what was asked for, when it ended."""

    enrolled: bool
    halted: str = ""
    asked: str = ""
    waiting: bool = False
    retired: str = ""
    stranded: bool = False


def read_state(desk: Desk) -> State:
    """The state now. Reads; call on the runner."""
    from sync.client.asking import load_asked, load_halt
    from sync.client.enrolment import is_stranded

    if desk.grant is None:
        return State(enrolled=False)
    halt, asked = load_halt(desk.store), load_asked(desk.store)
    return State(
        enrolled=True,
        halted=beijing_text(halt.since) if halt else "",
        asked=asked.purpose.value if asked else "",
        waiting=asked is not None and asked.waiting,
        retired=beijing_text(desk.store.retired) if desk.store.retired else "",
        stranded=is_stranded(desk),
    )


def rotate_here(desk: Desk) -> bool:
    """Replace this computer's keys; whether they are in force. Errors as ``sync.client.petition.rotate``."""
    from sync.client.membership import load_membership
    from sync.client.patience import Patience
    from sync.client.petition import Answered, rotate

    membership = load_membership(desk.store)
    with line(desk, membership.gateway, membership.ca) as transport:
        return rotate(desk, transport, Patience()) is Answered.GRANTED


class DeviceCard(QFrame):
    """Hidden before enrolment. ``synchronise`` fetches answers."""

    def __init__(self, context: Context, synchronise: Callable[[], None]) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._context, self._synchronise = context, synchronise
        down = column(self, margin=16, gap=8)
        head = row(gap=8)
        head.addWidget(label(tr("本机登记"), "heading"))
        self.chip = ChipLabel(Chip(""))
        head.addWidget(self.chip)
        head.addStretch(1)
        self.rotate_button = button(tr("更换密钥"))
        self.rotate_button.setToolTip(tr("怀疑密钥泄露时更换；每年也会自动更换一次"))
        self.replace_button = button(tr("更换电脑"))
        self.replace_button.setToolTip(tr("办结或导出未报送的内容，然后停用这台电脑"))
        head.addWidget(self.rotate_button)
        head.addWidget(self.replace_button)
        down.addLayout(head)
        self.text = label("", wrap=True)
        down.addWidget(self.text)
        across = row(gap=8)
        self.sure = QCheckBox(tr("已确认没有另一台电脑在用同一份资料库"))
        self.reopen_button = button(tr("申请重新接续报送"), "primary")
        across.addWidget(self.sure)
        across.addWidget(self.reopen_button)
        across.addStretch(1)
        down.addLayout(across)
        self.sure.toggled.connect(self.reopen_button.setEnabled)
        self.reopen_button.clicked.connect(self.reopen)
        self.rotate_button.clicked.connect(self.rotate)
        self.replace_button.clicked.connect(self._replace)
        self.hide()

    def refresh(self) -> None:
        """Read the state anew."""
        desk = self._context.services
        self._context.runner.read(lambda: read_state(desk), self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if isValid(self) and isinstance(outcome.value, State):
            self.show_state(outcome.value)

    def show_state(self, state: State) -> None:
        """Show how this computer stands."""
        self.setVisible(state.enrolled)
        chip, text = _words(state)
        self.chip.show_chip(chip)
        self.text.setText(text)
        self.text.setVisible(bool(text))
        self.setAccessibleName(f"{chip.text} {text}")
        ask = bool(state.halted) and not state.asked and not state.stranded
        self.sure.setVisible(ask)
        self.reopen_button.setVisible(ask)
        self.reopen_button.setEnabled(ask and self.sure.isChecked())
        free = not (state.halted or state.asked or state.retired or state.stranded)
        self.rotate_button.setEnabled(free)
        self.replace_button.setEnabled(not state.retired)

    def reopen(self) -> None:
        """Ask for a new epoch of the chain, and bring the request to the platform at once."""
        from sync.client.asking import ask_reopen

        desk = self._context.services
        self._context.runner.submit(lambda _progress, _cancelled: ask_reopen(desk), self._reopened)

    def _reopened(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        elif isValid(self):
            self.refresh()
            self._synchronise()

    def rotate(self) -> None:
        """Replace this computer's keys."""
        desk = self._context.services
        self.rotate_button.setEnabled(False)
        self._context.runner.beside(lambda _progress, _cancelled: rotate_here(desk), self._rotated)

    def _rotated(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        else:
            said = tr("本机密钥已更换。") if outcome.value else tr("更换密钥的申请已提交，等待管理员批准。")
            self._context.notices.say(said)
        if isValid(self):
            self.refresh()

    def _replace(self) -> None:
        self._context.go(Target("replacement", came_from=Target("sync")))


def _words(state: State) -> tuple[Chip, str]:
    if state.retired:
        return Chip(tr("已停用"), "neutral"), tr("本机已于 {at} 停用，资料只能查阅。", at=state.retired)
    if state.stranded:
        return Chip(tr("须重新登记"), "bad"), tr("平台不再认本机现在的密钥，请在上面用新的登记码重新登记。")
    if state.asked == "reopen":
        said = tr("重新接续报送的申请已提交，等待管理员批准。批准后再报送一次即可；等待期间照常建档，资料都在本机。")
        return Chip(tr("等待管理员批准"), "info"), said
    if state.halted:
        said = tr(
            "自 {since} 起停止报送：本机的报送序列与平台对不上，资料库可能是从备份恢复的，或者复制过一份。"
            "资料没有丢失，建档和取回别处的修改不受影响。",
            since=state.halted,
        )
        return Chip(tr("已停止报送"), "bad"), said
    if state.asked == "retire":
        return Chip(tr("正在办理停用"), "warn"), tr("停用还没有得到平台确认，请到“更换电脑”页完成。")
    if state.asked == "rotate" and state.waiting:
        return Chip(tr("正常"), "ok"), tr("更换密钥的申请等待管理员批准，不影响报送。")
    return Chip(tr("正常"), "ok"), ""
