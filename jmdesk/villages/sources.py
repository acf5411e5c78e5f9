"""Figures from what others count: resident households (R03) and the banks' monthly aggregates (R19). Pure.

Banks cannot be matched household by household: several banks' figures are added up and marked so. A figure that one
bank gave and another left out is a part of the whole, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from jmdesk.catalogue.types import Record
from jmdesk.store.stored import Stored
from jmdesk.villages.figures import Figure, Number

RESIDENT = "2"
"""CL-COUNT: the only basis that may be a denominator."""
SMALL = 5
"""Fewer households with loans than this are shown to banks as "<5"."""

_BANK = "银行村级月度汇总"
_TWICE = "多家银行之和，同一户可能重复"


def residents(
    region: str, rows: Sequence[Stored], cutoff: str, *, as_of: str, basis_labels: Mapping[str, str]
) -> Figure:
    """The resident households of a village on the last day that counts.

    ``rows`` are R03 records of the village and of those merged into it; a count of the village itself made on or after
    ``as_of`` (the day of the region package) holds for the whole, else the newest of each is added up.
    """
    newest = _newest(rows, cutoff)
    own = newest.get(region)
    if own is not None and (len(newest) == 1 or str(own.get("counted_on", "")) >= as_of):
        newest = {region: own}
    notes = [f"{len(newest)} 个原村之和"] if len(newest) > 1 else []
    value: Number = 0 if newest else None
    for record in newest.values():
        count, basis = record.get("households_resident"), str(record.get("count_basis", ""))
        if basis != RESIDENT:
            value = None
            notes.append(f"口径为{basis_labels.get(basis, '未注明')}，不能作分母，请按年末常住农户登记")
        elif not isinstance(count, int) or value is None:
            value = None
        else:
            value += count
    sources = dict.fromkeys(str(record.get("count_source", "")) for record in newest.values())
    days = [str(record.get("counted_on", "")) for record in newest.values()]
    source = "、".join(filter(None, sources)) or "区划资料(未登记)"
    return Figure("hh_base", "常住农户", value, "户", "年末常住农户", source, min(days, default=""), "；".join(notes))


def _newest(rows: Sequence[Stored], cutoff: str) -> dict[str, Record]:
    """By region, the newest R03 record that is valid on the day."""
    found: dict[str, Record] = {}
    for row in rows:
        values = row.values
        if str(values.get("valid_from", "")) > cutoff or str(values.get("valid_to", "9999")) < cutoff:
            continue
        if str(values.get("counted_on", "")) > cutoff:
            continue
        region = str(values.get("region_code", ""))
        if str(values.get("counted_on", "")) >= str(found.get(region, {}).get("counted_on", "")):
            found[region] = values
    return found


@dataclass(frozen=True, slots=True)
class Month:
    """The rows of all banks for the newest month that there is, and how many banks reported before but not then."""

    period: str
    rows: tuple[Record, ...]
    silent: int

    @property
    def banks(self) -> int:
        """How many banks reported."""
        return len({str(row.get("bank_uscc", "")) for row in self.rows})

    @property
    def shown_period(self) -> str:
        """The month as ``2026-12``."""
        return f"{self.period[:4]}-{self.period[4:]}"


def newest_month(rows: Sequence[Stored], first: str, last: str) -> Month | None:
    """The newest month between two (``YYYYMM``), None without one."""
    inside = [row.values for row in rows if first <= str(row.values.get("period", "")) <= last]
    if not inside:
        return None
    period = max(str(values["period"]) for values in inside)
    now = tuple(values for values in inside if values["period"] == period)
    banks = {str(values.get("bank_uscc", "")) for values in inside}
    return Month(period, now, len(banks - {str(values.get("bank_uscc", "")) for values in now}))


def bank_figures(month: Month | None, before: Month | None, npl_prev: Number) -> tuple[Figure, ...]:
    """Loans, arrears and lines of credit of a village.

    ``before`` is the last month of the year before; ``npl_prev`` the rate that the year before was assessed with, for
    a village whose banks did not report then.
    """
    loans, arrears = _sum(month, "loan_hh"), _sum(month, "arrears_hh")
    clean = None if loans is None or arrears is None else loans - arrears
    previous, since = _rate(before), before.shown_period if before else ""
    if previous is None and npl_prev is not None:
        previous, since = Fraction(npl_prev), ""
    source = _BANK if since else "上年度评定" if previous is not None else _BANK
    return (
        _figure("hh_loan", "贷款户", loans, "户", month, "银行客户户"),
        _figure("hh_no_arrears", "无拖欠户", clean, "户", month, "银行客户户"),
        _figure("loan_balance", "贷款余额", _sum(month, "loan_balance"), "元", month, "全部贷款"),
        _figure("npl_balance", "不良余额", _sum(month, "npl_balance"), "元", month, "不良贷款"),
        Figure("npl_prev", "上年不良率", previous, "%", "不良余额/贷款余额", source, since, bank=True),
        _figure("hh_line", "授信户", _sum(month, "line_hh"), "户", month, "银行客户户", _partly(month, "line_hh")),
    )


def _rate(month: Month | None) -> Fraction | None:
    """Bad loans per hundred; 0 where nobody owes anything."""
    balance, bad = _sum(month, "loan_balance"), _sum(month, "npl_balance")
    if balance is None or bad is None:
        return None
    return bad * 100 / balance if balance else Fraction(0)


def _sum(month: Month | None, name: str) -> Fraction | None:
    """Over the banks that gave the figure; None when none did."""
    given = [row[name] for row in month.rows if name in row] if month else []
    return sum((Fraction(Decimal(str(value))) for value in given), Fraction(0)) if given else None


def _partly(month: Month | None, name: str) -> str:
    silent = sum(1 for row in month.rows if name not in row) if month else 0
    return f"{silent} 家银行未报此项" if silent and month and silent < len(month.rows) else ""


def _figure(
    name: str, label: str, value: Fraction | None, unit: str, month: Month | None, basis: str, note: str = ""
) -> Figure:
    notes = [note] if note else []
    if month is not None and month.banks > 1 and unit == "户":
        notes.append(_TWICE)
    if month is not None and month.silent:
        notes.append(f"{month.silent} 家银行本月未报")
    shown = month.shown_period if month else ""
    whole = int(value) if value is not None and unit == "户" else value
    return Figure(name, label, whole, unit, basis, _BANK, shown, "；".join(notes), "R19", bank=True)
