"""The figures of an association as a sheet: numbers stay numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from jmdesk.enterprises.queries import ClusterFigures
from jmdesk.exports.sheet import Cell, Sheet

COLUMNS = (
    "特色行业",
    "会员企业(家)",
    "规上企业(家)",
    "规上建档(家)",
    "规上建档率(%)",
    "良好信息(条)",
    "不良信息(条)",
    "投诉(件)",
)


def figures_sheet(lines: Sequence[ClusterFigures], name_of: Callable[[str], str], on: date) -> Sheet:
    """One line for each cluster and one for all. Members: on record and not left, counted on ``on``."""
    rows: list[tuple[Cell, ...]] = [_row(name_of(line.cluster) if line.cluster else "未填", line) for line in lines]
    shown = [line.complaints for line in lines if line.complaints is not None]
    whole = ClusterFigures(
        "",
        sum(line.enterprises for line in lines),
        sum(line.above_scale for line in lines),
        sum(line.above_scale_filed for line in lines),
        sum(line.good for line in lines),
        sum(line.bad for line in lines),
        sum(shown) if len(shown) == len(lines) else None,
    )
    return Sheet(f"会员企业统计(口径：本机建档、未退会；截止{on.isoformat()})", COLUMNS, [*rows, _row("合计", whole)])


def _row(name: str, line: ClusterFigures) -> tuple[Cell, ...]:
    share: Cell = None
    if line.above_scale:
        tenths = (2000 * line.above_scale_filed + line.above_scale) // (2 * line.above_scale)
        share = tenths // 10 if tenths % 10 == 0 else tenths / 10
    return (
        name, line.enterprises, line.above_scale, line.above_scale_filed, share, line.good, line.bad, line.complaints,
    )  # fmt: skip
