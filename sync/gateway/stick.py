"""The USB desk: takes the batches that a stick brings and puts the signed replies beside them.

The same bytes as over HTTPS, through the same steps. A file that does not hold is named and left alone; the others go
on. Nothing on the stick is ever in plain: replies are sealed to the device that made the batch.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.errors import Environment
from jmdesk.core.ids import Ids
from sync.gateway.batches import Batches, DeviceKeys
from sync.gateway.changes import change_page
from sync.gateway.database import Access, Connection, Database, Role
from sync.gateway.enrol import Device
from sync.gateway.keys import PlatformKeys
from sync.gateway.ledger import BatchKey
from sync.gateway.packages import envelope_of, published
from sync.gateway.problem import Declined
from sync.gateway.receipts import receipt_reply
from sync.protocol.batch import BatchReader
from sync.protocol.envelope import PayloadType, split_envelope
from sync.protocol.errors import RemoteProtocolError
from sync.protocol.manifest import ChangePage, Manifest, decode_change_page
from sync.protocol.replies import ReplyHeader, ReplyItem, ReplyReader, write_reply
from sync.protocol.standing import DeviceState
from sync.protocol.states import PlatformBatch
from sync.protocol.suites import KeySet

_LONGEST_WAIT: Final = 600.0
_LOOK_EVERY: Final = 0.2
_PAGE: Final = 5_000
_PACKAGES: Final = 7
"""Packages in a reply file: at 4 MiB each they keep within its limit."""
_NAMED: Final = 12
"""Digits of a device's key id in a file name: enough to tell devices apart, and nothing about a person."""


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one file: its batch and reply, or the code of what is wrong with it."""

    file: str
    batch_id: str = ""
    records: int = 0
    reply: str = ""
    problem: str = ""


class StickDesk:
    """Handles one stick: ``Environment`` "gateway.stick_unwritable" when replies cannot be written to it."""

    def __init__(self, database: Database, keys: PlatformKeys, clock: Clock, ids: Ids) -> None:
        self._database, self._keys, self._clock, self._ids = database, keys, clock, ids
        self._batches = Batches(database, keys, clock)
        self._devices: dict[str, Device] = {}
        self._histories: dict[str, str] = {}
        """The platform's history by which each device's newest batch on the stick goes."""

    def handle(self, folder: Path) -> Iterator[Handled]:
        """Take every ``.jmb`` of a folder in the order of its chain, then write a reply for each, then the changes.

        A worker must be running on the database (this process's or a server's): replies wait for it.
        """
        taken: list[tuple[Path, Manifest, BatchKey, bytes]] = []
        for file, outcome in self._in_order(folder):
            if isinstance(outcome, Handled):
                yield outcome
                continue
            try:
                with file.open("rb") as source:
                    self._batches.take_file(None, source)
            except Declined as declined:
                yield Handled(file.name, outcome.batch_id, outcome.records, problem=declined.problem.value)
                continue
            key, custody = self._batches.in_custody(self._devices[outcome.device], outcome.batch_id)
            taken.append((file, outcome, key, custody))
        for file, manifest, key, custody in taken:
            name = f"JM-{manifest.device[:_NAMED]}-{manifest.epoch}-{manifest.seq:06d}.jmr"
            _write(folder / name, self._receipt(manifest, key, custody))
            yield Handled(file.name, manifest.batch_id, manifest.records, name)
        for device in self._devices.values():
            if device.state is DeviceState.ACTIVE:
                yield from self._packages(folder, device)
                yield from self._changes(folder, device)

    def _in_order(self, folder: Path) -> list[tuple[Path, Manifest | Handled]]:
        """The stick's batches, each with its signed manifest or with what is wrong; predecessors first."""
        found: list[tuple[Path, Manifest | Handled]] = []
        for file in sorted(folder.glob("*.jmb")):
            keys = DeviceKeys(self._database)
            try:
                with file.open("rb") as source:
                    manifest = BatchReader(source, keys).signed.manifest
            except RemoteProtocolError as error:
                found.append((file, Handled(file.name, problem=error.code)))
                continue
            self._devices.setdefault(manifest.device, keys.found[manifest.device])
            found.append((file, manifest))
        ordered = sorted(found, key=_place_in_chain)
        self._histories |= {one.device: one.server_epoch for _, one in ordered if isinstance(one, Manifest)}
        return ordered

    def _receipt(self, manifest: Manifest, key: BatchKey, custody: bytes) -> bytes:
        """The receipts of a batch once it is processed; custody alone where it waits for a person."""
        waiting = threading.Event()
        left = _LONGEST_WAIT
        device = self._devices[manifest.device]
        while left > 0:
            reply = receipt_reply(self._database, self._keys, self._clock, self._ids, device, key)
            if reply is not None:
                return reply
            if self._batches.status(device, manifest.batch_id)["state"] == PlatformBatch.AWAITING_RELEASE.value:
                return self._reply(device, [ReplyItem(PayloadType.CUSTODY_RECEIPT, custody)])
            waiting.wait(_LOOK_EVERY)
            left -= _LOOK_EVERY
        raise Environment("gateway.stick_slow")

    def _packages(self, folder: Path, device: Device) -> Iterator[Handled]:
        """Every published package, for nobody knows here which of them the desk has; a few to a file."""
        digests = [one.digest for one in self._database.run(Access(Role.API), published)]
        for number, start in enumerate(range(0, len(digests), _PACKAGES), 1):
            envelopes = self._database.run(
                Access(Role.API), partial(_envelopes, digests=digests[start : start + _PACKAGES])
            )
            name = f"JM-{device.grant.device[:_NAMED]}-0-packages-{number:04d}.jmr"
            items = [ReplyItem(PayloadType.PACKAGE, envelope) for envelope in envelopes]
            _write(folder / name, self._reply(device, items))
            yield Handled("", "", 0, name)

    def _reply(self, device: Device, items: Sequence[ReplyItem]) -> bytes:
        """A ``.jmr`` with envelopes that have no parts."""
        grant, sink = device.grant, io.BytesIO()
        header = ReplyHeader(
            reply_id=self._ids.new(),
            unit=grant.unit,
            device=grant.device,
            epoch=grant.epoch,
            server_epoch=self._keys.server_epoch,
            created=utc_text(self._clock.now()),
        )
        write_reply(sink, header, items, (), self._keys.signing)
        return sink.getvalue()

    def _changes(self, folder: Path, device: Device) -> Iterator[Handled]:
        """Pages from where the device last said it stood, one file each, until there is no more.

        From 0 for one that goes by another history of this platform: cursors of that one mean nothing here.
        """
        fresh = DeviceKeys(self._database)
        fresh.find(device.grant.device, device.public.role)
        device = fresh.found[device.grant.device]
        known = self._histories[device.grant.device] in ("", self._keys.server_epoch)
        cursor, more, snapshot, number = device.ack_cursor if known else 0, True, False, 0
        while more:
            data = change_page(
                *(self._database, self._keys, self._clock, self._ids, device),
                cursor=cursor,
                limit=_PAGE,
                snapshot=snapshot,
            )
            page = _page_of(data, self._keys, device)
            if page.until == cursor:
                return
            number += 1
            name = f"JM-{device.grant.device[:_NAMED]}-changes-{number:04d}.jmr"
            _write(folder / name, data)
            yield Handled("", "", page.records, name)
            cursor, more, snapshot = page.until, page.more, page.snapshot


def _envelopes(connection: Connection, digests: Sequence[str]) -> list[bytes]:
    return [envelope_of(connection, digest) for digest in digests]


def _place_in_chain(found: tuple[Path, Manifest | Handled]) -> tuple[str, int, int]:
    manifest = found[1]
    return (manifest.device, manifest.epoch, manifest.seq) if isinstance(manifest, Manifest) else ("", 0, 0)


def _page_of(data: bytes, keys: PlatformKeys, device: Device) -> ChangePage:
    grant = device.grant
    reader = ReplyReader(
        io.BytesIO(data), KeySet.of(keys.signing.public), device=grant.device, unit=grant.unit, epoch=grant.epoch
    )
    return decode_change_page(split_envelope(reader.items[0].envelope).payload)


def _write(target: Path, data: bytes) -> None:
    """Write a file whole or not at all: a stick may be pulled at any moment."""
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        with temporary.open("wb") as sink:
            sink.write(data)
            sink.flush()
            os.fsync(sink.fileno())
        temporary.replace(target)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise Environment("gateway.stick_unwritable") from error
