"""Taking over a grant after enrolment: a new epoch of the chain, or new keys; the store and the keys change as one."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from jmdesk.attachments.queries import ask_again
from jmdesk.catalogue.disclosure import Reader
from jmdesk.inbox import CURSOR
from jmdesk.place import Grant
from jmdesk.store import outbox
from jmdesk.store.store import set_setting
from jmdesk.vault.device import DeviceKeys
from sync.client.asking import ASKED, HALT, ROTATIONS, Asked, keep_asked, load_asked, load_rotations
from sync.client.faults import of_the_platform
from sync.client.membership import load_membership, store_membership
from sync.protocol.enrolment import EnrolmentGrant, Purpose, open_grant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jmdesk.desk import Desk
    from jmdesk.store.outbox import Batch
    from jmdesk.store.store import Connection

REVIEW: Final = "sync.review"
"""The setting that says that unsettled edits are to be compared with a fresh snapshot before anything is sent."""

_RAW: Final = 32
_MOST_ROTATIONS: Final = 12
"""How many rotations are kept, one a year: a platform may be put back to before each of them."""


def grant_of(granted: EnrolmentGrant, gateway: str) -> Grant:
    """A grant as the desk keeps it."""
    return Grant(
        device=granted.device,
        unit=granted.unit,
        regions=granted.regions,
        roles=granted.roles,
        block=granted.desk_block,
        gateway=gateway,
    )


def take_reopening(desk: Desk, asked: Asked, envelope: bytes, lost: Sequence[Batch]) -> None:
    """Begin the granted epoch: ``lost`` batches are released, and every unsettled edit waits for its review."""
    with desk.store.transaction(desk.actor, "reopen") as transaction:
        connection = transaction.connection
        for batch in lost:
            outbox.release(connection, batch.batch_id)
        _take(desk, connection, asked, envelope)
        set_setting(connection, HALT, "")
        set_setting(connection, CURSOR, "0")
        set_setting(connection, REVIEW, "reopen")
        set_setting(connection, ASKED, "")


def begin_anew(connection: Connection) -> None:
    """Go on as another device: no batch of the former keys is answered to here, so the edits in each are drafts again.

    What the platform has of them shows in the review of everything in scope, before anything is sent.
    """
    for batch in outbox.batch_list(connection, open_only=True):
        outbox.release(connection, batch.batch_id)
    set_setting(connection, CURSOR, "0")
    set_setting(connection, REVIEW, "enrol")
    for name in (HALT, ASKED, ROTATIONS):
        set_setting(connection, name, "")
    ask_again(connection)


def take_rotation(desk: Desk, asked: Asked, envelope: bytes) -> None:
    """Go on under the new keys.

    They are in the store until they are in their file, so that a power cut at any instant leaves the keys that the
    stored grant names. A grant of other regions or roles has the desk start over, for what it lacks lies behind its
    cursor.
    """
    before = desk.regions, desk.reader
    request = Asked(asked.purpose, asked.envelope, asked.since)
    led_here = [*(known for known in load_rotations(desk.store) if known.envelope != asked.envelope), request]
    with desk.store.transaction(desk.actor, "rotate") as transaction:
        granted = _take(desk, transaction.connection, asked, envelope)
        if (granted.regions, Reader(granted.unit, granted.roles)) != before:
            set_setting(transaction.connection, CURSOR, "0")
        kept = msgspec.json.encode(led_here[-_MOST_ROTATIONS:]).decode()
        set_setting(transaction.connection, ROTATIONS, kept)
    finish_rotation(desk)


def finish_rotation(desk: Desk) -> bool:
    """Write the keys of a stored grant to their file, where a power cut came between; whether it did."""
    asked = load_asked(desk.store)
    if asked is None or asked.purpose is not Purpose.ROTATE:
        return False
    if load_membership(desk.store).device != asked.request.device.keyid:
        return False
    secret = base64.b64decode(asked.keys)
    signing = Ed25519PrivateKey.from_private_bytes(secret[:_RAW])
    desk.vault.keep_device_keys(DeviceKeys(signing, X25519PrivateKey.from_private_bytes(secret[_RAW:])))
    keep_asked(desk.store, None)
    return True


def _take(desk: Desk, connection: Connection, asked: Asked, envelope: bytes) -> Grant:
    membership = load_membership(desk.store)
    with of_the_platform():
        granted = open_grant(envelope, membership.keyring, asked.request)
    # The platform's history stays the one of the cursor: the next page shows whether there is another.
    store_membership(
        connection,
        msgspec.structs.replace(
            membership.at(membership.server_epoch, granted.granted),
            device=granted.device,
            unit=granted.unit,
            grant=base64.b64encode(envelope).decode(),
            epoch=granted.epoch,
        ),
    )
    grant = grant_of(granted, membership.gateway)
    desk.accept_grant(grant, connection)
    return grant
