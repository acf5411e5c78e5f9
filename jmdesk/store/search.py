"""Search terms: made when a record is written, so that a keystroke asks one prefix index.

Terms are characters, pairs, pinyin, initials, number tails (see ``catalogue.pinyin``). A household is found by any of
its members: entries name the household as their subject.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, bindparam, text

from jmdesk.catalogue.pinyin import Sort, search_terms
from jmdesk.catalogue.types import Field, Record, RecordType
from jmdesk.core.text import folded

_NUMBERS = {"id_no", "phone", "complainant_phone", "household_id", "uscc", "org_uscc", "contractor_code"}
_SORTS: dict[str, Sort] = {
    "person_name": "person",
    "legal_rep": "person",
    "complainant_name": "person",
    "address": "place",
}
_TAILS = (4, 6)
_WORD = re.compile(r"[0-9a-z]+|[^\W0-9a-z_]+")

_MATCHING = text(
    "SELECT DISTINCT e.subject FROM search_terms AS s JOIN search_entries AS e ON e.id = s.rowid "
    "WHERE search_terms MATCH :query AND e.type IN :types LIMIT :limit"
).bindparams(bindparam("types", expanding=True))


def _field_terms(field: Field, value: str) -> tuple[str, ...]:
    if field.identifier in _NUMBERS:
        plain = folded(value).lower()
        return (plain, *(plain[-n:] for n in _TAILS if len(plain) > n))
    return search_terms(value, _SORTS.get(field.identifier, "text"))


def terms_of(record_type: RecordType, values: Record) -> str:
    """Everything a record can be found by, as space-separated terms; empty for types that are not searched."""
    found: dict[str, None] = {}
    for field in record_type.fields:
        value = values.get(field.identifier)
        if field.searchable and isinstance(value, str) and value:
            found.update(dict.fromkeys(_field_terms(field, value)))
    return " ".join(found)


def search_subject(record_type: RecordType, rid: str, values: Record) -> str:
    """Whom a hit leads to: the household of a member or child record, else the record itself."""
    household = values.get(record_type.household_field) if record_type.household_field else None
    return household if isinstance(household, str) else rid


def match_expression(query: str) -> str:
    """The FTS5 expression of what somebody typed: every word must be the beginning of a term. "" for nothing typed.

    Terms are quoted, so that no character of a query is an operator.
    """
    parts: list[str] = []
    for word in _WORD.findall(folded(query).lower()):
        if word[0].isascii() or len(word) == 1:
            parts.append(word)
        else:
            parts += [word[i : i + 2] for i in range(len(word) - 1)]
    return " ".join(f'"{part}"*' for part in parts)


def subjects(connection: Connection, query: str, *, types: tuple[str, ...], limit: int) -> list[str]:
    """Record ids of the subjects that match, newest entries first, at most ``limit``."""
    expression = match_expression(query)
    if not expression:
        return []
    rows = connection.execute(_MATCHING, {"query": expression, "types": types, "limit": limit})
    return [row[0] for row in rows]
