"""What the villages page reads of a desk, in words ready to show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from jmdesk.core.numbers import round_half_up
from jmdesk.core.resources import resource
from jmdesk.desk import Desk
from jmdesk.papers.queries import Paper
from jmdesk.villages.board import GRADES, Board, Place
from jmdesk.villages.figures import CAUSES, WORDS, Figure, Standing, missing_sentence
from jmdesk.villages.papers import offered
from jmdesk.villages.rules import Gate, Item
from jmdesk.villages.service import TOWN, VILLAGE, WORKFLOWS, View
from jmdesk.villages.sources import SMALL
from ui.core.cases import CaseView, view
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.pickers import region_path
from ui.core.ports import Chip, Row
from ui.widgets.charts import Mark
from ui.widgets.table_model import Column
from ui.widgets.tile_map import Tile

_EDGES = (50, 60, 70, 80)
"""Shares from which a tile bears one mark more: 70 is the gate of a credit village, 60 of a town's households."""
_OF_BANKS = frozenset({"no_arrears", "npl", "npl_rise", "line"})
"""Ratios, gates and items that tell a bank's figure."""


@dataclass(frozen=True, slots=True)
class Showing:
    """What may be seen: banks' figures and rankings are for towns and above, and off a projected view by default.

    ``small``: a bank's view, in which few households are not told to the last.
    """

    banks: bool
    ranks: bool
    small: bool = False


def showing(desk: Desk, region: str, *, projected: bool, all_the_same: bool) -> Showing:
    """What may be seen of a region now."""
    above = desk.villages.sees_banks(region)
    shown = above and (not projected or all_the_same)
    return Showing(shown, shown, desk.villages.is_bank())


def percent(value: Fraction | None) -> str:
    """One decimal; a dash for what is not known."""
    return "—" if value is None else f"{round_half_up(value, 1)}%"


# -- scoreboard ----------------------------------------------------------------------------------------------------


def tiles(board: Board, code: str, shown: Showing) -> list[Tile]:
    """The regions below one as tiles."""
    below = board.below(code)
    order = sorted((p.share for p in below if p.share is not None), reverse=True)
    where = county_places()
    made: list[Tile] = []
    for place in below:
        remark = tr("{n} 户信用户", n=f"{place.credit:,}")
        if place.share is None:
            remark = tr("{n} 个村户数未登记", n=place.lacking) if place.lacking else tr("户数未登记")
        elif shown.ranks and len(below) > 1:
            remark = tr("排名 {n}", n=order.index(place.share) + 1)
        made.append(
            Tile(place.code, place.name, percent(place.share), remark, band(place.share), where.get(place.code))
        )
    return made


def band(share: Fraction | None) -> int:
    """In which of five steps a share lies; 0 when it is not known."""
    return 0 if share is None else 1 + sum(share >= edge for edge in _EDGES)


@cache
def county_places() -> dict[str, tuple[int, int]]:
    """Where the counties lie on a map drawn by hand: column and row."""
    raw = json.loads(resource("regions/counties_tiles.json").read_text(encoding="utf-8"))
    return {tile["code"].ljust(12, "0"): (tile["col"], tile["row"]) for tile in raw["tiles"]}


def grade_marks(place: Place) -> list[Mark]:
    """Households by grade."""
    words = {"NR": tr("信息不足或暂缓"), "B": tr("B 暂未达到"), "C": tr("C 暂未达到")}
    counts = [(words.get(grade, grade), place.grades.get(grade, 0)) for grade in GRADES]
    return [Mark(label, float(n), tr("{n} 户", n=f"{n:,}")) for label, n in counts]


def year_marks(place: Place) -> list[Mark]:
    """Credit households of each year."""
    return [Mark(str(year), float(count), f"{count:,}") for year, count in sorted(place.years.items())]


def progress_marks(place: Place) -> list[Mark]:
    """How far the round of the year has got."""
    base = place.base
    shares = (
        (tr("建档"), place.filed, base),
        (tr("本年度已评"), place.rated, place.filed),
        (tr("已认定信用户"), place.credit, place.rated),
    )
    return [
        Mark(label, part / whole if whole else None, f"{part:,}/{'—' if whole is None else f'{whole:,}'}")
        for label, part, whole in shares
    ]


# -- one village or town -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """One village or town, ready to show."""

    region: str
    title: str
    year: int
    type: str
    rid: str
    outcome: Chip
    score: str
    sentence: str
    causes: tuple[tuple[str, str], ...]
    figures: tuple[Row, ...]
    rules: tuple[Row, ...]
    history: tuple[Row, ...]
    case: CaseView | None
    papers: tuple[Paper, ...]
    offered: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    may_apply: bool
    may_judge: bool
    settled: bool
    changed: tuple[str, ...] = ()


def figure_columns() -> tuple[Column, ...]:
    """Figures with what every count must say of itself."""
    return (
        Column(tr("数据"), 150),
        Column(tr("数值"), 110, number=True),
        Column(tr("口径"), 130),
        Column(tr("来源"), 130),
        Column(tr("截止"), 126),
        Column(tr("说明"), 160, stretch=True),
    )


def rule_columns() -> tuple[Column, ...]:
    """Conditions and points in one list."""
    return (
        Column(tr("条件或评分项"), 220, stretch=True),
        Column(tr("要求"), 110),
        Column(tr("现值"), 130, number=True),
        Column(tr("结果"), 110),
        Column(tr("得分"), 90, number=True),
    )


def history_columns() -> tuple[Column, ...]:
    """One line a year."""
    return (
        Column(tr("年度"), 70),
        Column(tr("结论"), 150),
        Column(tr("得分"), 70, number=True),
        Column(tr("授牌日期"), 110),
        Column(tr("命名文号"), 180, stretch=True),
    )


