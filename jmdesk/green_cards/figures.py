"""The board of a year as a sheet: numbers stay numbers; names only of A and B."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jmdesk.exports.sheet import Cell, Sheet
from jmdesk.green_cards.board import Board, Card

COLUMNS = ("项目", "名称", "绿卡企业(家)", "骨干企业(家)", "目标(家)")


def board_sheet(board: Board, public: Sequence[Card], county_of: Callable[[str], str]) -> Sheet:
    """Totals, targets, counties, industries, then who may be named. Source: cards of this desk."""
    rows: list[tuple[Cell, ...]] = [("合计", f"申报{board.applied}家", board.green, board.backbone, None)]
    rows += [("目标", target.text, None, target.reached, target.backbone) for target in board.targets]
    rows += [("县(市、区)", county_of(code), green, backbone, None) for code, green, backbone in board.by_county]
    rows += [("行业大类", code or "未填", green, backbone, None) for code, green, backbone in board.by_industry]
    rows += [("公布名单", f"{card.name} {card.grade}级", 1, int(card.backbone), None) for card in public]
    return Sheet(f"{board.year}年度诚信绿卡统计(口径：本机登记的申报企业)", COLUMNS, rows)
