"""The first pull of a desk that holds nothing: every page is fetched and kept, then all are taken over at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jmdesk.core.errors import Refused
from jmdesk.inbox import Applied, Arrival
from jmdesk.store.loading import holds_nothing
from jmdesk.vault.files import disk_errors
from sync.client.receiving import Receiver, cursor_of
from sync.protocol.manifest import ChangePage

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from sync.client.steering import Steering

FOLDER: Final = "incoming"


def is_first(desk: Desk) -> bool:
    """Whether this desk has nothing yet: no record that travels, nothing to send, nothing pulled."""
    if cursor_of(desk):
        return False
    with desk.store.reading() as connection:
        return holds_nothing(connection)


class FirstLoad:
    """Pages wait as files, sealed to this desk as they came: a broken line or a closed lid costs one page at most.

    ``fetch`` gets the reply with the page behind a cursor; ``history`` is the platform's, as far as it is known. What
    was taken over is there as a whole or not at all.
    """

    def __init__(
        self, desk: Desk, receiver: Receiver, steering: Steering, fetch: Callable[[int], bytes], history: str
    ) -> None:
        self._desk = desk
        self._receiver = receiver
        self._steering = steering
        self._fetch = fetch
        self._history = history
        self._folder = desk.vault.folder / FOLDER

    def run(self) -> tuple[list[ChangePage], Applied]:
        """All pages and what became of their records. ``Refused`` as a pull; the pages are then fetched anew."""
        try:
            pages = self._kept()
            while not pages or pages[-1].more:
                self._steering.check()
                pages.append(self._another(pages))
                self._steering.tell("changes", sum(page.records for page in pages), 0)
            applied = self._take_over(pages)
        except Refused:
            self._forget()
            raise
        self._forget()
        return pages, applied

    def _another(self, pages: Sequence[ChangePage]) -> ChangePage:
        reply = self._fetch(pages[-1].until if pages else 0)
        page = self._receiver.look(BytesIO(reply), *self._behind(pages))
        with disk_errors():
            self._folder.mkdir(exist_ok=True)
            half = self._file(len(pages)).with_suffix(".part")
            half.write_bytes(reply)
            half.replace(self._file(len(pages)))
        return page

    def _kept(self) -> list[ChangePage]:
        """The pages that are there from an earlier try, as far as they follow on each other and hold."""
        pages: list[ChangePage] = []
        try:
            while self._file(len(pages)).exists() and (not pages or pages[-1].more):
                with self._file(len(pages)).open("rb") as source:
                    pages.append(self._receiver.look(source, *self._behind(pages)))
        except (Refused, OSError):
            self._forget()
            return []
        return pages

    def _take_over(self, pages: Sequence[ChangePage]) -> Applied:
        records = sum(page.records for page in pages)

        def watch(done: int) -> None:
            self._steering.check()
            self._steering.tell("changes", done, records)

        last = pages[-1]
        if not records:
            return self._desk.inbox.page((), cursor=str(last.until), epoch=last.server_epoch, first=True, last=True)
        return self._desk.inbox.load(
            self._arrivals(pages), cursor=str(last.until), epoch=last.server_epoch, watch=watch
        )

    def _arrivals(self, pages: Sequence[ChangePage]) -> Iterator[list[Arrival]]:
        for number in range(len(pages)):
            with disk_errors():
                reply = self._file(number).read_bytes()
            yield self._receiver.read(BytesIO(reply), *self._behind(pages[:number]))

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:05d}.jmr"

    def _forget(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _behind(self, pages: Sequence[ChangePage]) -> tuple[int, str]:
        """The cursor and the server's history behind some pages."""
        return (pages[-1].until, pages[-1].server_epoch) if pages else (0, self._history)
