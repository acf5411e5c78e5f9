"""How parts stand beside each other: lines that go on below, lists and entries that take turns."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from ui.core.cases import Offer
from ui.core.ports import Row
from ui.core.theme import look, theme
from ui.widgets.case_panel import CasePanel
from ui.widgets.date_field import DateField
from ui.widgets.elided import Elided
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import NoteField, TextField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.flow import Flow
from ui.widgets.key_hint import KeyHint
from ui.widgets.styling import at_left, button, label
from ui.widgets.table_model import Column
from ui.widgets.table_view import TableOrEmpty, WindowedTable
from ui.widgets.turns import Turns

ONE, NARROW = 900, 150


def middle(widget: QWidget) -> float:
    return widget.geometry().top() + widget.height() / 2


def test_words_in_a_line_stand_at_the_middle_of_the_fields_beside_them(qtbot: QtBot) -> None:
    holder, words, field, below = QWidget(), QLabel("移交人"), QComboBox(), QLabel("接收人")
    qtbot.addWidget(holder)
    across = Flow()
    for widget in (words, field, below):
        across.addWidget(widget)
    holder.setLayout(across)
    field.setMinimumHeight(60)
    below.setMinimumWidth(400)
    holder.resize(420, 200)
    holder.show()
    assert abs(middle(words) - middle(field)) <= 1
    assert below.geometry().top() >= field.geometry().bottom()
    assert across.heightForWidth(420) == below.geometry().bottom() + 1


def test_a_line_without_anything_to_show_takes_no_room(qtbot: QtBot) -> None:
    holder, words = QWidget(), QLabel("移交人")
    qtbot.addWidget(holder)
    across = Flow()
    across.addWidget(words)
    holder.setLayout(across)
    words.hide()
    assert across.heightForWidth(300) == 0


def test_a_list_and_its_entry_stand_side_by_side_until_the_text_is_large(qtbot: QtBot) -> None:
    choices, chosen = QWidget(), QWidget()
    both = Turns(choices, chosen, (1, 1))
    qtbot.addWidget(both)
    both.show()
    seen = []
    for scale in (100, 150):
        look().apply(theme("light", scale))
        for working, something in ((False, True), (True, True), (True, False)):
            both.arrange(working=working, chosen=something)
            seen.append((choices.isVisible(), chosen.isVisible()))
    assert seen == [(True, True), (True, True), (True, False), (True, False), (False, True), (True, False)]


def test_keys_ask_for_one_line_and_take_more_only_where_it_is_narrow(qtbot: QtBot) -> None:
    hint = KeyHint([("Enter", "打开"), ("Ctrl+N", "新建"), ("Ctrl+F", "查找")])
    qtbot.addWidget(hint)
    assert hint.sizeHint().height() == hint.heightForWidth(ONE)
    assert hint.heightForWidth(NARROW) > 2 * hint.heightForWidth(ONE)


def test_a_name_is_whole_while_the_number_beside_it_gives_way(qtbot: QtBot) -> None:
    holder, name, number = QWidget(), Elided("title", keep=8), Elided("muted")
    qtbot.addWidget(holder)
    for widget, text in ((name, "司徒建明 户"), (number, "临时编号 440785104200000002")):
        widget.setText(text)
        widget.setParent(holder)
    holder.show()  # gives them the fonts of their roles
    assert name.minimumSizeHint().width() > name.fontMetrics().horizontalAdvance(name.text())
    assert number.minimumSizeHint().width() < number.fontMetrics().horizontalAdvance(number.text())


def test_a_list_that_is_not_empty_needs_no_room_for_the_words_of_an_empty_one(qtbot: QtBot) -> None:
    table = WindowedTable([Column("户主", 100)], "农户")
    both = TableOrEmpty(table, EmptyState("还没有农户", "先导入登记表。"))
    qtbot.addWidget(both)
    empty = both.minimumSizeHint().height()
    table.show_source(FixedRows([Row("1", ("陈建明",))]))
    assert both.minimumSizeHint() == table.minimumSizeHint()
    assert empty > both.minimumSizeHint().height()


def test_a_card_of_limited_width_gets_the_height_that_its_words_need(qtbot: QtBot) -> None:
    holder, words = QWidget(), label("登记一次，本机就能报送。" * 12, wrap=True)
    qtbot.addWidget(holder)
    words.setMaximumWidth(300)
    down = QVBoxLayout(holder)
    down.addLayout(at_left(words))
    down.addStretch(1)
    holder.resize(ONE, 600)
    holder.show()
    assert words.width() == 300
    assert words.height() >= words.heightForWidth(300)


def test_while_a_step_asks_its_own_button_is_the_only_one_that_stands_out(qtbot: QtBot) -> None:
    holder, outside, panel = QWidget(), button("登记申请", "primary", "add"), CasePanel()
    qtbot.addWidget(holder)
    down = QVBoxLayout(holder)
    down.addWidget(outside)
    down.addWidget(panel)
    holder.show()
    needs = (("doc_no", "文号"), ("plaque_date", "授牌日期"), ("ground", "依据"))
    panel.open_form(Offer("decide", "评审通过", needs, paper=True, obstacle=""))
    form = panel.form
    assert form is not None
    assert [type(field) for field in form.needs.values()] == [TextField, DateField, NoteField]
    assert outside.property("role") == ""
    panel.close_form()
    assert outside.property("role") == "primary"
