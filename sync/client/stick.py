"""Taking in what a stick brings back: signed receipts and change pages, the same bytes as over HTTPS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Environment, Refused
from sync.client.anchor import log_cut_at
from sync.client.diary import write_down
from sync.client.engine import ended
from sync.client.membership import load_membership, save_membership
from sync.client.packages import note_package, take_package
from sync.client.receiving import Receiver, Taken, counted
from sync.client.report import SyncReport
from sync.client.starting_over import other_history, review, review_due, start_over
from sync.client.steering import Steering
from sync.protocol.limits import LIMITS

if TYPE_CHECKING:
    from jmdesk.desk import Desk

SUFFIX: Final = ".jmr"
PACKAGE_SUFFIX: Final = ".jmp"


@dataclass(slots=True)
class Brought:
    """What a stick brought: the report of everything taken over, and by file name why a file was not."""

    report: SyncReport
    refused: dict[str, Refused] = field(default_factory=dict)


def take_replies(desk: Desk, source: Path, steering: Steering | None = None) -> Brought:
    """Take over one ``.jmr`` or package (``.jmp``), or every one in a folder: packages first, then by name.

    A file that is not for this device, is damaged, or does not follow on what is here is named with its reason and
    changes nothing; the others go on. Taking the same files again changes nothing more. Pages of another history of the
    platform (it was restored) that begin at 0 start this desk over, as over the line. ``Refused``
    "sync.not_enrolled", "sync.no_replies" when there is none; ``Environment`` "sync.stick_unreadable".
    """
    reading = _Reading(desk, steering or Steering())
    found = (file for suffix in (PACKAGE_SUFFIX, SUFFIX) for file in sorted(source.glob(f"*{suffix}")))
    files = list(found) if source.is_dir() else [source]
    if not files:
        raise Refused("sync.no_replies")
    return reading.run(files)


class _Reading:
    """One stick under way."""

    def __init__(self, desk: Desk, steering: Steering) -> None:
        self._desk, self._steering = desk, steering
        self._membership = load_membership(desk.store)
        self._receiver = Receiver(desk, self._membership, steering)
        self._brought = Brought(SyncReport(started=utc_text(desk.clock.now())))
        self._over = self._whole = False
        """Whether it has started over; whether the last page there is has come."""

    def run(self, files: Sequence[Path]) -> Brought:
        report = self._brought.report
        report.log_cut = log_cut_at(self._desk, self._membership.keyring)
        for number, file in enumerate(files):
            self._steering.check()
            self._steering.tell("changes", number, len(files))
            try:
                self._file(file)
            except Refused as refused:
                self._brought.refused[file.name] = refused
            except OSError as error:
                raise Environment("sync.stick_unreadable") from error
        if report.packages:
            self._desk.renew()
        if self._whole and review_due(self._desk):
            report.joined += review(self._desk)
        # What came may hold a newer head that was countersigned.
        report.log_cut = report.log_cut or log_cut_at(self._desk, self._membership.keyring)
        write_down(self._desk, "stick", ended(self._desk, report), *self._brought.refused.values())
        return self._brought

    def _file(self, file: Path) -> None:
        if file.suffix == PACKAGE_SUFFIX:
            with file.open("rb") as stream:
                issue = take_package(self._desk, self._membership, stream.read(LIMITS.envelope_bytes + 1))
            self._brought.report.packages += [issue] if issue is not None else []
            return
        try:
            taken = self._taken(file)
        except Refused as refused:
            if refused.code != "protocol.server_epoch" or not self._starts_over(file):
                raise
            taken = self._taken(file)
        self._note(taken)

    def _taken(self, file: Path) -> Taken:
        with file.open("rb") as stream:
            return self._receiver.take(stream)

    def _starts_over(self, file: Path) -> bool:
        """Start over with this file if it is the first page of another history than ours; once."""
        if self._over:
            return False
        try:
            with file.open("rb") as stream:
                page = self._receiver.look(stream, 0, "")
        except Refused:
            return False
        other = other_history(self._membership, page.server_epoch, page.created)
        if other is None:
            return False
        start_over(self._desk, other)
        self._over = True
        self._membership = other
        self._receiver = Receiver(self._desk, other, self._steering)
        return True

    def _note(self, taken: Taken) -> None:
        report = self._brought.report
        for envelope in taken.packages:
            note_package(self._desk, self._membership, envelope, report)
        report.refusals += taken.refusals
        report.handed_over += sum(custody.records for custody in taken.custodies)
        for receipt in taken.receipts:
            report.note_verdicts(counted(receipt))
        for page, applied in taken.pages:
            report.pages += 1
            report.adopted += applied.adopted
            report.beside += applied.beside
            report.known += applied.known
            report.offered += applied.offered
            report.left += applied.left
            self._whole = not page.more
            seen = self._membership.at(page.server_epoch, page.created)
            if seen != self._membership:
                save_membership(self._desk.store, seen)
                self._membership = seen
                self._receiver = Receiver(self._desk, seen, self._steering)
