"""The outbox: which changes wait, which are on their way, and what the platform said of each.

States: ``draft`` (collecting changes) → ``sealed`` (bytes are fixed) → ``done`` (a signed verdict accepted it) or
``conflict`` / ``refused`` (set aside until somebody decides) → ``superseded`` (somebody did: what is still wanted goes
out in a new draft; the verdict stays on the line). "Sent" is a state of the batch, never of the work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from jmdesk.store.among import among, among_given
from jmdesk.store.columns import from_json, json_text
from jmdesk.store.statements import Statement, given, insert_rows, update_rows
from jmdesk.store.stored import Stored, stored
from jmdesk.store.tables import attachment_sendings, batches, outbox, record_tables


@dataclass(frozen=True, slots=True)
class Waiting:
    """One change that waits to be sent: the record as it stands, and which of its fields changed."""

    id: int
    op: str
    fields: tuple[str, ...]
    record: Stored
    last_seq: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One sealed batch of a device's chain and how far it got (states: ``sync.protocol.states.DeskBatch``)."""

    batch_id: str
    epoch: int
    seq: int
    state: str
    records: int
    file: str
    manifest_sha256: str
    created_at: str
    custody: bytes | None
    receipt: bytes | None
    totals: dict[str, int]
    settled_at: str | None
    device: str = ""


def drafts(connection: Connection, *, types: Sequence[str], chunk: int = 1000) -> Iterator[Waiting]:
    """Drafts of the given types, type by type in that order, each by age; read in chunks so memory stays bounded."""
    waiting = set(connection.execute(select(outbox.c.type).distinct().where(outbox.c.state == "draft")).scalars())
    for type_id in types:
        if type_id not in waiting:
            continue
        table = record_tables[type_id]
        after = 0
        while True:
            found = connection.execute(
                select(outbox.c.id, outbox.c.op, outbox.c.fields, outbox.c.last_seq, table)
                .join(table, table.c.rid == outbox.c.rid)
                .where(outbox.c.type == type_id, outbox.c.state == "draft", outbox.c.id > after)
                .order_by(outbox.c.id)
                .limit(chunk)
            )
            rows = found.mappings().all()
            if not rows:
                break
            for row in rows:
                yield Waiting(
                    row["id"], row["op"], tuple(from_json(row["fields"])), stored(type_id, row), row["last_seq"]
                )
            after = rows[-1]["id"]


def counts(connection: Connection) -> dict[str, int]:
    """How many changes are in each state."""
    rows = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
    return {row[0]: row[1] for row in rows}


def counts_by_type(connection: Connection, state: str) -> dict[str, int]:
    """How many changes of each record type are in a state."""
    rows = connection.execute(
        select(outbox.c.type, func.count()).where(outbox.c.state == state).group_by(outbox.c.type)
    )
    return {row[0]: row[1] for row in rows}


def seal(connection: Connection, batch: Batch, entries: Sequence[tuple[int, int]]) -> None:
    """Tie drafts to a batch: ``entries`` are (outbox id, index within the batch)."""
    connection.execute(
        insert(batches),
        [
            {
                "batch_id": batch.batch_id,
                "device": batch.device,
                "epoch": batch.epoch,
                "seq": batch.seq,
                "state": batch.state,
                "records": batch.records,
                "file": batch.file,
                "manifest_sha256": batch.manifest_sha256,
                "created_at": batch.created_at,
            }
        ],
    )
    lines = [
        {"id": outbox_id, "state": "sealed", "batch_id": batch.batch_id, "batch_index": index}
        for outbox_id, index in entries
    ]
    update_rows(connection, outbox, "id", lines)


def batch_list(connection: Connection, *, open_only: bool = False) -> list[Batch]:
    """Batches in chain order; ``open_only``: those that neither a receipt nor a reopened chain has closed."""
    query = select(batches).order_by(batches.c.epoch, batches.c.seq)
    if open_only:
        query = query.where(batches.c.state.not_in(("done", "released")))
    return [
        Batch(
            row.batch_id,
            row.epoch,
            row.seq,
            row.state,
            row.records,
            row.file,
            row.manifest_sha256,
            row.created_at,
            row.custody,
            row.receipt,
            from_json(row.totals) if row.totals else {},
            row.settled_at,
            row.device,
        )
        for row in connection.execute(query)
    ]


def advance(
    connection: Connection,
    batch_id: str,
    state: str,
    *,
    custody: bytes | None = None,
    receipt: bytes | None = None,
    totals: dict[str, int] | None = None,
    at: str | None = None,
) -> None:
    """Move a batch on, storing the signed proof of the step."""
    values: dict[str, object] = {"state": state}
    if custody is not None:
        values["custody"] = custody
    if receipt is not None:
        values["receipt"] = receipt
    if totals is not None:
        values["totals"] = json_text(totals)
    if at is not None:
        values["settled_at"] = at
    connection.execute(update(batches).where(batches.c.batch_id == batch_id).values(values))


