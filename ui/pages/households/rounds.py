"""The yearly round on screen: how far each group is, the paper for the walk, and quick entry in the paper's order."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QWidget

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Environment, Refused
from jmdesk.core.progress import Cancelled
from jmdesk.households.rounds.paper import walk
from jmdesk.households.rounds.queries import Stretch
from jmdesk.households.rounds.service import Round, total
from jmdesk.records.writer import InvalidRecord
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.pickers import region_path
from ui.core.ports import Row
from ui.core.printing import write_paper
from ui.core.runner import Outcome, Report
from ui.core.theme import look
from ui.pages.households.quick_entry import QuickEntry
from ui.widgets.empty_state import EmptyState
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.styling import button, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import TableOrEmpty, WindowedTable

PAPER = "collection-form"


class RoundsView(QWidget):
    """``back_wished`` leaves."""

    back_wished = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._labels = Labels(context.services)
        self._round: Round | None = None
        self._waiting: list[str] = []
        down = column(self, gap=10)
        down.addLayout(self._head())
        down.addWidget(self.told)
        self.progress = ProgressPanel()
        down.addWidget(self.progress)
        columns = (
            Column(tr("村民小组"), 140),
            Column(tr("采集人"), 160, stretch=True),
            Column(tr("户数"), 80, number=True),
            Column(tr("已采集"), 80, number=True),
            Column(tr("已有数未走访"), 120, number=True),
        )
        self.table = WindowedTable(columns, tr("采集进度"))
        self.table.opened.connect(self._enter_group)
        self.empty = EmptyState(
            tr("这个村今年还没有开始采集"), tr("开始后可以打印采集表、逐户录入、看各组进度。"), tr("开始采集")
        )
        self.empty.acted.connect(self.start)
        self.listed = TableOrEmpty(self.table, self.empty)
        down.addWidget(self.listed, 1)
        self._down = down

    @cached_property
    def entry(self) -> QuickEntry:
        """The form of the round: made when first asked for, for it has more fields than the rest of the page."""
        made = QuickEntry(self._context)
        made.saved.connect(self._save)
        made.skipped.connect(self._next)
        made.closed.connect(self._close_entry)
        self._down.addWidget(made, 3)
        return made

    def begin(self) -> None:
        """Offer the villages that have households here, and show the first one's round."""
        villages = self._context.services.households.by_village()
        chosen = self.village.currentData()
        self.village.blockSignals(True)  # noqa: FBT003 -- Qt
        self.village.clear()
        for code in sorted(villages):
            path = region_path(code)
            self.village.addItem(path[-1] if path else code, code)
        self.village.setCurrentIndex(max(0, self.village.findData(chosen)))
        self.village.blockSignals(False)  # noqa: FBT003 -- Qt
        self.refresh()

    def refresh(self) -> None:
        """Read the progress of the village."""
        code, rounds = str(self.village.currentData() or ""), self._context.services.rounds

        def work() -> tuple[Round | None, list[Stretch]]:
            found = rounds.all().get(code)
            return found, rounds.progress(code) if found is not None else []

        self._context.runner.read(work, self._arrived)

    def start(self) -> None:
        """Begin the round of the village."""
        code, rounds = str(self.village.currentData() or ""), self._context.services.rounds
        if code:
            self._context.runner.submit(lambda _progress, _cancelled: rounds.start(code), self._started)

    def print_forms(self) -> None:
        """Ask where, and write the filled forms of everybody who is still to be visited."""
        name, _ = QFileDialog.getSaveFileName(self, tr("保存采集表"), tr("采集表.docx"), "Word (*.docx);;PDF (*.pdf)")
        if name:
            self.write_forms(Path(name))

    def write_forms(self, file: Path) -> None:
        """Write the forms, as the file's name says: a Word document or a PDF."""
        services, code = self._context.services, str(self.village.currentData() or "")
        current = self._round
        if current is None:
            return

        def work(progress: Report, cancelled: Cancelled) -> bytes:
            rids = services.rounds.open(code)
            values = walk(
                services.households,
                services.catalogue,
                rids,
                current.income_year,
                progress=progress,
                cancelled=cancelled,
            )
            day = beijing_date(services.clock.now())
            told = {"office": services.office_of(code), "date": f"{day.year}年{day.month}月{day.day}日"}
            return services.papers.draft(PAPER, {**values, **told})

        task = self._context.runner.beside(work, partial(self._written, file))
        self.progress.follow(task, tr("正在填写采集表…"))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _written(self, file: Path, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        if not isinstance(outcome.value, bytes):
            return
        try:
            if file.suffix.lower() == ".pdf":
                write_paper(outcome.value, file)
            else:
                file.write_bytes(outcome.value)
        except OSError:
            self._context.notices.error(Environment("printing.cannot_write"))
            return
        except (Environment, Refused) as error:
            self._context.notices.error(error)
            return
        self._context.printed(tr("入户采集表"), "R05", way=file.suffix[1:].lower())
        self._context.notices.say(tr("采集表已保存。证件号码和电话已遮蔽，用完请收回。"))

    def _started(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        self.refresh()

    def _arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        if not isinstance(outcome.value, tuple):
            return
        found, stretches = outcome.value
        self._round = found
        self._labels.prepare("R02", (one.collector for one in stretches))
        rows = [
            Row(
                one.group,
                (one.group or tr("(未分组)"), self._collector(one), str(one.total), str(one.done), str(one.begun)),
            )
            for one in stretches
        ]
        self.table.show_source(FixedRows(rows))
        done, of = total(stretches)
        self.told.setText(
            tr(
                "采集 {year} 年数据，{day} 开始，已完成 {done}/{of} 户",
                year=found.income_year,
                day=found.began,
                done=done,
                of=of,
            )
            if found
            else ""
        )
        for widget in (self.print_button, self.enter_button):
            widget.setEnabled(found is not None and done < of)

    def _collector(self, one: Stretch) -> str:
        assigned = self._round.collectors.get(one.group, "") if self._round else ""
        return self._labels.of("R02", assigned or one.collector)

    def _enter_group(self, group: str) -> None:
        self.enter(group)

    def enter(self, group: str = "") -> None:
        """Begin quick entry with the first household still to be visited."""
        code, rounds = str(self.village.currentData() or ""), self._context.services.rounds
        self._context.runner.read(lambda: rounds.open(code, group), self._begin_entry)

    def _begin_entry(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        self._waiting = list(outcome.value) if isinstance(outcome.value, list) else []
        self._show_next()

    def _next(self) -> None:
        self._waiting = self._waiting[1:]
        self._show_next()

    def _show_next(self) -> None:
        if not self._waiting or self._round is None:
            self._close_entry()
            self._context.notices.say(tr("这一组已全部录入。"))
            return
        rid, year, services = self._waiting[0], self._round.income_year, self._context.services
        self._context.runner.read(
            lambda: (services.households.dossier(rid), services.rounds.suggestion(rid, year)), self._ask
        )

    def _ask(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        if not isinstance(outcome.value, tuple):
            return
        dossier, suggestion = outcome.value
        head = dossier.head
        title = str(head.values.get("person_name", "")) if head else tr("(未登记户主)")
        self.listed.hide()
        self.entry.show()
        self.entry.show_household(title, dossier, suggestion, len(self._waiting))

    def _save(self, typed: tuple[Record, Record]) -> None:
        rid, rounds = self._waiting[0], self._context.services.rounds
        income, changes = typed
        self._context.runner.submit(lambda _progress, _cancelled: rounds.enter(rid, income, changes), self._saved)

    def _saved(self, outcome: Outcome) -> None:
        if isinstance(outcome.error, InvalidRecord):
            self.entry.show_error(outcome.error)
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        self._next()
        self.refresh()

    def _close_entry(self) -> None:
        self.entry.hide()
        self.listed.show()
        self.refresh()
        self.table.setFocus()

    def _head(self) -> QHBoxLayout:
        across = row(gap=8)
        self.back_button = button(tr("返回"), "link", "back")
        self.back_button.clicked.connect(self.back_wished)
        self.village = QComboBox()
        self.village.setAccessibleName(tr("村居"))
        self.village.setMaximumWidth(look().theme.px(150))
        self.village.activated.connect(lambda _index: self.refresh())
        self.told = label("", "muted", wrap=True)
        self.enter_button = button(tr("逐户录入"), "primary", "edit")
        self.print_button = button(tr("打印采集表"), "", "print")
        self.enter_button.clicked.connect(lambda _checked: self.enter(""))
        self.print_button.clicked.connect(self.print_forms)
        across.addWidget(self.back_button)
        across.addWidget(label(tr("年度采集"), "title"))
        across.addWidget(self.village)
        across.addStretch(1)
        across.addWidget(self.print_button)
        across.addWidget(self.enter_button)
        return across
