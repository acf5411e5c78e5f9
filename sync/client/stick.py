"""Taking in what a stick brings back: signed receipts and change pages, the same bytes as over HTTPS."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.store import outbox
from sync.client.diary import write_down
from sync.client.membership import load_membership
from sync.client.packages import note_package, take_package
from sync.client.receiving import Receiver, counted
from sync.client.report import SyncReport
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
    changes nothing; the others go on. Taking the same files again changes nothing more. ``Refused``
    "sync.not_enrolled", "sync.no_replies" when there is none; ``Environment`` "sync.stick_unreadable".
    """
    steering = steering or Steering()
    membership = load_membership(desk.store)
    receiver = Receiver(desk, membership, steering)
    found = (file for suffix in (PACKAGE_SUFFIX, SUFFIX) for file in sorted(source.glob(f"*{suffix}")))
    files = list(found) if source.is_dir() else [source]
    if not files:
        raise Refused("sync.no_replies")
    brought = Brought(SyncReport(started=utc_text(desk.clock.now())))
    for number, file in enumerate(files):
        steering.check()
        steering.tell("changes", number, len(files))
        try:
            with file.open("rb") as stream:
                if file.suffix == PACKAGE_SUFFIX:
                    issue = take_package(desk, membership, stream.read(LIMITS.envelope_bytes + 1))
                    brought.report.packages += [issue] if issue is not None else []
                    continue
                taken = receiver.take(stream)
        except Refused as refused:
            brought.refused[file.name] = refused
            continue
        except OSError as error:
            raise Environment("sync.stick_unreadable") from error
        for envelope in taken.packages:
            note_package(desk, membership, envelope, brought.report)
        brought.report.refusals += taken.refusals
        for custody in taken.custodies:
            brought.report.handed_over += custody.records
        for receipt in taken.receipts:
            brought.report.note_verdicts(counted(receipt))
        for _, applied in taken.pages:
            brought.report.pages += 1
            brought.report.adopted += applied.adopted
            brought.report.beside += applied.beside
            brought.report.known += applied.known
    if brought.report.packages:
        desk.renew()
    with desk.store.reading() as connection:
        brought.report.unsettled = len(outbox.batch_list(connection, open_only=True))
    brought.report.finished = utc_text(desk.clock.now())
    write_down(desk, "stick", brought.report, *brought.refused.values())
    return brought
