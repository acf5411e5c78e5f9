"""SQL of the attachments: contents by hash, links to records, and how far each content is on its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert

from jmdesk.attachments.content import Content
from jmdesk.store.tables import (
    attachment_contents,
    attachment_links,
    attachment_sendings,
    batches,
    outbox,
    record_tables,
)

_CHUNK = 500
_content, _link, _sending = attachment_contents.c, attachment_links.c, attachment_sendings.c
_here = _link.removed_at.is_(None)


@dataclass(frozen=True, slots=True)
class Attachment:
    """One document beside a record.

    ``field`` is the record's digest field that names it, if any; ``state`` one of ``local`` (its record never leaves),
    ``waiting``, ``sealed``, ``done`` (the platform keeps it) and ``refused`` (for ``code``). ``media`` is empty when
    the content has been erased here.
    """

    link: str
    type: str
    rid: str
    field: str
    sha256: str
    caption: str
    added_at: str
    added_by: str
    state: str
    code: str
    media: str
    size: int
    width: int
    height: int
    pages: int
    scripted: bool
    removed_at: str
    removed_for: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A content that a county still lacks, with one of the records it belongs to there.

    ``state`` is the sending's; ``named`` the state of the outbox line that last named it, empty for none; ``anew``:
    that line went in a later batch than the one with which the content was refused.
    """

    sha256: str
    county: str
    state: str
    size: int
    type: str
    rid: str
    named: str
    anew: bool


def keep(connection: Connection, content: Content, at: str) -> None:
    """Store a content; the same one again changes nothing."""
    row = {
        "sha256": content.sha256,
        "original_sha256": content.original_sha256,
        "media": content.media,
        "size": len(content.data),
        "width": content.width,
        "height": content.height,
        "pages": content.pages,
        "scripted": int(content.scripted),
        "added_at": at,
        "content": content.data,
    }
    connection.execute(insert(attachment_contents).on_conflict_do_nothing(), row)


def data(connection: Connection, sha256: str) -> bytes | None:
    """The bytes of a content, or None where they are not here."""
    return connection.execute(select(_content.content).where(_content.sha256 == sha256)).scalar()


def thumbnail(connection: Connection, sha256: str) -> bytes | None:
    """The small picture of a content, once one was made."""
    return connection.execute(select(_content.thumbnail).where(_content.sha256 == sha256)).scalar()


def keep_thumbnail(connection: Connection, sha256: str, picture: bytes) -> None:
    """Store the small picture of a content."""
    connection.execute(update(attachment_contents).where(_content.sha256 == sha256).values(thumbnail=picture))


