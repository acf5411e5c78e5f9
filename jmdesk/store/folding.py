"""The write-ahead log is folded into the file beside the work, so that no save waits for it.

Left to itself SQLite folds in the very commit that finds the log long: one save in eighty then wrote and flushed a
thousand pages more than its own, and where neighbours kept the disk busy it took a second. What is folded is in the
log, too, until a later commit begins the log anew: a crash in between costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from sqlcipher3 import dbapi2

from jmdesk.core.errors import KnownError

LONG_BYTES: Final = 4 * 1024**2
"""From this length on the log is folded; it is cut down to it when it begins anew."""

LONGEST_PAGES: Final = 16_000
"""At so many pages (64 MB) a commit folds by itself: an import, or a disk that is slower than its writers."""


class Folding:
    """Folds one store's log. ``connect`` opens a connection of its own for each time."""

    def __init__(self, database: Path, connect: Callable[[], Any]) -> None:
        self._log = database.with_name(f"{database.name}-wal")
        self._connect = connect
        self._lane = ThreadPoolExecutor(1, "jmdesk-fold")
        self._under_way: Future[None] | None = None
        self._folded = 0
        """How long the log was when it was folded last; 0 once it began anew."""

    @property
    def busy(self) -> bool:
        """Whether the log is being folded now."""
        return self._under_way is not None and not self._under_way.done()

    def nudge(self) -> None:
        """Begin to fold when the log has grown long and nobody does yet. Called after each commit: a look at the file.

        What is written while it is folded keeps the log from beginning anew. So it grows on where one commit chases the
        next, and is folded once for each such length, not after each of them.
        """
        length = self._length()
        if length < self._folded:
            self._folded = 0
        if length - self._folded > LONG_BYTES and not self.busy:
            self._folded = length
            self._under_way = self._lane.submit(self._fold)

    def settle(self) -> None:
        """Wait for what is under way: SQLite lets one fold at a time and turns the others away."""
        if self._under_way is not None:
            self._under_way.result()

    def close(self) -> None:
        """Finish what is under way, and fold no more."""
        self._lane.shutdown(wait=True)

    def _length(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0  # not made yet, or out of reach: the commit itself will tell

    def _fold(self) -> None:
        # A disk that refuses is told by the commit that meets it.
        with suppress(dbapi2.Error, KnownError), closing(self._connect()) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
