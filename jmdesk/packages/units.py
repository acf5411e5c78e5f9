"""Names of units by their unified code: the city's signed list named "units", in force by date like any package."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jmdesk.packages.service import Packages

LIST: Final = "units"
FILE: Final = "units.csv"
"""Columns ``uscc`` and ``name``, as in the file from which the platform reads its units; others are passed over."""
_MOST: Final = 100_000


def unit_names(packages: Packages) -> Mapping[str, str]:
    """Every unit that the list in force names; nothing where there is no list."""
    text = packages.list_file(LIST, FILE)
    return _read(text) if text is not None else {}


@lru_cache(maxsize=2)
def _read(text: str) -> Mapping[str, str]:
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    found: dict[str, str] = {}
    for row in rows:
        code, name = (row.get("uscc") or "").strip(), (row.get("name") or "").strip()
        if code and name and len(found) < _MOST:
            found[code] = name
    return found
