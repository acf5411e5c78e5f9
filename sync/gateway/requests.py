"""What devices ask for with their own signature, kept with what became of it: the same bytes get the same answer.

An administrator's approval only opens the way: the grant is signed when the device asks again, by the process that
holds the signing key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jmdesk.core.clock import utc_text
from sync.gateway.database import Connection
from sync.gateway.keys import PlatformKeys
from sync.gateway.problem import Declined
from sync.protocol.enrolment import EnrolmentGrant, SignedRequest, sign_grant
from sync.protocol.errors import Problem
from sync.protocol.standing import DeviceState, sign_standing


class RequestState(StrEnum):
    """How far a request got."""

    WAITING = "waiting"  # for an administrator
    APPROVED = "approved"  # the next time it is asked, it is granted
    GRANTED = "granted"
    REJECTED = "rejected"  # by an administrator
    REPLACED = "replaced"  # by a newer request of the same key


@dataclass(frozen=True, slots=True)
class Answer:
    """A signed envelope: the grant, or (``granted`` false) the standing of a device whose request waits."""

    envelope: bytes
    granted: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A stored request: its state, and the grant that answered it (empty before)."""

    digest: str
    state: RequestState
    answer: bytes


def find_request(connection: Connection, digest: str) -> Asked | None:
    """A request that came before, by its digest; locked until the transaction ends."""
    row = connection.execute(
        "SELECT digest, state, answer FROM device_requests WHERE digest = %s FOR UPDATE", (digest,)
    ).fetchone()
    return Asked(row[0], RequestState(row[1]), bytes(row[2] or b"")) if row else None


def keep_request(
    connection: Connection, signed: SignedRequest, *, subject: str, county: str, waits: bool, now: datetime
) -> Asked:
    """Remember a new request about the key ``subject``; one of the same kind that was not granted yet is replaced."""
    request = signed.request
    connection.execute(
        "UPDATE device_requests SET state = %s, settled = %s"
        " WHERE subject = %s AND purpose = %s AND state IN ('waiting', 'approved')",
        (RequestState.REPLACED.value, now, subject, request.purpose.value),
    )
    state = RequestState.WAITING if waits else RequestState.APPROVED
    connection.execute(
        "INSERT INTO device_requests (digest, purpose, device, subject, unit, county, envelope, state, received)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(signed.digest, request.purpose.value, request.device, subject, request.unit, county),
            *(signed.envelope, state.value, now),
        ),
    )
    return Asked(signed.digest, state, b"")


def settle(connection: Connection, asked: Asked, grant: bytes, now: datetime) -> None:
    """Keep the grant that answers a request."""
    connection.execute(
        "UPDATE device_requests SET state = %s, answer = %s, settled = %s WHERE digest = %s",
        (RequestState.GRANTED.value, grant, now, asked.digest),
    )


def answer_request(
    connection: Connection, asked: Asked, now: datetime, grant: Callable[[], bytes], waiting: Callable[[], bytes]
) -> Answer | Declined:
    """What a request gets now: its grant (made by ``grant`` if it is due), the word that it waits, or a refusal."""
    if asked.state is RequestState.GRANTED:
        return Answer(asked.answer, granted=True)
    if asked.state is RequestState.WAITING:
        return Answer(waiting(), granted=False)
    if asked.state is not RequestState.APPROVED:
        return Declined(Problem.NOT_APPROVED)
    made = grant()
    settle(connection, asked, made, now)
    return Answer(made, granted=True)


def standing_of(keys: PlatformKeys, now: datetime, device: str, state: DeviceState, end: tuple[int, int]) -> bytes:
    """The signed standing of a device whose last batch in custody is ``end`` (epoch, seq)."""
    epoch, seq = end
    return sign_standing(
        device, state, epoch=epoch, seq=seq, server_epoch=keys.server_epoch, at=utc_text(now), key=keys.signing
    ).envelope


def granted(
    keys: PlatformKeys,
    now: datetime,
    signed: SignedRequest,
    *,
    regions: Sequence[str],
    roles: Sequence[str],
    desk_block: str,
    epoch: int,
) -> bytes:
    """The signed grant that answers a request."""
    return sign_grant(
        EnrolmentGrant(
            v=1,
            suite=signed.request.suite,
            request=signed.digest,
            device=signed.device.keyid,
            kem=signed.kem.keyid,
            unit=signed.request.unit,
            regions=tuple(regions),
            roles=tuple(roles),
            modules=(),
            desk_block=desk_block,
            epoch=epoch,
            server_epoch=keys.server_epoch,
            trust_version=keys.trust.document.version,
            granted=utc_text(now),
        ),
        keys.signing,
    )


def admit(
    connection: Connection,
    signed: SignedRequest,
    *,
    county: str,
    regions: Sequence[str],
    roles: Sequence[str],
    desk_block: str,
    epoch: int,
    ack_cursor: int = 0,
) -> None:
    """Enter a new key as a device."""
    request = signed.request
    connection.execute(
        "INSERT INTO devices (device, public, kem_public, suite, unit, county, regions, roles, desk_block, epoch,"
        " ack_cursor, client) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(signed.device.keyid, signed.device.public, signed.kem.public, signed.device.suite, request.unit, county),
            *(list(regions), list(roles), desk_block, epoch, ack_cursor, request.client),
        ),
    )
