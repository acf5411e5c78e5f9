"""One synchronisation, from the session to the last page; every step is stored before the next one begins."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Final

import msgspec

from jmdesk.audit.service import BATCH
from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Environment, KnownError, Refused
from jmdesk.inbox import Applied
from jmdesk.store import outbox
from jmdesk.store.outbox import Batch
from jmdesk.vault.device import new_device_keys
from sync.client.anchor import log_cut_at
from sync.client.asking import REPLACED, ask_rotation, halt, lift, load_asked, load_halt
from sync.client.diary import write_down
from sync.client.first_load import FirstLoad, is_first
from sync.client.grants import finish_rotation
from sync.client.membership import Membership, load_membership, save_membership, signing_key
from sync.client.packages import fetch_packages
from sync.client.patience import Patience
from sync.client.petition import Answered, answer_reopening, answer_rotation, open_batches, show_rotations
from sync.client.receiving import Receiver, counted, cursor_of
from sync.client.report import SyncReport
from sync.client.scope import FOLLOWED, ScopeChange, changed, follow, new_grant_due
from sync.client.sealing import MOST_RECORDS, seal
from sync.client.sending import Sender
from sync.client.session import Session
from sync.client.starting_over import other_history, review, review_due, rotation_due, start_over
from sync.client.steering import Steering, Stopped
from sync.protocol.enrolment import Purpose
from sync.protocol.envelope import split_envelope
from sync.protocol.manifest import ChangePage
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
_CHAIN_BROKEN: Final = frozenset({"sync.chain_fork", "sync.seq_reuse", "sync.seq_gap"})
"""Refusals that sending again cannot cure: this desk's chain and the platform's are not the same."""
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
    except KnownError as error:
        write_down(desk, "line", ended(desk, report), error)
        raise
    write_down(desk, "line", ended(desk, report))
    return report


def ended(desk: Desk, report: SyncReport) -> SyncReport:
    """The report of an exchange that has come to its end: when, what still waits for its receipt, what left."""
    report.left += desk.inbox.let_go()
    with desk.store.reading() as connection:
        report.unsettled = len(outbox.batch_list(connection, open_only=True))
    report.finished = utc_text(desk.clock.now())
    desk.audit.note(
        "sync", BATCH, "", {"batches": report.batches, "handed_over": report.handed_over, "adopted": report.adopted}
    )
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
        if desk.store.retired:
            raise Refused("store.retired")
        self._pulled = False
        self._scope = ""
        """What the platform said that it grants this desk now."""
        finish_rotation(desk)
        self._begin()
        if self._session.device != self._membership.device:
            self._strand()

    def _strand(self) -> None:
        """Other keys are in the place of those that the grant names: send nothing, and say how to go on."""
        halt(self._desk, REPLACED)
        raise Refused(REPLACED)

    def _begin(self) -> None:
        """Work with the keys and the grant that are in force now."""
        self._membership = load_membership(self._desk.store)
        key = signing_key(self._desk.vault.device_keys())
        self._session = Session(self._transport, key, self._desk.clock, self._patience)

    def run(self, most: int, wait_seconds: float) -> None:
        self._told(self._rotation)
        self._open_session()
        self._told(self._newest_trust)
        self._report.log_cut = log_cut_at(self._desk, self._membership.keyring)
        self._told(self._fetch_packages)
        self._told(self._reopening)
        anew = review_due(self._desk) or self._is_another_history(self._session.server_epoch)
        # Where everything is read anew, it is compared with what is here before anything more is sent.
        self._told((lambda: self._settle(0)) if anew else (lambda: self._send_and_settle(most, wait_seconds)))
        self._told(self._pull)
        if anew or review_due(self._desk):
            self._told(self._review)
            self._told(lambda: self._send_and_settle(most, wait_seconds))
            self._told(self._pull)
        if self._report.problem is None:
            self._desk.store.put_setting(LAST_AT, utc_text(self._desk.clock.now()))
            self._renew_grant()

    def _renew_grant(self) -> None:
        """New keys for a year-old one, and a new grant where the platform means another one; nothing may be open."""
        hint = self._session.scope or self._scope
        due = new_grant_due(self._desk, hint)
        if (
            not (due or rotation_due(self._desk))
            or open_batches(self._desk)
            or load_asked(self._desk.store) is not None
        ):
            return
        if due:
            follow(self._desk, hint)
        ask_rotation(self._desk, new_device_keys())
        self._told(self._rotation)
        if due and self._report.rotated:
            self._told(self._pull)

    def _open_session(self) -> None:
        """Open a session; a platform that was put back to before this desk's key is shown how the key came to be."""
        try:
            self._session.open()
        except Refused as error:
            if error.code == "sync.device_retired" and load_asked(self._desk.store) is None:
                self._strand()  # unsigned, so it pauses and tells; the next exchange tries again
            if error.code != "sync.device_unknown" or not show_rotations(self._desk, self._transport, self._patience):
                raise
            self._begin()
            self._session.open()
        lift(self._desk, REPLACED)
        self._scope = self._session.scope or self._scope

    def _told(self, step: Callable[[], None]) -> None:
        """One step; what is refused pauses and is told, and does not keep the other steps from being taken."""
        try:
            self._verified(step)
        except (Refused, Environment) as error:
            # What was refused may have come under another desk's token: the next exchange opens a session of its own.
            self._transport.token = ""
            self._report.problem = self._report.problem or error

    def _newest_trust(self) -> None:
        known = self._membership.keyring
        if self._session.trust_version > known.document.version or known.expired(utc_text(self._desk.clock.now())):
            self._renew_trust()
            current = self._membership.keyring.document.version
            if self._session.trust_version > current:
                # Whoever shows no newer document than ours keeps from us which keys were revoked since.
                raise Refused("sync.trust_withheld", version=current, promised=self._session.trust_version)

    def _is_another_history(self, server_epoch: str) -> bool:
        known = self._membership.server_epoch
        return server_epoch not in ("", known) and known != ""

    def _rotation(self) -> None:
        """Go on with a rotation that was asked for."""
        before = self._desk.grant
        answered = answer_rotation(self._desk, self._transport, self._patience)
        if answered is Answered.GRANTED:
            self._report.rotated = True
            self._report.scope = changed(before, self._desk.grant)
            self._begin()
        elif answered is Answered.WAITING:
            self._report.waiting = Purpose.ROTATE.value
            if before is not None and self._scope and self._scope == self._desk.store.setting(FOLLOWED):
                self._report.scope = ScopeChange(before, None)

    def _reopening(self) -> None:
        """Go on with a reopening that was asked for; without one, say why nothing is sent."""
        answered = answer_reopening(self._desk, self._session, self._patience)
        self._begin()
        if answered is Answered.WAITING:
            self._report.waiting = Purpose.REOPEN.value
        elif load_halt(self._desk.store) is not None:
            raise Refused("sync.reopen_needed")

    def _review(self) -> None:
        if review_due(self._desk) and self._pulled:
            self._report.joined += review(self._desk)

    def _fetch_packages(self) -> None:
        """Before anything is sent, for it is held against the newest rules; once in a session."""
        if self._session.fresh:
            fetch_packages(self._desk, self._membership, self._session, self._steering, self._report)

    def _send_and_settle(self, most: int, wait_seconds: float) -> None:
        if load_halt(self._desk.store) is not None:
            self._settle(0)
            return
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
            held = self._open(DeskBatch.HELD)
            try:
                self._hand_over(batch, halting=not held)
            except Refused as error:
                if error.code != "sync.seq_gap" or not held:
                    raise
                # A platform that was restored may have lost what it signed for: it is offered the same bytes again.
                for each in (*held, batch):
                    self._hand_over(each)

    def _hand_over(self, batch: Batch, *, halting: bool = True) -> None:
        """Hand over one batch; ``halting``: where the platform cannot take up the chain at it, nothing more is sent."""
        try:
            custody = Sender(self._desk, self._session, self._membership, self._steering).send(batch)
        except Refused as error:
            if error.code in _CHAIN_BROKEN and (halting or error.code != "sync.seq_gap"):
                halt(self._desk, error.code)
            raise
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
        try:
            reply = self._session.run(lambda: self._transport.receipt(batch.batch_id, held))
        except Refused as error:
            if error.code != "sync.not_found":
                raise
            self._hand_over(batch)
            return False
        if reply is None:
            return False
        taken = self._receiver().take(BytesIO(reply))
        self._report.refusals += taken.refusals
        for receipt in taken.receipts:
            self._report.note_verdicts(counted(receipt))
            self._seen(receipt.server_epoch, receipt.processed)
        if batch.batch_id not in {receipt.batch_id for receipt in taken.receipts}:
            raise Refused("protocol.receipt_other_batch")
        return True

    def _pull(self) -> None:
        """Take over every page behind our cursor.

        A platform with another history (restored from a backup) does not know the cursor or signs for another epoch:
        the desk starts over at 0, once, which moves no base of an unsent edit and loses nothing. That the platform
        does not know the cursor is unsigned, so the desk keeps it until a page from 0 has shown the other history (I2).
        """
        over = False
        more = True
        while more:
            self._steering.check()
            try:
                more = self._first_load() if is_first(self._desk) else self._next_page()
            except Refused as error:
                if over or error.code not in {"sync.cursor_unknown", "protocol.server_epoch"}:
                    raise
                over = True
                if not self._start_over():
                    raise
        self._pulled = True

    def _start_over(self) -> bool:
        """Start over if the platform signs for another history than ours; whether it does."""
        reply = self._session.run(lambda: self._transport.changes(0, 1))
        page = self._receiver().look(BytesIO(reply), 0, "")
        return self._in_history(page.server_epoch, page.created)

    def _in_history(self, server_epoch: str, signed_at: str) -> bool:
        """Start over if this is another history of the platform; whether it is."""
        other = other_history(self._membership, server_epoch, signed_at)
        if other is not None:
            start_over(self._desk, other)
            self._membership = other
        return other is not None

    def _next_page(self) -> bool:
        pages = self._receiver().take(BytesIO(self._fetch(cursor_of(self._desk)))).pages
        if not pages:
            # Whoever answers with something else that is signed could keep changes away without a word.
            raise Refused("protocol.payload_type")
        for page, applied in pages:
            self._note(page, applied)
        return pages[-1][0].more

    def _first_load(self) -> bool:
        """Everything in scope at once, for a desk that has nothing yet."""
        history = self._membership.server_epoch
        pages, applied = FirstLoad(self._desk, self._receiver(), self._steering, self._fetch, history).run()
        self._report.pages += len(pages) - 1
        self._note(pages[-1], applied)
        return False

    def _fetch(self, cursor: int) -> bytes:
        return self._session.run(lambda: self._transport.changes(cursor, PAGE_RECORDS))

    def _note(self, page: ChangePage, applied: Applied) -> None:
        self._report.pages += 1
        self._report.adopted += applied.adopted
        self._report.beside += applied.beside
        self._report.known += applied.known
        self._report.offered += applied.offered
        self._report.left += applied.left
        self._steering.tell("changes", self._report.adopted, 0)
        self._keep(self._membership.at(page.server_epoch, page.created))

    def _receiver(self) -> Receiver:
        return Receiver(self._desk, self._membership, self._steering)

    def _seen(self, server_epoch: str, moment: str) -> None:
        """Remember the platform's signed history and clock; a cursor of another history is worth nothing."""
        if not self._in_history(server_epoch, moment):
            known = self._membership.server_epoch
            self._keep(self._membership.at(known or server_epoch, moment))


def _awaits_release(batch: Batch) -> bool:
    """Whether a person at the platform must release a batch first (the device was revoked): no use in waiting."""
    if batch.custody is None:
        return False
    # The envelope was verified before it was stored.
    return msgspec.json.decode(split_envelope(batch.custody).payload, type=CustodyReceipt).held
