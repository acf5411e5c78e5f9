"""The change log: who changed what, when and why; hash-chained over commitments.

An entry's hash covers the hash before it, the entry's metadata, and a salted commitment to its content. The content
(reason, fields before and after) and the salt live in ``change_values``: erasing that row removes what a person may
ask to be forgotten, and the chain still verifies.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, and_, func, not_, select

from jmdesk.catalogue.types import Value
from jmdesk.store.among import among_given
from jmdesk.store.columns import from_json, json_text
from jmdesk.store.statements import Statement
from jmdesk.store.tables import change_log, change_values

Before = Mapping[str, Value]
After = Mapping[str, Value]
GENESIS = bytes(32)

EVENTS: Final = frozenset(
    {"backup", "export", "failed_attempts", "key", "login", "loss", "print", "query", "restore", "reveal", "sync"}
)
"""Verbs of what was done without changing a record; there is nothing in them to take back."""


@dataclass(frozen=True, slots=True)
class Change:
    """One log entry with its content; ``before`` and ``after`` hold only the fields that changed (absent: no value)."""

    seq: int
    command: str
    verb: str
    at: str
    actor: str
    type: str
    rid: str
    reason: str
    before: dict[str, Value]
    after: dict[str, Value]
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain stands: how many entries and the last hash (64 zeros' bytes when empty)."""

    count: int
    hash: bytes


def commitment(salt: bytes, content: str) -> bytes:
    """What the chain holds of an entry's content: SHA-256(salt ‖ UTF-8 content)."""
    return sha256(salt + content.encode()).digest()


def link(previous: bytes, metadata: str, committed: bytes) -> bytes:
    """The hash of an entry: SHA-256(previous hash ‖ UTF-8 JSON metadata ‖ commitment)."""
    return sha256(previous + metadata.encode() + committed).digest()


def entry_metadata(seq: int, command: str, verb: str, at: str, actor: str, type_: str, rid: str) -> str:
    """The bytes' text that a hash covers beside the content: a JSON array in this order."""
    return json_text([seq, command, verb, at, actor, type_, rid])


class ChangeLogWriter:
    """Appends entries for one command; rows are handed out for the transaction to insert in bulk."""

    def __init__(self, connection: Connection, command: str, verb: str, at: str, actor: str) -> None:
        head = read_head(connection)
        self._seq, self._hash = head.count, head.hash
        self._command, self._verb, self._at, self._actor = command, verb, at, actor

    @property
    def head(self) -> Head:
        """Where the chain will stand once the entries so far are committed."""
        return Head(self._seq, self._hash)

    def append(
        self, type_: str, rid: str, before: Before, after: After, reason: str
    ) -> tuple[int, dict[str, object], dict[str, object]]:
        """The number and the rows of one entry: for ``change_log`` and for ``change_values``."""
        seq = self._seq + 1
        salt = os.urandom(16)
        content = json_text([reason, before, after])
        committed = commitment(salt, content)
        metadata = entry_metadata(seq, self._command, self._verb, self._at, self._actor, type_, rid)
        self._hash, self._seq = link(self._hash, metadata, committed), seq
        entry: dict[str, object] = {
            "seq": seq,
            "command": self._command,
            "verb": self._verb,
            "at": self._at,
            "actor": self._actor,
            "type": type_,
            "rid": rid,
            "commitment": committed,
            "hash": self._hash,
        }
        return seq, entry, {"seq": seq, "salt": salt, "content": content}


_HEAD = Statement(
    # No LIMIT: bound as a parameter, it would have SQLite compile the statement anew each time.
    select(change_log.c.seq, change_log.c.hash).where(
        change_log.c.seq == select(func.max(change_log.c.seq)).scalar_subquery()
    )
)


def read_head(connection: Connection) -> Head:
    """Where the chain stands now."""
    row = _HEAD.first(connection)
    return Head(row["seq"], row["hash"]) if row else Head(0, GENESIS)


def hash_at(connection: Connection, seq: int) -> bytes | None:
    """The hash of an entry; 0 is the beginning. ``None`` when the log does not reach so far."""
    if seq == 0:
        return GENESIS
    return connection.execute(select(change_log.c.hash).where(change_log.c.seq == seq)).scalar()


