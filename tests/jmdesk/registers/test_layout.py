"""Title lines, header rows, merged headers, tails and forms are found as offices make them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from jmdesk.registers.layout import Form, Table, found_on, group_named
from jmdesk.registers.sheets import Sheet
from jmdesk.registers.wording import bare_header, unit_in, wording
from tests.jmdesk.registers.sheets import found, sheet

HEADER = ["序号", "户编号", "姓名", "与户主关系", "身份证号", "联系电话"]
PERSON = [1.0, "0001", "陈明", "户主", "44070519900101997X", "15412345678"]


def table(one: Sheet) -> Table:
    (part,) = found(one)
    assert isinstance(part, Table)
    return part


def rows(part: Table) -> list[int]:
    return [number for number, _, _ in part.data_rows()]


@pytest.mark.parametrize("titles", [[], [["大泽镇农户登记表"]], [["大泽镇农户登记表"], [], ["填报单位：同和村"]]])
def test_the_header_is_found_below_any_number_of_title_lines(titles: list[Sequence[object]]) -> None:
    part = table(sheet(*titles, HEADER, PERSON))
    assert part.header_rows == (len(titles), len(titles))
    assert rows(part) == [len(titles) + 1]
    assert len(part.titles) == sum(bool(title) for title in titles)


def test_two_merged_header_rows_are_joined() -> None:
    part = table(
        sheet(
            ["户编号", "家庭成员", "", "", "上年收入(元)", ""],
            ["", "姓名", "与户主关系", "身份证号", "种植收入", "务工收入"],
            PERSON[1:5],
            merges=((0, 0, 1, 0), (0, 1, 0, 3), (0, 4, 0, 5)),
        )
    )
    assert part.headers == (
        "户编号",
        "家庭成员/姓名",
        "家庭成员/与户主关系",
        "家庭成员/身份证号",
        "上年收入(元)/种植收入",
        "上年收入(元)/务工收入",
    )
    assert part.first == 2


def test_three_header_rows_are_joined() -> None:
    part = table(
        sheet(
            ["户编号", "家庭成员", "", "收入", ""],
            ["", "基本", "", "上年", ""],
            ["", "姓名", "与户主关系", "种植收入", "务工收入"],
            ["0001", "陈明", "户主", 100.0, 200.0],
            merges=((0, 0, 2, 0), (0, 1, 0, 2), (0, 3, 0, 4), (1, 1, 1, 2), (1, 3, 1, 4)),
        )
    )
    assert part.headers[1] == "家庭成员/基本/姓名"
    assert part.headers[4] == "收入/上年/务工收入"


def test_a_csv_has_no_merges_and_upper_headers_reach_right_over_their_empty_cells() -> None:
    part = table(
        sheet(
            ["户编号", "家庭成员", "", "", "备注"],
            ["", "姓名", "与户主关系", "身份证号", ""],
            ["0001", "陈明", "户主", "44070519900101997X", ""],
            merges=None,
        )
    )
    assert part.headers == ("户编号", "家庭成员/姓名", "家庭成员/与户主关系", "家庭成员/身份证号", "备注")


def test_sums_signatures_repeated_headers_and_empty_rows_are_no_data() -> None:
    part = table(
        sheet(
            HEADER,
            PERSON,
            [],
            HEADER,
            PERSON,
            ["合计", "", "", "", "", 2.0],
            ["填表人：陈某", "", "", "审核人："],
            ["说明：本表一式两份"],
        )
    )
    assert rows(part) == [1, 4]


def test_a_line_of_its_own_names_the_village_group_of_the_rows_below() -> None:
    part = table(sheet(HEADER, ["第三村民小组"], PERSON, ["4组"], PERSON))
    assert [group for _, _, group in part.data_rows()] == ["3组", "4组"]


@pytest.mark.parametrize(("text", "group"), [("第3组", "3组"), ("第十二村民小组", "12组"), ("同和村", "")])
def test_sheet_names_may_name_a_group(text: str, group: str) -> None:
    assert group_named(text) == group


def test_rows_far_below_the_register_are_counted_and_not_taken() -> None:
    part = table(sheet(HEADER, PERSON, *([[]] * 300), ["打印于 2025 年"]))
    assert rows(part) == [1]
    assert part.stray == 1


def test_short_gaps_do_not_end_a_register() -> None:
    assert rows(table(sheet(HEADER, PERSON, *([[]] * 30), PERSON))) == [1, 32]


@pytest.mark.parametrize(
    "other",
    [
        sheet(["目录"], ["一、说明"], ["二、登记表"]),
        sheet(["1", "2"], ["3", "4"]),
        sheet([]),
        sheet(["镇", "贷款总额", "增长率"], ["大泽", 1000.0, 0.3]),
    ],
)
def test_a_sheet_that_is_no_register_is_left_alone(other: Sheet) -> None:
    assert found_on(other, wording()) is None


def test_a_unit_above_the_table_holds_for_all_of_it() -> None:
    assert table(sheet(["农户登记表", "", "单位：万元"], HEADER, PERSON)).unit == "万元"


FORM = sheet(
    ["农户信用信息采集表"],
    ["村民小组：3组", "", "户编号：0012"],
    ["户主姓名", "陈明", "联系电话", "15412345678"],
    ["家庭住址", "新屋3号", "", "", "农户类型", "种养大户"],
    ["家庭人口", 2.0, "劳动力人数", 1.0],
    ["家庭成员"],
    ["姓名", "与户主关系", "身份证号码", "职业"],
    ["陈明", "户主", "44070519900101997X", "务工"],
    ["黄英", "妻", "440705199202029969", "种植"],
    ["家庭收支(单位：元)"],
    ["种植收入", 30000.0, "务工收入", ""],
    ["采集日期", "2025年12月31日"],
    merges=((3, 1, 3, 3),),
)


def form(one: Sheet = FORM) -> Form:
    (part,) = found(one)
    assert isinstance(part, Form)
    return part


def test_a_form_is_read_as_labels_with_their_values() -> None:
    said = {pair.label: pair.value for pair in form().pairs}
    assert said == {
        "村民小组": "3组",
        "户编号": "0012",
        "户主姓名": "陈明",
        "联系电话": "15412345678",
        "家庭住址": "新屋3号",
        "农户类型": "种养大户",
        "家庭人口": 2.0,
        "劳动力人数": 1.0,
        "种植收入": 30000.0,
        "采集日期": "2025年12月31日",
    }


def test_a_small_table_in_a_form_ends_at_the_next_heading() -> None:
    (members,) = form().tables
    assert members.rows == (7, 8)
    assert members.section == "家庭成员"


def test_an_occupation_that_is_also_a_header_stays_a_value() -> None:
    assert wording().knows("务工")
    assert form().sheet.cell(7, 3) == "务工"
    assert form().tables[0].rows == (7, 8)


@pytest.mark.parametrize(
    ("header", "bare"),
    [("贷款余额\n（万元）", "贷款余额"), (" 姓 名 * ", "姓名"), ("年收入：", "年收入"), ("规模(亩)", "规模")],
)
def test_headers_are_compared_without_units_and_typography(header: str, bare: str) -> None:
    assert bare_header(header) == bare


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("收入(万元)", "万元"),
        ("收入（元）", "元"),
        ("单位:万元", "万元"),
        ("单位：元", "元"),
        ("收入", ""),
        ("元旦", ""),
    ],
)
def test_units_are_found_in_headers_and_titles(text: str, unit: str) -> None:
    assert unit_in(text) == unit