@dataclass(frozen=True, slots=True)
class Sent:
    """One operation of a sealed batch, as the inbox needs it to apply a verdict."""

    id: int
    index: int
    type: str
    rid: str
    op: str
    fields: tuple[str, ...]


def operations_of(connection: Connection, batch_id: str) -> list[Sent]:
    """The operations of a batch in order of their index."""
    rows = connection.execute(select(outbox).where(outbox.c.batch_id == batch_id).order_by(outbox.c.batch_index))
    return [Sent(row.id, row.batch_index, row.type, row.rid, row.op, tuple(from_json(row.fields))) for row in rows]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the platform said of one operation; ``code``, ``path`` (the field) and ``params`` explain a rejection."""

    verdict: str
    code: str = ""
    path: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


def settle(connection: Connection, verdicts: Sequence[tuple[int, str, Verdict]], at: str) -> None:
    """Store verdicts by outbox id, each with the state that it leads to."""
    lines = [
        {
            "id": id_,
            "state": state,
            "verdict": said.verdict,
            "verdict_code": said.code or said.verdict,
            "verdict_path": said.path or None,
            "verdict_params": _params_text(said.params),
            "settled_at": at,
        }
        for id_, state, said in verdicts
    ]
    update_rows(connection, outbox, "id", lines)


def _params_text(params: Mapping[str, object]) -> str | None:
    return json_text(dict(params)) if params else None


def _params(text: str | None) -> dict[str, object]:
    return from_json(text) if text else {}


@dataclass(frozen=True, slots=True)
class SetAside:
    """A change the platform did not take: what it is, the verdict and its code."""

    id: int
    type: str
    rid: str
    state: str
    verdict: str
    code: str
    settled_at: str
    path: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


def set_aside(connection: Connection, limit: int = 500) -> list[SetAside]:
    """Changes in state conflict or refused, newest first."""
    rows = connection.execute(
        select(outbox)
        .where(outbox.c.state.in_(("conflict", "refused")))
        .order_by(outbox.c.settled_at.desc(), outbox.c.id)
        .limit(limit)
    )
    return [
        SetAside(
            *(r.id, r.type, r.rid, r.state, r.verdict or "", r.verdict_code or "", r.settled_at or ""),
            *(r.verdict_path or "", _params(r.verdict_params)),
        )
        for r in rows
    ]


_CLOSED = ("done", "superseded")


def unsent(connection: Connection, rids: Sequence[str]) -> set[str]:
    """Which of these records have edits that nothing has settled yet (draft, sealed, conflict, refused)."""
    return set(standing(connection, rids))


def standing(connection: Connection, rids: Sequence[str]) -> dict[str, str]:
    """The sync state of those of these records that have unsettled edits: conflict before refused before mine."""
    found: dict[str, str] = {}
    rows = connection.execute(
        select(outbox.c.rid, outbox.c.state).where(outbox.c.rid.in_(among(rids)), outbox.c.state.not_in(_CLOSED))
    )
    for rid, state in rows:
        sync = state if state in ("conflict", "refused") else "mine"
        if found.get(rid) != "conflict" and (sync != "mine" or rid not in found):
            found[rid] = sync
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One unsettled line of the outbox: what changed, since which log entry, and what the platform said of it."""

    id: int
    type: str
    rid: str
    state: str
    op: str
    fields: tuple[str, ...]
    first_seq: int
    verdict: str
    code: str
    settled_at: str
    path: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


_UNSETTLED = Statement(
    select(outbox).where(outbox.c.rid == given("rid"), outbox.c.state.not_in(_CLOSED)).order_by(outbox.c.id)
)


def unsettled(connection: Connection, rid: str) -> list[Line]:
    """The lines of a record that nothing has settled yet, oldest first."""
    return [
        Line(
            *(r["id"], r["type"], r["rid"], r["state"], r["op"], tuple(from_json(r["fields"])), r["first_seq"]),
            *(r["verdict"] or "", r["verdict_code"] or "", r["settled_at"] or "", r["verdict_path"] or ""),
            _params(r["verdict_params"]),
        )
        for r in _UNSETTLED.rows(connection, rid=rid)
    ]


def unsettled_records(connection: Connection) -> list[tuple[str, str]]:
    """(type, record id) of everything with a line that nothing has settled yet, in the order of its first one."""
    of = func.min(outbox.c.id).label("of")
    query = select(outbox.c.type, outbox.c.rid, of).where(outbox.c.state.not_in(_CLOSED))
    rows = connection.execute(query.group_by(outbox.c.type, outbox.c.rid).order_by("of"))
    return [(row.type, row.rid) for row in rows]