def household_columns() -> tuple[Column, ...]:
    """The households behind a figure."""
    return (Column(tr("户主"), 120), Column(tr("户编号"), 180, stretch=True), Column(tr("村民小组"), 120))


class VillageReader:
    """Reads villages of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.labels = Labels(desk)

    def open(self, region: str, year: int, *, projected: bool, all_the_same: bool) -> Opened:
        """One village or town whole. Reads; call on the runner."""
        desk = self._desk
        found = desk.villages.view(region, year)
        shown = showing(desk, region, projected=projected, all_the_same=all_the_same)
        above = desk.villages.sees_banks(region)
        type_id = VILLAGE if desk.catalogue.regions.by_code(region).level == "village" else TOWN
        record = found.record
        case = desk.workflows.standing(WORKFLOWS[type_id], type_id, record.rid) if record else None
        return Opened(
            region,
            " / ".join(region_path(region, known=desk.catalogue.regions)) or region,
            year,
            type_id,
            record.rid if record else "",
            outcome_chip(found),
            "—" if found.assessment.score is None else tr("{n} 分", n=str(found.assessment.score)),
            missing_sentence(found.standing, banks=above),
            causes(found.standing),
            tuple(figure_row(figure, shown) for figure in found.standing.figures),
            (
                *(gate_row(g, shown) for g in found.assessment.gates),
                *(item_row(i, shown) for i in found.assessment.items),
            ),
            tuple(self._year(stored.rid, stored.values, type_id) for stored in desk.villages.history(region)),
            view(desk, self.labels, case) if case else None,
            tuple(desk.papers.of(type_id, record.rid)) if record else (),
            tuple(offered(desk, case)) if case else (),
            found.assessment.remarks,
            record is None and desk.guard.may("create", type_id, region),
            record is not None and not found.frozen and desk.villages.may_judge(type_id, record.rid),
            found.frozen,
            found.changed,
        )

    def listed(self, region: str, year: int, listing: str) -> tuple[Row, ...]:
        """The households behind a figure."""
        lines = self._desk.villages.listed(region, year, listing)
        return tuple(Row(line.rid, (line.head_name or tr("(未登记)"), line.number, line.group)) for line in lines)

    def _year(self, rid: str, values: Mapping[str, object], type_id: str) -> Row:
        grade = str(values.get("village_grade" if type_id == VILLAGE else "town_grade", ""))
        words = self._desk.catalogue.code_lists["CL-VGRADE"].values.get(grade, tr("未评定"))
        cells = ("score", "plaque_date", "award_doc_no")
        return Row(rid, (str(values["rating_year"]), words, *(str(values.get(name, "—")) for name in cells)))


def outcome_chip(found: View) -> Chip:
    """What the rules make of it, in the words of the city."""
    words = {"0": tr("未达到条件"), "1": tr("达到县级条件"), "2": tr("达到市级条件")}
    outcome = found.assessment.outcome
    if outcome is None:
        return Chip(tr("数据不全，暂不能评"), "neutral")
    return Chip(words[outcome], "info" if outcome == "0" else "ok")


def causes(standing: Standing) -> tuple[tuple[str, str], ...]:
    """The causes that have a list behind them: name and words."""
    return tuple(
        (cause, tr("{what} {n} 户", what=WORDS[cause], n=f"{standing.causes[cause]:,}"))
        for cause in CAUSES
        if standing.causes.get(cause) and standing.lists
    )


def figure_row(figure: Figure, shown: Showing) -> Row:
    """One figure; a bank's is left out where it may not be seen."""
    value = figure_text(figure, shown)
    return Row(
        f"{figure.name} {figure.listing}".strip(),
        (figure.label, value, figure.basis, figure.source, figure.as_of, figure.note),
    )


def figure_text(figure: Figure, shown: Showing) -> str:
    """A figure's value with its unit."""
    value = figure.value
    if figure.bank and not shown.banks:
        return tr("不在此显示")
    if value is None:
        return tr("没有数据")
    if isinstance(value, bool):
        return tr("是") if value else tr("否")
    if shown.small and figure.bank and figure.unit == "户" and value < SMALL:
        return f"<{SMALL} {figure.unit}"
    places = {"元": 2, "%": 2, "分": 2}.get(figure.unit, 0)
    gap = "" if figure.unit == "%" else " "
    return f"{round_half_up(Fraction(value), places):,}{gap}{figure.unit}"


def gate_row(gate: Gate, shown: Showing) -> Row:
    """One condition."""
    kinds = {"passed": (tr("达到"), "ok"), "missed": (tr("未达到"), "warn"), "unknown": (tr("没有数据"), "neutral")}
    text, kind = kinds.get(gate.state, (tr("不适用"), "neutral"))
    hidden = gate.id in _OF_BANKS and not shown.banks
    value = tr("不在此显示") if hidden else gate.shown
    return Row(f"gate {gate.id}", (tr("条件：{title}", title=gate.title), gate.asked, value, Chip(text, kind), ""))


def item_row(item: Item, shown: Showing) -> Row:
    """One line of the score."""
    hidden = item.id in _OF_BANKS and not shown.banks
    words = {"unknown": tr("没有数据"), "not_applicable": tr("不适用")}
    points = "—" if item.points is None else f"{round_half_up(item.points, 1)}/{item.maximum}"
    value = tr("不在此显示") if hidden else item.shown
    state = Chip(words.get(item.state, ""), "neutral")
    return Row(f"item {item.id}", (tr("评分：{title}", title=item.title), "", value, state, "—" if hidden else points))


def listing_words(listing: str) -> str:
    """What the households of a list are."""
    return {"filed": tr("建档户"), "credit": tr("信用户"), "away": tr("整户外出或迁出")}.get(listing, listing)
