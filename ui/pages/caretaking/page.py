"""The villages that a town keeps on their behalf: the list, the one at work, and the forms of a whole village."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from jmdesk.caretaking.service import FORMS, KeptVillage
from jmdesk.core.progress import Cancelled
from jmdesk.desk import Desk
from ui.core.binding import together
from ui.core.context import Context, Page, Target
from ui.core.drawing import drawn
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.pickers import children_within, region_path, regions_within
from ui.core.ports import Chip, Row
from ui.core.runner import Outcome, Report
from ui.widgets.empty_state import EmptyState
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.flow import Flow
from ui.widgets.key_hint import KeyHint
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.region_picker import RegionPicker
from ui.widgets.styling import button, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import TableOrEmpty, WindowedTable


@dataclass(frozen=True, slots=True)
class Printed:
    """Forms that were written: how many documents, into which file; none when it was stopped."""

    number: int
    file: str


def write_forms(desk: Desk, village: str, kind: str, file: Path, progress: Report, cancelled: Cancelled) -> Printed:
    """Write the forms of one kind for a village as one PDF. Call beside the runner; errors as ``Caretaking.forms``."""
    documents = list(desk.caretaking.forms(village, kind, progress=progress, cancelled=cancelled))
    if cancelled():
        return Printed(0, "")
    drawn(lambda: together(documents, file))
    return Printed(len(documents), file.name)


class CaretakingPage(Page):
    """Enter makes a village the one at work; its papers carry its name, and who recorded it does not review it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        desk = context.services
        down = column(self, margin=20, gap=10)
        down.addWidget(label(tr("代管村"), "title"))
        words = tr("村里没有电脑的，由镇经办人代为建档和办理：文书写村的名称并注明代管，采集、录入的人不能复核同一户。")
        down.addWidget(label(words, "muted", wrap=True))
        down.addWidget(self._adding(desk))
        columns = (
            Column(tr("村居"), 220),
            Column(tr("文书上的名称"), 420, stretch=True),
            Column(tr("户数"), 80, number=True),
            Column(tr("状态"), 120),
        )
        self.table = WindowedTable(columns, tr("代管村"), fitted=True)
        self.table.opened.connect(self.work_on)
        self.table.selected.connect(lambda _key: self._dress())
        empty = EmptyState(tr("没有代管村"), tr("选择一个村居，增加为代管村。"), icon_name="region")
        down.addWidget(TableOrEmpty(self.table, empty), 1)
        down.addWidget(self._doing())
        self.progress = ProgressPanel()
        down.addWidget(self.progress)
        down.addWidget(KeyHint((("Enter", tr("以这个村办理、停止以这个村办理")),)))
        Freshness(self, context.runner, self.refresh, ("R05", "R02"))
        self.refresh()

    @override
    def take_focus(self) -> None:
        (self.table if self.table.rows.rowCount() else self.village).setFocus()

    def refresh(self) -> None:
        """Read the list."""
        self.context.runner.read(self.context.services.caretaking.villages, self._arrived)

    def keep(self) -> None:
        """Begin to keep the village that was picked."""
        village = str(self.village.value() or "")
        if not village:
            self.village.setFocus()
            return
        self._do(lambda: self.context.services.caretaking.keep(village), tr("已增加代管村。"))

    def give_back(self) -> None:
        """End it."""
        village = self.table.current_key()
        self._do(lambda: self.context.services.caretaking.give_back(village), tr("已停止代管，档案留在本机。"))

    def work_on(self, village: str) -> None:
        """Make a village the one at work, or none when it is already."""
        desk = self.context.services
        chosen = "" if desk.village_at_work == village else village
        said = tr("新建档案、评议批次从这个村开始。") if chosen else tr("已停止以这个村办理。")
        self._do(lambda: desk.caretaking.work_on(chosen), said)

    def print_forms(self, kind: str, file: Path) -> None:
        """Write the forms of the chosen village as one PDF."""
        desk, village = self.context.services, self.table.current_key()

        def work(progress: Report, cancelled: Cancelled) -> object:
            return write_forms(desk, village, kind, file, progress, cancelled)

        self.progress.follow(self.context.runner.beside(work, self._printed), tr("正在填写{kind}…", kind=kind))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if not isinstance(outcome.value, list):
            return
        chosen = self.table.current_key()
        self.table.show_source(FixedRows([_row(one) for one in outcome.value]))
        line = self.table.rows.number_of(chosen)
        if line > 0:
            self.table.selectRow(line)
        self._dress()

    def _dress(self) -> None:
        some = bool(self.table.current_key())
        for made in (*self.forms.values(), self.work_button, self.open_button, self.end_button):
            made.setEnabled(some)

    def _printed(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, Printed) and outcome.value.number:
            words = tr("已保存 {name}。文件没有加密，用完请删除。", name=outcome.value.file)
            self.context.notices.say(words)

    def _ask_where(self, kind: str) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("保存文书"), f"{kind}.pdf", "PDF (*.pdf)")
        if name:
            self.print_forms(kind, Path(name).with_suffix(".pdf"))

    def _do(self, work: Callable[[], object], said: str) -> None:
        def done(outcome: Outcome) -> None:
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            else:
                self.context.notices.say(said)
            self.refresh()

        self.context.runner.submit(lambda _progress, _cancelled: work(), done)

    def _adding(self, desk: Desk) -> QWidget:
        made = QWidget()
        across = row(made, gap=10)
        known = desk.catalogue.regions
        self.village = RegionPicker(
            regions_within(desk.regions, known),
            lambda code: region_path(code, known),
            children_within(desk.regions, known),
        )
        self.village.setAccessibleName(tr("村居"))
        self.add = button(tr("增加代管村"), "primary", "add")
        self.add.clicked.connect(self.keep)
        across.addWidget(self.village, 1)
        across.addWidget(self.add)
        return made

    def _doing(self) -> QWidget:
        made = QWidget()
        across = Flow()
        made.setLayout(across)
        self.work_button = button(tr("以这个村办理"))
        self.work_button.clicked.connect(lambda: self.work_on(self.table.current_key()))
        self.open_button = button(tr("看农户"))
        self.open_button.clicked.connect(lambda: self.context.go(Target("households", "R03", self.table.current_key())))
        across.addWidget(self.work_button)
        across.addWidget(self.open_button)
        self.forms = {}
        for kind in FORMS:
            self.forms[kind] = button(tr("成批打印{kind}", kind=kind), "", "print")
            self.forms[kind].clicked.connect(partial(self._ask_where, kind))
            across.addWidget(self.forms[kind])
        self.end_button = button(tr("停止代管"))
        self.end_button.clicked.connect(self.give_back)
        across.addWidget(self.end_button)
        return made


def _row(one: KeptVillage) -> Row:
    path = " / ".join(region_path(one.code)[-2:]) or one.code
    state = Chip(tr("正在办理"), "ok") if one.at_work else Chip(tr("代管"))
    return Row(one.code, (path, one.office, str(one.households), state))
