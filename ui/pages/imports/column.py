"""One column: what it is read as, its unit, and what becomes of its values."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QWidget

from jmdesk.core.messages import message
from jmdesk.registers.mapping import WAN, YUAN, ColumnChoice, Mapping
from jmdesk.registers.wording import unit_in, wording
from ui.core.i18n import language, tr
from ui.core.theme import look
from ui.pages.imports import meanings
from ui.pages.imports.reading import Opened, echoes_of
from ui.widgets.code_picker import CodePicker
from ui.widgets.elided import Elided
from ui.widgets.styling import button, clear, column, label, mark, picture, row


class ColumnEditor(QFrame):
    """Emits ``picked`` with a meaning's key ("" leaves the column out), ``unit_picked`` and ``whole_unit_picked``
    with 元 or 万元, ``left`` when Enter in the picker says that this column is done.
    """

    picked = Signal(str)
    unit_picked = Signal(str)
    whole_unit_picked = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.header, self._key = "", ""
        down = column(self, margin=12, gap=6)
        self.title = Elided("heading")
        self.words = label("", "muted", wrap=True)
        self.picker = CodePicker(meanings.search, meanings.label_of, coded=False)
        self.picker.setPlaceholderText(tr("不导入；输入名称、拼音首字母，或按 ↓ 选择"))
        self.picker.setAccessibleName(tr("这一栏导入为"))
        self.problem = label("", "problem", wrap=True)
        self.confirm_button = button(tr("核对无误"), "", "ok")
        self.leave_button = button(tr("不导入这一栏"), "link")
        down.addWidget(self.title)
        down.addWidget(self.words)
        down.addWidget(label(tr("这一栏导入为"), "label"))
        down.addWidget(self.picker)
        down.addWidget(self.problem)
        across = row(gap=8)
        across.addWidget(self.confirm_button)
        across.addWidget(self.leave_button)
        across.addStretch(1)
        down.addLayout(across)
        down.addWidget(self._unit_row())
        self.echo_title = label(tr("表中内容 → 记入"), "label")
        down.addWidget(self.echo_title)
        self._echoes = QGridLayout()
        self._echoes.setColumnStretch(0, 2)
        self._echoes.setColumnStretch(2, 3)
        self._echoes.setHorizontalSpacing(look().theme.px(8))
        self._echoes.setVerticalSpacing(look().theme.px(2))
        down.addLayout(self._echoes)
        self.remark = label("", "warning", wrap=True)
        down.addWidget(self.remark)
        down.addStretch(1)
        self.picker.edited.connect(self._chosen)
        self.picker.editingFinished.connect(self._chosen)
        self.picker.returnPressed.connect(self._entered)
        self.picker.problem_changed.connect(self._show_problem)
        self.confirm_button.clicked.connect(lambda: self.picked.emit(self._key))
        self.leave_button.clicked.connect(lambda: self.picked.emit(""))
        self.unit.activated.connect(self._unit_chosen)
        self._show_problem("")

    def take_focus(self) -> None:
        """To the picker, or to what can be done."""
        if self.picker.isEnabled():
            self.picker.setFocus()
            self.picker.selectAll()

    def show_column(self, opened: Opened, mapping: Mapping, choice: ColumnChoice, *, rival: bool) -> None:
        """Show one column as a mapping reads it."""
        meaning = choice.meaning
        kind = meanings.forbidden_kind(choice.header)
        self.title.setText(choice.header)
        if choice.header != self.header or not self.picker.isModified():
            self.picker.set_value(choice.key or None)
        self.header, self._key = choice.header, choice.key
        self.picker.setEnabled(not kind)
        self.words.setText(_words(choice, kind, rival=rival))
        self.words.setVisible(bool(self.words.text()))
        mark(self.words, "role", "problem" if kind or rival else "muted")
        self.confirm_button.setVisible(meanings.doubtful(choice))
        self.leave_button.setVisible(bool(choice.key) and not choice.key.startswith("ignore."))
        amount = meaning is not None and meaning.is_amount
        self.unit_row.setVisible(amount)
        self.unit.setCurrentIndex(max(0, self.unit.findData(choice.unit or YUAN)))
        self.whole_button.setText(tr("全表金额都按{unit}", unit=self.unit.currentText()))
        self._show_echoes(opened, mapping, choice)

    def unit_for(self, key: str) -> str:
        """The unit of a column that is read as ``key`` from now on."""
        meaning = wording().meanings.get(key)
        if meaning is None or not meaning.is_amount:
            return ""
        return str(self.unit.currentData()) if self.unit_row.isVisible() else unit_in(self.header) or YUAN

    def echoes(self) -> list[str]:
        """The lines shown: before → after."""
        lines = []
        for line in range(self._echoes.rowCount()):
            cells = [self._echoes.itemAtPosition(line, place) for place in (0, 2)]
            texts = [str(item.widget().property("text")) for item in cells if item is not None]
            if len(texts) == 2:
                lines.append(f"{texts[0]} → {texts[1]}")
        return lines

    def _show_echoes(self, opened: Opened, mapping: Mapping, choice: ColumnChoice) -> None:
        clear(self._echoes)
        found = echoes_of(opened, mapping, choice.header)
        read = bool(choice.key) and not choice.key.startswith("ignore.")
        self.echo_title.setText(tr("表中内容 → 记入") if read else tr("表中内容"))
        self.echo_title.setVisible(bool(found))
        for line, echo in enumerate(found):
            before = Elided("muted" if read else "")
            before.setText(echo.before)
            self._echoes.addWidget(before, line, 0)
            if read:
                after = Elided("warning" if echo.remark else "")
                after.setText(echo.after or tr("(不记入)"))
                self._echoes.addWidget(picture("right", "muted", 12), line, 1)
                self._echoes.addWidget(after, line, 2)
        remark = next((echo.remark for echo in found if echo.remark), None) if read else None
        self.remark.setVisible(remark is not None)
        if remark is not None:
            name = {"label": meanings.label_of(choice.key) or (choice.own.label if choice.own else "")}
            self.remark.setText(str(message(remark.code, {**name, **remark.params}, language())))

    def _unit_row(self) -> QWidget:
        self.unit_row = QWidget()
        across = row(self.unit_row, gap=8)
        self.unit = QComboBox()
        self.unit.addItem(tr("元"), YUAN)
        self.unit.addItem(tr("万元"), WAN)
        self.unit.setAccessibleName(tr("金额单位"))
        name = label(tr("表中金额的单位"), "label")
        name.setBuddy(self.unit)
        self.whole_button = button("", "link")
        self.whole_button.clicked.connect(lambda: self.whole_unit_picked.emit(str(self.unit.currentData())))
        across.addWidget(name, 0, Qt.AlignmentFlag.AlignVCenter)
        across.addWidget(self.unit)
        across.addWidget(self.whole_button)
        across.addStretch(1)
        return self.unit_row

    def _unit_chosen(self) -> None:
        self.unit_picked.emit(str(self.unit.currentData()))

    def _chosen(self) -> None:
        """Something was chosen or typed to its end; what is still being typed stands as modified."""
        if self.picker.isModified() or self.picker.problem():
            return
        key = str(self.picker.value() or "")
        if key != self._key:
            self.picked.emit(key)

    def _entered(self) -> None:
        self.picker.settle()
        self._chosen()
        if not self.picker.problem():
            self.left.emit()

    def _show_problem(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))


def _words(choice: ColumnChoice, kind: str, *, rival: bool) -> str:
    """What is to be said of a column."""
    if kind:
        return tr("这一栏属于不得采集的内容({kind})，不会导入。请在原表中删去。", kind=kind)
    if rival:
        return tr("另有一栏也导入为这一项，只能留一栏；请把另一栏改为别的，或不导入。")
    meaning = choice.meaning
    if meaning is None:
        return tr("这一栏不导入。需要时在下面选择它的含义。")
    if meaning.type == "ignore":
        return tr("这一栏不用导入，程序自己会记。") if meaning.name != "notes" else tr("备注不导入。")
    if meaning.described is not None and not meaning.described.default_on:
        return tr("这一项默认不采集，本市目录开启后才会导入。")
    if meanings.doubtful(choice):
        return tr("按表头猜的，请对照下面的内容核对。")
    return ""
