"""Whether a search names one person, by an identity number or a phone. Names are how an office works, numbers not."""

from __future__ import annotations

import re
from typing import Final

from jmdesk.core.text import folded

_KEYS: Final = (
    ("id_no", re.compile(r"[0-9]{17}[0-9X]|[0-9]{15}")),
    ("phone", re.compile(r"1[0-9]{10}")),
)


def personal_key(text: str) -> str:
    """What one of the words of a search is: "id_no", "phone", or "" for neither."""
    words = re.split(r"\s+", folded(text).upper())
    return next((name for word in words for name, shape in _KEYS if shape.fullmatch(word)), "")