def last_change(connection: Connection) -> int:
    """The number of the last entry that changed something; 0 when none did."""
    query = select(change_log.c.seq).where(change_log.c.verb.not_in(EVENTS)).order_by(change_log.c.seq.desc()).limit(1)
    return connection.execute(query).scalar() or 0


_FULL = (
    select(change_log, change_values.c.content)
    .join(change_values, change_values.c.seq == change_log.c.seq, isouter=True)
    .order_by(change_log.c.seq)
)


def _change(row: object) -> Change:
    content = row.content  # type: ignore[attr-defined]
    reason, before, after = from_json(content) if content else ("", {}, {})
    return Change(
        row.seq,  # type: ignore[attr-defined]
        row.command,  # type: ignore[attr-defined]
        row.verb,  # type: ignore[attr-defined]
        row.at,  # type: ignore[attr-defined]
        row.actor,  # type: ignore[attr-defined]
        row.type,  # type: ignore[attr-defined]
        row.rid,  # type: ignore[attr-defined]
        reason,
        before,
        after,
        content is None,
    )


def history(connection: Connection, rid: str) -> list[Change]:
    """Every change of one record, oldest first. Logins and the like are no part of an account's history."""
    happened = and_(change_log.c.type == "R02", change_log.c.verb.in_(EVENTS))
    return [_change(row) for row in connection.execute(_FULL.where(change_log.c.rid == rid, not_(happened)))]


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command stands in the log: its first and last entry, which everything between them belongs to, too."""

    verb: str
    first: int
    last: int


def last_of(connection: Connection, actor: str) -> Command | None:
    """The latest command of a user; None when the user has done nothing yet.

    A command's entries stand next to each other, for one transaction writes at a time. Events are not counted: a login
    or an export after a change leaves it to be taken back.
    """
    newest_first = change_log.c.seq.desc()
    last = connection.execute(
        select(change_log.c.seq, change_log.c.command, change_log.c.verb)
        .where(change_log.c.actor == actor, change_log.c.verb.not_in(EVENTS))
        .order_by(newest_first)
        .limit(1)
    ).first()
    if last is None:
        return None
    before = connection.execute(
        select(change_log.c.seq)
        .where(change_log.c.seq < last.seq, change_log.c.command != last.command)
        .order_by(newest_first)
        .limit(1)
    ).scalar()
    return Command(last.verb, (before or 0) + 1, last.seq)


def backwards(connection: Connection, command: Command, at_once: int) -> Iterator[list[Change]]:
    """A command's changes from the last to the first, so many at a time: an import of a county has millions."""
    for end in range(command.last, command.first - 1, -at_once):
        within = change_log.c.seq.between(max(command.first, end - at_once + 1), end)
        found = [_change(row) for row in connection.execute(_FULL.where(within))]
        yield found[::-1]


_BEGUN = Statement(
    select(change_log.c.rid, func.min(change_log.c.seq).label("seq"))
    .where(change_log.c.rid.in_(among_given("rids")))
    .group_by(change_log.c.rid)
)


def begun(connection: Connection, rids: Iterable[str]) -> dict[str, int]:
    """The first entry about each of these records: the one that created it."""
    return {row["rid"]: row["seq"] for row in _BEGUN.rows(connection, rids=json_text(list(rids)))}


def verify(connection: Connection) -> Iterator[tuple[int, str]]:
    """Every broken link of the chain as (seq, what is wrong): "hash", "content" or "gap"; nothing when it holds."""
    previous, expected = GENESIS, 1
    rows = connection.execute(
        select(change_log, change_values.c.salt, change_values.c.content)
        .join(change_values, change_values.c.seq == change_log.c.seq, isouter=True)
        .order_by(change_log.c.seq)
        .execution_options(yield_per=5000)
    )
    for row in rows:
        if row.seq != expected:
            yield row.seq, "gap"
        metadata = entry_metadata(row.seq, row.command, row.verb, row.at, row.actor, row.type, row.rid)
        if link(previous, metadata, row.commitment) != row.hash:
            yield row.seq, "hash"
        if row.content is not None and commitment(row.salt, row.content) != row.commitment:
            yield row.seq, "content"
        previous, expected = row.hash, row.seq + 1


def count(connection: Connection) -> int:
    """How many entries the log has."""
    return connection.execute(select(func.count()).select_from(change_log)).scalar_one()
