"""Columns are guessed, mended, remembered; the unit switch echoes what it does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jmdesk.core.errors import Refused
from jmdesk.registers.mapping import ColumnChoice, Mapping, echoes, fingerprint, from_plain, guessed
from jmdesk.registers.register import open_register
from jmdesk.registers.samples import LAYOUTS, Layout, write_register
from jmdesk.registers.wording import wording
from tests.jmdesk.registers.sheets import VILLAGE, found, sheet

HEADER = ["户号", "姓名", "家庭关系", "身份证号", "种植收入", "打工收入", "民族", "身体状况"]


def choice(mapping: Mapping, header: str) -> ColumnChoice:
    return next(c for c in mapping.columns if c.header == header)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_column_of_the_sample_layouts_is_understood(tmp_path: Path, layout: Layout) -> None:
    write_register(tmp_path / "r.xlsx", VILLAGE, layout, 60)
    register = open_register(tmp_path / "r.xlsx")
    mapping = register.guess()
    assert [c.header for c in mapping.columns if not c.key] == []
    assert mapping.doubts == ()
    assert register.remarks(mapping) == []


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("户主情况/姓名", "head.person_name"),
        ("户主情况/身份证号码", "head.id_no"),
        ("家庭成员情况/姓名", "R06.person_name"),
        ("贷款情况/余额", "R10.balance"),
        ("农商行贷款余额(万元)", "R10.balance:1"),
        ("2025年种植收入(元)", "R07.income_crop"),
        ("上年度家庭总收入", "R07.income_total"),
        ("户主姓名(必填)", "head.person_name"),
        ("公民身份号码", "R06.id_no"),
        ("天气", None),
        ("", None),
    ],
)
def test_wordings_are_understood_by_section_and_word(header: str, key: str | None) -> None:
    assert wording().meaning_of(header)[0] == key


def test_of_two_columns_that_mean_the_same_one_is_left_to_the_person() -> None:
    parts = found(sheet(["户号", "姓名", "身份证号", "身份证号码"], ["1", "陈明", "a", "b"]))
    keys = [c.key for c in guessed(parts).columns]
    assert keys == ["R05.old_household_no", "R06.person_name", "R06.id_no", ""]


def test_a_person_changes_a_column_and_the_choice_is_remembered_for_this_wording() -> None:
    parts = found(sheet(HEADER, ["1", "陈明", "户主", "", 3.0, 2.0, "汉", "好"]))
    mended = guessed(parts).changed("打工收入", key="R07.income_other").with_unit("万元")
    kept = from_plain(json.loads(json.dumps(mended.to_plain())))
    again = guessed(found(sheet(["2026年农户表"], HEADER, ["9", "黄英", "户主", "", 1.0, 1.0, "", ""])), kept)
    assert choice(again, "打工收入").key == "R07.income_other"
    assert choice(again, "打工收入").unit == "万元"
    assert choice(again, "种植收入").unit == "万元"


def test_registers_worded_alike_share_a_fingerprint_whatever_they_hold() -> None:
    first = found(sheet(["甲村登记表"], HEADER, ["1", "陈明"]))
    second = found(sheet(HEADER, ["2", "黄英"]), sheet(HEADER, ["3", "李四"], name="第2组"))
    third = found(sheet([*HEADER, "电话"], ["1", "陈明"]))
    assert fingerprint(first) == fingerprint(second)
    assert fingerprint(first) != fingerprint(third)


@pytest.mark.parametrize("plain", [{}, {"format": 2}, {"format": 1, "columns": 3}, {"format": 1, "columns": [[1]]}])
def test_a_damaged_memory_is_refused(plain: dict[str, object]) -> None:
    with pytest.raises(Refused, match=r"registers\.mapping_unreadable"):
        from_plain(plain)


def test_a_remembered_meaning_that_no_longer_exists_is_forgotten() -> None:
    assert from_plain({"format": 1, "columns": [["收入", "R99.gone", ""]]}).columns[0].key == ""


def test_an_unknown_meaning_is_refused() -> None:
    parts = found(sheet(HEADER, ["1", "陈明"]))
    with pytest.raises(Refused, match=r"registers\.unknown_column"):
        guessed(parts).changed("户号", key="R05.no_such_field")


def test_the_unit_switch_echoes_its_effect_on_the_first_values() -> None:
    parts = found(sheet(HEADER, ["1", "陈明", "户主", "", 3.5, 2.0], ["2", "黄英", "户主", "", "约2", ""]))
    column = choice(guessed(parts), "种植收入")
    assert column.unit == "元"
    assert [(e.before, e.after) for e in echoes(column, parts)] == [("3.5", "3.50 元"), ("约2", "2.00 元")]
    wan = choice(guessed(parts).with_unit("万元"), "种植收入")
    assert [(e.before, e.after) for e in echoes(wan, parts)] == [("3.5", "35000.00 元"), ("约2", "20000.00 元")]


def test_amounts_too_small_for_a_year_are_suspected_to_be_wan() -> None:
    small = [[str(n), "陈明", "户主", "", 3.5, 2.0] for n in range(6)]
    large = [[str(n), "陈明", "户主", "", 35000.0, 20000.0] for n in range(6)]
    assert "registers.looks_like_wan" in guessed(found(sheet(HEADER, *small))).doubts
    assert "registers.looks_like_wan" not in guessed(found(sheet(HEADER, *large))).doubts
    assert "registers.looks_like_wan" not in guessed(found(sheet(["单位：万元"], HEADER, *small))).doubts


def test_columns_that_are_off_or_forbidden_are_left_out_and_named(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    lines = [
        ["户号", "姓名", "关系", "身份证号", "民族", "政治面貌", "残疾情况", "喜好"],
        ["1", "陈明", "户主", "", "汉"],
    ]
    path.write_text("\n".join(",".join(line) for line in lines), encoding="utf-8")
    register = open_register(path)
    mapping = register.guess()
    told = {note.params.get("header"): note.code for note in register.remarks(mapping)}
    assert told == {
        "民族": "registers.column_off",
        "政治面貌": "registers.column_forbidden",
        "残疾情况": "registers.column_forbidden",
        "喜好": "registers.column_left_out",
    }
    with pytest.raises(Refused, match=r"registers\.column_forbidden"):
        mapping.changed("残疾情况", key="R05.household_type")


def test_a_register_without_names_or_numbers_raises_doubts() -> None:
    parts = found(sheet(["户号", "住址", "人口数", "联系电话"], ["1", "新屋3号", 4.0, "15412345678"]))
    assert guessed(parts).doubts == ("registers.no_name_column", "registers.no_id_column")


@pytest.mark.parametrize(
    ("title", "year"), [("2024年度家庭收入登记表", 2024), ("2026年3月填报", None), ("收入(2025年，万元)", 2025)]
)
def test_the_year_of_incomes_comes_from_a_title_that_speaks_of_them(title: str, year: int | None) -> None:
    parts = found(sheet([title], HEADER, ["1", "陈明"]))
    assert guessed(parts).year == year
