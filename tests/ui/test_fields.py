"""Fields by keyboard: what is typed, what is stored, what is said when it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import cast

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.keys import press, write
from tests.ui.samples import SEXES, search_sexes
from ui.core.pickers import region_children, region_path, search_codes, search_regions
from ui.widgets.code_picker import CodePicker
from ui.widgets.codes_field import CodesField
from ui.widgets.date_field import DateField
from ui.widgets.field import LineField, NoteField, TextField, WholeField, YearField
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.json_field import JsonField
from ui.widgets.masked_field import MaskedField
from ui.widgets.money_field import DecimalField, MoneyField
from ui.widgets.range_field import RangeField
from ui.widgets.region_picker import RegionPicker, RegionTree
from ui.widgets.time_field import TimeField
from ui.widgets.yes_no_field import YesNoField

MORNING = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)


def typed(qtbot: QtBot, field: LineField, text: str) -> None:
    """Type into a field as a clerk does and leave it with Tab."""
    qtbot.addWidget(field)
    field.show()
    field.setFocus()
    field.selectAll()
    write(field, text)
    press(field, Qt.Key.Key_Return)


def words(widget: QWidget, role: str) -> list[str]:
    """What the labels of one role say."""
    labels = [found for found in cast("list[QObject]", widget.findChildren(QLabel)) if isinstance(found, QLabel)]
    return [found.text() for found in labels if found.property("role") == role]


@pytest.mark.parametrize(
    ("field", "text", "value", "shown"),
    [
        (DateField, "19851231", "1985-12-31", "1985-12-31"),
        (lambda: DateField(lambda: date(2026, 11, 22)), "t", "2026-11-22", "2026-11-22"),
        (DecimalField, "12345.6", "12345.60", "12,345.60"),
        (lambda: DecimalField(8, 3), "1.5", "1.500", "1.500"),
        (WholeField, "1,200", 1200, "1200"),
        (YearField, "2026", 2026, "2026"),
        (TextField, "  abc  ", "abc", "abc"),
        (TimeField, "2026-11-22 17:30", "2026-11-22T09:30:00Z", "2026-11-22 17:30"),
        (lambda: TimeField(lambda: MORNING), "t", "2026-11-22T01:02:03Z", "2026-11-22 09:02"),
        (lambda: CodePicker(search_sexes, SEXES.get), "2", "2", "女性"),
        (lambda: CodePicker(search_sexes, SEXES.get), "nanx", "1", "男性"),
        (YesNoField, "y", True, "是"),
        (YesNoField, "0", False, "否"),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_a_wire_value(
    qtbot: QtBot, field: Callable[[], LineField], text: str, value: object, shown: str
) -> None:
    made = field()
    typed(qtbot, made, text)
    assert made.problem() == ""
    assert made.value() == value
    assert made.text() == shown


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        (DateField, "1985.13.41", "不是有效日期"),
        (DecimalField, "1.234", "小数最多 2 位"),
        (DecimalField, "abc", "请输入数字"),
        (DecimalField, "9999999999999", "数值太大"),
        (WholeField, "1.5", "请输入整数"),
        (YearField, "26", "4 位年份"),
        (TimeField, "2026-11-22 25:00", "不是有效时间"),
    ],
)
def test_what_cannot_be_read_stays_and_is_said(qtbot: QtBot, field: type[LineField], text: str, said: str) -> None:
    made = field()
    typed(qtbot, made, text)
    assert said in made.problem()
    assert made.text() == text
    assert made.value() is None
    assert made.property("problem") is True


def test_typing_is_never_rewritten_before_the_field_is_left(qtbot: QtBot) -> None:
    made = DateField()
    qtbot.addWidget(made)
    write(made, "19851")
    assert made.text() == "19851"
    assert made.problem() == ""


def test_an_input_method_can_write_into_every_text_field(qtbot: QtBot) -> None:
    for made in (TextField(), CodePicker(search_sexes, SEXES.get), DateField()):
        qtbot.addWidget(made)
        QApplication.sendEvent(made, QInputMethodEvent("nv", []))
        assert made.text() == ""
        write(made, "女")
        assert made.text() == "女"


def test_clearing_a_field_leaves_no_value(qtbot: QtBot) -> None:
    made = DateField()
    made.set_value("1985-12-31")
    typed(qtbot, made, " ")
    assert made.value() is None
    assert made.problem() == ""


def test_an_amount_shows_itself_in_ten_thousands_while_it_is_typed(qtbot: QtBot) -> None:
    made = MoneyField()
    qtbot.addWidget(made)
    made.show()
    write(made.line, "123456")
    assert words(made, "echo") == ["= 12.3456 万元"]
    assert made.value() == "123456.00"


def test_an_amount_is_plain_while_edited_and_grouped_after(qtbot: QtBot) -> None:
    made, other = DecimalField(), QLineEdit()
    both = QWidget()
    for widget in (made, other):
        widget.setParent(both)
    qtbot.addWidget(both)
    both.show()
    made.set_value("1234567.00")
    assert made.text() == "1,234,567.00"
    with qtbot.waitActive(both):
        both.activateWindow()
    made.setFocus()
    assert made.text() == "1234567.00"
    other.setFocus()
    assert made.text() == "1,234,567.00"
    assert made.value() == "1234567.00"


def test_a_code_is_found_by_code_label_pinyin_and_initials() -> None:
    values = {"0111": "稻谷种植", "0141": "蔬菜种植", "0313": "猪的饲养"}
    search = search_codes(values)
    assert [found.code for found in search("0141", 9)] == ["0141"]
    assert [found.code for found in search("种植", 9)] == ["0111", "0141"]
    assert [found.code for found in search("dgzz", 9)] == ["0111"]
    assert [found.code for found in search("zhude", 9)] == ["0313"]
    assert [found.code for found in search("", 2)] == ["0111", "0141"]
    assert not search("没有这个", 9)


def test_a_choice_that_is_not_clear_is_asked_again(qtbot: QtBot) -> None:
    made = CodePicker(search_codes({"1": "一般农户", "2": "一般企业"}), SEXES.get)
    typed(qtbot, made, "一般")
    assert "请从选项中选" in made.problem()
    assert made.value() is None


def test_a_picker_opens_and_chooses_by_keyboard(qtbot: QtBot) -> None:
    made = CodePicker(search_sexes, SEXES.get)
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    made.setFocus()
    press(made, Qt.Key.Key_Down)
    popup = made.completer().popup()
    qtbot.waitUntil(popup.isVisible)
    press(popup, Qt.Key.Key_Down)
    press(popup, Qt.Key.Key_Down)
    with qtbot.waitSignal(made.edited):
        press(popup, Qt.Key.Key_Return)
    assert made.value() == "1"
    assert made.text() == "男性"


def test_a_stored_code_that_the_list_no_longer_has_is_kept(qtbot: QtBot) -> None:
    made = CodePicker(search_sexes, SEXES.get)
    qtbot.addWidget(made)
    made.set_value("7")
    assert made.text() == "7"
    assert made.value() == "7"


def test_a_place_is_found_by_name_and_initials_and_shows_its_path(qtbot: QtBot) -> None:
    assert search_regions("上洞", 5)[0].code == "440783110220"
    assert "440783110220" in [found.code for found in search_regions("sdc", 50)]
    assert search_regions("440783110220", 5)[0].label == "上洞村"
    made = RegionPicker(search_regions, region_path, region_children)
    qtbot.addWidget(made)
    made.set_value("440783110220")
    assert made.line.text() == "上洞村"
    assert words(made, "hint") == ["开平市 / 百合镇"]


def test_a_place_is_chosen_down_the_tree_by_keyboard(qtbot: QtBot) -> None:
    made = RegionPicker(search_regions, region_path, region_children)
    qtbot.addWidget(made)
    made.show()
    made.browse()
    tree = next(found for found in made.children() if isinstance(found, RegionTree))
    tree.tree.setCurrentItem(tree.tree.topLevelItem(0))
    press(tree.tree, Qt.Key.Key_Right)
    assert tree.tree.topLevelItem(0).childCount() > 5
    with qtbot.waitSignal(made.edited):
        press(tree.tree, Qt.Key.Key_Return)
    assert str(made.value()).startswith("4407")
    assert not tree.isVisible()


def test_a_masked_number_is_asked_for_with_a_reason_and_covered_again(qtbot: QtBot) -> None:
    made = MaskedField()
    qtbot.addWidget(made)
    made.show()
    made.set_mask("440783********1234")
    assert made.line.isReadOnly()
    made.show_button.click()
    made.confirm.click()
    assert made.reason.problem()
    write(made.reason, "核对证件原件")
    with qtbot.waitSignal(made.reveal_requested) as asked:
        made.confirm.click()
    assert asked.args == ["核对证件原件"]
    made.reveal("440783198512311234")
    assert made.line.text() == "440783198512311234"
    assert made.value() is None
    made.cover()
    assert made.line.text() == "440783********1234"
    assert not made.revealed


def test_a_masked_number_is_only_a_value_when_typed_anew(qtbot: QtBot) -> None:
    made = MaskedField()
    qtbot.addWidget(made)
    made.set_mask("440783********1234")
    assert not made.changed
    made.start_change()
    write(made.line, "440783198512311234")
    assert made.value() == "440783198512311234"


def test_a_range_needs_both_days_in_order(qtbot: QtBot) -> None:
    made = RangeField()
    qtbot.addWidget(made)
    made.first.set_value("2026-02-01")
    assert made.problem() == "起止日期要都填。"
    made.last.set_value("2026-01-01")
    assert "晚于" in made.problem()
    made.last.set_value("2026-03-01")
    assert made.value() == ["2026-02-01", "2026-03-01"]


def test_several_codes_are_ticked(qtbot: QtBot) -> None:
    made = CodesField({"1": "退货", "2": "换货", "3": "修理"})
    qtbot.addWidget(made)
    made.set_value(["3"])
    made.boxes["1"].click()
    assert made.value() == ["1", "3"]


def test_structured_content_is_not_changed_by_looking_at_it(qtbot: QtBot) -> None:
    made = JsonField()
    qtbot.addWidget(made)
    for value in ({"a": "1", "b": 2}, ["C1", "C2"], {"deep": {"x": [1, 2]}}, [{"a": 1}]):
        made.set_value(value)
        assert made.value() == value
    made.set_value(None)
    made.setPlainText("甲 = 1\n乙 = 2")
    assert made.value() == {"甲": "1", "乙": "2"}


def test_a_long_text_says_when_it_is_too_long(qtbot: QtBot) -> None:
    made = NoteField(max_length=5)
    qtbot.addWidget(made)
    made.setPlainText("一二三四五六七")
    assert made.problem() == "超出 2 个字。"


def test_a_row_tells_screen_readers_everything(qtbot: QtBot) -> None:
    field = TextField()
    made = FormRow(RowText("证件号码", required=True, help="身份证上的号码"), field)
    qtbot.addWidget(made)
    assert field.accessibleName() == "证件号码(必填)"
    assert field.accessibleDescription() == "身份证上的号码"
    field.show_problem("号码不对")
    assert field.accessibleDescription() == "号码不对"
    assert not made.problem_label.isHidden()
    field.show_problem("")
    assert made.problem_label.isHidden()


def test_a_locked_row_says_which_consent_opens_it(qtbot: QtBot) -> None:
    field = MoneyField()
    made = FormRow(RowText("存款", locked="须取得书面同意"), field)
    qtbot.addWidget(made)
    assert not field.isEnabled()
    assert made.lock_text == "须取得书面同意"
    assert field.accessibleDescription() == "须取得书面同意"
