"""Reply files ``.jmr``: receipts, change pages, trust and packages carried back to one desk on a stick."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sync.protocol.container import ByteSink, ByteSource
from sync.protocol.envelope import PayloadType
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import ReplyIndex
from sync.protocol.suites import Keyring, SigningKey


@dataclass(frozen=True, slots=True)
class ReplyItem:
    """One envelope of a reply and the sizes and digests of its parts, whose bytes are handed over when writing."""

    type: PayloadType
    envelope: bytes = field(repr=False)
    parts: tuple[tuple[int, str], ...] = ()
    """(size, hex SHA-256) of each part's ciphertext, in its own manifest's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyHeader:
    """For whom a reply is: unit, device, the device's chain epoch."""

    reply_id: str
    unit: str
    device: str
    epoch: int
    server_epoch: str
    created: str


def write_reply(
    sink: ByteSink, header: ReplyHeader, items: Sequence[ReplyItem], parts: Iterable[bytes], key: SigningKey
) -> int:
    """Writes a ``.jmr``: the signed index, every envelope, then every part in the order of the items. Gives its size."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class ReceivedItem:
    """One envelope of a reply (not yet opened) with the number of its first part and how many are its own."""

    type: str
    envelope: bytes = field(repr=False)
    first_part: int
    parts: int


class ReplyReader:
    """Reads a ``.jmr`` front to back: index and envelopes at once, then the parts as they are asked for.

    Refuses a reply for another device or unit, or of an older chain epoch than ``epoch``, with the reason.
    """

    def __init__(
        self, source: ByteSource, keyring: Keyring, *, device: str, unit: str, epoch: int, limits: Limits = LIMITS
    ) -> None:
        self.index: ReplyIndex
        self.items: tuple[ReceivedItem, ...]
        raise NotImplementedError

    def parts(self) -> Iterator[tuple[int, bytes]]:
        """Every part with its number in the file, size and digest checked; at the end the container's tail is."""
        raise NotImplementedError
