"""The cases of a batch: the list by state, one case with its steps, and steps for a whole state at once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QScrollArea, QWidget

from jmdesk.catalogue.types import Record
from jmdesk.desk import Desk
from jmdesk.reviews.service import Case
from ui.core.cases import CaseView
from ui.core.i18n import tr
from ui.core.theme import look
from ui.pages.reviews.model import Opened, case_columns, case_row
from ui.widgets.case_panel import CasePanel
from ui.widgets.empty_state import EmptyState
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.styling import button, column, dress, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable
from ui.widgets.turns import Turns


class CasesPane(QWidget):
    """``step_wished``: step, ratings, details, reason and the town's grade; ``back_wished``: rating and reason."""

    step_wished = Signal(str, object, object, str, str)
    back_wished = Signal(str, str)
    apply_wished = Signal()
    case_wished = Signal(str)
    dossier_wished = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._opened: Opened | None = None
        self._shown = self.wanted = ""
        self._turns = Turns(self._list_side(), self._case_side(), (6, 5))
        self._turns.setSizes([620, 520])
        self.to_list.setVisible(self._turns.in_turns)
        self._turns.arrange(working=False)
        column(self, margin=8).addWidget(self._turns)

    def show_batch(self, opened: Opened) -> None:
        """Show the cases of a batch; the state filter and the chosen case stay where they can."""
        self._opened = opened
        kept, chosen = self.state.currentData(), self.wanted or self.table.current_key()
        self.wanted = ""
        self.state.clear()
        self.state.addItem(tr("全部状态({n} 户)", n=len(opened.cases)), "")
        for state, count in opened.states.items():
            found = opened.cases[0].standing.definition.states[state]
            self.state.addItem(tr("{label}({n} 户)", label=found.label, n=count), state)
        self.state.setCurrentIndex(max(self.state.findData(kept), 0))
        self.take_up.setText(tr("登记申请({n} 户)", n=opened.candidates))
        self.take_up.setVisible(bool(opened.candidates))
        self._fill(chosen)

    def show_case(self, rating: str, case: CaseView) -> None:
        """Show one case beside the list, unless a form is being filled in."""
        if self.panel.form is not None or rating != self.table.current_key():
            return
        self._shown = rating
        self.panel.show_case(case)
        found = self._case(rating)
        self.grade_line.setVisible(found is not None and found.standing.state == "scored")
        self.grade.setCurrentIndex(0)
        same = len(self.in_state())
        self.whole.setText(tr("对列表中同一状态的 {n} 户一起办理", n=same))
        self.whole.setVisible(same > 1)
        self.whole.setChecked(False)
        self.panel.setVisible(True)

    def in_state(self) -> list[str]:
        """The ratings of the list that stand where the chosen one stands."""
        chosen = self._case(self.table.current_key())
        if chosen is None or self._opened is None:
            return []
        return [c.line.rating for c in self._opened.cases if c.standing.state == chosen.standing.state]

    def enter(self) -> None:
        """Put the cursor into the list, or on what begins it."""
        self._turns.arrange(working=False)
        (self.table if self.table.rows.rowCount() else self.take_up).setFocus()

    def leave_case(self) -> bool:
        """Go back from a case to the list where they take turns; False where there is nothing to leave."""
        if self.table.isVisible():
            return False
        self.enter()
        return True

    # -- inside ----------------------------------------------------------------------------------------------------

    def _case(self, rating: str) -> Case | None:
        cases = self._opened.cases if self._opened else ()
        return next((case for case in cases if case.line.rating == rating), None)

    def _fill(self, chosen: str = "") -> None:
        state, cases = self.state.currentData(), self._opened.cases if self._opened else ()
        rows = [case_row(case, self._desk) for case in cases if state in ("", None, case.standing.state)]
        self.table.show_source(FixedRows(rows))
        line = self.table.rows.number_of(chosen)
        if line > 0:
            self.table.selectRow(line)
        dress(self.take_up, "" if rows else "primary")
        if not rows:
            self.panel.setVisible(False)
            self.grade_line.setVisible(False)
            self.whole.setVisible(False)
        elif self.table.current_key():
            self.case_wished.emit(self.table.current_key())

    def _step(self, step: str, details: Record, reason: str) -> None:
        ratings = self.in_state() if self.whole.isChecked() else [self._shown]
        grade = str(self.grade.currentData() or "") if step == "review" and not self.whole.isChecked() else ""
        self.step_wished.emit(step, ratings, details, reason, self._adjusted(grade))

    def _adjusted(self, change: str) -> str:
        """The grade one step beside the computed one; empty for the computed one."""
        found = self._case(self._shown)
        if not change or found is None:
            return ""
        order = ["AAA", "AA", "A", "B", "C"]
        place = order.index(found.line.grade) + (-1 if change == "up" else 1) if found.line.grade in order else -1
        return order[place] if 0 <= place < len(order) else found.line.grade

    def _list_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=8)
        head = row(gap=8)
        self.state = QComboBox()
        self.state.setAccessibleName(tr("状态"))
        self.state.activated.connect(lambda _place: self._fill())
        self.take_up = button("", "primary")
        self.take_up.clicked.connect(self.apply_wished)
        head.addWidget(self.state)
        head.addStretch(1)
        head.addWidget(self.take_up)
        down.addLayout(head)
        self.table = WindowedTable(case_columns(), tr("评定农户"), fitted=True)
        self.table.selected.connect(lambda key: self.case_wished.emit(key) if key else None)
        self.table.opened.connect(lambda _key: self._enter_case())
        words = tr("还没有登记申请的农户，点“登记申请”把本村还没有评定的农户列进来。")
        down.addWidget(TableOrEmpty(self.table, EmptyState(tr("没有农户"), words, icon_name="household")), 1)
        return made

    def _enter_case(self) -> None:
        self._turns.arrange(working=True)
        found = next(iter(self.panel.buttons.values()), None)
        if found is not None:
            found.setFocus()

    def _case_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=6)
        self.to_list = button(tr("返回列表"), "link", "back")
        self.to_list.clicked.connect(self.enter)
        down.addWidget(self.to_list, 0, Qt.AlignmentFlag.AlignLeft)
        self.whole = QCheckBox()
        self.whole.setVisible(False)
        down.addWidget(self.whole)
        self.grade_line = QWidget()
        across = row(self.grade_line, gap=8)
        across.addWidget(label(tr("镇复核等级")))
        self.grade = QComboBox()
        self.grade.setAccessibleName(tr("镇复核等级"))
        for text, change in (
            (tr("维持初评等级"), ""),
            (tr("上调一级(写明理由)"), "up"),
            (tr("下调一级(写明理由)"), "down"),
        ):
            self.grade.addItem(text, change)
        across.addWidget(self.grade)
        across.addStretch(1)
        self.grade_line.setVisible(False)
        down.addWidget(self.grade_line)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.panel = CasePanel()
        self.panel.setProperty("role", "scrolled")
        self.panel.setVisible(False)
        self.panel.step_taken.connect(self._step)
        self.panel.back_wished.connect(lambda reason: self.back_wished.emit(self._shown, reason))
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setMinimumHeight(look().theme.px(130))
        scroll.setWidget(self.panel)
        down.addWidget(scroll, 1)
        dossier = button(tr("打开农户档案"), "link", "household")
        dossier.clicked.connect(self._open_dossier)
        down.addWidget(dossier)
        return made

    def _open_dossier(self) -> None:
        found = self._case(self.table.current_key())
        if found is not None:
            self.dossier_wished.emit(found.line.household)
