"""What is wrong with a value or a record, as data with a text."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

from jmdesk.core.messages import Message, message


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One finding: ``error`` keeps the record out, ``warn`` asks a person to look and confirm.

    ``field`` is the identifier, "" when the record as a whole is meant; ``code`` is stable and has a text; ``params``
    fill the text and never hold the value that was found (they may reach a log or a verdict).
    """

    field: str
    code: str
    level: Literal["error", "warn"]
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def message(self, language: str = "zh") -> Message:
        """What is wrong and what to do about it."""
        return message(self.code, self.params, language)
