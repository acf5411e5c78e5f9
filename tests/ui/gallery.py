"""Every widget in every state, for looking at and for the tests of contrast and names."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QScrollArea, QWidget

from tests.ui.samples import SEXES, ManyRows, search_sexes
from ui.core.messages import Notice
from ui.core.pickers import region_children, region_path, search_regions
from ui.core.ports import Chip
from ui.widgets.chip import ChipLabel
from ui.widgets.code_picker import CodePicker
from ui.widgets.date_field import DateField
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import NoteField, TextField, YearField
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.key_hint import KeyHint
from ui.widgets.masked_field import MaskedField
from ui.widgets.money_field import MoneyField
from ui.widgets.notice_bar import NoticeBar
from ui.widgets.region_picker import RegionPicker
from ui.widgets.section import Section
from ui.widgets.stepper import Stepper
from ui.widgets.styling import button, card, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import TableOrEmpty, WindowedTable

HOUSEHOLD_COLUMNS = (
    Column("户编号", 180),
    Column("户主", 100),
    Column("住址", 200, stretch=True),
    Column("人口", 70, number=True),
    Column("年收入(元)", 130, number=True),
    Column("评级", 110),
    Column("报送", 110),
)


def fields() -> QWidget:
    """A form with one field of every kind."""
    scroll = QScrollArea()
    scroll.setObjectName("content")
    scroll.setWidgetResizable(True)
    inside = QWidget()
    inside.setObjectName("content")
    scroll.setWidget(inside)
    down = column(inside, margin=20, gap=12)
    down.addWidget(label("三堡村 陈建明户", "title"))
    stepper = Stepper(("选择文件", "对应栏目", "核对", "导入"))
    stepper.go(1)
    down.addWidget(stepper)
    across = row(gap=16)
    down.addLayout(across)
    across.addWidget(_left(), 1, Qt.AlignmentFlag.AlignTop)
    across.addWidget(_right(), 1, Qt.AlignmentFlag.AlignTop)
    down.addWidget(KeyHint((("Ctrl+S", "保存"), ("Enter", "下一项"), ("Alt+↓", "展开选项"))))
    down.addStretch(1)
    return scroll


def _left() -> QWidget:
    made = card()
    section = Section("户主基本信息", remark="5 项，1 项必填未填")
    column(made, margin=12).addWidget(section)
    name = TextField(max_length=30)
    name.set_value("陈建明")
    sex = CodePicker(search_sexes, SEXES.get)
    sex.set_value("1")
    born = DateField()
    born.setText("1985.13.41")
    born.setModified(True)
    number = MaskedField()
    number.set_mask("4407**********1234")
    place = RegionPicker(search_regions, region_path, region_children)
    place.set_value("440783110220")
    for text, field in (
        (RowText("姓名", required=True), name),
        (RowText("性别", required=True), sex),
        (RowText("出生日期"), born),
        (RowText("公民身份号码", required=True), number),
        (RowText("所在村居", required=True), place),
        (RowText("手机号码"), TextField()),
    ):
        section.add(FormRow(text, field))
    born.settle()
    return made


def _right() -> QWidget:
    made = card()
    down = column(made, margin=12)
    section = Section("收入与资产")
    down.addWidget(section)
    income = MoneyField()
    income.set_value("123456.00")
    year = YearField()
    year.set_value(2026)
    year.setReadOnly(True)
    note = NoteField(max_length=200)
    note.set_value("种植番石榴 6 亩，另养殖四大家鱼。")
    section.add(FormRow(RowText("家庭年收入", required=True, help="上一年度，按户填报"), income))
    section.add(FormRow(RowText("年度"), year))
    section.add(FormRow(RowText("银行借款余额", locked="须先取得“金融信息”授权才能填写"), MoneyField()))
    section.add(FormRow(RowText("备注"), note))
    folded = Section("承包地", unfolded=False, remark="3 块")
    down.addWidget(folded)
    chips = row()
    for kind, text in (
        ("ok", "A 级"),
        ("info", "等待回执"),
        ("warn", "待报送"),
        ("bad", "退回补正"),
        ("neutral", "作废"),
    ):
        chips.addWidget(ChipLabel(Chip(text, kind)))
    chips.addStretch(1)
    down.addLayout(chips)
    buttons = row()
    for text, role, on in (
        ("保存", "primary", True),
        ("取消", "", True),
        ("作废", "danger", True),
        ("停用", "", False),
    ):
        made_button = button(text, role)
        made_button.setEnabled(on)
        buttons.addWidget(made_button)
    buttons.addWidget(button("查看历史", "link", "history"))
    buttons.addStretch(1)
    down.addLayout(buttons)
    more = row()
    box = QCheckBox("只看本组")
    box.setChecked(True)
    combo = QComboBox()
    combo.addItems(["全部状态", "待报送"])
    more.addWidget(box)
    more.addWidget(combo)
    more.addStretch(1)
    down.addLayout(more)
    return made


def lists() -> QWidget:
    """A long list, an empty one and the notices."""
    made = QWidget()
    made.setObjectName("content")
    down = column(made, margin=20, gap=12)
    for notice in (
        Notice("已保存。", "ok", action_text="撤销", action=lambda: None),
        Notice("开库口令不对。", "bad", "请检查大写锁定键后再试。"),
    ):
        bar = NoticeBar()
        down.addWidget(bar)
        bar.show_notice(notice)
    table = WindowedTable(HOUSEHOLD_COLUMNS, "农户")
    table.show_source(ManyRows(300_000))
    down.addWidget(table, 3)
    empty = WindowedTable(HOUSEHOLD_COLUMNS[:3], "空")
    down.addWidget(
        TableOrEmpty(empty, EmptyState("没有找到农户", "换个姓名、拼音首字母或身份证后四位试试。", "新建农户")), 2
    )
    return made
