"""Change pages: what the records in a device's scope are now, after a cursor, sealed to that device.

Positions are counted per county under the county's lock. Where a scope spans counties its heads are first raised to
the highest of them, as Lamport's clocks are: whatever commits later in any of them lies after the page.
"""

from __future__ import annotations

import io
import secrets
from typing import Any

import msgspec
from psycopg import sql
from psycopg.types.json import set_json_loads

from jmdesk.catalogue.disclosure import Reader
from jmdesk.catalogue.loader import catalogue
from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.ids import Ids
from sync.gateway.database import Connection, Database, Role
from sync.gateway.disclosure import shown
from sync.gateway.enrol import Device, refuse_closed
from sync.gateway.keys import PlatformKeys
from sync.gateway.problem import Declined
from sync.protocol.changes import PageBuilder, PageHeader
from sync.protocol.envelope import PayloadType
from sync.protocol.errors import Problem
from sync.protocol.parts import seal_content_key
from sync.protocol.records import ChangeLine, Op
from sync.protocol.replies import ReplyHeader, ReplyItem, write_reply

DEFAULT_LIMIT = 5_000
"""Records on a page unless the desk asks for another number."""
MOST = 20_000
"""Records on a page at most."""
FEWEST = 10
"""No page is asked to be smaller: more counties than this may share a position."""


def change_page(
    database: Database,
    keys: PlatformKeys,
    clock: Clock,
    ids: Ids,
    device: Device,
    *,
    cursor: int,
    limit: int = DEFAULT_LIMIT,
    snapshot: bool = False,
) -> bytes:
    """The ``.jmr`` with the next page after ``cursor``; with nothing new, a signed page without records.

    ``Declined``: ``cursor_unknown`` (ahead of this platform: it was restored), ``device_revoked``,
    ``device_retired``.
    """
    refuse_closed(device)
    limit, reader = max(FEWEST, min(limit, MOST)), Reader(device.grant.unit, device.grant.roles)

    def work(connection: Connection) -> tuple[int, bool, list[ChangeLine]]:
        set_json_loads(msgspec.json.decode, connection)  # several times as quick as the standard library's
        head = _head(connection, device.grant.counties)
        if cursor > head:
            raise Declined(Problem.CURSOR_UNKNOWN)
        rows = connection.execute(
            sql.SQL(
                "SELECT position, tombstone, type, rid::text, version, region, unit, at, writer, fields, versions,"
                " reason FROM records WHERE county = ANY(%s) AND position > %s AND position <= %s AND {}"
                " ORDER BY position LIMIT %s"
            ).format(shown(device.grant)),
            (list(device.grant.counties), cursor, head, limit + 1),
            prepare=False,  # a plan kept from when the table was small would sort all of it for each page
        ).fetchall()
        more = len(rows) > limit
        until = rows[limit][0] - 1 if more else head
        return until, more, [_line(row, reader) for row in rows if row[0] <= until]

    until, more, lines = database.run(device.grant.access(Role.API), work)
    now, page_id = utc_text(clock.now()), ids.new()
    header = PageHeader(
        page_id=page_id,
        unit=device.grant.unit,
        device=device.grant.device,
        server_epoch=keys.server_epoch,
        since=cursor,
        until=until,
        more=more,
        snapshot=snapshot or cursor == 0,
        created=now,
    )
    builder = PageBuilder(header, seal_content_key(secrets.token_bytes(32), [device.kem], page_id, device.grant.device))
    parts = list(builder.seal(lines))
    page = builder.sign(keys.signing)
    reply = ReplyHeader(
        reply_id=ids.new(),
        unit=device.grant.unit,
        device=device.grant.device,
        epoch=device.grant.epoch,
        server_epoch=keys.server_epoch,
        created=now,
    )
    sink = io.BytesIO()
    item = ReplyItem(PayloadType.CHANGE_PAGE, page.envelope, tuple(part.entry for part in parts))
    write_reply(sink, reply, [item], (part.ciphertext for part in parts), keys.signing)
    return sink.getvalue()


def _head(connection: Connection, counties: tuple[str, ...]) -> int:
    """The position up to which everything is committed, in all of these counties."""
    wanted = list(counties)
    heads = connection.execute("SELECT head FROM counties WHERE county = ANY(%s)", (wanted,)).fetchall()
    if len(set(heads)) > 1:
        heads = connection.execute(
            "SELECT head FROM counties WHERE county = ANY(%s) ORDER BY county FOR UPDATE", (wanted,)
        ).fetchall()
        connection.execute("UPDATE counties SET head = %s WHERE county = ANY(%s)", (*max(heads), wanted))
    return int(max(heads)[0]) if heads else 0


def _line(row: tuple[Any, ...], reader: Reader) -> ChangeLine:
    position, tombstone, type_, rid, version, region, owner, at, writer, fields, versions, reason = row
    if (known := catalogue().types.get(type_)) is not None:
        fields, versions = reader.shown(known, owner, fields), reader.shown(known, owner, versions)
    return ChangeLine(
        cursor=position,
        op=Op.TOMBSTONE if tombstone else Op.UPSERT,
        type=type_,
        rid=rid,
        version=version,
        region=region,
        unit=owner,
        at=at,
        origin=writer,
        set={} if tombstone else fields,
        versions={} if tombstone else versions,
        reason=reason,
    )
