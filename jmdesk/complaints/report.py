"""The yearly report: as a page to print and as a workbook in which numbers stay numbers."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jmdesk.complaints.statistics import SMALLEST, Figures, Line, Rate
from jmdesk.core.errors import Environment

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

HEADS: Final = ("件数", "受理", "有结果", "达成协议")
NONE: Final = "—"
NOTE_OUTSIDE: Final = (
    f"少于{SMALLEST}件的分组已合并，基数少于{SMALLEST}件的比率不列出，企业名称不列出；本报告不含任何投诉人的信息。"
)
NOTE_INSIDE: Final = "本表供本会办理投诉的人员使用，不得对外提供，不得提供给与所列企业同业的任职人员。"
ABOUT: Final = "口径：按收到日期归入年度；按期率为已到期或已完成的期限中按期完成的比例；调解期限为本会承诺期限。"


def _percent(rate: Rate) -> str:
    return f"{rate.percent}%（{rate.part}/{rate.whole}）" if rate.percent is not None else NONE


def _totals(found: Figures) -> list[tuple[str, str, int | Decimal | None]]:
    """The headline figures: name, words, and the bare number for the workbook."""
    total = found.total
    lines: list[tuple[str, str, int | Decimal | None]] = [
        ("收到投诉（件）", f"{total.count:,}", total.count),
        ("受理（件）", f"{total.accepted:,}", total.accepted),
        ("有结果（件）", f"{total.ended:,}", total.ended),
        ("调解成功率（%）", _percent(found.success), found.success.percent),
        ("回访满意率（4分及以上，%）", _percent(found.satisfaction), found.satisfaction.percent),
        ("挽回经济损失（元）", f"{found.recovered:,.2f}", found.recovered),
    ]
    if found.per_hundred is not None:
        lines.append(("每百家会员投诉（件）", f"{found.per_hundred}", found.per_hundred))
    lines += [(f"按期率：{label}（%）", _percent(rate), rate.percent) for label, rate in found.on_time.items()]
    return lines


def page(found: Figures, unit: str, made_on: str, *, outside: bool) -> str:
    """The report as a printable page; ``outside`` for figures that ``published`` has let through."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td align='right'>{words}</td></tr>" for name, words, _ in _totals(found)
    )
    parts = [
        "<html><body>",
        f"<h1 align='center'>{escape(unit)}{found.year}年投诉统计报告</h1>",
        f"<p align='right'>制表日期：{made_on}</p>",
        f"<p>{ABOUT}</p>",
        f"<table width='100%' cellspacing='0' cellpadding='4'>{rows}</table>",
    ]
    for name, lines in found.tables.items():
        if lines:
            parts.append(f"<h3>按{escape(name)}</h3>{_table(name, lines, outside=outside)}")
    parts.append(f"<p>{NOTE_OUTSIDE if outside else NOTE_INSIDE}</p></body></html>")
    return "".join(parts)


def _table(name: str, lines: tuple[Line, ...], *, outside: bool) -> str:
    heads = HEADS[:1] if outside else HEADS
    head = "".join(f"<th align='right'>{one}</th>" for one in heads)
    body = "".join(
        f"<tr><td>{escape(line.name)}</td>"
        + "".join(f"<td align='right'>{number:,}</td>" for number in _numbers(line)[: len(heads)])
        + "</tr>"
        for line in lines
    )
    return (
        "<table width='100%' cellspacing='0' cellpadding='4'>"
        f"<tr><th align='left'>{escape(name)}</th>{head}</tr>{body}</table>"
    )


def _numbers(line: Line) -> tuple[int, int, int, int]:
    return line.count, line.accepted, line.ended, line.agreed


def workbook(found: Figures, unit: str, path: Path, *, outside: bool) -> None:
    """Write the same as ``.xlsx``, a sheet for each table. ``Environment`` "complaints.cannot_write"."""
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    try:
        with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            bold = book.add_format({"bold": True})
            _total_sheet(book, found, unit, bold, outside=outside)
            for name, lines in found.tables.items():
                _sheet(book, name, lines, bold, outside=outside)
    except (OSError, FileCreateError) as error:
        raise Environment("complaints.cannot_write") from error


def _total_sheet(book: Workbook, found: Figures, unit: str, bold: Format, *, outside: bool) -> None:
    sheet = book.add_worksheet("合计")
    money, percent, count = (book.add_format({"num_format": code}) for code in ("#,##0.00", "0.0", "#,##0"))
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 18)
    sheet.write_string(0, 0, f"{unit}{found.year}年投诉统计报告", bold)
    for line, (name, _, number) in enumerate(_totals(found), 1):
        sheet.write_string(line, 0, name)
        if number is None:
            sheet.write_string(line, 1, NONE)
        else:
            shape = money if "元" in name else percent if "%" in name or "每百家" in name else count
            sheet.write_number(line, 1, number, shape)
    last = len(_totals(found)) + 2
    sheet.write_string(last, 0, ABOUT)
    sheet.write_string(last + 1, 0, NOTE_OUTSIDE if outside else NOTE_INSIDE)


def _sheet(book: Workbook, name: str, lines: tuple[Line, ...], bold: Format, *, outside: bool) -> None:
    sheet = book.add_worksheet(name)
    heads = HEADS[:1] if outside else HEADS
    sheet.set_column(0, 0, 36)
    for column, head in enumerate((name, *heads)):
        sheet.write_string(0, column, head, bold)
    for row, line in enumerate(lines, 1):
        sheet.write_string(row, 0, line.name)
        for column, number in enumerate(_numbers(line)[: len(heads)], 1):
            sheet.write_number(row, column, number)
    sheet.freeze_panes(1, 1)
