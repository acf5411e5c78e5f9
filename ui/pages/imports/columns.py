"""Step 2: what each column means, what holds for the whole register, and how the first households would look."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QPlainTextEdit, QWidget

from jmdesk.core.messages import message
from jmdesk.registers.findings import Finding
from jmdesk.registers.mapping import WAN, ColumnChoice
from ui.core.context import Context
from ui.core.i18n import language, tr
from ui.core.overriding import override
from ui.core.ports import Row
from ui.core.theme import look
from ui.pages.imports import meanings
from ui.pages.imports.column import ColumnEditor
from ui.pages.imports.parts import Trouble, give_way, scrolled
from ui.pages.imports.reading import with_units_settled
from ui.pages.imports.whole import WholeCard
from ui.pages.imports.wizard import Wizard
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.styling import card, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import WindowedTable

_WAN_DOUBT = "registers.looks_like_wan"


class ColumnsStep(QWidget):
    """The columns on the left, the one chosen on the right; below them the preview and the whole register."""

    def __init__(self, wizard: Wizard, context: Context) -> None:
        super().__init__()
        self._wizard = wizard
        self._filling = False
        px = look().theme.px
        self._scroll, down = scrolled(self)
        self.trouble, self.doubts = Trouble(), Trouble(tr("全部改为万元"))
        down.addWidget(self.trouble)
        down.addWidget(self.doubts)
        self.table = WindowedTable(_columns(), tr("栏目对应"))
        give_way(self.table, 200)
        self.editor = ColumnEditor()
        self.editor.setMinimumWidth(px(330))
        self.whole = WholeCard(wizard, context)
        self._pairs = upper, lower = row(gap=12), row(gap=12)
        upper.addWidget(self._left_card(), 5)
        upper.addWidget(self.editor, 3)
        lower.addWidget(self._preview_card(), 5)
        lower.addWidget(self.whole, 3)
        down.addLayout(upper, 1)
        down.addLayout(lower, 1)
        self.table.selected.connect(lambda _key: self._show_column())
        self.table.opened.connect(lambda _key: self._edit())
        self.editor.picked.connect(self._pick)
        self.editor.unit_picked.connect(self._pick_unit)
        self.editor.whole_unit_picked.connect(self._pick_whole_unit)
        self.editor.left.connect(self._next_column)
        self.doubts.acted.connect(lambda: self._pick_whole_unit(WAN))
        self.preview.selected.connect(self._tell)
        wizard.previewed.connect(self._previewed)
        self.refresh()

    def take_focus(self) -> None:
        """To the list of columns."""
        self.table.setFocus()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side where there is room, else one below the other."""
        super().resizeEvent(event)
        wide = self.width() >= look().theme.px(_SIDE_BY_SIDE)
        for pair in self._pairs:
            pair.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _edit(self) -> None:
        self.editor.take_focus()
        self._scroll.ensureWidgetVisible(self.editor)

    def refresh(self) -> None:
        """Show how the wizard stands."""
        wizard = self._wizard
        self.trouble.show_error(wizard.error)
        if wizard.opened is None or wizard.mapping is None:
            return
        self._filling = True
        rivals = wizard.preview.rivals if wizard.preview else frozenset[str]()
        rows = [self._row(choice, rival=choice.header in rivals) for choice in wizard.mapping.columns]
        key = self.table.current_key()
        self.table.show_source(FixedRows(rows))
        place = next((number for number, found in enumerate(rows) if found.key == key), 0)
        self.table.selectRow(place)
        self._filling = False
        self._show_column()
        self._tell_summary()
        self.whole.refresh()

    # -- what is shown ---------------------------------------------------------------------------------------------

    def _row(self, choice: ColumnChoice, *, rival: bool) -> Row:
        opened = self._wizard.opened
        meaning = choice.meaning
        read_as = meanings.label_of(choice.key) or (choice.own.label if choice.own else "")
        state = meanings.state(choice, rival=rival)
        unit = choice.unit if meaning and meaning.is_amount else ""
        shown = opened.samples.get(choice.header, "") if opened else ""
        return Row(choice.header, (choice.header, shown, read_as, unit, state), faded=meaning is None)

    def _tell_summary(self) -> None:
        opened, mapping = self._wizard.opened, self._wizard.mapping
        if opened is None or mapping is None:
            return
        taken = sum(bool(c.key) and not c.key.startswith("ignore.") for c in mapping.columns)
        doubtful = sum(meanings.doubtful(choice) for choice in mapping.columns)
        text = tr(
            "{parts} 张表，约 {rows} 行；{columns} 栏，对应 {taken} 栏",
            parts=len(opened.register.parts),
            rows=f"{opened.rows:,}",
            columns=len(mapping.columns),
            taken=taken,
        )
        if doubtful:
            text += tr("，其中 {n} 栏请核对", n=doubtful)
        if opened.known:
            text += tr("。已按本单位上次的选择对应")
        self.summary.setText(text)

    def _previewed(self) -> None:
        found = self._wizard.preview
        if found is None:
            return
        key = self.preview.current_key()
        self.preview.show_source(FixedRows(found.rows))
        place = next((number for number, line in enumerate(found.rows) if line.key == key), 0)
        if found.rows:
            self.preview.selectRow(place)
        self._tell(self.preview.current_key())
        codes = dict.fromkeys(found.doubts)
        lines = [str(message(code, {}, language())) for code in codes]
        lines += _grouped(f for f in found.remarks if f.level == "warn" and f.code not in _TOLD_IN_LIST)
        if lines:
            self.doubts.say("\n".join(lines[:_MOST_TOLD]))
            self.doubts.action.setVisible(_WAN_DOUBT in codes)
        else:
            self.doubts.hide()
        self.refresh()

    def _tell(self, key: str) -> None:
        found = self._wizard.preview
        self.told.setPlainText(found.told.get(key, "") if found else "")

    def _show_column(self) -> None:
        wizard = self._wizard
        if self._filling or wizard.opened is None or wizard.mapping is None:
            return
        header = self.table.current_key()
        choice = next((choice for choice in wizard.mapping.columns if choice.header == header), None)
        if choice is not None:
            rival = wizard.preview is not None and header in wizard.preview.rivals
            self.editor.show_column(wizard.opened, wizard.mapping, choice, rival=rival)

    # -- choices ---------------------------------------------------------------------------------------------------

    def _pick(self, key: str) -> None:
        mapping = self._wizard.mapping
        if mapping is not None:
            self._wizard.choose(mapping.changed(self.editor.header, key=key, unit=self.editor.unit_for(key)))

    def _pick_unit(self, unit: str) -> None:
        mapping = self._wizard.mapping
        if mapping is not None:
            self._wizard.choose(with_units_settled(mapping.changed(self.editor.header, unit=unit)))

    def _pick_whole_unit(self, unit: str) -> None:
        mapping = self._wizard.mapping
        if mapping is not None:
            self._wizard.choose(with_units_settled(mapping.with_unit(unit)))

    def _next_column(self) -> None:
        line = self.table.currentIndex().row()
        self.table.setFocus()
        self.table.selectRow(min(line + 1, self.table.rows.rowCount() - 1))

    # -- parts -----------------------------------------------------------------------------------------------------

    def _left_card(self) -> QFrame:
        made = card()
        down = column(made, margin=12, gap=6)
        head = row(gap=10)
        head.addWidget(label(tr("栏目对应"), "heading"))
        self.summary = label("", "hint", wrap=True)
        head.addWidget(self.summary, 1)
        down.addLayout(head)
        down.addWidget(self.table, 1)
        return made

    def _preview_card(self) -> QFrame:
        made = card()
        down = column(made, margin=12, gap=6)
        head = row(gap=10)
        head.addWidget(label(tr("导入后的样子"), "heading"))
        head.addWidget(label(tr("前 20 户，还没有写入"), "hint"), 1)
        down.addLayout(head)
        self.preview = WindowedTable(_preview_columns(), tr("导入后的样子"), fitted=True)
        give_way(self.preview, 110)
        self.told = QPlainTextEdit()
        self.told.setReadOnly(True)
        self.told.setTabChangesFocus(True)
        self.told.setAccessibleName(tr("选中农户的全部内容"))
        give_way(self.told, 66)
        down.addWidget(self.preview, 3)
        down.addWidget(self.told, 2)
        return made


_SIDE_BY_SIDE = 850
_MOST_TOLD = 5
_TOLD_IN_LIST = frozenset({"registers.column_forbidden"})
"""Remarks that the list of columns shows where they belong."""


def _grouped(findings: Iterable[Finding]) -> list[str]:
    """Findings in words; of those that only differ in their sheet, the first and how many more there are."""
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    lines = []
    for same in by_code.values():
        said = same[0].message(language())
        more = tr("另有 {n} 处也是这样。", n=len(same) - 1) if len(same) > 1 else ""
        lines.append(f"{said.text}{more}{said.action}")
    return lines


def _columns() -> tuple[Column, ...]:
    return (
        Column(tr("表头"), 120, stretch=True),
        Column(tr("表中内容"), 120, stretch=True),
        Column(tr("导入为"), 140),
        Column(tr("单位"), 60),
        Column(tr("状态"), 90),
    )


def _preview_columns() -> tuple[Column, ...]:
    return (
        Column(tr("位置"), 112),
        Column(tr("户主"), 82),
        Column(tr("证件号码"), 176),
        Column(tr("村(居)和小组"), 115),
        Column(tr("人数"), 56, number=True),
        Column(tr("其他内容(条)"), 130),
        Column(tr("结果"), 96),
    )
