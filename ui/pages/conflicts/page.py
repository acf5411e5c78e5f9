"""The conflict desk: what waits for a decision on the left, the one chosen on the right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout

from jmdesk.conflicts.service import Whole
from jmdesk.core.errors import KnownError
from ui.core.context import Context, Page, Target
from ui.core.freshness import Freshness
from ui.core.i18n import language, tr
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.pages.conflicts.model import DUE, ConflictReader, Shown, columns, key_of
from ui.pages.conflicts.pane import DecisionPane
from ui.widgets.empty_state import EmptyState
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.key_hint import KeyHint
from ui.widgets.styling import button, column, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable
from ui.widgets.turns import Turns


class ConflictsPage(Page):
    """Choosing a line shows it; Enter goes on to decide it, Alt+Left leads back to the list."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._reader = ConflictReader(context.services)
        self._wanted = ""
        self._deciding = False
        self._came_from: Target | None = None
        self.shown: Shown | None = None
        self.table = WindowedTable(columns(), tr("等待处理的记录"), fitted=True)
        self.list = TableOrEmpty(
            self.table,
            EmptyState(
                tr("没有需要处理的记录"), tr("别处的修改、退回补正和需要重新评级的户会列在这里。"), icon_name="ok"
            ),
        )
        self.pane = DecisionPane()
        self._lay_out()
        self._connect()
        Freshness(self, context.runner, self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        down = column(self, margin=20, gap=10)
        down.addLayout(self._head())
        self._turns = Turns(self.list, self.pane, (4, 7))
        down.addWidget(self._turns, 1)
        hints = (
            (tr("↑ ↓"), tr("选记录")),
            ("Enter", tr("处理")),
            ("Ctrl+S", tr("保存处理结果")),
            ("Alt+←", tr("返回")),
        )
        down.addWidget(KeyHint(hints))
        self.pane.back_button.setVisible(self._turns.in_turns)
        self._arrange()

    def _head(self) -> QHBoxLayout:
        across = row(gap=10)
        across.addWidget(label(tr("两处修改不一致"), "title"))
        self.sentence = label("", "muted", wrap=True)
        across.addWidget(self.sentence, 1)
        self.merge_button = button(tr("合并不冲突的修改"))
        self.merge_button.setToolTip(tr("两处改的不是同一组栏目时，两处的修改都留用"))
        self.merge_button.setEnabled(False)
        self.merge_button.clicked.connect(self.merge_all)
        across.addWidget(self.merge_button)
        return across

    def _connect(self) -> None:
        self.table.selected.connect(self._chosen)
        self.table.opened.connect(lambda _key: self.decide())
        self.pane.save_wished.connect(self.save)
        self.pane.merge_wished.connect(self.merge)
        self.pane.resend_wished.connect(self.resend)
        self.pane.rate_wished.connect(self.rate)
        self.pane.open_wished.connect(self._open)
        self.pane.back_wished.connect(self._to_list)

    def _arrange(self) -> None:
        self._turns.arrange(working=self._deciding, chosen=self.pane.entry is not None)

    # -- reading ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read what waits, off the GUI thread."""
        self.context.runner.read(self._reader.read, self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if not isinstance(outcome.value, Shown):
            return
        shown, before = outcome.value, self.pane.entry
        if before is not None and self.pane.touched:
            self._keep_deciding(shown)
            return
        key = self._wanted or self.table.current_key()
        line = self.table.currentIndex().row()
        self._show(shown)
        places = [entry.key for entry in shown.entries]
        place = places.index(key) if key in places else min(max(line, 0), len(places) - 1)
        if self._wanted in places:
            self._wanted = ""
        if places:
            self.table.selectRow(place)
            self._chosen(places[place])
        else:
            self.pane.entry = None
            self._deciding = False
            self._arrange()

    def _show(self, shown: Shown) -> None:
        self.shown = shown
        self.table.show_source(FixedRows(shown.rows))
        count = len(shown.entries)
        self.sentence.setText(
            tr("{n} 条等待处理，其中 {m} 条可以直接合并。", n=count, m=shown.mergeable) if count else ""
        )
        self.merge_button.setEnabled(bool(shown.mergeable))

    def _keep_deciding(self, shown: Shown) -> None:
        """Leave choices that were begun on screen; when the record itself has moved on, saving will say so."""
        self.shown = shown
        self.merge_button.setEnabled(bool(shown.mergeable))

    def _chosen(self, key: str) -> None:
        entry = self.shown.entry(key) if self.shown is not None else None
        if entry is None or self.pane.touched or entry == self.pane.entry:
            return
        self.pane.show_entry(entry)
        self._arrange()

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def take_focus(self) -> None:
        if not self._deciding:
            self.table.setFocus()

    @override
    def show_target(self, target: Target) -> None:
        self._came_from = target.came_from
        if not target.rid:
            return
        self._wanted = key_of(target.type, target.rid)
        places = [entry.key for entry in self.shown.entries] if self.shown is not None else []
        if self._wanted in places:
            self.table.selectRow(places.index(self._wanted))
            self._wanted = ""

    @override
    def go_back(self) -> None:
        if self._deciding:
            self._to_list()
        elif self._came_from is not None:
            target, self._came_from = self._came_from, None
            self.context.go(target)

    @override
    def unsaved(self) -> bool:
        return self.pane.touched

    @override
    def discard(self) -> None:
        self.pane.touched = False
        self.refresh()

    def decide(self) -> None:
        """Go on from the list to the decision."""
        if self.pane.entry is not None:
            self._deciding = True
            self._arrange()
            self.pane.enter()

    def _to_list(self) -> None:
        self._deciding = False
        self._arrange()
        self.table.setFocus()

    def _open(self) -> None:
        entry = self.pane.entry
        if entry is None:
            return
        if entry.case is None:
            self.context.go(Target("ratings", "R05", entry.key.removeprefix(f"{DUE}:"), came_from=Target("conflicts")))
        else:
            back = Target("conflicts", entry.case.type, entry.case.rid)
            self.context.go(Target("records", entry.case.type, entry.case.rid, came_from=back))

    # -- deciding --------------------------------------------------------------------------------------------------

    @override
    def save(self) -> None:
        """Save the decision on screen, when it is whole and has a reason."""
        entry = self.pane.entry
        case = entry.case if entry is not None else None
        if case is None or not self.pane.save_button.isVisible():
            return
        desk, choices = self.context.services.conflicts, self.pane.comparison.decided()
        first, decision = self.pane.comparison.first_open(), self.pane.whole.decision
        if self.pane.whole.options and not decision:
            next(iter(self.pane.whole.options.values())).radio.setFocus()
            self.pane.reason_row.show_problem(tr("请先选定怎样处理这条记录。"))
            return
        if not self.pane.whole.options and first is not None:
            first.setFocus()
            self.pane.reason_row.show_problem(tr("还有栏目没有选定用哪一处的值。"))
            return
        reason = str(self.pane.reason.value() or "")
        if not reason:
            self.pane.reason.setFocus()
            self.pane.reason_row.show_problem(tr("请写明处理理由。"))
            return

        def work() -> None:
            if decision:
                desk.settle_whole(case.type, case.rid, Whole(decision), reason=reason, seen=case.seen)
            else:
                desk.settle(case.type, case.rid, choices, reason=reason, seen=case.seen)

        self._do(work, tr("已保存处理结果；留用的本机修改已转入待报送。"))

    def merge(self) -> None:
        """Join the sides of the record on screen."""
        case = self.pane.entry.case if self.pane.entry is not None else None
        if case is not None:
            self._do(
                lambda: self.context.services.conflicts.merge(case.type, case.rid), tr("已合并，两处的修改都留用。")
            )

    def merge_all(self) -> None:
        """Join every record whose sides changed different things."""
        self._do(self.context.services.conflicts.merge_all, tr("已合并，两处的修改都留用。"))

    def resend(self) -> None:
        """Put the refused record on screen into the outbox anew."""
        case = self.pane.entry.case if self.pane.entry is not None else None
        if case is not None:
            desk = self.context.services.conflicts
            self._do(lambda: desk.send_again(case.type, case.rid), tr("已转入待报送，下次报送时重新交平台。"))

    def rate(self) -> None:
        """Rate the household on screen again."""
        if self.pane.entry is not None:
            household = self.pane.entry.key.removeprefix(f"{DUE}:")
            self._do(lambda: self.context.services.ratings.rate(household), tr("已重新评级。"))

    def _do(self, work: Callable[[], object], said: str) -> None:
        self.context.runner.submit(lambda _progress, _cancelled: work(), lambda outcome: self._done(outcome, said))

    def _done(self, outcome: Outcome, said: str) -> None:
        if isinstance(outcome.error, KnownError):
            self.pane.reason_row.show_problem(str(outcome.error.message_for_user(language())))
            if outcome.error.code == "conflicts.moved_on":
                self.pane.touched = False
                self.refresh()
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self.pane.touched = False
        self.pane.entry = None
        self._deciding = False
        self.context.notices.say(said)
        self._to_list()
        self.refresh()
