"""The law of a batch's life at either end: states, events, and which event leads where."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sync.protocol.errors import LocalProtocolError


class DeskBatch(StrEnum):
    """A batch at the desk. "Sent" is not "done" (I16): only DONE means that every verdict is stored."""

    SEALED = "sealed"  # built and stored; its bytes never change again
    SENDING = "sending"  # some bytes may have left by HTTP
    CARRIED = "carried"  # written to a stick
    HELD = "held"  # custody receipt stored: the platform has the bytes
    DONE = "done"  # processing receipt and all verdicts stored
    PAUSED = "paused"  # the platform said no with an unsigned answer: told, waiting, nothing lost
    RELEASED = "released"  # its chain was closed before the platform held it: its edits are reviewed anew


class DeskEvent(StrEnum):
    """What can happen to a batch at the desk."""

    SEND = "send"
    EXPORT = "export"
    CUSTODY = "custody"
    PROCESSED = "processed"
    PAUSE = "pause"
    RESUME = "resume"
    REOPEN = "reopen"


class PlatformBatch(StrEnum):
    """A batch at the platform."""

    ANNOUNCED = "announced"  # manifest verified, parts missing
    COMPLETE = "complete"  # every part is here and its digest holds
    IN_CUSTODY = "in_custody"  # committed, custody receipt signed and stored
    AWAITING_RELEASE = "awaiting_release"  # the device was revoked or retired: a person decides
    PROCESSED = "processed"  # every record has its verdict, receipt signed and stored
    EXPIRED = "expired"  # announced, never completed, cleared after its time


class PlatformEvent(StrEnum):
    """What can happen to a batch at the platform."""

    PART = "part"
    LAST_PART = "last_part"
    COMMIT = "commit"
    COMMIT_CLOSED = "commit_closed"
    RELEASE = "release"
    REJECT = "reject"
    PROCESS = "process"
    EXPIRE = "expire"
    ANNOUNCE = "announce"


_DESK: Final[dict[tuple[DeskBatch, DeskEvent], DeskBatch]] = {
    (DeskBatch.SEALED, DeskEvent.SEND): DeskBatch.SENDING,
    (DeskBatch.SEALED, DeskEvent.EXPORT): DeskBatch.CARRIED,
    (DeskBatch.SEALED, DeskEvent.REOPEN): DeskBatch.RELEASED,
    (DeskBatch.SENDING, DeskEvent.REOPEN): DeskBatch.RELEASED,
    (DeskBatch.CARRIED, DeskEvent.REOPEN): DeskBatch.RELEASED,
    (DeskBatch.PAUSED, DeskEvent.REOPEN): DeskBatch.RELEASED,
    # Only where the platform no longer knows what it signed for: it was restored.
    (DeskBatch.HELD, DeskEvent.REOPEN): DeskBatch.RELEASED,
    (DeskBatch.SENDING, DeskEvent.SEND): DeskBatch.SENDING,
    (DeskBatch.SENDING, DeskEvent.EXPORT): DeskBatch.CARRIED,
    (DeskBatch.SENDING, DeskEvent.CUSTODY): DeskBatch.HELD,
    (DeskBatch.SENDING, DeskEvent.PROCESSED): DeskBatch.DONE,
    (DeskBatch.SENDING, DeskEvent.PAUSE): DeskBatch.PAUSED,
    (DeskBatch.CARRIED, DeskEvent.SEND): DeskBatch.SENDING,
    (DeskBatch.CARRIED, DeskEvent.EXPORT): DeskBatch.CARRIED,
    (DeskBatch.CARRIED, DeskEvent.CUSTODY): DeskBatch.HELD,
    (DeskBatch.CARRIED, DeskEvent.PROCESSED): DeskBatch.DONE,
    (DeskBatch.HELD, DeskEvent.CUSTODY): DeskBatch.HELD,
    (DeskBatch.HELD, DeskEvent.PROCESSED): DeskBatch.DONE,
    (DeskBatch.PAUSED, DeskEvent.RESUME): DeskBatch.SENDING,
    (DeskBatch.PAUSED, DeskEvent.EXPORT): DeskBatch.CARRIED,
    (DeskBatch.PAUSED, DeskEvent.CUSTODY): DeskBatch.HELD,
    (DeskBatch.PAUSED, DeskEvent.PROCESSED): DeskBatch.DONE,
    (DeskBatch.DONE, DeskEvent.CUSTODY): DeskBatch.DONE,
    (DeskBatch.DONE, DeskEvent.PROCESSED): DeskBatch.DONE,
}

_PLATFORM: Final[dict[tuple[PlatformBatch, PlatformEvent], PlatformBatch]] = {
    (PlatformBatch.ANNOUNCED, PlatformEvent.ANNOUNCE): PlatformBatch.ANNOUNCED,
    (PlatformBatch.ANNOUNCED, PlatformEvent.PART): PlatformBatch.ANNOUNCED,
    (PlatformBatch.ANNOUNCED, PlatformEvent.LAST_PART): PlatformBatch.COMPLETE,
    (PlatformBatch.ANNOUNCED, PlatformEvent.EXPIRE): PlatformBatch.EXPIRED,
    (PlatformBatch.COMPLETE, PlatformEvent.ANNOUNCE): PlatformBatch.COMPLETE,
    (PlatformBatch.COMPLETE, PlatformEvent.PART): PlatformBatch.COMPLETE,
    (PlatformBatch.COMPLETE, PlatformEvent.COMMIT): PlatformBatch.IN_CUSTODY,
    (PlatformBatch.COMPLETE, PlatformEvent.COMMIT_CLOSED): PlatformBatch.AWAITING_RELEASE,
    (PlatformBatch.COMPLETE, PlatformEvent.EXPIRE): PlatformBatch.EXPIRED,
    (PlatformBatch.IN_CUSTODY, PlatformEvent.ANNOUNCE): PlatformBatch.IN_CUSTODY,
    (PlatformBatch.IN_CUSTODY, PlatformEvent.PART): PlatformBatch.IN_CUSTODY,
    (PlatformBatch.IN_CUSTODY, PlatformEvent.COMMIT): PlatformBatch.IN_CUSTODY,
    (PlatformBatch.IN_CUSTODY, PlatformEvent.PROCESS): PlatformBatch.PROCESSED,
    (PlatformBatch.AWAITING_RELEASE, PlatformEvent.ANNOUNCE): PlatformBatch.AWAITING_RELEASE,
    (PlatformBatch.AWAITING_RELEASE, PlatformEvent.PART): PlatformBatch.AWAITING_RELEASE,
    (PlatformBatch.AWAITING_RELEASE, PlatformEvent.COMMIT_CLOSED): PlatformBatch.AWAITING_RELEASE,
    (PlatformBatch.AWAITING_RELEASE, PlatformEvent.RELEASE): PlatformBatch.IN_CUSTODY,
    # Refused as a whole: every record's verdict stands, and the receipt is still owed (I9).
    (PlatformBatch.AWAITING_RELEASE, PlatformEvent.REJECT): PlatformBatch.IN_CUSTODY,
    (PlatformBatch.PROCESSED, PlatformEvent.ANNOUNCE): PlatformBatch.PROCESSED,
    (PlatformBatch.PROCESSED, PlatformEvent.PART): PlatformBatch.PROCESSED,
    (PlatformBatch.PROCESSED, PlatformEvent.COMMIT): PlatformBatch.PROCESSED,
    (PlatformBatch.EXPIRED, PlatformEvent.ANNOUNCE): PlatformBatch.ANNOUNCED,
}


def next_desk_state(state: DeskBatch, event: DeskEvent) -> DeskBatch:
    """Where an event leads. Raises `LocalProtocolError` ``protocol.state`` where it leads nowhere."""
    found = _DESK.get((state, event))
    if found is None:
        raise LocalProtocolError("protocol.state", state=state.value, event=event.value)
    return found


def next_platform_state(state: PlatformBatch, event: PlatformEvent) -> PlatformBatch:
    """Where an event leads. Raises `LocalProtocolError` ``protocol.state`` where it leads nowhere."""
    found = _PLATFORM.get((state, event))
    if found is None:
        raise LocalProtocolError("protocol.state", state=state.value, event=event.value)
    return found
