"""The encrypted store of one vault: transactions in, frozen records out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import DBAPIError
from sqlcipher3 import dbapi2

from jmdesk.catalogue.types import Catalogue
from jmdesk.core.changes import Changes
from jmdesk.core.clock import Clock, beijing_text, from_utc_text, utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.core.ids import Ids
from jmdesk.core.messages import Message, message
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.store import standings
from jmdesk.store.change_log import EVENTS, Head, read_head
from jmdesk.store.columns import from_json, json_text
from jmdesk.store.copying import copy_store
from jmdesk.store.engine import Engines, open_engines, storage_error
from jmdesk.store.migrate import Keep, migrate
from jmdesk.store.statements import Statement, driver, given, insert_rows
from jmdesk.store.tables import settings
from jmdesk.store.tidemark import SUFFIX, Mark, Reached, Tidemark
from jmdesk.store.transaction import Transaction
from jmdesk.vault.files import disk_errors

__all__ = ["Connection", "Listener", "Store", "get_setting", "set_setting"]

_RETIRED: Final = "vault.retired"
_JUDGED: Final = "standings.rule"
_BESIDE: Final = "store.beside"
"""How many commits left no entry in the change log."""
_LOST: Final = "store.lost"
_NEWS: Final = timedelta(days=7)
"""For how long a lost end is told at each opening."""
_AFTER_THE_END: Final = frozenset({"expire", "erase"}) | EVENTS
"""Commands that go on when a desk has ended: what must be forgotten is forgotten there too, looking on is noted."""

Listener = Callable[[Changes], None]


@dataclass(frozen=True, slots=True)
class Loss:
    """The end of a store that did not come back: what was saved until ``at`` (UTC), found missing at ``found``.

    ``entries``: how many of the change log are gone at least; 0 when it was something else, or cannot be told.
    """

    at: str
    found: str
    entries: int


def must_be_there(file: Path) -> None:
    """``Environment`` "store.missing" for a lost or empty file.

    SQLite would quietly make it anew: the desk would go on with an empty register and a second chain.
    """
    with disk_errors():
        if not file.is_file() or file.stat().st_size == 0:
            raise Environment("store.missing")


class Store:
    """One SQLCipher file. Safe to use from several threads: writes take turns, reads run beside them.

    Opening migrates the file to this program's schema; a newer one is refused ("store.newer_schema"). ``keep`` is
    asked for a backup before a step is taken. With a ``mark_key``, the end that a crash or a failing disk took away is
    told (``loss``).
    """

    def __init__(
        self,
        path: Path,
        key: bytes,
        catalogue: Catalogue,
        clock: Clock,
        ids: Ids,
        *,
        keep: Keep | None = None,
        mark_key: bytes | None = None,
    ) -> None:
        self.catalogue, self.clock, self.ids = catalogue, clock, ids
        self._path = path
        self._engines: Engines = open_engines(path, key)
        try:
            with self._known_errors():
                migrate(self._engines, keep=keep)
        except BaseException:
            self._engines.close()
            raise
        self._turn = threading.RLock()
        self._closed = False
        self._listeners: list[Listener] = []
        self._retired: str | None = None
        self._judged: Catalogue | None = None
        self._tidemark = Tidemark(path.with_suffix(SUFFIX), mark_key) if mark_key else None
        self.lost: Loss | None = None
        """What this opening found missing."""
        self._reached = self._compared()
        if self.setting(_JUDGED) != standings.rule(catalogue):
            with self.beside() as connection:
                self._judge(connection)

    @contextmanager
    def transaction(self, actor: str, verb: str, *, reason: str = "", source: str = "desk") -> Iterator[Transaction]:
        """One command: everything inside becomes durable together, or nothing does.

        ``actor`` is a local user id; ``verb`` a short stable word (``edit``, ``import``, ``rate``). Listeners are told
        what changed after the commit. Disk full, read-only or damaged files raise ``Environment``;
        ``Refused("store.retired")`` once this desk has ended, but for the erasure of personal data.
        """
        if self.retired and verb not in _AFTER_THE_END:
            raise Refused("store.retired")
        with self._turn:
            with self._known_errors(), self._engines.write.begin() as connection:
                before = _written(connection)
                transaction = Transaction(
                    connection,
                    self.catalogue,
                    self.ids,
                    actor=actor,
                    verb=verb,
                    at=utc_text(self.clock.now()),
                    source=source,
                    reason=reason,
                )
                yield transaction
                transaction.flush()
                judged = self._judge(connection)
                reached = self._further(connection, before, transaction.head)
            self._mark(reached)
        self._judged = judged
        changes = transaction.changes()
        if changes.types:
            for listener in list(self._listeners):
                listener(changes)

    def _judge(self, connection: Connection) -> Catalogue:
        """Make the standings of what was touched anew, or of everybody when other fields have to be filled in now."""
        now = self.catalogue
        if now is not self._judged and get_setting(connection, _JUDGED) != standings.rule(now):
            standings.rebuild(connection, now)
            set_setting(connection, _JUDGED, standings.rule(now))
        standings.renew(connection, now)
        return now

    @property
    def retired(self) -> str:
        """When this desk ended as a device (UTC): from then on it can only be read; empty before."""
        if self._retired is None:
            self._retired = self.setting(_RETIRED) or ""
        return self._retired

    def retire(self, at: str) -> None:
        """Close this store for writing, for ever. The caller holds the platform's signed word for it."""
        self.put_setting(_RETIRED, at)
        self._retired = at

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only connection that sees one consistent state for as long as it is held."""
        with self._known_errors(), self._engines.read.connect() as connection:
            run = driver(connection).execute
            run("BEGIN")
            try:
                yield connection
            finally:
                run("ROLLBACK")

    @contextmanager
    def _known_errors(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, dbapi2.DatabaseError) as error:
            known = storage_error(error)
            if known is error:
                raise
            raise known from error

    def setting(self, name: str) -> str | None:
        """A small value of this vault, by name."""
        with self.reading() as connection:
            return get_setting(connection, name)

    def put_setting(self, name: str, value: str) -> None:
        """Store a small value of this vault."""
        with self.beside() as connection:
            set_setting(connection, name, value)

    @contextmanager
    def beside(self) -> Iterator[Connection]:
        """A write that touches no record and leaves no trace in the change log: settings, drafts."""
        with self._turn:
            with self._known_errors(), self._engines.write.begin() as connection:
                before = _written(connection)
                yield connection
                reached = self._further(connection, before, self._reached.head)
            self._mark(reached)

    # -- how far it has come ---------------------------------------------------------------------------------------

    def loss(self) -> Loss | None:
        """The end that was found missing last, if ever."""
        text = self.setting(_LOST)
        return Loss(*from_json(text)) if text else None

    def news(self, language: str = "zh") -> Message | None:
        """What the user should know of this store on opening it: an end lost within a week, or that the desk ended."""
        loss = self.loss()
        if loss is not None and self.clock.now() - from_utc_text(loss.found) <= _NEWS:
            return message("store.lost_end", {"at": beijing_text(loss.at)}, language)
        return message("store.retired", {}, language) if self.retired else None

    def _compared(self) -> Reached:
        """How far the store has come; what a mark knows beyond it is kept as a loss."""
        with self.reading() as connection:
            found = Reached(read_head(connection), int(get_setting(connection, _BESIDE) or 0))
            mark = self._tidemark.read() if self._tidemark is not None else None
            gone = mark.missing(connection, found) if mark is not None else None
        if mark is not None and gone is not None:
            self.lost = Loss(mark.at, utc_text(self.clock.now()), gone)
            with self._known_errors(), self._engines.write.begin() as connection:
                set_setting(connection, _LOST, json_text(astuple(self.lost)))
        return found

    def _further(self, connection: Connection, before: int, head: Head) -> Reached:
        """How far a commit under way will bring the store; one that leaves no entry in the log is counted here."""
        if head != self._reached.head:
            return Reached(head, self._reached.beside)
        if _written(connection) == before:
            return self._reached
        beside = self._reached.beside + 1
        set_setting(connection, _BESIDE, str(beside))
        return Reached(head, beside)

    def _mark(self, reached: Reached) -> None:
        self._engines.folding.nudge()
        further, self._reached = reached != self._reached, reached
        if further and self._tidemark is not None:
            self._tidemark.write(Mark(reached, utc_text(self.clock.now())))

    # --------------------------------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` of every committed change, on the writing thread."""
        self._listeners.append(listener)

    def fold_log(self) -> None:
        """Fold the write-ahead log into the file, as page checks need it."""
        with self._turn, self._known_errors():
            self._engines.fold()

    @contextmanager
    def standing_still(self) -> Iterator[Callable[[Path, bytes], None]]:
        """Keep writers away, and give what copies the store into a new file under another key (see ``copy_store``)."""
        with self._turn, self._known_errors(), self._engines.write.connect() as connection:
            yield lambda file, key: copy_store(connection, file, key)

    def copy(self, file: Path, key: bytes, progress: Progress = silent, cancelled: Cancelled = never) -> None:
        """Copy the store as it stands now into a new file under another key, while others write (``copy_store``)."""
        with self.reading() as connection:
            copy_store(connection, file, key, progress, cancelled)

    def close(self) -> None:
        """Close the file; the store is not usable after it. Closing again does nothing: it would open the file anew."""
        if not self._closed:
            self._closed = True
            try:
                self._engines.close()
            finally:
                if self._tidemark is not None:
                    self._tidemark.close()


def _written(connection: Connection) -> int:
    """How many rows were ever written through a connection."""
    driver: Any = connection.connection.driver_connection
    return int(driver.total_changes)


_SETTING = Statement(select(settings.c.value).where(settings.c.name == given("name")))
_UNSET = Statement(delete(settings).where(settings.c.name == given("name")))


def get_setting(connection: Connection, name: str) -> str | None:
    """A small value by name, inside a transaction or reading."""
    found = _SETTING.first(connection, name=name)
    return found["value"] if found else None


def set_setting(connection: Connection, name: str, value: str) -> None:
    """Write a small value inside a transaction."""
    _UNSET.run(connection, name=name)
    insert_rows(connection, settings, [{"name": name, "value": value}])
