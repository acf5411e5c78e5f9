"""The attachments of one vault: documents beside records, in the encrypted store and nowhere else."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from jmdesk.attachments import linking, queries
from jmdesk.attachments.content import Content
from jmdesk.attachments.intake import read_document
from jmdesk.attachments.queries import Attachment
from jmdesk.core.clock import Clock, is_plausible, utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.records.service import Records
from jmdesk.store import reading
from jmdesk.store.store import Connection, Store

KEPT_DAYS: Final = 30
"""Days after which the content of a document that no record has any more is erased."""

MOST_THUMBNAIL: Final = 64 * 1024


class Attachments:
    """Documents of one vault. ``actor`` is the local user."""

    def __init__(self, store: Store, records: Records, clock: Clock, actor: str) -> None:
        self._store, self._records, self._clock, self._actor = store, records, clock, actor

    def add(self, type_id: str, rid: str, content: Content, *, caption: str = "") -> str:
        """Keep a document (`intake.examine`) and link it to a record; returns the link. Errors as `linking.attach`."""
        with self._records.writing("attach") as writer:
            return linking.attach(writer, type_id, rid, content, caption=caption)

    def add_file(self, type_id: str, rid: str, path: Path) -> str:
        """The same with the document in a file, whose name becomes the caption. Errors as `intake.read_document`."""
        return self.add(type_id, rid, read_document(path), caption=path.stem)

    def of(self, type_id: str, rid: str, *, removed: bool = False) -> list[Attachment]:
        """The documents of a record with how far each is on its way, oldest first."""
        self._records.guard.require("read", type_id)
        with self._store.reading() as connection:
            return queries.of_record(connection, rid, _county(connection, type_id, rid), removed=removed)

    def counts(self, rids: list[str]) -> dict[str, int]:
        """How many documents each of these records has, those that have any."""
        with self._store.reading() as connection:
            return queries.counts(connection, rids)

    def data(self, link: str) -> bytes:
        """The bytes of a document.

        ``Refused``: "attachments.no_such_link", "attachments.erased" when they are not here (any more), and the
        guard's for a user who may not see everything of the record: nobody knows what a picture shows.
        """
        with self._store.reading() as connection:
            found = queries.data(connection, self._visible(connection, link).sha256)
        if found is None:
            raise Refused("attachments.erased")
        return found

    def thumbnail(self, link: str) -> bytes | None:
        """The small picture of a document, once one was made: JPEG or PNG. Errors as `data`."""
        with self._store.reading() as connection:
            return queries.thumbnail(connection, self._visible(connection, link).sha256)

    def keep_thumbnail(self, sha256: str, picture: bytes) -> None:
        """Keep the small picture of a document beside it, in the encrypted store; at most 64 KiB, else nothing."""
        if len(picture) <= MOST_THUMBNAIL:
            with self._store.transaction(self._actor, "thumbnail") as transaction:
                queries.keep_thumbnail(transaction.connection, sha256, picture)

    def remove(self, link: str, reason: str) -> None:
        """Take a document off its record; its history keeps the hash and the reason, the content goes after 30 days.

        ``Refused``: "attachments.reason_needed", "attachments.no_such_link".
        """
        with self._records.writing("detach", reason=reason) as writer:
            found = _required(writer.transaction.connection, link, removed=False)
            linking.detach(writer, found, reason)

    def restore(self, link: str) -> None:
        """Take a removal back. ``Refused``: "attachments.no_such_link", "attachments.erased"."""
        with self._records.writing("attach") as writer:
            linking.restore(writer, _required(writer.transaction.connection, link, removed=True))

    def export(self, link: str, target: Path, *, reason: str) -> None:
        """Write one document to a file outside the store: the only way out in plain, and the record's history says so.

        ``Refused``: "attachments.reason_needed", "attachments.no_such_link", "attachments.erased",
        "attachments.target_exists"; ``Environment`` "attachments.unwritable".
        """
        if not reason.strip():
            raise Refused("attachments.reason_needed")
        if target.exists():
            raise Refused("attachments.target_exists")
        with self._records.writing("export", reason=reason) as writer:
            transaction = writer.transaction
            found = _required(transaction.connection, link, removed=False)
            self._records.guard.require("export", found.type, _region(transaction.connection, found.type, found.rid))
            data = queries.data(transaction.connection, found.sha256)
            if data is None:
                raise Refused("attachments.erased")
            transaction.annotate(
                *(found.type, found.rid, {linking.LOGGED: found.sha256}, {linking.LOGGED: found.sha256}),
                reason=reason.strip(),
                offer=False,
            )
        _write_out(target, data)

    def _visible(self, connection: Connection, link: str) -> Attachment:
        found = queries.by_link(connection, link)
        if found is None:
            raise Refused("attachments.no_such_link")
        guard = self._records.guard
        guard.require("read", found.type, _region(connection, found.type, found.rid))
        guard.require_fields(found.type, guard.hidden(found.type))
        subject = reading.get(connection, found.type, found.rid)
        guard.require_free(found.type, subject.values if subject is not None else {})
        return found

    def erase_removed(self) -> int:
        """Erase contents that no record has had for thirty days; returns how many."""
        if not is_plausible(self._clock.now()):
            return 0
        before = utc_text(self._clock.now() - timedelta(days=KEPT_DAYS))
        with self._store.transaction(self._actor, "expire") as transaction:
            return queries.erase_removed(transaction.connection, before)


def _region(connection: Connection, type_id: str, rid: str) -> str:
    record = reading.get(connection, type_id, rid)
    return record.region if record is not None else ""


def _county(connection: Connection, type_id: str, rid: str) -> str:
    return linking.county_of(_region(connection, type_id, rid))


def _required(connection: Connection, link: str, *, removed: bool) -> Attachment:
    found = queries.by_link(connection, link)
    if found is not None:
        found = queries.by_link(connection, link, _county(connection, found.type, found.rid))
    if found is None or bool(found.removed_at) != removed:
        raise Refused("attachments.no_such_link")
    return found


def _write_out(target: Path, data: bytes) -> None:
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                target.unlink()
            raise
    except FileExistsError as error:
        raise Refused("attachments.target_exists") from error
    except OSError as error:
        raise Environment("attachments.unwritable") from error
