"""The charts of a year for the association's meeting: what may be published, and members without their names. Pure.

Members and rivals sit in the room: a member is a number, but for the firm of the one who shows it; groups of a few are
folded as in the published report. Nobody's revenue, and nothing that a bank said, is here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from jmdesk.complaints.statistics import (
    FIRMS,
    FOLDED,
    MONTHS,
    OUTSIDE,
    QUARTERS,
    SMALLEST,
    Figures,
    Line,
    Rate,
    folded,
    published,
)

NONE: Final = "—"
_NAMELESS: Final = frozenset({FOLDED, OUTSIDE, "未填"})
_SHOWN: Final = ("产品或服务", "特色行业", "问题类别", "结果")
_MOST: Final = 10
"""So many lines a chart has at most; the rest is folded."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure in large type, with what it is of."""

    name: str
    figure: str
    about: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: complaints by ``heading``; name and count of each line. One line alone would say nothing."""

    heading: str
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Wall:
    """A whole wall: the tiles come first, each panel after them."""

    unit: str
    year: int
    tiles: tuple[Tile, ...]
    panels: tuple[Panel, ...]

    @property
    def note(self) -> str:
        """What stands beneath every chart."""
        return f"少于{SMALLEST}件的分组已合并，会员以编号代替，不含投诉人信息；口径：{self.year}年收到的投诉"


def wall(found: Figures, unit: str, own: Collection[str]) -> Wall:
    """The wall of a year; ``own`` are the names of the firms that may be called by name."""
    shown = published(found)
    tiles = [
        Tile("收到投诉", f"{shown.total.count:,} 件", f"受理 {shown.total.accepted:,} 件"),
        *(_rate(label.partition("(")[0] + "按期率", rate) for label, rate in shown.on_time.items()),
        _rate("调解成功率", shown.success),
        _rate("回访满意率", shown.satisfaction),
        Tile("挽回经济损失", f"{shown.recovered:,.2f} 元" if shown.recovered else NONE, "办结时登记"),
    ]
    if shown.per_hundred is not None:
        tiles.append(Tile("每百家会员投诉", f"{shown.per_hundred} 件", f"会员 {shown.members:,} 家"))
    tables = {"时间": _time(found, shown), "会员": _anonymous(found.tables[FIRMS], own)}
    tables |= {name: shown.tables.get(name, ()) for name in _SHOWN}
    return Wall(
        unit,
        found.year,
        tuple(tiles),
        tuple(Panel(name, _few(lines)) for name, lines in tables.items() if len(lines) > 1),
    )


def _rate(name: str, rate: Rate) -> Tile:
    if rate.percent is None:
        return Tile(name, NONE, f"基数少于{SMALLEST}件，不列出")
    return Tile(name, f"{rate.percent}%", f"{rate.part:,}/{rate.whole:,}")


def _time(found: Figures, shown: Figures) -> Sequence[Line]:
    """By month where no month is small, else by quarter."""
    months = found.tables[MONTHS]
    return months if all(not line.count or line.count >= SMALLEST for line in months) else shown.tables[QUARTERS]


def _anonymous(lines: Sequence[Line], own: Collection[str]) -> tuple[Line, ...]:
    made: list[Line] = []
    for line in folded(lines):
        nameless = line.name in _NAMELESS or line.name in own
        members = sum(one.name.startswith("会员") for one in made)
        made.append(line if nameless else replace(line, name=f"会员{members + 1}"))
    return tuple(made)


def _few(lines: Sequence[Line]) -> tuple[tuple[str, int], ...]:
    """The largest lines in their order, the rest as one; a year's months all."""
    if len(lines) <= _MOST + 2:
        return tuple((line.name, line.count) for line in lines)
    kept = [line for line in lines if line.name != FOLDED][:_MOST]
    rest = sum(line.count for line in lines) - sum(line.count for line in kept)
    return (*((line.name, line.count) for line in kept), (FOLDED, rest))
