"""Sessions: a device answers a nonce with its key and gets an opaque token for fifteen minutes.

The token is random and stored as a digest only; the state is in the database, so that any gateway process may serve
any request.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from jmdesk.core.clock import Clock
from sync.gateway.database import Access, Connection, Database, Role
from sync.gateway.enrol import Device, find_device
from sync.gateway.keys import PlatformKeys
from sync.gateway.problem import Declined
from sync.protocol.envelope import PayloadType, open_envelope, split_envelope
from sync.protocol.errors import Problem, RemoteProtocolError
from sync.protocol.limits import LIMITS
from sync.protocol.session import SessionAnswer, check_answer
from sync.protocol.suites import KeySet

_API = Access(Role.API)
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


def open_session(database: Database, keys: PlatformKeys, clock: Clock, envelope: bytes) -> str:
    """The token that a rightly answered challenge earns; each nonce works once.

    ``Declined``: ``malformed``, ``device_unknown``, ``unauthenticated`` (wrong answer, or a nonce that is gone).
    """
    try:
        claimed = split_envelope(envelope).keyid
    except RemoteProtocolError as error:
        raise Declined(Problem.MALFORMED, detail_code=error.code) from None
    now = clock.now()

    def work(connection: Connection) -> str:
        device = find_device(connection, claimed)
        if device is None:
            raise Declined(Problem.DEVICE_UNKNOWN)
        nonce = _answered_nonce(envelope, device, keys.server_epoch)
        taken = connection.execute(
            "DELETE FROM challenges WHERE nonce = %s AND device = %s AND expires >= %s", (nonce, claimed, now)
        )
        if not taken.rowcount:
            raise Declined(Problem.UNAUTHENTICATED)
        return _grant_token(connection, claimed)

    def _grant_token(connection: Connection, device: str) -> str:
        token = secrets.token_urlsafe(32)
        connection.execute("DELETE FROM sessions WHERE expires < %s", (now,))
        connection.execute(
            "INSERT INTO sessions (token_digest, device, expires) VALUES (%s, %s, %s)",
            (_digest(token), device, now + timedelta(seconds=LIMITS.session_seconds)),
        )
        connection.execute("UPDATE devices SET last_seen = %s WHERE device = %s", (now, device))
        return token

    return database.run(_API, work)


def _answered_nonce(envelope: bytes, device: Device, server_epoch: str) -> str:
    """The nonce that an answer is to, once its signature held. Whether the nonce is ours and fresh comes after."""
    keyring = KeySet.of(device.public)
    try:
        payload = open_envelope(envelope, PayloadType.SESSION, keyring).payload
        nonce = msgspec.json.decode(payload, type=SessionAnswer).nonce
        return check_answer(envelope, keyring, nonce, server_epoch).nonce
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
