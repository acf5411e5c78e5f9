"""The code on a consent page, by which a scanned stack finds its households; it says nothing about a person.

Text: ``JMC1:unit:household:notice version:digest:sheet/sheets``; the household is its record id without dashes, the
digest the first eight digits of the notice's. What a scanner read is untrusted: anything else is no code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

_FORM = re.compile(
    r"JMC1:([0-9A-Z]{18}):([0-9a-f]{32}):([0-9A-Za-z.\-]{1,20}):([0-9a-f]{8}):([1-9][0-9]?)/([1-9][0-9]?)"
)


@dataclass(frozen=True, slots=True)
class PageCode:
    """Whose page it is: the unit's code, the household's record id, the notice, and which sheet of how many."""

    unit: str
    household: str
    notice: str
    digest: str
    sheet: int
    sheets: int

    def __str__(self) -> str:
        plain = self.household.replace("-", "")
        return f"JMC1:{self.unit}:{plain}:{self.notice}:{self.digest}:{self.sheet}/{self.sheets}"


def read_code(text: str) -> PageCode | None:
    """The code in a text that a scanner read, None when it is another one."""
    found = _FORM.fullmatch(text)
    if found is None or int(found[5]) > int(found[6]):
        return None
    return PageCode(found[1], str(UUID(found[2])), found[3], found[4], int(found[5]), int(found[6]))
