"""Texts for stable codes, read from ``resources/i18n/errors/*.json``.

Each file maps a code to ``{"zh": text, "zh_action": next step, "en": …, "en_action": …}``; ``{name}`` in a text is
filled from the error's parameters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jmdesk.core.resources import resource


@dataclass(frozen=True, slots=True)
class Message:
    """What happened (``text``) and what to do (``action``, may be empty)."""

    text: str
    action: str = ""

    def __str__(self) -> str:
        return f"{self.text}{self.action}"


@cache
def table() -> dict[str, dict[str, str]]:
    """Every code with its texts. Two files defining one code is a bug and raises ``ValueError``."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(resource("i18n/errors").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".json"):
            entries = json.loads(file.read_text(encoding="utf-8"))
            twice = found.keys() & entries.keys()
            if twice:
                raise ValueError(f"codes defined twice: {sorted(twice)}")
            found.update(entries)
    return found


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def message(code: str, params: Mapping[str, object], language: str = "zh") -> Message:
    """The text of a code; an unknown code is shown as itself rather than hidden."""
    entry = table().get(code)
    if entry is None:
        return Message(code)
    values = _Blank(params)
    return Message(
        entry.get(language, entry["zh"]).format_map(values),
        entry.get(f"{language}_action", entry.get("zh_action", "")).format_map(values),
    )
