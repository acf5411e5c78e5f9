"""A stack of signed consent pages, scanned as one PDF, that files itself: each page to the household its code names.

The scanner's file is untrusted: pages are drawn in memory with a limit of time each, and a code is only believed as
far as it names a household of this desk. Everything is filed in one transaction, or nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from jmdesk.attachments.intake import examine
from jmdesk.attachments.pdf import count_pages, draw_page, take_pages
from jmdesk.consents.notice import notice_in_force, notices
from jmdesk.consents.page_code import PageCode, read_code
from jmdesk.consents.service import Signature, consents_of, file_pending, sign_paper
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Environment, Refused
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.records.consent_book import SCAN_PENDING, state_on
from jmdesk.records.workplace import Workplace
from jmdesk.store import reading
from jmdesk.store.store import Connection

MOST_PAGES: Final = 2000
MOST_BYTES: Final = 256 * 1024 * 1024
"""Bytes of one scanned stack: 2,000 pages at 130 KB each."""

_WIDTH: Final = 1240
"""Pixels across a page while its code is looked for: A4 at 150 dots per inch."""

_FINER: Final = 2000

NO_CODE, OTHER_OFFICE, UNKNOWN, OLD_NOTICE, UNSIGNED, FILED = (
    "no_code", "other_office", "unknown_household", "old_notice", "not_signed", "filed_before",
)  # fmt: skip


class FilingDesk(Workplace, Protocol):
    """A desk that knows its own unit, whose pages it files."""

    @property
    def unit(self) -> str: ...


@dataclass(frozen=True, slots=True)
class StackPage:
    """One page of a stack.

    ``number`` counts from 1, as people do; ``household`` is the record id that its code names on this desk, "" for
    none; ``problem`` why it will not be filed by itself: "" for nothing, else one of the words of this module.
    """

    number: int
    code: PageCode | None = None
    household: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """A scanned stack as it was read: its bytes and what each page is."""

    data: bytes = field(repr=False)
    pages: tuple[StackPage, ...]

    def households(self) -> list[str]:
        """The households whose pages file themselves, in the order of the stack."""
        return list(dict.fromkeys(page.household for page in self.pages if not page.problem))

    def left(self, problem: str = "") -> list[StackPage]:
        """The pages that need a person, of one problem or of any."""
        return [page for page in self.pages if page.problem and problem in ("", page.problem)]


@dataclass(frozen=True, slots=True)
class Filed:
    """What filing did: households, pages and consents that have their scan now."""

    households: int
    pages: int
    consents: int


def read_stack(path: Path) -> bytes:
    """The bytes of a scanned PDF. ``Environment`` "attachments.unreadable", ``Refused`` "consents.stack_too_large"."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Environment("attachments.unreadable") from error
    if len(data) > MOST_BYTES:
        raise _too_large()
    return data


