"""Interface texts: Simplified Chinese in the source, other languages by table."""

from __future__ import annotations

import json
from functools import cache

from jmdesk.core.resources import resource

LANGUAGES = {"zh": "简体中文", "en": "English"}

_language = "zh"


def set_language(code: str) -> None:
    """Choose the language of every text asked for from now on. ``KeyError`` for one we do not have."""
    global _language  # noqa: PLW0603 -- one interface, one language
    LANGUAGES[code]
    _language = code


def language() -> str:
    """The language in use: ``zh`` or ``en``."""
    return _language


@cache
def english() -> dict[str, str]:
    """The English of each Chinese text."""
    table: dict[str, str] = json.loads(resource("i18n/en.json").read_text(encoding="utf-8"))
    return table


def tr(text: str, /, **values: object) -> str:
    """An interface text in the language in use; ``{name}`` is filled from ``values``.

    A text that has no translation is shown in Chinese: readable beats missing.
    """
    found = text if _language == "zh" else english().get(text, text)
    return found.format(**values) if values else found
