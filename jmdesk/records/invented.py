"""What a demonstration keeps out: identity numbers that may be somebody's.

GB 11643 keeps the sequence numbers 996 to 999 for people past a hundred; with a later birth date such a number belongs
to nobody, and these are the only ones that a demonstration takes. Real registers are so refused as a whole.
"""

from __future__ import annotations

from typing import Final

from jmdesk.catalogue.types import Record, RecordType
from jmdesk.core.errors import Refused

INVENTED: Final = "演示数据，均为虚构，不得作为依据"
"""Stands on every paper and file that a demonstration hands out."""

_SEQUENCE: Final = slice(14, 17)
_INVENTED: Final = frozenset({"996", "997", "998", "999"})
_LONG_AGO: Final = "1930"
"""Whoever was born before may still carry such a number."""


def is_invented(number: str) -> bool:
    """Whether an identity number belongs to nobody: 18 characters, born late, a sequence kept for the oldest."""
    return len(number) == 18 and number[6:10] >= _LONG_AGO and number[_SEQUENCE] in _INVENTED


def only_invented(record_type: RecordType, values: Record) -> None:
    """``Refused`` "demonstration.real_number" for an identity number that may be somebody's."""
    for name, value in values.items():
        field = record_type.by_identifier.get(name)
        if field is not None and field.code_list == "CL-IDNO" and not is_invented(str(value)):
            raise Refused("demonstration.real_number", label=field.label)
