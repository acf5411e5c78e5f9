"""Sessions: a device answers a nonce with its key and gets an opaque token for fifteen minutes.

The token is random and stored as a digest only; the state is in the database, so that any gateway process may serve
any request.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from jmdesk.core.clock import Clock, from_utc_text
from sync.gateway.database import Access, Connection, Database, Role
from sync.gateway.enrol import Device, find_device
from sync.gateway.keys import PlatformKeys
from sync.gateway.problem import Declined
from sync.protocol.enrolment import scope_digest
from sync.protocol.envelope import PayloadType, open_envelope, split_envelope
from sync.protocol.errors import Problem, RemoteProtocolError
from sync.protocol.limits import LIMITS
from sync.protocol.session import SessionAnswer, check_answer
from sync.protocol.suites import KeySet

_API = Access(Role.API).fleeting()
_CLIENT = re.compile(r"[^0-9A-Za-z._+/-]")
_KEYID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Challenge:
    """A nonce that a device is to sign within ``LIMITS.challenge_seconds``."""

    nonce: str
    server_epoch: str


def challenge(database: Database, keys: PlatformKeys, clock: Clock, device: str) -> Challenge:
    """A fresh nonce for a device; it is given to strangers too, so that nobody learns who is enrolled."""
    if not _KEYID.fullmatch(device):
        raise Declined(Problem.MALFORMED)
    nonce, now = secrets.token_hex(32), clock.now()

    def work(connection: Connection) -> None:
        connection.execute("DELETE FROM challenges WHERE expires < %s", (now,))
        connection.execute(
            "INSERT INTO challenges (nonce, device, expires) VALUES (%s, %s, %s)",
            (nonce, device, now + timedelta(seconds=LIMITS.challenge_seconds)),
        )

    database.run(_API, work)
    return Challenge(nonce, keys.server_epoch)


@dataclass(frozen=True, slots=True)
class Session:
    """A device's token, and the digest of what it is granted now (`scope_digest`): other than of its own grant, it asks
    for a new one.
    """

    token: str
    scope: str


def open_session(database: Database, keys: PlatformKeys, clock: Clock, envelope: bytes, client: str = "") -> Session:
    """The session that a rightly answered challenge earns; each nonce works once.

    ``client`` is the program and its version as the desk names itself; with the desk's clock it is noted for operators.
    ``Declined``: ``malformed``, ``device_unknown``, ``device_retired`` (another key took this one's place),
    ``unauthenticated`` (wrong answer, or a nonce that is gone).
    """
    try:
        claimed = split_envelope(envelope).keyid
    except RemoteProtocolError as error:
        raise Declined(Problem.MALFORMED, detail_code=error.code) from None
    now = clock.now()

    def work(connection: Connection) -> Session:
        device = find_device(connection, claimed)
        if device is None:
            raise Declined(Problem.DEVICE_UNKNOWN)
        answer = _answer(envelope, device, keys.server_epoch)
        if device.replaced_by:
            raise Declined(Problem.DEVICE_RETIRED)
        taken = connection.execute(
            "DELETE FROM challenges WHERE nonce = %s AND device = %s AND expires >= %s", (answer.nonce, claimed, now)
        )
        if not taken.rowcount:
            raise Declined(Problem.UNAUTHENTICATED)
        connection.execute(
            "UPDATE devices SET last_seen = %s, clock_skew = %s, client = coalesce(nullif(%s, ''), client)"
            " WHERE device = %s",
            (now, _skew(answer, now), _CLIENT.sub("", client)[:64], claimed),
        )
        scope = scope_digest(device.grant.regions, device.grant.roles, device.desk_block)
        return Session(_new_token(connection, claimed, now), scope)

    return database.run(_API, work)


def _new_token(connection: Connection, device: str, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    connection.execute("DELETE FROM sessions WHERE expires < %s", (now,))
    connection.execute(
        "INSERT INTO sessions (token_digest, device, expires) VALUES (%s, %s, %s)",
        (_digest(token), device, now + timedelta(seconds=LIMITS.session_seconds)),
    )
    return token


def _skew(answer: SessionAnswer, now: datetime) -> int | None:
    """Seconds by which the desk's clock is ahead; nothing where it names a day that does not exist."""
    try:
        return round((from_utc_text(answer.created) - now).total_seconds())
    except ValueError:
        return None


def _answer(envelope: bytes, device: Device, server_epoch: str) -> SessionAnswer:
    """The answer to some nonce, once its signature held. Whether the nonce is ours and fresh comes after."""
    keyring = KeySet.of(device.public)
    try:
        payload = open_envelope(envelope, PayloadType.SESSION, keyring).payload
        nonce = msgspec.json.decode(payload, type=SessionAnswer).nonce
        return check_answer(envelope, keyring, nonce, server_epoch)
    except (RemoteProtocolError, msgspec.MsgspecError):
        raise Declined(Problem.UNAUTHENTICATED) from None


def device_of(database: Database, clock: Clock, authorization: str) -> Device:
    """The device whose ``Authorization: Bearer`` token this is. ``Declined`` ``unauthenticated``."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Declined(Problem.UNAUTHENTICATED)

    def work(connection: Connection) -> Device:
        row = connection.execute(
            "SELECT device FROM sessions WHERE token_digest = %s AND expires >= %s", (_digest(token), clock.now())
        ).fetchone()
        device = find_device(connection, row[0]) if row else None
        if device is None:
            raise Declined(Problem.UNAUTHENTICATED)
        return device

    return database.run(_API, work)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
