"""A date by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from jmdesk.core.clock import SystemClock, beijing_date
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.widgets.field import LineField
from ui.widgets.typed_dates import typed_date


def _today() -> date:
    return beijing_date(SystemClock().now())


class DateField(LineField):
    """Takes ``1985.12.31``, ``19851231``, ``1985年12月31日`` and ``t``; shows and gives ``1985-12-31``."""

    def __init__(self, today: Callable[[], date] = _today) -> None:
        super().__init__(max_length=20)
        self._today = today
        self.setPlaceholderText(tr("年-月-日，t = 今天"))

    @override
    def read(self, text: str) -> object:
        try:
            return typed_date(text, self._today()).isoformat()
        except ValueError:
            raise ValueError(tr("不是有效日期，请按 1985-12-31 或 19851231 输入。")) from None
