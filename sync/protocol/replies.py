"""Reply files ``.jmr``: receipts, change pages, trust and packages carried back to one desk on a stick."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sync.protocol.container import ByteSink, ByteSource, ContainerReader, ContainerWriter
from sync.protocol.envelope import PayloadType, open_envelope, sign_envelope
from sync.protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import (
    VERSION,
    PartEntry,
    ReplyEnvelope,
    ReplyIndex,
    ReplyPart,
    decode_reply_index,
    encode,
)
from sync.protocol.suites import Keyring, Signer

INDEX_NAME: Final = "index.dsse.json"


def envelope_name(n: int) -> str:
    """Entry name of envelope ``n``."""
    return f"envelopes/{n:05d}"


def part_name(n: int) -> str:
    """Entry name of part ``n``, numbered through the whole file."""
    return f"parts/{n:05d}"


@dataclass(frozen=True, slots=True)
class ReplyItem:
    """One envelope of a reply and the part entries of its own manifest, whose bytes are handed over when writing."""

    type: PayloadType
    envelope: bytes = field(repr=False)
    parts: tuple[PartEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyHeader:
    """For whom a reply is: unit, device, the device's chain epoch."""

    reply_id: str
    unit: str
    device: str
    epoch: int
    server_epoch: str
    created: str


def _index(header: ReplyHeader, items: Sequence[ReplyItem], suite: str) -> ReplyIndex:
    envelopes: list[ReplyEnvelope] = []
    parts: list[ReplyPart] = []
    for n, item in enumerate(items):
        digest = hashlib.sha256(item.envelope).hexdigest()
        first = len(parts)
        envelopes.append(ReplyEnvelope(n, item.type.value, len(item.envelope), digest, first, len(item.parts)))
        parts += [ReplyPart(first + i, part.size, part.sha256) for i, part in enumerate(item.parts)]
    return ReplyIndex(
        v=VERSION,
        suite=suite,
        reply_id=header.reply_id,
        unit=header.unit,
        device=header.device,
        epoch=header.epoch,
        server_epoch=header.server_epoch,
        created=header.created,
        envelopes=tuple(envelopes),
        parts=tuple(parts),
    )


def write_reply(
    sink: ByteSink, header: ReplyHeader, items: Sequence[ReplyItem], parts: Iterable[bytes], key: Signer
) -> int:
    """Writes a ``.jmr``: the signed index, every envelope, then every part in the order of the items. Gives its size.

    Raises `LocalProtocolError` where a part is not the one that its manifest lists.
    """
    index = _index(header, items, key.suite)
    payload = encode(index)
    try:
        decode_reply_index(payload)
    except ProtocolError as error:
        raise LocalProtocolError(error.code, **error.params) from error
    writer = ContainerWriter(sink)
    writer.add(INDEX_NAME, sign_envelope(PayloadType.REPLY_INDEX, payload, key))
    for n, item in enumerate(items):
        writer.add(envelope_name(n), item.envelope)
    try:
        for entry, data in zip(index.parts, parts, strict=True):
            check_reply_entry(entry, data)
            writer.add(part_name(entry.n), data)
    except (RemoteProtocolError, ValueError) as error:
        raise LocalProtocolError("protocol.batch_incomplete") from error
    return writer.finish()


def check_reply_entry(entry: ReplyEnvelope | ReplyPart, data: bytes) -> None:
    """Size and SHA-256 of one entry against the index. Raises `RemoteProtocolError`."""
    if len(data) != entry.size:
        raise RemoteProtocolError("protocol.part_bytes", n=entry.n, size=len(data), expected=entry.size)
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise RemoteProtocolError("protocol.part_digest", n=entry.n)


@dataclass(frozen=True, slots=True)
class ReceivedItem:
    """One envelope of a reply (not yet opened) with the number of its first part and how many are its own."""

    type: str
    envelope: bytes = field(repr=False)
    first_part: int
    parts: int


class ReplyReader:
    """Reads a ``.jmr`` front to back: index and envelopes at once, then the parts as they are asked for.

    Refuses a reply for another device or unit, or of an older chain epoch than ``epoch``, with the reason
    (``protocol.receipt_other_device``, ``receipt_other_unit``, ``reply_older_chain``). Call `finish` at the end.
    """

    def __init__(
        self, source: ByteSource, keyring: Keyring, *, device: str, unit: str, epoch: int, limits: Limits = LIMITS
    ) -> None:
        self._container = ContainerReader(source, limits)
        self._limits = limits
        envelope = self._container.read(INDEX_NAME, limits.envelope_bytes)
        opened = open_envelope(envelope, PayloadType.REPLY_INDEX, keyring, limits)
        self.index: ReplyIndex = decode_reply_index(opened.payload, limits)
        if self.index.device != device:
            raise RemoteProtocolError("protocol.receipt_other_device")
        if self.index.unit != unit:
            raise RemoteProtocolError("protocol.receipt_other_unit")
        if self.index.epoch < epoch:
            raise RemoteProtocolError("protocol.reply_older_chain", epoch=self.index.epoch, current=epoch)
        self.items: tuple[ReceivedItem, ...] = tuple(self._read_item(entry) for entry in self.index.envelopes)
        self._parts = self._read_parts()

    def _read_item(self, entry: ReplyEnvelope) -> ReceivedItem:
        data = self._container.read(envelope_name(entry.n), self._limits.envelope_bytes, entry.size)
        check_reply_entry(entry, data)
        return ReceivedItem(entry.type, data, entry.first_part, entry.parts)

    def _read_parts(self) -> Iterator[tuple[int, bytes]]:
        for entry in self.index.parts:
            data = self._container.read(part_name(entry.n), self._limits.part_bytes, entry.size)
            check_reply_entry(entry, data)
            yield entry.n, data

    def parts(self) -> Iterator[tuple[int, bytes]]:
        """Every part not yet read, with its number in the file, size and digest checked."""
        return self._parts

    def finish(self) -> None:
        """Reads whatever was not asked for and checks the container's end."""
        for _ in self._parts:
            pass
        self._container.finish()
