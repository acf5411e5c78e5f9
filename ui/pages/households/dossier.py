"""One household with everything about it, in the order of the paper form; its records are edited where they stand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QWidget

from jmdesk.desk import Desk
from ui.core.i18n import tr
from ui.core.ports import Chip, Row
from ui.core.record_desk import Deed
from ui.core.theme import look
from ui.pages.households.completeness import CompletenessBar
from ui.pages.households.editor import Editing, RecordEditor
from ui.pages.households.model import Part, Shown
from ui.widgets.chip import ChipLabel
from ui.widgets.record_history import HistoryView
from ui.widgets.section import Section
from ui.widgets.styling import button, card, clear, column, label, row
from ui.widgets.table_view import ROW_HEIGHT, WindowedTable

FACT_COLUMNS = 3
MOST_LINES = 8
"""A part with more rows than this scrolls within itself."""
FACTS = "R05"
CONSENTS = "R04"
HISTORY = "history"
HISTORY_HEIGHT = 300
_NOT_EDITED_HERE = (CONSENTS, "R16")


class FixedRows:
    """Rows that are all here already, for a windowed table."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def count(self) -> int:
        """How many rows."""
        return len(self._rows)

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """A slice."""
        return self._rows[offset : offset + limit]


class PartPanel(QFrame):
    """One part: a heading that folds, what is in it, and the place where a record of it is edited."""

    wished = Signal(object)

    def __init__(self, type_id: str, title: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.type_id = type_id
        self.section = Section(title)
        column(self, margin=12).addWidget(self.section)
        self.content = QWidget()
        self.inside = column(self.content, gap=8)
        self.section.add(self.content)
        self.table: WindowedTable | None = None
        self._title = title
        self._unfolded_by_user: bool | None = None
        self.section.head.clicked.connect(self._remember)
        self.add = button(tr("新增"), "link", "add")
        self.add.setAccessibleName(tr("新增{name}", name=title))
        self.add.clicked.connect(lambda: self.wished.emit(Editing(self.type_id)))
        self.section.add_action(self.add)

    def show_part(self, part: Part, *, can_add: bool) -> None:
        """Show the rows of a part; the same ones again keep the line where it is."""
        many = tr("{n} 条", n=len(part.rows)) if part.rows else tr("没有登记")
        self.section.remark.setText(f"{many}，{part.total}" if part.total else many)
        self.add.setVisible(can_add and self.type_id not in _NOT_EDITED_HERE)
        if self._unfolded_by_user is None:
            self.section.unfolded = bool(part.rows)
        line = self.table.currentIndex().row() if self.table is not None else 0
        had_focus = self.table is not None and self.table.hasFocus()
        clear(self.inside)
        self.table = None
        if part.rows:
            self.table = self._table(part)
            self.inside.addWidget(self.table)
            self.table.selectRow(min(max(line, 0), len(part.rows) - 1))
            if had_focus:
                self.table.setFocus()

    def take(self, editor: RecordEditor) -> None:
        """Edit a record here."""
        self.section.unfolded = True
        self.section.add(editor)
        editor.show()

    def take_focus(self) -> None:
        """Put the cursor where one goes on: into the list, else onto the heading."""
        (self.table if self.table is not None and self.section.unfolded else self.section.head).setFocus()

    def _table(self, part: Part) -> WindowedTable:
        table = WindowedTable(part.columns, part.record_type.label, fitted=True)
        table.show_source(FixedRows(part.rows))
        table.opened.connect(lambda rid: self.wished.emit(Editing(self.type_id, rid)))
        px = look().theme.px
        table.setFixedHeight(px(ROW_HEIGHT) * min(len(part.rows), MOST_LINES) + px(ROW_HEIGHT) + px(6))
        return table

    def _remember(self) -> None:
        self._unfolded_by_user = self.section.unfolded


class DossierView(QScrollArea):
    """``wished`` carries an ``Editing``; ``consent_wished`` asks for the consent form.

    ``scan_wished`` asks for the scan of a paper that was signed before, ``erasure_wished`` for what a withdrawal leaves
    to be done.
    """

    wished = Signal(object)
    consent_wished = Signal()
    scan_wished = Signal()
    erasure_wished = Signal()
    history_wished = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        self._down = column(inside, gap=10)
        self.setWidget(inside)
        self.completeness = CompletenessBar(desk)
        self.completeness.wished.connect(self.wished)
        self._down.addWidget(self._erasure_line())
        self._down.addWidget(self.completeness)
        self.panels: dict[str, PartPanel] = {}
        self._rid = ""
        self._down.addStretch(1)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow_focus)

    @property
    def tables(self) -> dict[str, WindowedTable]:
        """The lists that are shown, by record type."""
        return {name: panel.table for name, panel in self.panels.items() if panel.table is not None}

    def show_dossier(self, shown: Shown) -> None:
        """Show a household, keeping the place on screen when it is the same one read anew."""
        place = self.verticalScrollBar().value() if shown.rid == self._rid else 0
        self._rid = shown.rid
        self.erasure.setVisible(shown.erasure is not None)
        self.countdown.show_chip(shown.erasure or Chip(""))
        self.completeness.show_household(shown)
        self._facts(shown)
        for part in shown.parts:
            self._panel(part.record_type.id, part.record_type.label).show_part(part, can_add=not shown.voided)
        self._consents(shown)
        self._panel("R16", shown.ratings.record_type.label).show_part(shown.ratings, can_add=False)
        self._history()
        self.verticalScrollBar().setValue(place)

    def _erasure_line(self) -> QWidget:
        """What a withdrawal means for this household, how long there is to erase it, and where that is done."""
        self.erasure = card()
        across = row(self.erasure, margin=12, gap=10)
        words = tr("本户已撤回授权：评定和报送已停止，等待两人办理删除。")
        across.addWidget(label(words, "warning", wrap=True), 1)
        self.countdown = ChipLabel(Chip(""))
        across.addWidget(self.countdown)
        go = button(tr("去办理删除"), "link")
        go.clicked.connect(self.erasure_wished)
        across.addWidget(go)
        self.erasure.hide()
        return self.erasure

    def lead_with(self, *forms: QWidget) -> None:
        """Put forms above everything else: they scroll with the dossier, and only one scroll bar is needed."""
        for place, form in enumerate(forms):
            self._down.insertWidget(place, form)

    def focus_consents(self) -> None:
        """Put the cursor on what registers a consent."""
        self.sign.setFocus()

    def step(self, by: int) -> None:
        """Go to the next part (or the one before), from wherever the cursor is."""
        panels = list(self.panels.values())
        focus = QApplication.focusWidget()
        here = next((n for n, panel in enumerate(panels) if focus is not None and panel.isAncestorOf(focus)), None)
        there = (0 if by > 0 else len(panels) - 1) if here is None else max(0, min(here + by, len(panels) - 1))
        panels[there].take_focus()
        self.ensureWidgetVisible(panels[there].section.head, 0, look().theme.px(40))

    def show_editor(self, editor: RecordEditor) -> None:
        """Edit a record in its part, and bring it into view once it has its size."""
        self.panels[editor.wanted.type].take(editor)
        QTimer.singleShot(0, self, self._follow_focus)

    def _follow_focus(self, *_widgets: object) -> None:
        """Keep what has the focus in view, however it got it."""
        focus = QApplication.focusWidget()
        if focus is not None and self.widget().isAncestorOf(focus) and focus is not self:
            margin = look().theme.px(90)
            self.ensureWidgetVisible(focus, 0, min(margin, self.viewport().height() // 3))

    def current(self) -> PartPanel | None:
        """The part in which the cursor is."""
        focus = QApplication.focusWidget()
        return next((one for one in self.panels.values() if focus is not None and one.isAncestorOf(focus)), None)

    def _panel(self, type_id: str, title: str) -> PartPanel:
        made = self.panels.get(type_id)
        if made is None:
            made = self.panels[type_id] = PartPanel(type_id, title)
            made.wished.connect(self.wished)
            self._down.insertWidget(self._down.count() - 1, made)
        return made

    def show_history(self, deeds: Sequence[Deed]) -> None:
        """Show what was done to the household itself, the latest first."""
        panel = self.panels[HISTORY]
        clear(panel.inside)
        view = HistoryView()
        view.show_deeds(deeds)
        view.setFixedHeight(look().theme.px(HISTORY_HEIGHT))
        view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        panel.inside.addWidget(view)

    def _history(self) -> None:
        """The last part, read when it is unfolded, and again when it stays so."""
        if HISTORY not in self.panels:
            panel = self._panel(HISTORY, tr("修改历史"))
            panel.add.hide()
            panel.section.unfolded = False
            panel.section.toggled.connect(self._history_toggled)
        elif self.panels[HISTORY].section.unfolded:
            self.history_wished.emit(self._rid)

    def _history_toggled(self, unfolded: bool) -> None:
        if unfolded:
            self.history_wished.emit(self._rid)

    def _facts(self, shown: Shown) -> None:
        panel = self.panels.get(FACTS)
        if panel is None:
            panel = self._panel(FACTS, tr("户信息"))
            panel.add.hide()
            self.change = button(tr("修改"), "link", "edit")
            self.change.clicked.connect(lambda: self.wished.emit(Editing(FACTS, self._rid)))
            panel.section.add_action(self.change)
        self.change.setVisible(not shown.voided)
        clear(panel.inside)
        grid = QGridLayout()
        px = look().theme.px
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(6))
        filled = [(name, value) for name, value in shown.facts if value]
        lines = max(1, -(-len(filled) // FACT_COLUMNS))
        for place, (name, value) in enumerate(filled):
            line, block = place % lines, place // lines
            grid.addWidget(label(name, "muted"), line, block * 2)
            words = label(value, wrap=True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(words, line, block * 2 + 1)
        for block in range(FACT_COLUMNS):
            grid.setColumnStretch(block * 2 + 1, 1)
        panel.inside.addLayout(grid)

    def _consents(self, shown: Shown) -> None:
        panel = self.panels.get(CONSENTS)
        if panel is None:
            panel = self._panel(CONSENTS, tr("授权同意"))
            self.sign = button(tr("登记授权"), "link", "seal")
            self.sign.clicked.connect(self.consent_wished)
            self.file_scan = button(tr("归档扫描件"), "link", "folder")
            self.file_scan.clicked.connect(self.scan_wished)
            for action in (self.file_scan, self.sign):
                panel.section.add_action(action)
        panel.show_part(shown.consents, can_add=False)
        panel.section.unfolded = True
        self.sign.setVisible(not shown.voided)
        self.file_scan.setVisible(bool(shown.consents.rows) and not shown.voided)
        panel.inside.insertLayout(0, self._consent_chips(shown))
        if shown.awaiting:
            text = tr("有 {n} 项信息暂存在本机等待授权：不显示、不报送，满 30 天未取得授权将清除。", n=shown.awaiting)
            panel.inside.insertWidget(1, label(text, "warning", wrap=True))

    @staticmethod
    def _consent_chips(shown: Shown) -> QHBoxLayout:
        across = row(gap=6)
        for name in shown.signed:
            across.addWidget(ChipLabel(Chip(name, "ok")))
        for name in shown.declined:
            across.addWidget(ChipLabel(Chip(tr("{name}：本人选择不提供", name=name))))
        if not shown.signed and not shown.declined:
            across.addWidget(label(tr("还没有登记任何授权。"), "muted"))
        across.addStretch(1)
        return across
