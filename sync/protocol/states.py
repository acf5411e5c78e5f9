"""The law of a batch's life at either end: states, events, and which event leads where."""

from __future__ import annotations

from enum import StrEnum


class DeskBatch(StrEnum):
    """A batch at the desk. "Sent" is not "done" (I16): only DONE means that every verdict is stored."""

    SEALED = "sealed"  # built and stored; its bytes never change again
    SENDING = "sending"  # some bytes may have left by HTTP
    CARRIED = "carried"  # written to a stick
    HELD = "held"  # custody receipt stored: the platform has the bytes
    DONE = "done"  # processing receipt and all verdicts stored
    PAUSED = "paused"  # the platform said no with an unsigned answer: told, waiting, nothing lost


class DeskEvent(StrEnum):
    """What can happen to a batch at the desk."""

    SEND = "send"
    EXPORT = "export"
    CUSTODY = "custody"
    PROCESSED = "processed"
    PAUSE = "pause"
    RESUME = "resume"


class PlatformBatch(StrEnum):
    """A batch at the platform."""

    ANNOUNCED = "announced"  # manifest verified, parts missing
    COMPLETE = "complete"  # every part is here and its digest holds
    IN_CUSTODY = "in_custody"  # committed, custody receipt signed and stored
    AWAITING_RELEASE = "awaiting_release"  # the device was revoked: a person decides
    PROCESSED = "processed"  # every record has its verdict, receipt signed and stored
    EXPIRED = "expired"  # announced, never completed, cleared after its time


class PlatformEvent(StrEnum):
    """What can happen to a batch at the platform."""

    PART = "part"
    LAST_PART = "last_part"
    COMMIT = "commit"
    COMMIT_REVOKED = "commit_revoked"
    RELEASE = "release"
    PROCESS = "process"
    EXPIRE = "expire"
    ANNOUNCE = "announce"


def next_desk_state(state: DeskBatch, event: DeskEvent) -> DeskBatch:
    """Where an event leads. Raises `LocalProtocolError` ``protocol.state`` where it leads nowhere."""
    raise NotImplementedError


def next_platform_state(state: PlatformBatch, event: PlatformEvent) -> PlatformBatch:
    """Where an event leads. Raises `LocalProtocolError` ``protocol.state`` where it leads nowhere."""
    raise NotImplementedError
