"""Import templates: an empty register whose columns, lists and units come from the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Catalogue, Field, RecordType, Template
from jmdesk.core.errors import Environment
from jmdesk.registers.findings import column_letters
from jmdesk.registers.wording import CODES_SHEET, GUIDE_SHEET, HOUSEHOLD_TYPES, Meaning, wording

_ROWS = 5000
_NOT_FILLED_IN = frozenset(
    {"household_id", "person_id", "head_person_id", "subject_id", "collector_id", "verifier_id", "region_code"}
)
_ALSO_LEFT_OUT = frozenset({"archive_status", "verify_level", "evidence_level", "is_under14", "debt_source", "opt_out"})
_WITH_SLOTS = frozenset({"R08"})
_HINTS = {
    "id_no": "先把单元格设为文本；18 位，末位可以是 X",
    "date": "年-月-日，例如 2025-12-31",
    "year": "四位年份",
    "bool": "填“是”或“否”",
}


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """One column of a template: the section above it, its header, and the catalogue field it is filled for."""

    section: str
    header: str
    described: Field | None


def write_household_template(path: Path, known: Catalogue | None = None, scope: Sequence[str] = ()) -> None:
    """The template of household registers: one row per person, the household's columns on its first row.

    ``known``: the catalogue in force (else the program's own); ``scope``: the desk's regions, which may have templates
    of their own.
    """
    known = known or catalogue()
    own = known.template_for("R05", scope)
    _write(path, own.title if own else "农户信用信息登记表", household_columns(known, scope), known)


def write_record_template(path: Path, type_id: str, known: Catalogue | None = None, scope: Sequence[str] = ()) -> None:
    """The template of any record type of the catalogue: one row per record. ``KeyError`` for an unknown type."""
    known = known or catalogue()
    type_ = known.type(type_id)
    own = known.template_for(type_.id, scope)
    _write(path, own.title if own else f"{type_.label}导入表", record_columns(type_, own), known)


def household_columns(known: Catalogue | None = None, scope: Sequence[str] = ()) -> list[TemplateColumn]:
    """The columns of the household template, in order; the reader of registers understands every one of them."""
    known = known or catalogue()
    columns = [TemplateColumn("农户", "行政村", None)]
    for type_id in HOUSEHOLD_TYPES:
        type_ = known.types[type_id]
        if type_id in _WITH_SLOTS:
            slots = [m for m in wording().meanings.values() if m.type == type_id and m.slot]
            columns += [_slot_column(type_.label, meaning) for meaning in slots]
            continue
        fields = record_columns(type_, known.template_for(type_id, scope))
        columns += [c for c in fields if c.described and c.described.identifier not in _ALSO_LEFT_OUT]
    columns += [TemplateColumn("授权书", "授权书签署日期", None), TemplateColumn("授权书", "授权书编号", None)]
    return columns


def record_columns(type_: RecordType, own: Template | None = None) -> list[TemplateColumn]:
    """A column for every field that a person fills in and the catalogue has switched on.

    A region's own template asks for its fields in its order, and for what is required in any case.
    """
    fields = [f for f in type_.fields if f.is_input and f.default_on and f.identifier not in _NOT_FILLED_IN]
    if own is not None:
        place = {name: number for number, name in enumerate(own.fields)}
        fields = [f for f in fields if f.required or f.identifier in place]
        fields.sort(key=lambda f: place.get(f.identifier, -1))
    return [TemplateColumn(type_.label, _header(described), described) for described in fields]


def _header(described: Field) -> str:
    return f"{described.label}({described.unit})" if described.unit else described.label


def _slot_column(section: str, meaning: Meaning) -> TemplateColumn:
    described = meaning.described
    unit = f"({described.unit})" if described and described.unit else ""
    return TemplateColumn(section, f"{meaning.headers[0]}{unit}", described)


def _write(path: Path, title: str, columns: Sequence[TemplateColumn], known: Catalogue) -> None:
    try:
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet("登记表")
            lists = _code_lists(book, columns, known)
            _guide(book, columns)
            _sheet(book, sheet, title, columns, lists)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as problem:
        raise Environment("registers.unwritable", name=path.name) from problem


def _sheet(book: Any, sheet: Any, title: str, columns: Sequence[TemplateColumn], lists: dict[str, str]) -> None:
    look = {"font_name": "宋体", "bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True}
    optional, required = book.add_format(look), book.add_format({**look, "font_color": "#C00000"})
    text = book.add_format({"num_format": "@"})
    sheet.write_string(0, 0, title, book.add_format({"font_name": "宋体", "bold": True, "font_size": 16}))
    for section, group in groupby(enumerate(columns), key=lambda pair: pair[1].section):
        places = [place for place, _ in group]
        if len(places) > 1:
            sheet.merge_range(1, places[0], 1, places[-1], section, optional)
        else:
            sheet.write_string(1, places[0], section, optional)
    for place, column in enumerate(columns):
        described = column.described
        must = described is not None and described.required
        sheet.write_string(2, place, column.header, required if must else optional)
        number = described is not None and described.type.kind in {"dec", "int"}
        sheet.set_column(place, place, max(10, 2 * len(column.header)), None if number else text)
        _validate(sheet, place, column, lists)
    sheet.freeze_panes(3, 0)


def _validate(sheet: Any, place: int, column: TemplateColumn, lists: dict[str, str]) -> None:
    described = column.described
    if described is None:
        return
    hint = _HINTS.get(described.identifier) or _HINTS.get(described.type.kind, "")
    options: dict[str, Any] = {"ignore_blank": True, "error_type": "warning"}
    if described.code_list in lists:
        options |= {"validate": "list", "source": lists[described.code_list]}
        options |= {"error_title": "不在码表里", "error_message": "请从下拉列表中选择。"}
    elif described.type.kind == "bool":
        options |= {"validate": "list", "source": ["是", "否"]}
    elif hint:
        options |= {"validate": "any"}
    else:
        return
    if hint:
        options |= {"input_title": column.header[:32], "input_message": hint}
    sheet.data_validation(3, place, _ROWS, place, options)


def _code_lists(book: Any, columns: Sequence[TemplateColumn], known: Catalogue) -> dict[str, str]:
    """Write every code list that the columns need; the range of its labels by list."""
    sheet = book.add_worksheet(CODES_SHEET)
    bold = book.add_format({"bold": True})
    ranges: dict[str, str] = {}
    for column in columns:
        described = column.described
        codes = known.code_lists.get(described.code_list) if described else None
        if codes is None or not codes.values or codes.id in ranges or described is None:
            continue
        place = 2 * len(ranges)
        sheet.write_string(0, place, f"{described.label}代码", bold)
        sheet.write_string(0, place + 1, described.label, bold)
        for row, (code, label) in enumerate(codes.values.items(), 1):
            sheet.write_string(row, place, code)
            sheet.write_string(row, place + 1, label)
        sheet.set_column(place + 1, place + 1, 24)
        letters = column_letters(place + 1)
        ranges[codes.id] = f"='{CODES_SHEET}'!${letters}$2:${letters}${len(codes.values) + 1}"
    return ranges


def _guide(book: Any, columns: Sequence[TemplateColumn]) -> None:
    sheet = book.add_worksheet(GUIDE_SHEET)
    sheet.set_column(0, 0, 90)
    lines = [
        "一人一行；一户的内容只写在这一户的第一行(户主)，下面各行只写成员。",
        "红色表头是必填内容。有下拉列表的格子请从列表里选，也可以填代码。",
        "金额一律以元为单位；如果全表用万元，请在表头写明“(万元)”。",
        "身份证号一列已设为文本，请不要改成数字，否则后几位会丢失。",
        "没有本人签字的授权书，收入、贷款、不动产、保险等内容导入后先封存，30 天内补录授权，否则清除。",
    ]
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line)
    for row, column in enumerate((c for c in columns if c.described and c.described.required), len(lines) + 1):
        sheet.write_string(row, 0, f"必填：{column.section} / {column.header}")