class Filing:
    """Files scanned stacks for one desk."""

    def __init__(self, desk: FilingDesk) -> None:
        self._desk = desk

    def recognise(self, data: bytes, *, progress: Progress = silent, cancelled: Cancelled = never) -> Stack:
        """Read the code of every page; nothing is written.

        ``Refused``: "consents.stack_unreadable", "consents.stack_too_large", "consents.stack_cancelled".
        """
        if data[:5] != b"%PDF-":
            raise Refused("consents.stack_unreadable")
        try:
            total = count_pages(data)
        except Refused as error:
            raise Refused("consents.stack_unreadable") from error
        if not total:
            raise Refused("consents.stack_unreadable")
        if total > MOST_PAGES:
            raise _too_large()
        found: list[PageCode | None] = []
        progress(0, total)
        for page in range(total):
            if cancelled():
                raise Refused("consents.stack_cancelled")
            found.append(_code_of(data, page))
            progress(page + 1, total)
        with self._desk.store.reading() as connection:
            judged = tuple(self._judged(connection, number, code) for number, code in enumerate(found, 1))
        return Stack(data, judged)

    def file(
        self,
        stack: Stack,
        *,
        assigned: Mapping[int, str] | None = None,
        signature: Signature | None = None,
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> Filed:
        """File every page that named its household, and those that somebody assigned (page number to record id).

        ``signature``: what a household whose signing was not recorded yet is recorded with, once somebody has looked at
        its signatures: all kinds, every adult. Without it such a household is left.
        ``Refused``: "consents.stack_nothing", "consents.stack_cancelled", and those of ``intake.examine``.
        """
        plan = self._plan(stack, assigned or {}, signed=signature is not None)
        pages_filed = consents = 0
        with self._desk.records.writing("consent") as writer:
            households = 0
            for household, pages in plan.items():
                if cancelled():
                    raise Refused("consents.stack_cancelled")
                scan = examine(take_pages(stack.data, [number - 1 for number in pages]))
                filed = file_pending(writer, household, scan)
                if not filed and signature is not None and not self._known(writer.transaction.connection, household):
                    sign_paper(writer, household, signature, scan=scan)
                    writer.transaction.flush()
                    filed = len(consents_of(writer.transaction.connection, household))
                if filed:
                    households, pages_filed, consents = households + 1, pages_filed + len(pages), consents + filed
                progress(households, len(plan))
            if not consents:
                raise Refused("consents.stack_nothing")
        return Filed(households, pages_filed, consents)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _plan(self, stack: Stack, assigned: Mapping[int, str], *, signed: bool) -> dict[str, list[int]]:
        plan: dict[str, list[tuple[int, int]]] = {}
        for page in stack.pages:
            household = assigned.get(page.number, "")
            if not household and (not page.problem or (signed and page.problem == UNSIGNED)):
                household = page.household
            if household:
                plan.setdefault(household, []).append((page.code.sheet if page.code else 99, page.number))
        return {household: [number for _, number in sorted(pages)] for household, pages in plan.items()}

    def _judged(self, connection: Connection, number: int, code: PageCode | None) -> StackPage:
        if code is None:
            return StackPage(number, problem=NO_CODE)
        if code.unit != self._desk.unit:
            return StackPage(number, code, problem=OTHER_OFFICE)
        household = reading.get(connection, "R05", code.household)
        if household is None or household.voided is not None:
            return StackPage(number, code, problem=UNKNOWN)
        notice = notices().get(code.notice)
        if notice is None or notice.short_digest != code.digest or self._is_old(code.notice):
            return StackPage(number, code, code.household, OLD_NOTICE)
        return StackPage(number, code, code.household, self._state(connection, code.household))

    def _is_old(self, version: str) -> bool:
        return notice_in_force(beijing_date(self._desk.clock.now())).version != version

    def _state(self, connection: Connection, household: str) -> str:
        on = beijing_date(self._desk.clock.now())
        states = [state_on(one.values, on) for one in consents_of(connection, household)]
        if SCAN_PENDING in states:
            return ""
        return FILED if states else UNSIGNED

    @staticmethod
    def _known(connection: Connection, household: str) -> bool:
        return bool(consents_of(connection, household))


def _code_of(data: bytes, page: int) -> PageCode | None:
    """The code of a page; a second, finer look for a poor scan. An unreadable page has none."""
    try:
        for width in (_WIDTH, _FINER):
            for text in _texts(data, page, width):
                if (code := read_code(text)) is not None:
                    return code
    except Refused:
        return None
    return None


def _texts(data: bytes, page: int, width: int) -> Iterator[str]:
    import zxingcpp

    drawn = draw_page(data, page, width)
    # One byte a pixel is what the reader wants: green is what the eye takes for brightness.
    grey = memoryview(drawn.pixels[1::4]).cast("B", (drawn.height, drawn.stride // 4))
    found: Sequence[zxingcpp.Barcode] = zxingcpp.read_barcodes(grey)
    for one in found:
        yield one.text


def _too_large() -> Refused:
    return Refused("consents.stack_too_large", pages=MOST_PAGES, mib=MOST_BYTES // (1024 * 1024))