def add_links(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Store links: link, type, rid, field, sha256, caption, added_at, added_by."""
    if rows:
        connection.execute(insert(attachment_links), list(rows))


def want(connection: Connection, sha256: str, county: str) -> None:
    """A content is to go to a county, unless it is on its way or there."""
    row = {"sha256": sha256, "county": county, "state": "waiting"}
    connection.execute(insert(attachment_sendings).on_conflict_do_nothing(), row)


def regions_of(connection: Connection, type_id: str, sha256: str) -> set[str]:
    """The regions of the records of a type that a content belongs to."""
    table = record_tables[type_id].c
    rows = connection.execute(
        select(table.rec_region).distinct().join(attachment_links, _link.rid == table.rid).where(_link.sha256 == sha256)
    )
    return {region for (region,) in rows}


def mark_removed(connection: Connection, link: str, at: str, by: str, reason: str) -> None:
    """Note that a document no longer belongs to its record; empty ``at`` takes that back."""
    values = {"removed_at": at or None, "removed_by": by or None, "removed_for": reason or None}
    connection.execute(update(attachment_links).where(_link.link == link).values(values))


def forget_unwanted(connection: Connection, sha256: str) -> None:
    """What nothing here belongs to any more need not be sent."""
    wanted = exists().where(_link.sha256 == sha256, _here)
    unsent = _sending.state.in_(("waiting", "refused"))
    connection.execute(delete(attachment_sendings).where(_sending.sha256 == sha256, unsent, ~wanted))


def of_record(connection: Connection, rid: str, county: str, *, removed: bool = False) -> list[Attachment]:
    """The documents of a record, oldest first; ``removed`` gives those that were taken off instead."""
    here = _link.removed_at.is_not(None) if removed else _here
    return _attachments(connection, county, and_(_link.rid == rid, here))


def by_link(connection: Connection, link: str, county: str = "") -> Attachment | None:
    """One document by its link, removed or not."""
    return next(iter(_attachments(connection, county, _link.link == link)), None)


def _attachments(connection: Connection, county: str, condition: object) -> list[Attachment]:
    columns = ("media", "size", "width", "height", "pages", "scripted")
    rows = connection.execute(
        select(
            attachment_links,
            *(_content[name] for name in columns),
            _sending.state,
            _sending.code,
            outbox.c.state.label("named_state"),
        )
        .join(attachment_contents, _content.sha256 == _link.sha256, isouter=True)
        .join(attachment_sendings, and_(_sending.sha256 == _link.sha256, _sending.county == county), isouter=True)
        .join(outbox, outbox.c.id == _link.named, isouter=True)
        .where(condition)  # type: ignore[arg-type]
        .order_by(_link.added_at, _link.link)
    ).mappings()
    return [
        Attachment(
            *(r["link"], r["type"], r["rid"], r["field"], r["sha256"], r["caption"], r["added_at"], r["added_by"]),
            *(_state(r["state"], r["named_state"]), r["code"] or "", r["media"] or "", r["size"] or 0),
            *(r["width"] or 0, r["height"] or 0, r["pages"] or 0, bool(r["scripted"])),
            *(r["removed_at"] or "", r["removed_for"] or ""),
        )
        for r in rows
    ]


def _state(sending: str | None, named: str | None) -> str:
    """The platform keeps a document for a record only once an accepted operation of the record has named it."""
    if sending == "done" and named != "done":
        return "waiting"
    return sending or "local"


def counts(connection: Connection, rids: Sequence[str]) -> dict[str, int]:
    """How many documents each of these records has, those that have any."""
    found: dict[str, int] = {}
    for start in range(0, len(rids), _CHUNK):
        query = select(_link.rid, func.count()).where(_link.rid.in_(rids[start : start + _CHUNK]), _here)
        found |= {row[0]: row[1] for row in connection.execute(query.group_by(_link.rid))}
    return found


# -- on the way --------------------------------------------------------------------------------------------------------


def evidence(connection: Connection) -> dict[str, list[str]]:
    """The hashes that each record with a change waiting in the outbox must name."""
    rows = connection.execute(
        select(_link.rid, _link.sha256)
        .join(outbox, and_(outbox.c.rid == _link.rid, outbox.c.state == "draft"))
        .where(_here)
        .order_by(_link.rid, _link.sha256)
    )
    found: dict[str, list[str]] = {}
    known: dict[str, str] = {}
    for rid, digest in rows:
        names = found.setdefault(rid, [])
        if digest not in names:
            names.append(known.setdefault(digest, digest))
    return found


def unnamed(connection: Connection) -> list[tuple[str, str]]:
    """(type, rid) of records with a document that no operation under way or accepted names, and nothing in the outbox.

    So it is when somebody decided to let the operation go that would have named it.
    """
    told = exists().where(outbox.c.id == _link.named, outbox.c.state.in_(("sealed", "done")))
    open_ = exists().where(outbox.c.rid == _link.rid, outbox.c.state.in_(("draft", "sealed", "conflict", "refused")))
    sent = exists().where(_sending.sha256 == _link.sha256)
    rows = connection.execute(select(_link.type, _link.rid).distinct().where(_here, sent, ~told, ~open_))
    return [(row.type, row.rid) for row in rows]


def candidates(connection: Connection) -> Iterator[Candidate]:
    """Every content that is still to be sent, with each of its records in turn, accepted ones first."""
    refused_in, named_in = batches.alias(), batches.alias()
    rows = connection.execute(
        select(
            *(_sending.sha256, _sending.county, _sending.state, _content.size, _link.type, _link.rid),
            outbox.c.state.label("named"),
            (tuple_(named_in.c.epoch, named_in.c.seq) > tuple_(refused_in.c.epoch, refused_in.c.seq)).label("anew"),
        )
        .join(attachment_links, and_(_link.sha256 == _sending.sha256, _here))
        .join(attachment_contents, _content.sha256 == _sending.sha256)
        .join(outbox, outbox.c.id == _link.named, isouter=True)
        .join(named_in, named_in.c.batch_id == outbox.c.batch_id, isouter=True)
        .join(refused_in, refused_in.c.batch_id == _sending.batch_id, isouter=True)
        .where(_sending.state.in_(("waiting", "refused")))
        .order_by(
            *(_content.added_at, _sending.sha256, _sending.county),
            func.coalesce(outbox.c.state, "") != "done",
            _link.link,
        )
    )
    for row in rows:
        yield Candidate(
            *(row.sha256, row.county, row.state, row.size, row.type, row.rid, row.named or "", bool(row.anew))
        )


def unsent(connection: Connection) -> list[tuple[str, str]]:
    """(content, one of its records) of everything that no platform is known to keep, on its way or not."""
    query = (
        select(_sending.sha256, func.min(_link.rid))
        .join(attachment_links, and_(_link.sha256 == _sending.sha256, _here))
        .where(_sending.state != "done")
        .group_by(_sending.sha256)
        .order_by(_sending.sha256)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]


def unsettled_of(connection: Connection, rids: Sequence[str]) -> set[str]:
    """Which of some records have a document that no platform is known to keep."""
    found: set[str] = set()
    for start in range(0, len(rids), _CHUNK):
        of_records = _link.rid.in_(rids[start : start + _CHUNK])
        unsent = exists().where(_sending.sha256 == _link.sha256, _sending.state != "done")
        found |= set(connection.execute(select(_link.rid).where(of_records, _here, unsent)).scalars())
    return found


def mark_named(connection: Connection, batch_id: str) -> None:
    """Note which operations of a batch that was just sealed name the documents of their records."""
    line = select(outbox.c.id).where(outbox.c.rid == _link.rid, outbox.c.batch_id == batch_id).scalar_subquery()
    of_batch = select(outbox.c.rid).where(outbox.c.batch_id == batch_id, outbox.c.op == "upsert")
    connection.execute(update(attachment_links).where(_here, _link.rid.in_(of_batch)).values(named=line))


def mark_sealed(connection: Connection, batch_id: str, taken: Iterable[tuple[str, str]]) -> None:
    """Tie contents (sha256, county) to a batch, numbered in their order."""
    for n, (sha256, county) in enumerate(taken):
        values = {"state": "sealed", "batch_id": batch_id, "n": n, "code": None}
        place = and_(_sending.sha256 == sha256, _sending.county == county)
        connection.execute(update(attachment_sendings).where(place).values(values))


def settle(connection: Connection, batch_id: str, refused: dict[int, str], at: str) -> None:
    """Store what the platform said of a batch's documents: kept, but for those it refused (number to code)."""
    of_batch = and_(_sending.batch_id == batch_id, _sending.state == "sealed")
    for n, code in refused.items():
        values = {"state": "refused", "code": code, "settled_at": at}
        connection.execute(update(attachment_sendings).where(of_batch, _sending.n == n).values(values))
    connection.execute(update(attachment_sendings).where(of_batch).values(state="done", settled_at=at))


def ask_again(connection: Connection) -> None:
    """Forget what the platform was told and keeps: it may have forgotten, too. What is on its way stays so."""
    told = select(outbox.c.id).where(outbox.c.state == "done")
    connection.execute(update(attachment_links).where(_link.named.in_(told)).values(named=None))
    connection.execute(update(attachment_sendings).where(_sending.state == "done").values(state="waiting"))


def sending_counts(connection: Connection) -> dict[str, int]:
    """How many contents are in each state of their way."""
    rows = connection.execute(select(_sending.state, func.count()).group_by(_sending.state))
    return {row[0]: row[1] for row in rows}


def erase_removed(connection: Connection, before: str) -> int:
    """Erase contents whose last record let go of them before a moment; returns how many."""
    last = select(func.max(_link.removed_at)).where(_link.sha256 == _content.sha256).scalar_subquery()
    wanted = exists().where(_link.sha256 == _content.sha256, or_(_here, _link.removed_at >= before))
    under_way = exists().where(_sending.sha256 == _content.sha256, _sending.state == "sealed")
    gone = and_(last.is_not(None), ~wanted, ~under_way)
    return connection.execute(delete(attachment_contents).where(gone)).rowcount


def erase_of(connection: Connection, rids: Sequence[str]) -> int:
    """Erase every document of these records that no other record has, with its caption; returns how many contents."""
    gone: set[str] = set()
    for start in range(0, len(rids), _CHUNK):
        of_records = _link.rid.in_(rids[start : start + _CHUNK])
        gone |= set(connection.execute(select(_link.sha256).where(of_records)).scalars())
        connection.execute(delete(attachment_links).where(of_records))
    kept = exists().where(_link.sha256 == _content.sha256)
    erased = 0
    for sha256 in sorted(gone):
        erased += connection.execute(delete(attachment_contents).where(_content.sha256 == sha256, ~kept)).rowcount
        forget_unwanted(connection, sha256)
    return erased
