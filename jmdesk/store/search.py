"""Search terms: made when a record is written, so that a keystroke asks one prefix index.

Terms are pairs of characters, pinyin, initials, number tails (see ``catalogue.pinyin``). A household is found by any of
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

_ONE_WORD = (
    "SELECT e.subject FROM search_terms AS s JOIN search_entries AS e ON e.id = s.rowid "
    "WHERE search_terms MATCH :word{n} AND e.type IN :types"
)


def _field_terms(field: Field, value: str) -> tuple[str, ...]:
    if field.identifier in _NUMBERS:
        plain = folded(value).lower()
        return (plain, *(plain[-n:] for n in _TAILS if len(plain) > n))
    return search_terms(value, _SORTS.get(field.identifier, "text"))


def terms_of(record_type: RecordType, values: Record) -> str:
    """Everything a record can be found by, as space-separated terms; empty for types that are not searched."""
    found: list[str] = []
    for field in record_type.searchable:
        value = values.get(field.identifier)
        if isinstance(value, str) and value:
            found += _field_terms(field, value)
    return " ".join(dict.fromkeys(found))


def search_subject(record_type: RecordType, rid: str, values: Record) -> str:
    """Whom a hit leads to: the household of a member or child record, else the record itself."""
    household = values.get(record_type.household_field) if record_type.household_field else None
    return household if isinstance(household, str) else rid


def match_expressions(query: str) -> list[str]:
    """One FTS5 expression per word of what somebody typed: the beginnings of terms; empty for nothing typed.

    Terms are quoted, so that no character of a query is an operator.
    """
    expressions = []
    for word in _WORD.findall(folded(query).lower()):
        whole = word[0].isascii() or len(word) == 1
        parts = [word] if whole else [word[i : i + 2] for i in range(len(word) - 1)]
        expressions.append(" ".join(f'"{part}"*' for part in parts))
    return expressions


def subjects(connection: Connection, query: str, *, types: tuple[str, ...], limit: int) -> list[str]:
    """Record ids of the subjects that every word leads to, at most ``limit``.

    The words may stand in different records of one subject: a member's name and the household's address.
    """
    expressions = match_expressions(query)
    if not expressions:
        return []
    each = " INTERSECT ".join(_ONE_WORD.format(n=n) for n in range(len(expressions)))
    if len(expressions) == 1:
        each = each.replace("SELECT e.subject", "SELECT DISTINCT e.subject")
    statement = text(f"{each} LIMIT :limit").bindparams(bindparam("types", expanding=True))
    words = {f"word{n}": expression for n, expression in enumerate(expressions)}
    return [row[0] for row in connection.execute(statement, {**words, "types": types, "limit": limit})]
