"""One synchronisation, from the session to the last page; every step is stored before the next one begins."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Final

import msgspec

from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.inbox import CURSOR
from jmdesk.store import outbox
from jmdesk.store.outbox import Batch
from sync.client.membership import Membership, load_membership, save_membership, signing_key
from sync.client.patience import Patience
from sync.client.receiving import Receiver, counted, cursor_of
from sync.client.report import SyncReport
from sync.client.sealing import MOST_RECORDS, seal
from sync.client.sending import Sender
from sync.client.session import Session
from sync.client.steering import Steering, Stopped
from sync.protocol.envelope import split_envelope
from sync.protocol.receipts import CustodyReceipt
from sync.protocol.states import DeskBatch

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from sync.client.transport import Transport

LAST_AT: Final = "sync.last_at"
"""The setting that holds when the last synchronisation came to its end (UTC)."""

PAGE_RECORDS: Final = 5_000
"""Records asked for per page: one transaction here, some 20 MiB in memory."""

_POLLS: Final = (0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0, 5.0)
_POLL_SECONDS: Final = 90.0
_HELD_SECONDS: Final = 2
"""How long the platform may hold its answer back until a receipt is there; a cancel waits for it at most so long."""
_ON_ITS_WAY: Final = frozenset({DeskBatch.SEALED, DeskBatch.SENDING, DeskBatch.CARRIED, DeskBatch.PAUSED})


def synchronise(
    desk: Desk,
    transport: Transport,
    steering: Steering | None = None,
    *,
    patience: Patience | None = None,
    most: int = MOST_RECORDS,
    wait_seconds: float = _POLL_SECONDS,
) -> SyncReport:
    """Send what waits, take over verdicts, pull what others changed.

    May be stopped at any moment (``steering``); what is done stays done and the report says how far it came. What the
    platform refuses, and what this computer cannot do, is told in ``report.problem``; a batch that is refused does not
    keep changes from coming in. ``wait_seconds``: how long to wait for receipts; what comes later is taken over next
    time. Raises ``Unreachable`` (nothing is lost: the next run goes on from there), ``Refused`` where the two ends do
    not get as far as a session (``sync.not_enrolled``, ``sync.device_unknown``, …), and the errors of ``read_device``.
    """
    steering = steering or Steering()
    report = SyncReport(started=utc_text(desk.clock.now()))
    try:
        _Exchange(desk, transport, steering, patience or Patience(steering), report).run(most, wait_seconds)
    except Stopped:
        report.stopped = True
    with desk.store.reading() as connection:
        report.unsettled = len(outbox.batch_list(connection, open_only=True))
    report.finished = utc_text(desk.clock.now())
    return report


class _Exchange:
    """One synchronisation under way."""

    def __init__(
        self, desk: Desk, transport: Transport, steering: Steering, patience: Patience, report: SyncReport
    ) -> None:
        self._desk = desk
        self._transport = transport
        self._steering = steering
        self._patience = patience
        self._report = report
        self._membership = load_membership(desk.store)
        self._session = Session(transport, signing_key(desk.vault.device_keys()), desk.clock, patience)

    def run(self, most: int, wait_seconds: float) -> None:
        self._session.open()
        if self._session.trust_version > self._membership.keyring.document.version:
            self._renew_trust()
        for step in (lambda: self._send_and_settle(most, wait_seconds), self._pull):
            try:
                self._verified(step)
            except (Refused, Environment) as error:
                # Paused and told: a batch that is refused does not keep changes from coming in.
                self._report.problem = self._report.problem or error
        if self._report.problem is None:
            self._desk.store.put_setting(LAST_AT, utc_text(self._desk.clock.now()))

    def _send_and_settle(self, most: int, wait_seconds: float) -> None:
        self._send_all()
        while self._seal(most):
            self._send_all()
        self._send_all()
        self._settle(wait_seconds)

    def _verified(self, step: Callable[[], None]) -> None:
        """A step that may be repeated; once again with a newer trust document where the platform has a new key."""
        try:
            step()
        except Refused as error:
            if error.code != "protocol.key_unknown" or not self._renew_trust():
                raise
            step()

    def _keep(self, membership: Membership) -> None:
        if membership != self._membership:
            save_membership(self._desk.store, membership)
            self._membership = membership

    def _renew_trust(self) -> bool:
        """Take over the platform's trust document; whether it is a newer one. One that does not hold is refused."""
        envelope = self._patience.run(self._transport.trust)
        before = self._membership
        self._keep(before.renewed(envelope, self._desk.clock))
        return self._membership.trust != before.trust

    def _open(self, *states: DeskBatch) -> list[Batch]:
        with self._desk.store.reading() as connection:
            batches = outbox.batch_list(connection, open_only=True)
        return [batch for batch in batches if batch.state in states]

    def _seal(self, most: int) -> bool:
        """Seal one batch of what is ready; whether another one follows."""
        self._steering.tell("seal", 0, 0)
        sealed = seal(self._desk, self._membership, self._steering, most=most)
        self._report.held, self._report.reasons = sealed.held, sealed.reasons
        if sealed.batch is None:
            return False
        self._report.batches += 1
        self._report.sealed += sealed.batch.records
        self._report.attachments += sealed.attachments
        return sealed.more

    def _send_all(self) -> None:
        for batch in self._open(*_ON_ITS_WAY):
            custody = Sender(self._desk, self._session, self._membership, self._steering).send(batch)
            self._report.handed_over += custody.records
            self._seen(custody.server_epoch, custody.received)

    def _settle(self, wait_seconds: float) -> None:
        """Take over the receipts of what the platform holds, waiting for them a while."""
        waited, polls = 0.0, iter(_POLLS)
        pause = next(polls)
        waiting = self._open(DeskBatch.HELD)
        while waiting:
            began = time.monotonic()
            while waiting and self._receipt(waiting[0], wait_seconds - waited):
                waiting.pop(0)
            waited += time.monotonic() - began
            if not waiting or waited >= wait_seconds or _awaits_release(waiting[0]):
                return
            self._steering.tell("wait", 0, len(waiting))
            self._steering.pause(pause)
            waited += pause
            pause = next(polls, pause)

    def _receipt(self, batch: Batch, patience: float) -> bool:
        """Settle one batch, if the platform is through with it. It settles a device's batches in order."""
        held = 0 if _awaits_release(batch) else max(0, min(_HELD_SECONDS, int(patience)))
        reply = self._session.run(lambda: self._transport.receipt(batch.batch_id, held))
        if reply is None:
            return False
        for receipt in self._receiver().take(BytesIO(reply)).receipts:
            self._report.note_verdicts(counted(receipt))
            self._seen(receipt.server_epoch, receipt.processed)
        return True

    def _pull(self) -> None:
        """Take over every page behind our cursor.

        A platform with another history (restored from a backup) does not know the cursor or signs for another epoch:
        the desk starts over at 0, once, which moves no base of an unsent edit and loses nothing.
        """
        over = False
        more = True
        while more:
            self._steering.check()
            try:
                more = self._next_page()
            except Refused as error:
                if over or error.code not in {"sync.cursor_unknown", "protocol.server_epoch"}:
                    raise
                over = True
                self._desk.store.put_setting(CURSOR, "0")

    def _next_page(self) -> bool:
        cursor = cursor_of(self._desk)
        reply = self._session.run(lambda: self._transport.changes(cursor, PAGE_RECORDS))
        pages = self._receiver().take(BytesIO(reply)).pages
        for page, applied in pages:
            self._report.pages += 1
            self._report.adopted += applied.adopted
            self._report.beside += applied.beside
            self._report.known += applied.known
            self._steering.tell("changes", self._report.adopted, 0)
            self._keep(self._membership.at(page.server_epoch, page.created))
        return bool(pages) and pages[-1][0].more

    def _receiver(self) -> Receiver:
        return Receiver(self._desk, self._membership, self._steering)

    def _seen(self, server_epoch: str, moment: str) -> None:
        """Remember the platform's signed history and clock; a cursor of another history is worth nothing."""
        if server_epoch != self._membership.server_epoch:
            self._desk.store.put_setting(CURSOR, "0")
        self._keep(self._membership.at(server_epoch, moment))


def _awaits_release(batch: Batch) -> bool:
    """Whether a person at the platform must release a batch first (the device was revoked): no use in waiting."""
    if batch.custody is None:
        return False
    # The envelope was verified before it was stored.
    return msgspec.json.decode(split_envelope(batch.custody).payload, type=CustodyReceipt).held
