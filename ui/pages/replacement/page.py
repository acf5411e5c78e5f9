"""Replace this computer: settle what is left, rescue what cannot be settled, end it, and go on at the new one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QHBoxLayout, QPushButton, QWidget
from shiboken6 import isValid

from jmdesk.core.changes import Changes
from ui.core.context import Context, Page, Target
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.runner import Outcome, Task
from ui.core.theme import look
from ui.pages.replacement.work import Left, read_left, rescue_here, retire_here
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.stepper import Stepper
from ui.widgets.styling import button, clear, column, label, row

_WIDTH = 900
SETTLE, RESCUE, RETIRE, DONE = range(4)


class ReplacementPage(Page):
    """One step at a time; the step follows from what is left, so that it is right however one comes back here."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.left: Left | None = None
        self._running: Task | None = None
        self.steps = Stepper((tr("报送办结"), tr("抢救包"), tr("停用本机"), tr("在新电脑上继续")))
        self.progress = ProgressPanel()
        self.title, self.text = label("", "heading"), label("", wrap=True)
        self.facts = column(gap=4)
        self.rescued = label("", "muted", wrap=True)
        self.sync_button = button(tr("去报送"), "primary", "sync")
        self.rescue_button = button(tr("导出抢救包"), "", "export")
        self.sure = QCheckBox(tr("我知道停用以后不能撤销，这台电脑上的资料只能查阅"))
        self.retire_button = button(tr("停用本机"), "danger")
        self.back_button = button(tr("返回报送"), "link")
        self._lay_out()
        self.sync_button.clicked.connect(self.go_back)
        self.back_button.clicked.connect(self.go_back)
        self.rescue_button.clicked.connect(self._ask_file)
        self.sure.toggled.connect(self._enable)
        self.retire_button.clicked.connect(self.retire)
        Freshness(self, context.runner, self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        outer = column(self, margin=20, gap=12)
        head = row(gap=8)
        head.addWidget(label(tr("更换电脑"), "title"))
        head.addStretch(1)
        head.addWidget(self.back_button)
        outer.addLayout(head)
        outer.addWidget(self.steps)
        outer.addWidget(self.progress)
        card = QFrame()
        card.setProperty("role", "card")
        card.setMaximumWidth(look().theme.px(_WIDTH))
        down = column(card, margin=16, gap=10)
        for widget in (self.title, self.text):
            down.addWidget(widget)
        down.addLayout(self.facts)
        down.addWidget(self.rescued)
        down.addWidget(self.sure)
        down.addLayout(self._buttons())
        outer.addWidget(card)
        outer.addStretch(1)

    def _buttons(self) -> QHBoxLayout:
        across = row(gap=8)
        for one in (self.sync_button, self.rescue_button, self.retire_button):
            across.addWidget(one)
        across.addStretch(1)
        return across

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def show_target(self, target: Target) -> None:
        self._first_button().setFocus()

    @override
    def go_back(self) -> None:
        self.context.go(Target("sync"))

    # -- reading ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read what is left."""
        desk = self.context.services
        self.context.runner.read(lambda: read_left(desk), self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if isValid(self) and isinstance(outcome.value, Left):
            self.show_left(outcome.value)

    @property
    def step(self) -> int:
        """The step that is at work."""
        return self.steps.current

    def show_left(self, left: Left) -> None:
        """Show the step that follows from what is left."""
        self.left = left
        step = DONE if left.retired else RETIRE if left.may_retire else SETTLE
        self.steps.go(step)
        title, text = _words(left, step)
        self.title.setText(title)
        self.text.setText(text)
        clear(self.facts)
        for name, number in left.facts if step != DONE else ():
            self.facts.addWidget(label(f"{name}：{number}"))
        self.rescued.setText(left.rescued)
        self.rescued.setVisible(bool(left.rescued) and step != DONE)
        self._enable()

    def _enable(self) -> None:
        left, busy = self.left, self._running is not None
        settling = left is not None and left.enrolled and not left.may_retire and not left.retired
        retiring = left is not None and left.may_retire
        self.sync_button.setVisible(settling)
        self.rescue_button.setVisible(settling)
        self.rescue_button.setEnabled(not busy)
        self.sure.setVisible(retiring)
        self.retire_button.setVisible(retiring)
        self.retire_button.setEnabled(retiring and self.sure.isChecked() and not busy)

    def _first_button(self) -> QWidget:
        shown: tuple[QPushButton | QCheckBox, ...] = (self.sync_button, self.sure, self.back_button)
        return next((one for one in shown if not one.isHidden()), self.back_button)

    # -- doing -----------------------------------------------------------------------------------------------------

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("抢救包存到哪里"), f"{tr('抢救包')}.jmx", "(*.jmx)")
        if name:
            self.rescue(Path(name if name.lower().endswith(".jmx") else f"{name}.jmx"))

    def rescue(self, target: Path) -> None:
        """Write everything unfinished to a file that only the platform can open."""
        if self._running is not None:
            return
        desk = self.context.services
        self._running = self.context.runner.beside(
            lambda progress, cancelled: rescue_here(desk, target, progress, cancelled), self._rescued
        )
        self.progress.follow(self._running, tr("正在写抢救包"))
        self.steps.go(RESCUE)
        self._enable()

    def _rescued(self, outcome: Outcome) -> None:
        self._running = None
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif outcome.value is not None:
            self.context.notices.say(tr("抢救包已写好并核对过，请交给平台管理员；只有平台能打开。"))
        if isValid(self):
            self.refresh()

    def retire(self) -> None:
        """End this computer as a device."""
        if self._running is not None:
            return
        desk = self.context.services
        self._running = self.context.runner.beside(lambda _progress, _cancelled: retire_here(desk), self._retired)
        self.progress.follow(self._running, tr("正在请平台停用本机"))
        self._enable()

    def _retired(self, outcome: Outcome) -> None:
        self._running = None
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if isValid(self):
            self.refresh()
        self.context.runner.changed.emit(Changes())


def _words(left: Left, step: int) -> tuple[str, str]:
    if not left.enrolled:
        said = tr("本机没有登记到平台，不需要停用；用备份就可以把资料搬到新电脑。")
        return tr("本机还没有登记"), said
    if step == DONE:
        said = tr(
            "平台已确认，本机于 {at} 停用，资料只能查阅。接下来：1. 有抢救包的，交给平台管理员。"
            "2. 向平台管理员要一个新的登记码。3. 在新电脑上新建资料库，用登记码登记。"
            "4. 报送一次，取回本单位的全部资料。",
            at=left.retired,
        )
        return tr("本机已停用"), said
    if step == RETIRE and not left.total:
        said = tr("全部内容都已与平台办结，停用不会丢失任何资料。停用以后本机不能再报送和修改。")
        return tr("可以停用了"), said
    if step == RETIRE:
        said = tr(
            "没有办结的内容已写进抢救包。先把抢救包复制到优盘、交给平台管理员，再停用。"
            "抢救包之后又有修改的，要重新导出。"
        )
        return tr("可以停用了"), said
    said = tr(
        "下面的内容还没有与平台办结。请先报送、取回回执，处理完退回的记录。实在来不及的，导出抢救包："
        "内容加密并签名，只有平台能打开；未完成和待授权的内容只有平台的托管密钥能打开。"
    )
    return tr("还有 {n} 项没有办结", n=f"{left.total:,}"), said
