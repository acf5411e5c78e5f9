"""The papers that were given out, as the store keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from jmdesk.store.tables import papers

_SHOWN = (
    "number", "template", "version", "label", "type", "rid", "issued_at", "issued_by", "voided_at", "void_reason",
)  # fmt: skip

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper that was given out. ``voided_at`` and ``void_reason`` are "" while it stands."""

    number: str
    template: str
    version: str
    label: str
    type: str
    rid: str
    issued_at: str
    issued_by: str
    voided_at: str
    void_reason: str


def of_record(connection: Connection, type_id: str, rid: str) -> list[Paper]:
    """The papers about one record, oldest first."""
    query = select(*(papers.c[n] for n in _SHOWN)).where(papers.c.type == type_id, papers.c.rid == rid)
    return [_paper(tuple(row)) for row in connection.execute(query.order_by(papers.c.issued_at, papers.c.number))]


def by_prefix(connection: Connection, prefix: str) -> list[Paper]:
    """The register of one kind of paper: every number in order, voided ones too."""
    query = select(*(papers.c[n] for n in _SHOWN)).where(papers.c.number.startswith(prefix, autoescape=True))
    return [_paper(tuple(row)) for row in connection.execute(query.order_by(papers.c.number))]


def get(connection: Connection, number: str) -> Paper | None:
    """One paper by its number."""
    row = connection.execute(select(*(papers.c[n] for n in _SHOWN)).where(papers.c.number == number)).first()
    return _paper(tuple(row)) if row else None


def document(connection: Connection, number: str) -> bytes | None:
    """The document as it was given out, None when it was erased."""
    return connection.execute(select(papers.c.document).where(papers.c.number == number)).scalar()


def add(connection: Connection, paper: Paper, content: bytes) -> None:
    """Keep a paper that is given out."""
    row = {name: getattr(paper, name) for name in _SHOWN[:8]}
    connection.execute(insert(papers).values(**row, document=content))


def void(connection: Connection, number: str, at: str, reason: str) -> None:
    """Mark a paper void."""
    connection.execute(update(papers).where(papers.c.number == number).values(voided_at=at, void_reason=reason))


def erase_documents(connection: Connection, rids: Sequence[str]) -> int:
    """Erase the documents of the papers about these records; their numbers stay. Returns how many."""
    erased = 0
    for start in range(0, len(rids), _CHUNK):
        of_records = papers.c.rid.in_(rids[start : start + _CHUNK])
        kept = papers.c.document.is_not(None)
        erased += connection.execute(update(papers).where(of_records, kept).values(document=None)).rowcount
    return erased


def _paper(row: tuple[str | None, ...]) -> Paper:
    return Paper(*(value or "" for value in row))
