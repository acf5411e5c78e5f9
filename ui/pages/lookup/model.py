"""What the credit look-up shows: the standing of villages and towns, a household's agreements, the answer to a bank."""

from __future__ import annotations

from dataclasses import dataclass

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date
from jmdesk.desk import Desk
from jmdesk.rights.lookup import FEW, HouseholdAnswer, Lookup
from jmdesk.villages.board import GRADES
from ui.core import wording
from ui.core.i18n import tr
from ui.core.pickers import region_path
from ui.core.ports import Chip, Row
from ui.widgets.table_model import Column


def place_columns() -> tuple[Column, ...]:
    """Of the list of villages and towns."""
    return (
        Column(tr("村镇"), 150, stretch=True),
        Column(tr("年度"), 70),
        Column(tr("常住户数(户)"), 125, number=True),
        Column(tr("信用户(户)"), 110, number=True),
        Column(tr("占比(%)"), 90, number=True),
        Column(tr("结论"), 140),
        Column(tr("授牌日期"), 110),
    )


def agreement_columns() -> tuple[Column, ...]:
    """Of the list of what a household agreed to."""
    return (
        Column(tr("银行(统一社会信用代码)"), 220, stretch=True),
        Column(tr("用途"), 160),
        Column(tr("有效期至"), 120),
    )


@dataclass(frozen=True, slots=True)
class Places:
    """Villages and towns of a region, and how many households have which grade there, as one sentence."""

    rows: tuple[Row, ...]
    grades: str


def read_places(desk: Desk, region: str, *, households: bool) -> Places:
    """Read; call on the runner. ``households``: whether grades are counted as well."""
    lookup, year = Lookup(desk), beijing_date(desk.clock.now()).year
    rows = tuple(_place(desk, values) for values in lookup.places(region))
    return Places(rows, _grades(lookup.village(region, year).grades, year) if households else "")


def _place(desk: Desk, values: Record) -> Row:
    """A village counts its households; a town its villages, and of the households only the share."""
    code = str(values["region_code"])
    conclusion = desk.catalogue.code_lists["CL-VGRADE"].label(
        str(values.get("village_grade", values.get("town_grade", "")))
    )
    base, credit = values.get("hh_base"), values.get("hh_credit")
    share = str(values.get("hh_credit_pct", ""))
    if isinstance(base, int) and isinstance(credit, int) and base:
        share = f"{credit * 100 / base:.1f}"
    return Row(
        code,
        (
            " / ".join(region_path(code)[-2:]) or code,
            str(values.get("rating_year", "")),
            f"{base:,}" if isinstance(base, int) else "",
            f"{credit:,}" if isinstance(credit, int) else "",
            share,
            Chip(conclusion, "neutral") if conclusion else "",
            str(values.get("plaque_date", "")),
        ),
    )


def _grades(counts: dict[str, int | None], year: int) -> str:
    if not counts:
        return tr("{year} 年还没有评级。", year=year)
    told = "，".join(
        tr("{grade}：{n} 户", grade=wording.grade(grade).text, n=number)
        if number is not None
        else tr("{grade}：少于 {few} 户", grade=wording.grade(grade).text, few=FEW)
        for grade, number in sorted(counts.items(), key=lambda one: GRADES.index(one[0]))
    )
    return tr("{year} 年户评级：{told}。户数太少的等级不显示具体数，避免认出农户。", year=year, told=told)


def read_agreements(desk: Desk, household: str) -> tuple[Row, ...]:
    """A row for each bank and purpose that a household agreed to; the key is both. Reads; call on the runner."""
    purposes = desk.catalogue.code_lists["CL-PURPOSE"]
    return tuple(
        Row(f"{one.recipient} {one.purpose}", (one.recipient, purposes.label(one.purpose), one.until))
        for one in Lookup(desk).agreements(household)
    )


def answered(desk: Desk, answer: HouseholdAnswer) -> str:
    """What is told to a bank, in a line."""
    values = answer.values
    if "grade" not in values:
        return tr("没有评级结果。本次查询已记入查询日志。")
    status = desk.catalogue.code_lists["CL-RSTAT"].label(str(values.get("rating_status", "")))
    return tr(
        "{year} 年等级 {grade}（{status}），有效期至 {until}，证号 {number}。本次查询已记入查询日志。",
        year=values.get("rating_year", ""),
        grade=wording.grade(str(values["grade"])).text,
        status=status,
        until=values.get("valid_to") or tr("未定"),
        number=values.get("cert_no") or tr("未发证"),
    )