def offer(connection: Connection, row: dict[str, object], names: Sequence[str]) -> bool:
    """Add a change to its record's draft, or open one (``row``); whether the record still has a conflict to decide.

    What the platform refused of the record goes with it, for a mended record is sent anew whole: its fields join the
    draft and its lines are superseded.
    """
    every = unsettled(connection, str(row["rid"]))
    lines = [line for line in every if line.state == "draft" or mendable(line)]
    fields = sorted({*names, *(name for line in lines for name in line.fields)})
    changed = {"fields": json_text(fields), "op": row["op"], "last_seq": row["last_seq"]}
    changed["first_seq"] = min([int(str(row["first_seq"])), *(line.first_seq for line in lines)])
    draft = next((line for line in lines if line.state == "draft"), None)
    if draft is None:
        insert_rows(connection, outbox, [row | changed])
    else:
        update_rows(connection, outbox, "id", [{"id": draft.id, **changed}])
    refused = [line.id for line in lines if line.state == "refused"]
    if refused:
        connection.execute(update(outbox).where(outbox.c.id.in_(refused)).values(state="superseded"))
    return any(line.state == "conflict" for line in every)


def mendable(line: Line) -> bool:
    """Whether a line was refused for what it says: one that the platform has voided cannot be sent anew."""
    return line.state == "refused" and line.verdict != "gone"


def drop_bare(connection: Connection, rid: str) -> bool:
    """Drop a record's draft that changes none of its fields; whether there was one."""
    bare = (outbox.c.state == "draft", outbox.c.op == "upsert", outbox.c.fields == "[]")
    return connection.execute(delete(outbox).where(outbox.c.rid == rid, *bare)).rowcount > 0


def release(connection: Connection, batch_id: str) -> list[str]:
    """Open the edits of a batch that no platform will answer on: each is part of its record's draft again.

    The records concerned. Call it for the batches of a chain in their order.
    """
    advance(connection, batch_id, "released")
    papers = attachment_sendings.c.batch_id == batch_id, attachment_sendings.c.state == "sealed"
    connection.execute(update(attachment_sendings).where(*papers).values(state="waiting", batch_id=None, n=None))
    rids = []
    lines = select(outbox).where(outbox.c.batch_id == batch_id, outbox.c.state == "sealed")
    for line in connection.execute(lines.order_by(outbox.c.batch_index)).all():
        rids.append(line.rid)
        query = select(outbox).where(outbox.c.rid == line.rid, outbox.c.state == "draft")
        draft = connection.execute(query).first()
        if draft is None:
            values = {"state": "draft", "batch_id": None, "batch_index": None}
            connection.execute(update(outbox).where(outbox.c.id == line.id).values(values))
            continue
        later = max((line, draft), key=lambda found: found.last_seq)
        fields = json_text(sorted({*from_json(line.fields), *from_json(draft.fields)}))
        merged = {"fields": fields, "op": later.op, "last_seq": later.last_seq}
        merged["first_seq"] = min(line.first_seq, draft.first_seq)
        connection.execute(update(outbox).where(outbox.c.id == draft.id).values(merged))
        connection.execute(delete(outbox).where(outbox.c.id == line.id))
    return rids


_CLOSE_DRAFTS = Statement(delete(outbox).where(outbox.c.rid.in_(among_given("rids")), outbox.c.state == "draft"))
_CLOSE_ASIDE = Statement(
    update(outbox)
    .where(outbox.c.rid.in_(among_given("rids")), outbox.c.state.in_(("conflict", "refused")))
    .values(state="superseded")
)


def supersede(connection: Connection, *rids: str) -> None:
    """Close what is open of records because somebody decided: drafts go, set-aside lines keep their verdict."""
    listed = json_text(rids)
    _CLOSE_DRAFTS.run(connection, rids=listed)
    _CLOSE_ASIDE.run(connection, rids=listed)


_HEARD = Statement(
    select(outbox.c.rid, outbox.c.op).where(
        outbox.c.rid.in_(among_given("rids")), outbox.c.state.in_(("sealed", "done", "conflict"))
    )
)


def heard(connection: Connection, rids: Sequence[str], op: str = "") -> set[str]:
    """Those of these records of which the platform has heard, or may have; what it refused never happened there.

    ``op``: heard this of them.
    """
    rows = _HEARD.rows(connection, rids=json_text(list(rids)))
    return {row["rid"] for row in rows if op in ("", row["op"])}


def row(type_id: str, rid: str, names: Iterable[str], op: str, seq: int) -> dict[str, Any]:
    """A fresh line: fields of a record that wait to be sent since an entry of the change log."""
    return {
        "type": type_id,
        "rid": rid,
        "state": "draft",
        "fields": json_text(sorted(names)),
        "op": op,
        "first_seq": seq,
        "last_seq": seq,
    }
