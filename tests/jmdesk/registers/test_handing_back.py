"""Refused households come back in the office's own layout; templates read back without a hand on the mapping."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from jmdesk.catalogue.loader import catalogue
from jmdesk.core.errors import Environment
from jmdesk.exports.cells import CellWriter
from jmdesk.registers.refused import ENTER_AGAIN, REASON, write_refused
from jmdesk.registers.register import open_register
from jmdesk.registers.samples import LAYOUTS, Layout, write_register
from jmdesk.registers.template import household_columns, write_household_template, write_record_template
from jmdesk.registers.wording import wording
from tests.jmdesk.registers.sheets import HEAD_ID, ON, VILLAGE, codes, households, sheet


def cells(path: Path, place: int = 0) -> list[list[object]]:
    return [list(row) for row in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(place).to_python()]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_refused_households_come_back_in_their_own_layout_and_stay_refused_until_mended(
    tmp_path: Path, layout: Layout
) -> None:
    write_register(tmp_path / "r.xlsx", VILLAGE, layout, 80, seed=5, flaws=0.7)
    register = open_register(tmp_path / "r.xlsx")
    mapping = register.guess()
    refused = [draft for draft in register.households(mapping, ON) if draft.outcome == "refused"]
    assert len(refused) > 10
    assert write_refused(tmp_path / "back.xlsx", register.parts, refused) == len(refused)
    back = open_register(tmp_path / "back.xlsx")
    again = list(back.households(back.guess(mapping), ON))
    assert [d.household.values["old_household_no"] for d in again] == [
        d.household.values["old_household_no"] for d in refused
    ]
    assert {draft.outcome for draft in again} == {"refused"}


def test_a_mended_row_is_imported(tmp_path: Path) -> None:
    header = ["户号", "姓名", "与户主关系", "身份证号"]
    bad = sheet(["农户表"], header, ["1", "陈明", "户主", HEAD_ID[:-1] + "5"], merges=((0, 0, 0, 3),))
    refused = households(bad)
    from jmdesk.registers.layout import found_on

    part = found_on(bad, wording())
    assert part is not None
    write_refused(tmp_path / "back.xlsx", [part], refused)
    title, head, row = cells(tmp_path / "back.xlsx")
    assert title[0] == "农户表"
    assert head == [*header, REASON]
    assert str(row[4]).startswith("D3：")
    (mended,) = households(sheet(head, [*row[:3], HEAD_ID, row[4]]))
    assert mended.outcome != "refused"


def test_a_lost_identity_number_is_asked_for_and_not_repeated(tmp_path: Path) -> None:
    header = ["户号", "姓名", "与户主关系", "身份证号"]
    lost = sheet(header, ["1", "陈明", "户主", 440705199001019979.0])
    from jmdesk.registers.layout import found_on

    part = found_on(lost, wording())
    assert part is not None
    write_refused(tmp_path / "back.xlsx", [part], households(lost))
    assert cells(tmp_path / "back.xlsx")[1][3] == ENTER_AGAIN
    (unmended,) = households(sheet(*cells(tmp_path / "back.xlsx")))
    assert unmended.outcome == "refused"
    assert "id_digits_lost" not in codes(unmended)


@pytest.mark.parametrize("text", ["=1+1", "+86", "-5 and words", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path, text: str) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        writer, one = CellWriter(book), book.add_worksheet()
        writer.put(one, 0, 0, text)
        writer.merge(one, (1, 0, 1, 3), text, writer.header)
    content = zipfile.ZipFile(tmp_path / "a.xlsx").read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in content
    assert b"hyperlink" not in content
    assert [row[0] for row in cells(tmp_path / "a.xlsx")] == [text, text]
    assert b'quotePrefix="1"' in zipfile.ZipFile(tmp_path / "a.xlsx").read("xl/styles.xml")


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    for write in (lambda path: write_refused(path, [], []), write_household_template):
        with pytest.raises(Environment, match=r"registers\.unwritable"):
            write(tmp_path / "nowhere" / "a.xlsx")


def test_the_household_template_is_understood_column_by_column(tmp_path: Path) -> None:
    write_household_template(tmp_path / "t.xlsx")
    register = open_register(tmp_path / "t.xlsx")
    mapping = register.guess()
    assert [choice.header for choice in mapping.columns if not choice.key] == []
    assert len(mapping.columns) == len(household_columns())
    assert register.remarks(mapping) == []
    meanings = wording().meanings
    for choice, column in zip(mapping.columns, household_columns(), strict=True):
        if column.described is not None:
            assert meanings[choice.key].described == column.described, choice


def test_the_template_offers_every_required_value_that_a_person_gives() -> None:
    offered = {(c.described.record_id, c.described.identifier) for c in household_columns() if c.described}
    for type_id, name in (("R05", "main_industry"), ("R06", "relation"), ("R07", "income_crop"), ("R10", "balance")):
        assert (type_id, name) in offered
    assert not any(described[1] in {"education", "marital", "ethnic"} for described in offered)


@pytest.mark.parametrize("type_id", [t.id for t in catalogue().types.values()])
def test_every_record_type_has_a_template_with_its_code_lists(tmp_path: Path, type_id: str) -> None:
    write_record_template(tmp_path / "t.xlsx", type_id)
    book = CalamineWorkbook.from_path(str(tmp_path / "t.xlsx"))
    assert book.sheet_names == ["登记表", "码表", "填写说明"]
    with zipfile.ZipFile(tmp_path / "t.xlsx") as package:
        content = package.read("xl/worksheets/sheet1.xml")
    lists = [f for f in catalogue().type(type_id).fields if f.type.kind == "code" and f.default_on and f.is_input]
    assert content.count(b'type="list"') >= len({f.identifier for f in lists if f.code_list})


def test_a_filled_template_imports_every_value(tmp_path: Path) -> None:
    write_household_template(tmp_path / "t.xlsx")
    header = cells(tmp_path / "t.xlsx")[1:3]
    filled = {"行政村": "同和村委会", "旧户号": "1", "姓名": "陈明", "证件号码": HEAD_ID, "与户主关系": "户主"}
    filled |= {"住址": "新屋3号", "是否劳动力": "是", "主营行业": "稻谷种植", "承包耕地(亩)": "3.5"}
    row = [filled.get(str(name), "") for name in header[1]]
    sections = [str(name) for name in header[0]]
    starts = [place for place, name in enumerate(sections) if name]
    ends = [*starts[1:], len(sections)]
    merges = tuple((0, start, 0, end - 1) for start, end in zip(starts, ends, strict=True) if end - start > 1)
    (draft,) = households(sheet(*header, row, merges=merges))
    assert draft.outcome == "read", [str(finding) for finding in draft.findings]
    assert draft.others[0].values == {"land_kind": "1", "right_type": "1", "area_mu": "3.50"}
