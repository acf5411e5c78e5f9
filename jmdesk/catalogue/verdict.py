"""What a check of one identity number or code says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from jmdesk.core.messages import Message, message

Level = Literal["ok", "warn", "error"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for one value: ``error`` cannot be kept, ``warn`` needs a person's eye, ``ok`` is silent.

    ``code`` is ``"ok"`` or a stable code with a text (``idno.checksum``); ``value`` is the value as it is stored:
    folded, without spaces, upper case. ``birth_date`` and ``sex`` ("1" male, "2" female) are what an identity number
    says, where it says it. ``params`` never hold the value itself.
    """

    verdict: Level
    code: str
    value: str
    birth_date: date | None = None
    sex: str = ""
    params: Mapping[str, object] = field(default_factory=dict)

    def message(self, language: str = "zh") -> Message:
        """The outcome in words; empty for ``ok``."""
        return Message("") if self.verdict == "ok" else message(self.code, self.params, language)
