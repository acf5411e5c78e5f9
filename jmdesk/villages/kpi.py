"""The year's indicators (3.8) and the register of credit villages as Excel: numbers stay numbers, so that WPS adds up.

Every line says its basis, source and cut-off. What this desk holds no data for says so and is left empty, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from jmdesk.core.errors import Environment
from jmdesk.core.numbers import round_half_up
from jmdesk.store import reading
from jmdesk.store.reading import Connection, Filter
from jmdesk.villages import queries
from jmdesk.villages.board import Board, Place

Cell = str | int | Decimal | None
Sheet = tuple[tuple[str, ...], Iterable[Sequence[Cell]]]
"""The headings and the lines of one sheet."""

_SIGNED = ("1", "2")
"""CL-CSTATE."""
_DECLINED = "3"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One line of the pack; ``value`` None: this desk holds no data."""

    name: str
    value: int | Decimal | None
    unit: str
    basis: str
    source: str
    cutoff: str


def indicators(connection: Connection, board: Board, total: Place | None) -> list[Indicator]:
    """The indicators that follow from the records of this desk, in the order of the city's list."""
    cutoff, year = board.cutoff, board.year
    base, filed = (total.base, total.filed) if total else (None, 0)
    return [
        _share("建档率", filed, base, "建档户/年末常住农户", "农户档案、区划户数", cutoff),
        *_consents(connection, cutoff),
        *_verified(connection, cutoff),
        Indicator("信用户", total.credit if total else 0, "户", f"{year} 年度已认定", "户评级", cutoff),
        _share(
            "信用户占比", total.credit if total else 0, base, "已认定信用户/年末常住农户", "户评级、区划户数", cutoff
        ),
        *_awarded(connection, year, cutoff),
        *_objections(connection, year, cutoff),
        *_offices(connection, year, cutoff),
        *_batches(connection, cutoff),
    ]


def _share(name: str, part: int, whole: int | None, basis: str, source: str, cutoff: str) -> Indicator:
    value = round_half_up(Fraction(part * 100, whole), 2) if whole else None
    return Indicator(name, value, "%", basis, source, cutoff)


def _consents(connection: Connection, cutoff: str) -> list[Indicator]:
    counts = queries.consents(connection)
    asked = sum(n for (kind, _), n in counts.items() if kind != "C3")
    signed = sum(n for (kind, state), n in counts.items() if kind != "C3" and state in _SIGNED)
    asked_more = sum(n for (kind, _), n in counts.items() if kind == "C3")
    declined = counts.get(("C3", _DECLINED), 0)
    return [
        _share("同意取得率", signed, asked, "已签/已征求(不含 C3)", "授权同意", cutoff),
        _share("S4 拒绝率", declined, asked_more, "本人选择不提供/已征求(C3)", "授权同意", cutoff),
    ]


def _verified(connection: Connection, cutoff: str) -> list[Indicator]:
    labels = {"1": "本人申报", "2": "村级核对", "3": "凭证核验", "4": "部门数据核验"}
    counts = queries.verified(connection)
    return [
        Indicator(f"核验等级：{label}", counts.get(level, 0), "户", "建档户", "农户档案", cutoff)
        for level, label in labels.items()
    ]


def _awarded(connection: Connection, year: int, cutoff: str) -> list[Indicator]:
    made: list[Indicator] = []
    for type_id, name, grade in (("R17", "信用村", "village_grade"), ("R18", "信用镇", "town_grade")):
        rows = reading.find(connection, type_id, Filter(where={"rating_year": year}))
        named = [r for r in rows if str(r.values.get(grade, "0")) >= "1" and r.values.get("award_doc_no")]
        made.append(Indicator(name, len(named), "个", f"{year} 年度已命名", "村镇评定", cutoff))
    return made


def _objections(connection: Connection, year: int, cutoff: str) -> list[Indicator]:
    due = [one for one in queries.answered(connection, year) if one[0] and (one[1] or one[0][:10] <= cutoff)]
    in_time = sum(1 for last, replied in due if replied and replied <= last)
    return [_share("异议按期率", in_time, len(due) or None, f"{year} 年收到、已到期或已答复", "异议", cutoff)]


def _offices(connection: Connection, year: int, cutoff: str) -> list[Indicator]:
    """What other offices of the same vault recorded."""
    complaints, members, backbone = queries.of_offices(connection, year)
    return [
        Indicator("投诉登记", complaints, "件", f"{year} 年收到；及时率、办结率见投诉统计", "投诉", cutoff),
        Indicator("会员企业建档", members, "家", "在册会员企业", "会员企业", cutoff),
        Indicator("绿卡骨干企业", backbone, "家", f"{year} 年度", "诚信绿卡", cutoff),
    ]


def _batches(connection: Connection, cutoff: str) -> list[Indicator]:
    sent, refused = queries.batches_sent(connection)
    return [_share("批次一次通过率", sent - refused, sent or None, "没有退回项的报送包/报送包", "报送记录", cutoff)]


# -- Excel -----------------------------------------------------------------------------------------------------------


def write_pack(board: Board, lines: Sequence[Indicator], named: Sequence[Mapping[str, str]], path: Path) -> None:
    """Indicators, villages, and the register of those named. ``Environment`` "villages.cannot_write"."""
    places = sorted((p for p in board.places.values() if p.level == "village"), key=lambda place: place.code)
    sheets: dict[str, Sheet] = {
        "指标": (
            ("指标", "数值", "单位", "口径", "来源", "截止"),
            [(one.name, one.value, one.unit, one.basis, one.source, one.cutoff) for one in lines],
        ),
        "各村": (
            ("区划代码", "村", "常住农户(户)", "建档(户)", "本年度已评(户)", "信用户(户)", "信用户占比(%)", "截止"),
            [
                (p.code, p.name, p.base, p.filed, p.rated, p.credit,
                 None if p.share is None else round_half_up(p.share, 2), board.cutoff)
                for p in places
            ],
        ),
        "命名登记": (
            ("区划代码", "村或镇", "结论", "得分", "授牌日期", "命名机关", "命名文号"),
            [
                (one["code"], one["place"], one["outcome"], Decimal(one["score"]) if one["score"] else None,
                 one["plaque_date"], one["org"], one["doc_no"])
                for one in named
            ],
        ),
    }  # fmt: skip
    write_sheets(path, sheets)


def write_sheets(path: Path, sheets: Mapping[str, Sheet]) -> None:
    """Sheets with a heading line: text stays text, numbers are numbers, what is not known stays empty."""
    import xlsxwriter

    try:
        with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_numbers": False}) as book:
            bold = book.add_format({"bold": True, "bg_color": "#E3EDF8", "border": 1})
            for name, (headings, rows) in sheets.items():
                sheet = book.add_worksheet(name)
                sheet.freeze_panes(1, 0)
                for column, heading in enumerate(headings):
                    sheet.write_string(0, column, heading, bold)
                    sheet.set_column(column, column, max(10, 2 * len(heading) + 2))
                for line, row in enumerate(rows, 1):
                    for column, value in enumerate(row):
                        if isinstance(value, str):
                            sheet.write_string(line, column, value)
                        elif value is not None:
                            sheet.write_number(line, column, value)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as problem:
        raise Environment("villages.cannot_write") from problem
