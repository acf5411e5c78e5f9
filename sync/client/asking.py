"""What this desk asks of the platform about itself: a new key, a new epoch, its end. Asked once, until it is answered.

The request is stored before it leaves, so that the same bytes can be asked again after any interruption; the platform
answers the same bytes in the same way.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

import msgspec

from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Refused
from jmdesk.store import outbox
from jmdesk.store.store import get_setting
from sync.client.faults import of_the_platform
from sync.client.membership import load_membership, opening_key, signing_key
from sync.protocol.enrolment import (
    ChainEnd,
    Purpose,
    SignedRequest,
    open_request,
    request_reopen,
    request_retirement,
    request_rotation,
)
from sync.protocol.manifest import NO_PREVIOUS

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from jmdesk.store.store import Connection, Store
    from jmdesk.vault.device import DeviceKeys

ASKED: Final = "sync.asked"
HALT: Final = "sync.halt"
ROTATIONS: Final = "sync.rotations"
"""The setting that holds the rotations that led to the key in use, oldest first: requests alone, without keys."""
REPLACED: Final = "sync.keys_replaced"
"""Why nothing is sent where other keys took the place of this desk's: it has to enrol anew."""
CLIENT: Final = "jmdesk"


class Asked(msgspec.Struct, frozen=True):
    """One request under way: its envelope (base64), since when (UTC), and whether an administrator has to approve it.

    ``keys`` are the raw private keys that a rotation brings in (base64), in the encrypted store until they are in use.
    ``unanswered``: it has left and no answer came; a rotation may have been granted, and ended the keys in use.
    """

    purpose: Purpose
    envelope: str
    since: str
    waiting: bool = False
    keys: str = ""
    unanswered: bool = False

    @property
    def signed(self) -> bytes:
        """The request's envelope, as it travels."""
        return base64.b64decode(self.envelope)

    @property
    def request(self) -> SignedRequest:
        """The request, as it was signed."""
        with of_the_platform():
            return open_request(self.signed)


class Halt(msgspec.Struct, frozen=True):
    """Why nothing is sent: the platform's answer (``sync.chain_fork`` …) and since when (UTC)."""

    code: str
    since: str


def load_asked(store: Store) -> Asked | None:
    """The request under way, if any."""
    text = store.setting(ASKED)
    return msgspec.json.decode(text, type=Asked) if text else None


def load_halt(store: Store) -> Halt | None:
    """Why nothing is sent, if so."""
    text = store.setting(HALT)
    return msgspec.json.decode(text, type=Halt) if text else None


def halt(desk: Desk, code: str) -> None:
    """Send nothing more: this desk's chain is not the platform's."""
    if load_halt(desk.store) is None:
        note = Halt(code, utc_text(desk.clock.now()))
        desk.store.put_setting(HALT, msgspec.json.encode(note).decode())


def lift(desk: Desk, code: str) -> None:
    """Send again where this was the reason to send nothing."""
    halted = load_halt(desk.store)
    if halted is not None and halted.code == code:
        desk.store.put_setting(HALT, "")


def keep_asked(store: Store, asked: Asked | None) -> None:
    """Keep a request, or forget the one that was answered."""
    store.put_setting(ASKED, msgspec.json.encode(asked).decode() if asked is not None else "")


def load_rotations(store: Store) -> list[Asked]:
    """The rotations that led to the key in use, oldest first."""
    text = store.setting(ROTATIONS)
    return msgspec.json.decode(text, type=list[Asked]) if text else []


def check_may_seal(connection: Connection) -> None:
    """Whether a batch may be made now.

    ``Refused`` "sync.reopen_needed" while the chain is broken, "sync.keys_replaced" while the desk has to enrol anew,
    "sync.retiring" once the end of this device was asked,
    "sync.rotating" while the answer to a rotation is out: a batch of keys that have ended would never be settled.
    """
    halted = get_setting(connection, HALT)
    if halted:
        raise Refused(REPLACED if msgspec.json.decode(halted, type=Halt).code == REPLACED else "sync.reopen_needed")
    text = get_setting(connection, ASKED)
    asked = msgspec.json.decode(text, type=Asked) if text else None
    if asked is not None and asked.purpose is Purpose.RETIRE:
        raise Refused("sync.retiring")
    if asked is not None and asked.purpose is Purpose.ROTATE and asked.unanswered:
        raise Refused("sync.rotating")


def ask_reopen(desk: Desk) -> Asked:
    """Ask for a new epoch of this desk's chain; an administrator has to approve it, and the next exchange fetches it.

    A rotation that waits for what the broken chain cannot settle, or for an approval, is given up for it. ``Refused``
    "sync.no_reopen_needed" when nothing was halted, "sync.keys_replaced" when only enrolling anew helps;
    "sync.asked_already" while something else is asked.
    """
    halted = load_halt(desk.store)
    if halted is None:
        raise Refused("sync.no_reopen_needed")
    if halted.code == REPLACED:
        raise Refused(REPLACED)
    asked = load_asked(desk.store)
    if asked is not None and asked.purpose is Purpose.ROTATE and not asked.unanswered:
        keep_asked(desk.store, None)
    return _asked(desk, Purpose.REOPEN, desk.vault.device_keys(), None)


def ask_rotation(desk: Desk, fresh: DeviceKeys) -> Asked:
    """Ask for ``fresh`` keys in place of this desk's, which endorse them. ``Refused`` "sync.asked_already"."""
    return _asked(desk, Purpose.ROTATE, fresh, desk.vault.device_keys())


def ask_retirement(desk: Desk) -> Asked:
    """Ask for the end of this device. What else was asked is given up: nothing follows its end."""
    asked = load_asked(desk.store)
    if asked is not None and asked.purpose is not Purpose.RETIRE:
        keep_asked(desk.store, None)
    return _asked(desk, Purpose.RETIRE, desk.vault.device_keys(), None)


def _asked(desk: Desk, purpose: Purpose, keys: DeviceKeys, previous: DeviceKeys | None) -> Asked:
    """The request of this purpose: the one under way, else a new one, stored before it leaves."""
    known = load_asked(desk.store)
    if known is not None:
        if known.purpose is not purpose:
            raise Refused("sync.asked_already")
        return known
    now = utc_text(desk.clock.now())
    signing, kem = signing_key(keys), opening_key(keys).public
    said = {"unit": load_membership(desk.store).unit, "client": CLIENT, "created": now}
    with of_the_platform():
        if previous is not None:
            signed = request_rotation(signing, kem, signing_key(previous), chain=chain_end(desk), **said)
        else:
            make = request_reopen if purpose is Purpose.REOPEN else request_retirement
            signed = make(signing, kem, chain=chain_end(desk), **said)
    secret = keys.signing.private_bytes_raw() + keys.agreement.private_bytes_raw() if previous is not None else b""
    asked = Asked(purpose, base64.b64encode(signed.envelope).decode(), now, keys=base64.b64encode(secret).decode())
    keep_asked(desk.store, asked)
    return asked


def chain_end(desk: Desk) -> ChainEnd:
    """Where this desk's chain ends, as far as its own store knows."""
    membership = load_membership(desk.store)
    with desk.store.reading() as connection:
        chain = [
            batch
            for batch in outbox.batch_list(connection)
            if (batch.device, batch.epoch) == (membership.device, membership.epoch)
        ]
    if not chain:
        return ChainEnd(membership.epoch, 0, NO_PREVIOUS)
    return ChainEnd(membership.epoch, chain[-1].seq, chain[-1].manifest_sha256)
