"""Invented code lists and long lists for widgets that are tried without a vault."""

from __future__ import annotations

from collections.abc import Sequence

from ui.core.pickers import search_codes
from ui.core.ports import Chip, Row

SEXES = {"0": "未知的性别", "1": "男性", "2": "女性", "9": "未说明的性别"}
FAMILY = "陈李张黄何梁冯邓吴林"
GIVEN = ("建明", "秀英", "志强", "桂芳", "伟文", "丽华", "国栋", "小燕")

search_sexes = search_codes(SEXES)


class ManyRows:
    """A list of ``count`` invented households, made when asked for."""

    def __init__(self, count: int) -> None:
        self.length = count
        self.fetched: list[tuple[int, int]] = []

    def count(self) -> int:
        return self.length

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        self.fetched.append((offset, limit))
        return [self._row(n) for n in range(offset, min(offset + limit, self.length))]

    @staticmethod
    def _row(n: int) -> Row:
        grades = (Chip("A", "ok"), Chip("B", "info"), Chip("信息不足", "neutral"), Chip("待复核", "warn"), Chip(""))
        states = (Chip("已收下", "ok"), Chip("待报送", "warn"), Chip("退回补正", "bad"))
        return Row(
            f"row-{n}",
            (
                f"44070310220100{n % 10000:04d}",
                FAMILY[n % 10] + GIVEN[n % 8],
                "三堡村第 3 村民小组",
                f"{n % 6 + 1}",
                f"{(n * 137) % 90000 + 8000:,}.00",
                grades[n % 5],
                states[n % 3],
            ),
            faded=n % 11 == 10,
        )
