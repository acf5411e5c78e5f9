"""What the operators' ``show`` commands read: records, batches, devices, and a rating's explanation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.regions import regions
from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Refused
from jmdesk.ratings.document import Document
from jmdesk.ratings.explanation import Subject, explain
from jmdesk.ratings.model import shipped
from jmdesk.ratings.verification import verify
from sync.gateway.database import READ, Database

_encode = msgspec.json.Encoder(order="deterministic").encode
Row = dict[str, Any]


def records(
    database: Database, *, type_: str = "", rid: str = "", limit: int = 0, values: bool = False
) -> Iterator[Row]:
    """Records in the order in which they last changed; ``values`` with their fields, else a digest of them.

    ``Refused`` ``gateway.type_unknown``.
    """
    number = _type_number(type_) if type_ else ""
    after = ("", -1)
    left = limit or 2**62
    while left:
        with database.transaction(READ) as connection:
            rows = connection.execute(
                "SELECT county, position, type, rid::text, region, unit, version, tombstone, writer, at, fields, reason"
                " FROM records WHERE (county, position) > (%s, %s) AND (%s = '' OR type = %s)"
                " AND (%s = '' OR rid::text = %s) ORDER BY county, position LIMIT %s",
                (*after, number, number, rid, rid, min(left, 2_000)),
            ).fetchall()
        if not rows:
            return
        after, left = (rows[-1][0], rows[-1][1]), left - len(rows)
        for county, position, kind, name, region, unit, version, tombstone, writer, at, fields, reason in rows:
            shown: Row = {
                "type": kind,
                "rid": name,
                "county": county,
                "region": region,
                "unit": unit,
                "version": version,
                "position": position,
                "tombstone": tombstone,
                "writer": writer,
                "at": at,
                "digest": hashlib.sha256(_encode(fields)).hexdigest(),
            }
            yield shown | ({"fields": fields, "reason": reason} if values else {})


def counts(database: Database) -> Iterator[Row]:
    """How many records of each type each unit has on the platform."""
    with database.transaction(READ) as connection:
        rows = connection.execute(
            "SELECT type, records.unit, units.name, count(*) FILTER (WHERE NOT tombstone), count(*) FILTER"
            " (WHERE tombstone) FROM records LEFT JOIN units ON units.unit = records.unit"
            " GROUP BY 1, 2, 3 ORDER BY 1, 2"
        ).fetchall()
    types = catalogue().types
    for kind, unit, name, there, void in rows:
        label = types[kind].label if kind in types else kind
        yield {"type": kind, "label": label, "unit": unit, "unit_name": name or "", "records": there, "void": void}


def batches(database: Database) -> Iterator[Row]:
    """Every batch: whose, where in its chain, its state, times and totals."""
    with database.transaction(READ) as connection:
        rows = connection.execute(
            "SELECT batch_id::text, unit, device, epoch, seq, state, records, parts, announced, received, processed,"
            " totals, flags FROM batches ORDER BY announced, epoch, seq"
        ).fetchall()
    for batch_id, unit, device, epoch, seq, state, count, parts, announced, received, processed, totals, flags in rows:
        yield {
            "batch_id": batch_id,
            "unit": unit,
            "device": device,
            "epoch": epoch,
            "seq": seq,
            "state": state,
            "records": count,
            "parts": parts,
            "announced": utc_text(announced),
            "received": utc_text(received) if received else "",
            "processed": utc_text(processed) if processed else "",
            "totals": totals or {},
            "flags": flags,
        }


def devices(database: Database) -> Iterator[Row]:
    """Every enrolled device with its grant, last contact, backlog and chain alarms."""
    with database.transaction(READ) as connection:
        rows = connection.execute(
            "SELECT device, devices.unit, units.name, devices.regions, roles, desk_block, devices.epoch, client,"
            " enrolled, last_seen, revoked,"
            " (SELECT count(*) FROM batches WHERE batches.device = devices.device AND processed IS NULL),"
            " (SELECT count(*) FROM alarms WHERE alarms.device = devices.device)"
            " FROM devices LEFT JOIN units ON units.unit = devices.unit ORDER BY enrolled"
        ).fetchall()
    for device, unit, name, scope, roles, block, epoch, client, enrolled, seen, revoked, waiting, alarms in rows:
        yield {
            "device": device,
            "unit": unit,
            "unit_name": name or "",
            "regions": scope,
            "roles": roles,
            "desk_block": block,
            "epoch": epoch,
            "client": client,
            "enrolled": utc_text(enrolled),
            "last_seen": utc_text(seen) if seen else "",
            "revoked": revoked is not None,
            "waiting": waiting,
            "alarms": alarms,
        }


def explanation(database: Database, rid: str) -> Document:
    """The explanation of a rating on the platform, word for word as at the desk: from the facts that it carries.

    ``Refused``: ``gateway.rating_unknown``, and what the rating engine refuses.
    """
    found = next(records(database, type_="R16", rid=rid, values=True), None)
    if found is None or found["tombstone"]:
        raise Refused("gateway.rating_unknown")
    rating = found["fields"]
    package = shipped(str(rating["model_ver"]).partition("@")[0])
    card = verify(rating["item_scores"], package)
    household = next(records(database, type_="R05", rid=str(rating["household_id"]), values=True), None)
    fields = household["fields"] if household else {}
    head = next(records(database, type_="R06", rid=str(fields.get("head_person_id", "-")), values=True), None)
    subject = Subject(
        household_no=str(fields.get("household_id", "")),
        rating_year=int(rating["rating_year"]),
        place=regions().label(found["region"]),
        head_name=str(head["fields"].get("person_name", "")) if head else "",
    )
    return explain(card, package, subject)


def _type_number(name: str) -> str:
    try:
        return catalogue().type(name).id
    except KeyError:
        raise Refused("gateway.type_unknown", type=name) from None
