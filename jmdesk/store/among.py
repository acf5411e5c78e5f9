"""Many record ids in one query: handed over as one parameter, so that thousands of them are one short statement."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, Table, bindparam, func, select

from jmdesk.store.columns import json_text
from jmdesk.store.statements import Statement, given


def among(rids: Iterable[str]) -> Select[tuple[str]]:
    """These ids as a query: ``table.c.rid.in_(among(rids))``, which looks each of them up in the column's index."""
    return _values(bindparam(None, json_text(list(rids)), unique=True))


def among_given(name: str) -> Select[tuple[str]]:
    """The same in a ``Statement``, each run of which is given its list as JSON text."""
    return _values(given(name))


@cache
def by_rids(table: Table) -> Statement:
    """The rows of many records (``rids``: their ids as JSON text)."""
    return Statement(select(table).where(table.c.rid.in_(among_given("rids"))))


def _values(listed: BindParameter[Any]) -> Select[tuple[str]]:
    return select(func.json_each(listed).table_valued("value").c.value)
