"""Values that wait for a consent, kept apart from the records that they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, delete

from jmdesk.catalogue.types import Value
from jmdesk.store.among import among_given
from jmdesk.store.columns import json_text
from jmdesk.store.statements import Statement, given
from jmdesk.store.tables import awaiting_consent

_FORGET = Statement(
    delete(awaiting_consent).where(
        awaiting_consent.c.rid == given("rid"), awaiting_consent.c.field.in_(among_given("names"))
    )
)
_FORGET_ALL = Statement(delete(awaiting_consent).where(awaiting_consent.c.rid.in_(among_given("rids"))))


def rows(
    type_id: str, rid: str, household: str, lock: str, values: Mapping[str, Value], since: str
) -> list[dict[str, Any]]:
    """The lines of a record's values that wait for what ``lock`` asks of a household."""
    of = {"rid": rid, "type": type_id, "household": household, "lock": lock, "since": since}
    return [of | {"field": name, "value": json_text(value)} for name, value in values.items()]


def forget(connection: Connection, rid: str, names: Iterable[str]) -> None:
    """Drop some values of a record."""
    _FORGET.run(connection, rid=rid, names=json_text(list(names)))


def forget_all(connection: Connection, rids: Iterable[str]) -> None:
    """Drop every value of these records."""
    _FORGET_ALL.run(connection, rids=json_text(list(rids)))
