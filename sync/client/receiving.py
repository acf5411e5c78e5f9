"""Receiving: signed replies with verdicts on what was sent and pages of what others changed, whatever carried them."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from jmdesk.inbox import CURSOR, Applied, Arrival, Outcome
from jmdesk.store import outbox
from jmdesk.store.outbox import Batch
from sync.client.batch_file import BatchFile, batch_path
from sync.client.faults import of_the_platform
from sync.client.membership import Membership, opening_key, signing_key
from sync.client.verdicts import SET_ASIDE
from sync.protocol.batch import SignedManifest
from sync.protocol.changes import PageOpener, open_page
from sync.protocol.container import ByteSource
from sync.protocol.envelope import PayloadType, open_envelope
from sync.protocol.errors import RemoteProtocolError
from sync.protocol.manifest import ChangePage, Uuid
from sync.protocol.receipts import CustodyReceipt, ProcessingReceipt, VerdictOpener, open_custody, open_processing
from sync.protocol.records import ChangeLine, Op, Verdict, VerdictLine
from sync.protocol.replies import ReplyReader
from sync.protocol.states import DeskBatch
from sync.protocol.strict_json import read_json
from sync.protocol.suites import KeySet

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from sync.client.steering import Steering


@dataclass(slots=True)
class Taken:
    """What one reply brought: receipts stored now, and pages with what became of their records."""

    custodies: list[CustodyReceipt] = field(default_factory=list)
    receipts: list[ProcessingReceipt] = field(default_factory=list)
    pages: list[tuple[ChangePage, Applied]] = field(default_factory=list)
    refusals: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """What was not taken, by verdict, code and field."""
    packages: list[bytes] = field(default_factory=list)
    """Package envelopes, not opened yet: their keeper does that."""


class Receiver:
    """Takes over what the platform says, one signed message at a time and each in one transaction.

    A message that does not hold is ``Refused`` with its ``protocol.…`` code and changes nothing; what came before it in
    the same reply stays. Taking the same reply again changes nothing more.
    """

    def __init__(self, desk: Desk, membership: Membership, steering: Steering) -> None:
        keys = desk.vault.device_keys()
        self._desk = desk
        self._membership = membership
        self._steering = steering
        self._keyring = membership.keyring
        self._opening = opening_key(keys)
        self._own = KeySet.of(signing_key(keys).public)

    def take(self, source: ByteSource) -> Taken:
        """Take over one reply (``.jmr``) that is for this device."""
        taken = Taken()
        reader = self._reader(source)
        for item in reader.items:
            self._steering.check()
            with of_the_platform():
                parts = [data for _, data in islice(reader.parts(), item.parts)]
            match item.type:
                case PayloadType.CUSTODY_RECEIPT:
                    self._custody(item.envelope, taken)
                case PayloadType.PROCESSING_RECEIPT:
                    self._processing(item.envelope, parts, taken)
                case PayloadType.CHANGE_PAGE:
                    taken.pages.append(self._page(item.envelope, parts))
                case PayloadType.PACKAGE:
                    taken.packages.append(item.envelope)
                case _:  # trust has an owner of its own; what a later platform adds is not ours to judge
                    pass
        with of_the_platform():
            reader.finish()
        return taken

    def _open_batch(self, envelope: bytes, kind: PayloadType) -> tuple[Batch, SignedManifest] | None:
        """The batch that a receipt speaks of, with the manifest it must answer; ``None`` when it is settled already."""
        with of_the_platform():
            payload = open_envelope(envelope, kind, self._keyring).payload
            batch_id = read_json(payload, _Named).batch_id
        with self._desk.store.reading() as connection:
            batches = outbox.batch_list(connection, open_only=True)
        for batch in batches:
            if batch.batch_id == batch_id:
                with BatchFile(batch_path(self._desk, batch), batch, self._own) as file:
                    return batch, file.signed
        return None

    def _custody(self, envelope: bytes, taken: Taken) -> None:
        found = self._open_batch(envelope, PayloadType.CUSTODY_RECEIPT)
        if found is None:
            return
        batch, signed = found
        with of_the_platform():
            receipt = open_custody(envelope, self._keyring, signed.manifest, signed.digest).receipt
        if batch.state != DeskBatch.HELD:
            self._desk.inbox.custody(batch.batch_id, envelope)
            taken.custodies.append(receipt)

    def _processing(self, envelope: bytes, parts: list[bytes], taken: Taken) -> None:
        """Settle a batch: every record's verdict is stored in one transaction, then its file goes."""
        found = self._open_batch(envelope, PayloadType.PROCESSING_RECEIPT)
        if found is None:
            return
        batch, signed = found
        lines: list[VerdictLine] = []
        with of_the_platform():
            receipt = open_processing(envelope, self._keyring, signed.manifest, signed.digest).receipt
            opener = VerdictOpener(receipt, self._opening)
            for entry, ciphertext in zip(receipt.parts, parts, strict=False):
                lines += opener.verdicts(entry, ciphertext)
            opener.finish()
        self._desk.inbox.verdicts(
            batch.batch_id,
            [_outcome(index, line) for index, line in enumerate(lines)],
            receipt=envelope,
            totals=counted(receipt),
            epoch=receipt.server_epoch,
            refused_attachments={found.n: found.code for found in receipt.attachments if found.code},
        )
        taken.receipts.append(receipt)
        taken.refusals.update((ln.verdict.value, ln.code, ln.path) for ln in lines if ln.verdict in SET_ASIDE)
        # Everything is stored; a file that cannot be removed now goes before the next sealing.
        with suppress(OSError):
            batch_path(self._desk, batch).unlink()

    def _page(self, envelope: bytes, parts: list[bytes]) -> tuple[ChangePage, Applied]:
        """Take over one page of changes, together with the cursor behind it."""
        cursor = cursor_of(self._desk)
        page = self._opened(envelope, cursor, self._membership.server_epoch)
        arrivals = self._arrivals(page, parts)
        if not arrivals and page.until == cursor and cursor:
            return page, Applied()
        first, last = page.since == 0, not page.more
        epoch = page.server_epoch
        return page, self._desk.inbox.page(arrivals, cursor=str(page.until), epoch=epoch, first=first, last=last)

    def look(self, source: ByteSource, cursor: int, epoch: str) -> ChangePage:
        """The page behind a cursor that a reply brings, every byte checked and nothing opened or taken over."""
        return self._only_page(source, cursor, epoch)[0]

    def read(self, source: ByteSource, cursor: int, epoch: str) -> list[Arrival]:
        """The records of the page behind a cursor that a reply brings; nothing is taken over."""
        return self._arrivals(*self._only_page(source, cursor, epoch))

    def _only_page(self, source: ByteSource, cursor: int, epoch: str) -> tuple[ChangePage, list[bytes]]:
        reader = self._reader(source)
        with of_the_platform():
            if [item.type for item in reader.items] != [PayloadType.CHANGE_PAGE]:
                raise RemoteProtocolError("protocol.payload_type")
            parts = [data for _, data in reader.parts()]
            reader.finish()
        return self._opened(reader.items[0].envelope, cursor, epoch), parts

    def _reader(self, source: ByteSource) -> ReplyReader:
        member = self._membership
        with of_the_platform():
            return ReplyReader(source, self._keyring, device=member.device, unit=member.unit, epoch=member.epoch)

    def _opened(self, envelope: bytes, cursor: int, epoch: str) -> ChangePage:
        member = self._membership
        with of_the_platform():
            return open_page(
                envelope, self._keyring, device=member.device, unit=member.unit, server_epoch=epoch, cursor=cursor
            ).page

    def _arrivals(self, page: ChangePage, parts: list[bytes]) -> list[Arrival]:
        lines: list[ChangeLine] = []
        with of_the_platform():
            if page.parts:
                opener = PageOpener(page, self._opening)
                for entry, ciphertext in zip(page.parts, parts, strict=False):
                    lines += opener.changes(entry, ciphertext)
            if len(lines) != page.records:
                raise RemoteProtocolError("protocol.sums")
        return [_arrival(line) for line in lines]


class _Named(msgspec.Struct, frozen=True):
    batch_id: Uuid


def cursor_of(desk: Desk) -> int:
    """Up to where this desk has taken over the platform's changes; 0 before the first page."""
    return int(desk.store.setting(CURSOR) or 0)


def counted(receipt: ProcessingReceipt) -> dict[str, int]:
    """A receipt's totals by verdict, those that occurred."""
    totals = {verdict.value: getattr(receipt.totals, verdict.value) for verdict in Verdict}
    return {verdict: count for verdict, count in totals.items() if count}


def _outcome(index: int, line: VerdictLine) -> Outcome:
    return Outcome(
        index=index,
        rid=line.rid,
        verdict=line.verdict.value,
        code=line.code,
        version=line.version,
        values=line.values,
        versions=line.versions,
        path=line.path,
        params=line.params,
    )


def _arrival(line: ChangeLine) -> Arrival:
    return Arrival(
        type=line.type,
        rid=line.rid,
        version=line.version,
        region=line.region,
        unit=line.unit,
        values=line.set,
        versions=line.versions,
        tombstone=line.op is Op.TOMBSTONE,
        reason=line.reason,
        at=line.at,
        origin=line.origin,
    )
