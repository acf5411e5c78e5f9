"""Many record ids in one query: handed over as one parameter, so that thousands of them are one short statement."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BindParameter, Select, bindparam, func, select

from jmdesk.store.columns import json_text


def among(rids: Iterable[str]) -> Select[tuple[str]]:
    """These ids as a query: ``table.c.rid.in_(among(rids))``, which looks each of them up in the column's index."""
    listed: BindParameter[str] = bindparam(None, json_text(list(rids)), unique=True)
    return select(func.json_each(listed).table_valued("value").c.value)
