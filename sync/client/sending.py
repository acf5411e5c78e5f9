"""Sending: the batches that are not settled yet, resumed where they were, until the platform signs for each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

from jmdesk.core.errors import Refused, Unreachable
from jmdesk.store import outbox
from jmdesk.store.outbox import Batch
from sync.client.batch_file import BatchFile, batch_path
from sync.client.faults import of_the_platform
from sync.client.membership import Membership, signing_key
from sync.client.sealing import adapt_parts
from sync.protocol.receipts import CustodyReceipt, open_custody
from sync.protocol.states import DeskBatch, DeskEvent, PlatformBatch, next_desk_state
from sync.protocol.suites import KeySet

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from sync.client.session import Session
    from sync.client.steering import Steering

IN_FLIGHT: Final = 2
"""Parts under way at once: one is encrypted by TLS and read from disk while the other travels."""

_ROUNDS: Final = 64
"""How often the platform may name more missing parts: it lists at most a thousand at a time."""


class Sender:
    """Brings sealed batches to the platform, in chain order."""

    def __init__(self, desk: Desk, session: Session, membership: Membership, steering: Steering) -> None:
        self._desk = desk
        self._session = session
        self._membership = membership
        self._steering = steering
        self._keys = KeySet.of(signing_key(desk.vault.device_keys()).public)

    def send(self, batch: Batch) -> CustodyReceipt:
        """Hand over one batch and keep the platform's signed word for it.

        May be repeated at any point: what has arrived is not sent again. A refusal that is not signed pauses the batch
        (its state says so) and is raised. ``Environment("sync.batch_damaged")`` when its file is not what was sealed.
        """
        with BatchFile(batch_path(self._desk, batch), batch, self._keys) as file:
            held = batch.state == DeskBatch.HELD  # signed for before, and lost by a platform that was restored
            if not held:
                self._move(batch, DeskEvent.RESUME if batch.state == DeskBatch.PAUSED else DeskEvent.SEND)
            try:
                envelope = self._hand_over(batch, file)
                with of_the_platform():
                    custody = open_custody(envelope, self._membership.keyring, file.signed.manifest, file.signed.digest)
            except Refused:
                if not held:
                    self._store_state(batch, DeskBatch.PAUSED)
                raise
            except Unreachable:
                adapt_parts(self._desk, went_well=False)
                raise
        self._desk.inbox.custody(batch.batch_id, envelope)
        adapt_parts(self._desk, went_well=True)
        return custody.receipt

    def _hand_over(self, batch: Batch, file: BatchFile) -> bytes:
        transport, manifest = self._session.transport, file.signed.manifest
        if batch.state == DeskBatch.SEALED and len(manifest.parts) == 1 and not manifest.attachments:
            return self._deliver(file)
        for _ in range(_ROUNDS):
            found = self._session.run(lambda: transport.announce(batch.batch_id, file.signed.envelope))
            missing = [n for n in found.missing if 0 <= n < len(manifest.parts)]
            papers = [n for n in found.missing_attachments if 0 <= n < len(manifest.attachments)]
            if found.state != PlatformBatch.ANNOUNCED or not (missing or papers):
                break
            # Records first: a document means nothing before its record.
            self._send_parts(batch.batch_id, file, missing)
            self._send_attachments(batch.batch_id, file, papers)
        return self._session.run(lambda: transport.commit(batch.batch_id))

    def _deliver(self, file: BatchFile) -> bytes:
        """A batch of one part that was never tried: nothing has arrived yet, and there is nothing to resume."""
        transport, whole = self._session.transport, file.whole()
        self._steering.check()
        envelope = self._session.run(lambda: transport.deliver(whole))
        self._steering.tell("send", 1, 1)
        return envelope

    def _send_parts(self, batch_id: str, file: BatchFile, missing: Sequence[int]) -> None:
        parts, done = len(file.signed.manifest.parts), len(file.signed.manifest.parts) - len(missing)
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="jmdesk-part") as threads:
            under_way: list[Future[None]] = []
            try:
                for n in missing:
                    if len(under_way) == IN_FLIGHT:
                        under_way.pop(0).result()
                        done += 1
                        self._steering.tell("send", done, parts)
                    self._steering.check()
                    under_way.append(threads.submit(self._send_part, batch_id, n, file.part(n)))
                for future in under_way:
                    future.result()
                    done += 1
                    self._steering.tell("send", done, parts)
            except BaseException:
                for future in under_way:
                    future.cancel()
                raise

    def _send_attachments(self, batch_id: str, file: BatchFile, missing: Sequence[int]) -> None:
        """One at a time: each may be as large as several parts."""
        transport, every = self._session.transport, len(file.signed.manifest.attachments)
        for done, n in enumerate(missing, every - len(missing)):
            self._steering.check()
            ciphertext = file.attachment(n)
            self._session.run(partial(transport.put_attachment, batch_id, n, ciphertext))
            self._steering.tell("send_papers", done + 1, every)

    def _send_part(self, batch_id: str, n: int, ciphertext: bytes) -> None:
        transport = self._session.transport
        self._session.run(lambda: transport.put_part(batch_id, n, ciphertext))

    def _move(self, batch: Batch, event: DeskEvent) -> None:
        self._store_state(batch, next_desk_state(DeskBatch(batch.state), event))

    def _store_state(self, batch: Batch, state: DeskBatch) -> None:
        with self._desk.store.transaction(self._desk.actor, "send") as transaction:
            outbox.advance(transaction.connection, batch.batch_id, state.value)
