"""Rows become households: where one ends, who is its head, which cell a finding is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jmdesk.registers.mapping import guessed
from jmdesk.registers.register import open_register
from jmdesk.registers.samples import LAYOUTS, Layout, write_register
from tests.jmdesk.registers.sheets import HEAD_ID, ON, OTHER_ID, VILLAGE, WIFE_ID, codes, found, households, sheet

HEADER = ["户号", "姓名", "与户主关系", "身份证号", "是否劳动力", "住址"]
HEAD = ["1", "陈明", "户主", HEAD_ID, "是", "新屋3号"]
WIFE = ["", "黄英", "妻", WIFE_ID, "是", ""]
OTHER = ["2", "李强", "户主", OTHER_ID, "否", "塘边1号"]


def test_people_belong_to_the_household_whose_columns_stand_above_them() -> None:
    first, second = households(sheet(HEADER, HEAD, WIFE, OTHER))
    assert [m.values["person_name"] for m in first.members] == ["陈明", "黄英"]
    assert [m.values["person_name"] for m in second.members] == ["李强"]
    assert (first.rows, second.rows) == ([1, 2], [3])


def test_without_numbers_a_head_begins_a_household() -> None:
    rows = [["", *row[1:]] for row in (HEAD, WIFE, OTHER)]
    assert [len(draft.members) for draft in households(sheet(HEADER, *rows))] == [2, 1]


def test_one_row_per_household_needs_no_relation() -> None:
    rows: list[list[object]] = [
        ["户号", "户主姓名", "户主身份证号", "人口", "住址"],
        ["1", "陈明", HEAD_ID, 4.0, "新屋3号"],
    ]
    (draft,) = households(sheet(*rows))
    assert draft.head is not None
    assert draft.head.values["relation"] == "02"
    assert draft.head.values["sex"] == "1"
    assert draft.household.values["population"] == 4


def test_a_flat_register_finds_the_head_by_name_where_no_relation_is_given() -> None:
    rows: list[list[object]] = [
        ["户号", "户主姓名", "成员姓名", "身份证号"],
        ["1", "陈明", "黄英", WIFE_ID],
        ["1", "陈明", "陈明", HEAD_ID],
    ]
    (draft,) = households(sheet(*rows))
    assert draft.head is not None
    assert draft.head.values["id_no"] == HEAD_ID


def test_values_repeated_on_every_row_of_a_household_count_once() -> None:
    rows: list[list[object]] = [
        [*HEADER, "贷款余额", "贷款银行"],
        [*HEAD, 5000.0, "农商行"],
        ["1", *WIFE[1:5], "新屋3号", 5000.0, "农商行"],
    ]
    (draft,) = households(sheet(*rows))
    assert [record.type for record in draft.others] == ["R10"]
    assert "two_values" not in codes(draft)


def test_a_second_line_of_a_household_may_hold_a_second_loan() -> None:
    rows: list[list[object]] = [[*HEADER, "贷款余额", "贷款银行"], [*HEAD, 5000.0, "农商行"], [*WIFE, 800.0, "邮储"]]
    (draft,) = households(sheet(*rows))
    assert [record.values["balance"] for record in draft.others] == ["5000.00", "800.00"]


def test_a_household_column_that_contradicts_itself_keeps_the_first_value_and_says_so() -> None:
    (draft,) = households(sheet(HEADER, HEAD, ["1", *WIFE[1:5], "塘边9号"]))
    assert draft.household.values["address"] == "新屋3号"
    assert "two_values" in codes(draft)


def test_several_kinds_of_land_in_one_row_are_several_records() -> None:
    rows: list[list[object]] = [[*HEADER, "承包地面积(亩)", "鱼塘面积(亩)", "山林面积(亩)"], [*HEAD, 3.5, 10.0, 0.0]]
    (draft,) = households(sheet(*rows))
    land = [(r.values["land_kind"], r.values["area_mu"], r.values["right_type"]) for r in draft.others]
    assert land == [("1", "3.50", "1"), ("5", "10.00", "9")]


def test_a_total_alone_is_kept_and_a_total_that_does_not_add_up_is_remarked() -> None:
    (alone,) = households(sheet([*HEADER, "总收入"], [*HEAD, 40000.0]))
    assert alone.others[0].values["income_other"] == "40000.00"
    assert "only_total" in codes(alone)
    rows: list[list[object]] = [[*HEADER, "种植收入", "务工收入", "总收入"], [*HEAD, 10000.0, 20000.0, 40000.0]]
    (draft,) = households(sheet(*rows))
    assert "total_differs" in codes(draft)
    assert "income_total" not in draft.others[0].values


def test_incomes_are_of_last_year_unless_the_register_says_otherwise() -> None:
    (last,) = households(sheet([*HEADER, "种植收入"], [*HEAD, 100.0]))
    (told,) = households(sheet(["2023年度家庭收入登记表"], [*HEADER, "种植收入"], [*HEAD, 100.0]))
    assert (last.others[0].values["year"], told.others[0].values["year"]) == (2025, 2023)


def test_a_finding_names_its_cell_as_the_office_sees_it() -> None:
    wrong = [*HEAD[:3], HEAD_ID[:-1] + "1", *HEAD[4:]]
    (draft,) = households(sheet(["农户登记表"], HEADER, wrong))
    assert draft.outcome == "refused"
    (error,) = [f for f in draft.findings if f.level == "error"]
    assert str(error.cell) == "登记表!D3"
    assert str(error).startswith("登记表!D3：")


@pytest.mark.parametrize(
    ("column", "value", "code", "outcome"),
    [
        (3, 440705199001019979.0, "id_digits_lost", "refused"),
        (3, "440705900101997", "legacy15", "warned"),
        (2, "待核实", "unknown_code", "refused"),
        (2, "妻", "one_head", "refused"),
        (1, "", "missing", "refused"),
        (4, "或许", "not_yes_no", "refused"),
    ],
)
def test_bad_cells_refuse_or_warn(column: int, value: object, code: str, outcome: str) -> None:
    row: list[object] = list(HEAD)
    row[column] = value
    (draft,) = households(sheet(HEADER, row))
    assert code in codes(draft)
    assert draft.outcome == outcome


def test_a_head_listed_in_two_households_is_refused_the_second_time() -> None:
    first, second = households(sheet(HEADER, HEAD, ["2", *HEAD[1:]]))
    assert first.outcome != "refused"
    assert "head_twice" in codes(second)
    assert second.outcome == "refused"


def test_what_an_identity_number_says_overrules_the_register_with_a_remark() -> None:
    header = [*HEADER, "性别", "出生日期"]
    (draft,) = households(sheet(header, [*HEAD, "女", "1990.1.1"]))
    assert draft.members[0].values["sex"] == "1"
    assert "differs_from_id" in codes(draft)
    (month,) = households(sheet(header, [*HEAD, "男", "1990年1月"]))
    assert "differs_from_id" not in codes(month)


def test_missing_required_values_make_a_draft_and_are_named_once() -> None:
    (draft,) = households(sheet(HEADER, HEAD))
    (told,) = [f for f in draft.findings if f.code == "registers.incomplete"]
    assert "主营行业" in str(told.params["fields"])
    assert draft.household.values["archive_status"] == "10"
    assert draft.outcome == "warned"


def test_the_village_comes_from_the_row_the_title_or_the_choice() -> None:
    header = [*HEADER, "行政村"]
    (by_name,) = households(sheet(header, [*HEAD, "莲塘村"]), region="440705101000")
    (by_title,) = households(sheet(["新会区大泽镇莲塘村农户登记表"], HEADER, HEAD), region="")
    (by_choice,) = households(sheet(HEADER, HEAD))
    assert by_name.household.values["region_code"] == by_title.household.values["region_code"] == "440705101202"
    assert by_choice.household.values["region_code"] == VILLAGE


@pytest.mark.parametrize(
    ("village", "region", "code"),
    [
        ("天边村", "440705101000", "village_unknown"),
        ("圩镇社区", "440785000000", "village_ambiguous"),
        ("莲塘村", VILLAGE, "village_outside"),
        ("", "", "village_missing"),
    ],
)
def test_a_village_that_is_not_certain_is_refused_and_never_guessed(village: str, region: str, code: str) -> None:
    (draft,) = households(sheet([*HEADER, "行政村"], [*HEAD, village]), region=region)
    assert code in codes(draft)
    assert draft.outcome == "refused"


def test_a_town_column_tells_villages_of_one_name_apart() -> None:
    (draft,) = households(sheet([*HEADER, "镇街", "行政村"], [*HEAD, "大泽镇", "同和村委会"]), region="440705000000")
    assert draft.household.values["region_code"] == VILLAGE


def test_a_sheet_named_after_its_group_gives_the_group() -> None:
    (draft,) = households(sheet(HEADER, HEAD, name="第三村民小组"))
    assert draft.household.values["group_no"] == "3组"


def test_hidden_rows_are_read_unless_they_are_to_be_skipped() -> None:
    one = replace(sheet(HEADER, HEAD, OTHER), hidden_rows=frozenset({2}))
    parts = found(one)
    mapping = replace(guessed(parts), region=VILLAGE)
    assert len(households(one, mapping=mapping)) == 2
    assert len(households(one, mapping=replace(mapping, skip_hidden=True))) == 1


def test_the_signed_authorisation_is_read_from_its_columns() -> None:
    (draft,) = households(sheet([*HEADER, "授权日期", "授权书编号"], [*HEAD, "2025.12.1", "授权12号"]))
    assert (draft.consent.signed_on, draft.consent.number) == ("2025-12-01", "授权12号")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_flaw_of_a_sample_is_answered_as_it_should(tmp_path: Path, layout: Layout) -> None:
    report = write_register(tmp_path / "r.xlsx", VILLAGE, layout, 150, seed=3, flaws=0.6)
    register = open_register(tmp_path / "r.xlsx")
    read = {str(d.household.values["old_household_no"]): d for d in register.households(register.guess(), ON)}
    assert len(read) == report.households
    assert sum(len(draft.members) for draft in read.values()) == report.persons
    flawed = {flaw.household: flaw for flaw in report.flaws}
    for number, draft in read.items():
        flaw = flawed.get(number)
        told = (number, flaw, [str(f) for f in draft.findings if f.level != "note"])
        assert draft.outcome == (flaw.outcome if flaw else "read"), told


def test_the_three_layouts_of_one_village_say_the_same(tmp_path: Path) -> None:
    said: list[list[tuple[str, str]]] = []
    for layout in LAYOUTS:
        write_register(tmp_path / f"{layout}.xlsx", VILLAGE, layout, 40)
        register = open_register(tmp_path / f"{layout}.xlsx")
        drafts = list(register.households(register.guess(), ON))
        said.append(
            sorted(
                (record.type, str(sorted(record.values.items())))
                for draft in drafts
                for record in draft.records
                if record.type in {"R06", "R07", "R08"}
            )
        )
    assert said[0] == said[2]
    assert [row for row in said[0] if row[0] != "R06"] == [row for row in said[1] if row[0] != "R06"]


def test_a_folder_of_forms_is_one_register(tmp_path: Path) -> None:
    report = write_register(tmp_path / "forms", VILLAGE, "c", 8)
    (tmp_path / "forms" / "99999.xlsx").write_bytes(b"broken")
    register = open_register(tmp_path / "forms")
    drafts = list(register.households(register.guess(), ON))
    assert len(drafts) == report.households
    assert str(drafts[1].ref(drafts[1].household)).startswith("00002.xlsx 0001!")
    assert [note.code for note in register.notes] == ["registers.file_refused"]
