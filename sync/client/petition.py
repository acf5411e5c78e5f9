"""Bringing what this desk asks about itself to the platform, and taking over the answer: a grant, or word to wait."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec

from jmdesk.core.errors import Refused
from jmdesk.store import outbox
from jmdesk.vault.device import new_device_keys
from sync.client.asking import Asked, ask_rotation, keep_asked, load_asked, load_rotations
from sync.client.batch_file import BatchFile, batch_path
from sync.client.faults import of_the_platform
from sync.client.grants import take_reopening, take_rotation
from sync.client.membership import load_membership, signing_key
from sync.protocol.enrolment import Purpose
from sync.protocol.receipts import open_custody
from sync.protocol.standing import DeviceStanding, open_standing
from sync.protocol.states import DeskBatch
from sync.protocol.suites import KeySet

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from jmdesk.store.outbox import Batch
    from sync.client.patience import Patience
    from sync.client.session import Session
    from sync.client.transport import Reply, Transport

_FINAL: Final = frozenset({"sync.not_approved", "sync.malformed"})
"""Answers after which the same request is not asked again: the user asks anew."""

_NOT_HELD: Final = frozenset(
    {"sync.not_found", "sync.not_yours", "sync.parts_missing", "sync.seq_gap", "sync.chain_fork", "sync.seq_reuse"}
)
"""What the platform says to ``commit`` where it does not hold a batch."""


class Answered(Enum):
    """What became of a request."""

    NOTHING = "nothing"
    """None is under way, or it cannot be asked yet."""
    WAITING = "waiting"
    """An administrator has to approve it."""
    GRANTED = "granted"


def open_batches(desk: Desk) -> list[Batch]:
    """The batches that are not closed, in chain order."""
    with desk.store.reading() as connection:
        return outbox.batch_list(connection, open_only=True)


def rotate(desk: Desk, transport: Transport, patience: Patience) -> Answered:
    """Replace this desk's keys. ``Refused`` "sync.rotate_unsettled" while a batch waits for its receipt.

    Receipts are sealed to the key that a batch was made with: nothing may be on its way when that key goes.
    """
    if open_batches(desk):
        raise Refused("sync.rotate_unsettled")
    ask_rotation(desk, new_device_keys())
    return answer_rotation(desk, transport, patience)


def answer_rotation(desk: Desk, transport: Transport, patience: Patience) -> Answered:
    """Fetch the answer to a rotation under way, unless a batch is; the session is then another device's."""
    asked = _under_way(desk, Purpose.ROTATE)
    if asked is None or open_batches(desk):
        return Answered.NOTHING
    reply = _asked(desk, transport, patience, asked)
    if not reply.due:
        return _wait(desk, asked, reply, asked.request.device.keyid)
    take_rotation(desk, asked, reply.envelope)
    transport.token = ""
    return Answered.GRANTED


def show_rotations(desk: Desk, transport: Transport, patience: Patience) -> bool:
    """Show a platform that does not know this desk's key the rotations that led to it; whether it grants the key anew.

    So it is with one that was put back from a backup: it still knows an older key, and each request is its own proof.
    The same requests get the same answers, so nothing is lost where nothing was forgotten.
    """
    rotations = load_rotations(desk.store)
    if not rotations or rotations[-1].request.device.keyid != load_membership(desk.store).device:
        return False
    for oldest in reversed(range(len(rotations))):
        try:
            replies = [_brought(transport, patience, rotation) for rotation in rotations[oldest:]]
        except Refused as error:
            if error.code != "sync.device_unknown":
                raise
            continue
        if replies[-1].due:
            take_rotation(desk, rotations[-1], replies[-1].envelope)
        return replies[-1].due
    return False


def answer_reopening(desk: Desk, session: Session, patience: Patience) -> Answered:
    """Fetch the answer to a reopening under way.

    Before the new epoch begins the platform is asked for each open batch once more: what it holds keeps its verdicts,
    and the edits of what it does not hold are drafts again.
    """
    asked = _under_way(desk, Purpose.REOPEN)
    if asked is None:
        return Answered.NOTHING
    reply = _asked(desk, session.transport, patience, asked)
    if not reply.due:
        return _wait(desk, asked, reply, load_membership(desk.store).device)
    lost = [batch for batch in open_batches(desk) if not _is_held(desk, session, batch)]
    take_reopening(desk, asked, reply.envelope, lost)
    return Answered.GRANTED


def answer_retirement(desk: Desk, transport: Transport, patience: Patience) -> DeviceStanding | None:
    """Fetch the answer to a retirement under way: the platform's signed word that this device has ended."""
    asked = _under_way(desk, Purpose.RETIRE)
    if asked is None:
        return None
    reply = _asked(desk, transport, patience, asked)
    membership = load_membership(desk.store)
    with of_the_platform():
        return open_standing(reply.envelope, membership.keyring, membership.device).standing


def _under_way(desk: Desk, purpose: Purpose) -> Asked | None:
    asked = load_asked(desk.store)
    return asked if asked is not None and asked.purpose is purpose else None


def _asked(desk: Desk, transport: Transport, patience: Patience, asked: Asked) -> Reply:
    if not asked.unanswered:
        keep_asked(desk.store, msgspec.structs.replace(asked, unanswered=True))
    try:
        return _brought(transport, patience, asked)
    except Refused as error:
        final = error.code in _FINAL
        keep_asked(desk.store, None if final else msgspec.structs.replace(asked, unanswered=False))
        raise


def _brought(transport: Transport, patience: Patience, asked: Asked) -> Reply:
    return patience.run(lambda: transport.ask(asked.purpose.value, asked.signed))


def _wait(desk: Desk, asked: Asked, reply: Reply, device: str) -> Answered:
    with of_the_platform():
        open_standing(reply.envelope, load_membership(desk.store).keyring, device)
    keep_asked(desk.store, msgspec.structs.replace(asked, waiting=True, unanswered=False))
    return Answered.WAITING


def _is_held(desk: Desk, session: Session, batch: Batch) -> bool:
    """Whether the platform holds a batch; its signed word for it is kept where it is new."""
    try:
        envelope = session.run(lambda: session.transport.commit(batch.batch_id))
    except Refused as error:
        if error.code not in _NOT_HELD:
            raise
        return False
    keys = KeySet.of(signing_key(desk.vault.device_keys()).public)
    with BatchFile(batch_path(desk, batch), batch, keys) as file, of_the_platform():
        open_custody(envelope, load_membership(desk.store).keyring, file.signed.manifest, file.signed.digest)
    if batch.state != DeskBatch.HELD:
        desk.inbox.custody(batch.batch_id, envelope)
    return True
