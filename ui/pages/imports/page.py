"""Import: four steps from an office's register to the archive, on one page and without a dialog."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget

from jmdesk.registers.service import ImportResult
from jmdesk.registers.template import write_household_template
from ui.core.actions import bind, shortcut_text, tip
from ui.core.context import Context, Page, Target
from ui.core.i18n import tr
from ui.core.messages import INFO, OK, Notice
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.pages.imports.columns import ColumnsStep
from ui.pages.imports.findings import TrialStep
from ui.pages.imports.outcome import ResultStep
from ui.pages.imports.parts import give_way
from ui.pages.imports.source import SourceStep, ask_workbook
from ui.pages.imports.wizard import COLUMNS, RESULT, SOURCE, TRIAL, Wizard
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.stepper import Stepper
from ui.widgets.styling import button, column, label, row

_PRACTICE_HOUSEHOLDS = 30
_PRACTICE_FLAWS = 0.2


class ImportsPage(Page):
    """Shows the window's :class:`Wizard`; whatever takes time is done by it on the runner."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.wizard = Wizard.of(context)
        self._shown = (-1, False)
        self._followed: object = None
        self.stepper = Stepper((tr("选择登记表"), tr("核对栏目"), tr("试导入"), tr("导入")))
        self.progress = ProgressPanel()
        self.source = SourceStep(self.wizard)
        self.columns = ColumnsStep(self.wizard, context)
        self.trial = TrialStep()
        self.result = ResultStep()
        self.stack = QStackedWidget()
        for step in (self.source, self.columns, self.trial, self.result):
            self.stack.addWidget(step)
        give_way(self.stack, 240)  # every step scrolls by itself, so that the way on stays on screen
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self.refresh()

    def _lay_out(self) -> None:
        down = column(self, margin=20, gap=10)
        head = row(gap=16)
        head.addWidget(label(tr("导入"), "title"))
        head.addWidget(self.stepper, 1)
        down.addLayout(head)
        down.addWidget(self.progress)
        down.addWidget(self.stack, 1)
        down.addLayout(self._foot())

    def _foot(self) -> QHBoxLayout:
        across = row(gap=10)
        self.back_button = button(tr("上一步"), "", "back")
        self.back_button.setToolTip(shortcut_text("app.back"))
        self.hint = label("", "muted", wrap=True)
        self.next_button = button(tr("下一步"), "primary")
        self.back_button.clicked.connect(self.go_back)
        self.next_button.clicked.connect(self.go_on)
        self.next_button.setToolTip(tip("imports.next"))
        self.back_button.setToolTip(tip("app.back"))
        bind(self, "imports.next", self.next_button.click)
        across.addWidget(self.back_button)
        across.addWidget(self.hint, 1)
        across.addWidget(self.next_button)
        return across

    def _connect(self) -> None:
        self.wizard.changed.connect(self.refresh)
        self.source.template_wished.connect(self.save_template)
        self.source.sample_wished.connect(self.save_sample)
        self.trial.refused_wished.connect(self._ask_refused)
        self.trial.again_wished.connect(self.wizard.read_again)
        self.result.refused_wished.connect(self._ask_refused)
        self.result.households_wished.connect(lambda: self.context.go(Target("households")))
        self.result.undo_wished.connect(self.wizard.undo)
        self.result.another_wished.connect(self.wizard.restart)

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def take_focus(self) -> None:
        step = self.stack.currentWidget()
        if self.wizard.busy:
            self.progress.stop.setFocus()
        elif isinstance(step, SourceStep | ColumnsStep | ResultStep):
            step.take_focus()
        elif self.trial.found.table.rows.rowCount():
            self.trial.found.table.setFocus()
        else:
            self.next_button.setFocus()

    @override
    def start_new(self) -> None:
        self.wizard.restart()

    @override
    def save(self) -> None:
        if self._refused() is not None:
            self._ask_refused()

    @override
    def go_back(self) -> None:
        self.wizard.back()

    def go_on(self) -> None:
        """One step on."""
        self.wizard.forward()

    # -- what is shown ---------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show how the wizard stands."""
        wizard = self.wizard
        self._follow()
        self.stack.setEnabled(not wizard.busy)
        self.stack.setCurrentIndex(wizard.step)
        self._refresh_step()
        self._refresh_foot()
        now = (wizard.step, wizard.busy)
        if now != self._shown:
            self._shown = now
            self.stepper.go(wizard.step)
            if self.isVisible():
                self.take_focus()

    def _refresh_step(self) -> None:
        wizard = self.wizard
        if wizard.step == SOURCE:
            self.source.refresh()
        elif wizard.step == COLUMNS:
            self.columns.refresh()
        elif wizard.step == TRIAL:
            self.trial.trouble.show_error(wizard.error)
            self.trial.show_told(wizard.trial)
        else:
            self.result.refresh(wizard)

    def _refresh_foot(self) -> None:
        wizard = self.wizard
        result = wizard.trial.result if wizard.trial else None
        self.back_button.setVisible(wizard.step != SOURCE and (wizard.done is None or wizard.undone))
        self.back_button.setEnabled(not wizard.busy)
        self.next_button.setVisible(wizard.step != RESULT)
        ready = wizard.opened is not None and (wizard.step != TRIAL or (result is not None and result.landed))
        self.next_button.setEnabled(ready and not wizard.busy)
        self.next_button.setText(self._next_text(result))
        self.hint.setText(self._hint_text(result))

    def _next_text(self, result: ImportResult | None) -> str:
        if self.wizard.step == COLUMNS:
            return tr("试导入")
        if self.wizard.step == TRIAL and result is not None and result.landed:
            return tr("导入 {n} 户", n=f"{result.new + result.changed + result.unchanged:,}")
        return tr("导入") if self.wizard.step == TRIAL else tr("下一步")

    def _hint_text(self, result: ImportResult | None) -> str:
        wizard = self.wizard
        if wizard.busy or wizard.step in (SOURCE, RESULT):
            return ""
        if wizard.step == COLUMNS:
            return tr("Enter 改一栏；试导入不写入任何内容。")
        if result is None or not result.landed:
            return tr("没有一户可以导入。请按清单改好原表后重新读取，或回上一步核对栏目。")
        if not result.new + result.changed:
            return tr("档案里都已经有了，再导入一次也不会改变什么。")
        return tr("退回的户不影响其他户；导入后仍可撤销。") if result.refused else tr("导入后仍可撤销。")

    def _follow(self) -> None:
        task = self.wizard.task
        if task is not None and task is not self._followed:
            self.progress.follow(task, self.wizard.doing)
        self._followed = task

    # -- files that are written ------------------------------------------------------------------------------------

    def save_template(self, path: Path) -> None:
        """Write the empty template."""
        desk = self.context.services
        write = partial(write_household_template, path, desk.catalogue, desk.regions)
        self._write(write, self._saved(path, tr("已保存导入模板“{name}”。")))

    def save_sample(self, path: Path) -> None:
        """Write an invented register of the desk's first region, with mistakes in it, to practise with."""
        region = self.context.services.regions[0]

        def work() -> object:
            from jmdesk.registers.samples import write_register

            return write_register(path, region, "a", _PRACTICE_HOUSEHOLDS, flaws=_PRACTICE_FLAWS)

        def done(_value: object) -> None:
            text = tr("已生成练习用样表“{name}”。", name=path.name)
            hint = tr("里面都是虚构的人，请只试导入，不要正式导入。")
            self.context.notices.post(Notice(text, OK, hint, tr("用它练习"), partial(self.wizard.open, path)))

        self._write(work, done)

    def save_refused(self, path: Path) -> None:
        """Write the refused households as a workbook."""
        result = self._refused()
        if result is not None:
            self._write(
                partial(result.write_refused, path),
                self._saved(path, tr("退回的户已存为“{name}”。"), tr("改好标红的格子，直接再导入这个文件。")),
            )

    def _refused(self) -> ImportResult | None:
        told = self.wizard.done or self.wizard.trial
        return told.result if told is not None and told.result.refused else None

    def _ask_refused(self) -> None:
        path = ask_workbook(self, tr("退回的户存为工作簿"), tr("退回补正"))
        if path:
            self.save_refused(path)

    def _saved(self, path: Path, text: str, hint: str = "") -> Callable[[object], None]:
        return lambda _value: self.context.notices.post(Notice(text.format(name=path.name), OK, hint))

    def _write(self, work: Callable[[], object], done: Callable[[object], None]) -> None:
        notices = self.context.notices

        def ended(outcome: Outcome) -> None:
            if outcome.ok:
                done(outcome.value)
            elif outcome.error is not None:
                notices.error(outcome.error)

        self.context.runner.read(work, ended)

    # -- dragging --------------------------------------------------------------------------------------------------

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and not self.wizard.busy and self._takes_drops():
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if len(paths) != 1:
            text = tr("一次拖一个文件，或拖整个文件夹。")
            self.context.notices.say(text, INFO)
            return
        event.acceptProposedAction()
        if self.wizard.step == RESULT:
            self.wizard.restart()
        self.source.choose(paths[0])

    def _takes_drops(self) -> bool:
        return self.wizard.step == SOURCE or self.wizard.done is not None
