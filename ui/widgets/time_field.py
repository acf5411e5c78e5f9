"""A moment by keyboard: stored in UTC, typed and shown at +08:00."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, time

from jmdesk.core.clock import BEIJING, SystemClock, beijing_date, beijing_text, utc_text
from jmdesk.core.text import folded
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.widgets.field import LineField
from ui.widgets.typed_dates import typed_date

_CLOCK = re.compile(r"(.*?)(?:\s+|T)(\d{1,2})\s*[:：时点]\s*(\d{1,2})\s*分?")

_HERE = SystemClock()


class TimeField(LineField):
    """Takes ``2026-11-22 17:30``, a date alone (00:00) and ``t`` (now); gives ``2026-11-22T09:30:00Z``."""

    def __init__(self, now: Callable[[], datetime] = _HERE.now) -> None:
        super().__init__(max_length=30)
        self._now = now
        self.setPlaceholderText(tr("年-月-日 时:分，t = 现在"))

    @override
    def read(self, text: str) -> object:
        now = self._now()
        plain = folded(text)
        if plain.lower() in ("t", "现在", "now"):
            return utc_text(now)
        match = _CLOCK.fullmatch(plain)
        try:
            day = typed_date(match[1] if match else plain, beijing_date(now))
            clock = time(int(match[2]), int(match[3])) if match else time(0, 0)
        except ValueError:
            raise ValueError(tr("不是有效时间，请按 2026-11-22 17:30 输入。")) from None
        return utc_text(datetime.combine(day, clock, BEIJING))

    @override
    def shown(self, value: object) -> str:
        return beijing_text(str(value))
