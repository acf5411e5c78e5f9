"""What the search for duplicates reads: by index where one person is asked about, by one grouped scan for the sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select, union_all

from jmdesk.store.among import among
from jmdesk.store.columns import from_json, json_text
from jmdesk.store.store import get_setting, set_setting
from jmdesk.store.tables import awaiting_consent, record_tables

_APART = "duplicates.apart"
_PERSON, _HOUSEHOLD = record_tables["R06"], record_tables["R05"]


@dataclass(frozen=True, slots=True)
class Twin:
    """One person record among several that seem to be of one person."""

    rid: str
    name: str
    household: str
    number: str
    region: str
    head: str


def with_number(connection: Connection, number: str) -> list[str]:
    """People in force with an identity number, in place or waiting for a consent."""
    people = select(_PERSON.c.rid).where(_PERSON.c.id_no == number, _PERSON.c.rec_voided.is_(None))
    waiting = (
        select(_PERSON.c.rid)
        .join(awaiting_consent, awaiting_consent.c.rid == _PERSON.c.rid)
        .where(
            awaiting_consent.c.field == "id_no",
            awaiting_consent.c.value == json_text(number),
            _PERSON.c.rec_voided.is_(None),
        )
    )
    return [row[0] for row in connection.execute(union_all(people, waiting))]


def named(connection: Connection, name: str, born: str, region: str) -> list[str]:
    """People in force of one name and birth date in one village."""
    query = (
        select(_PERSON.c.rid)
        .join(_HOUSEHOLD, _HOUSEHOLD.c.rid == _PERSON.c.household_id)
        .where(
            _HOUSEHOLD.c.rec_region == region,
            _PERSON.c.person_name == name,
            _PERSON.c.birth_date == born,
            _PERSON.c.rec_voided.is_(None),
        )
    )
    return [row[0] for row in connection.execute(query)]


def same_number(connection: Connection) -> list[list[str]]:
    """Groups of people in force who share an identity number, waiting ones too."""
    placed = select(_PERSON.c.id_no.label("number"), _PERSON.c.rid).where(
        _PERSON.c.id_no.is_not(None), _PERSON.c.rec_voided.is_(None)
    )
    waiting = (
        select(func.json_extract(awaiting_consent.c.value, "$").label("number"), _PERSON.c.rid)
        .join(_PERSON, _PERSON.c.rid == awaiting_consent.c.rid)
        .where(awaiting_consent.c.field == "id_no", _PERSON.c.rec_voided.is_(None))
    )
    both = union_all(placed, waiting).subquery()
    query = select(func.group_concat(both.c.rid)).group_by(both.c.number).having(func.count() > 1)
    return [row[0].split(",") for row in connection.execute(query)]


def same_name(connection: Connection) -> list[list[str]]:
    """Groups of people in force of one name, birth date and village."""
    query = (
        select(func.group_concat(_PERSON.c.rid))
        .where(and_(_PERSON.c.rec_voided.is_(None), _PERSON.c.birth_date.is_not(None)))
        .group_by(_PERSON.c.rec_region, _PERSON.c.person_name, _PERSON.c.birth_date)
        .having(func.count() > 1)
    )
    return [row[0].split(",") for row in connection.execute(query)]


def people(connection: Connection, rids: Sequence[str]) -> list[Twin]:
    """Who these people are and where they are on record."""
    head = _PERSON.alias("head")
    query = (
        select(
            _PERSON.c.rid,
            _PERSON.c.person_name,
            _PERSON.c.household_id,
            _HOUSEHOLD.c.household_id.label("number"),
            _HOUSEHOLD.c.rec_region,
            head.c.person_name.label("head"),
        )
        .join(_HOUSEHOLD, _HOUSEHOLD.c.rid == _PERSON.c.household_id)
        .join(head, head.c.rid == _HOUSEHOLD.c.head_person_id, isouter=True)
        .where(_PERSON.c.rid.in_(among(rids)))
        .order_by(_PERSON.c.rid)
    )
    return [
        Twin(row.rid, row.person_name or "", row.household_id, row.number or "", row.rec_region, row.head or "")
        for row in connection.execute(query)
    ]


def kept_apart(connection: Connection) -> list[list[str]]:
    """Groups that somebody has called different people."""
    text = get_setting(connection, _APART)
    found: list[list[str]] = from_json(text) if text else []
    return found


def keep_apart(connection: Connection, rids: Sequence[str]) -> None:
    """Remember that these are different people."""
    known = kept_apart(connection)
    if list(rids) not in known:
        set_setting(connection, _APART, json_text([*known, list(rids)]))
