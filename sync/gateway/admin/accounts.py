"""Accounts of the administration: who may look, who may propose, who may decide.

Passphrases are kept as Argon2id strings (RFC 9106). Wrong ones lock an account for a growing while; a session is a
random token in a header, stored as a digest, so that no other page's form can carry it (no cookies).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from jmdesk.core.clock import Clock
from jmdesk.core.errors import Refused
from sync.gateway.admin import log
from sync.gateway.database import Access, Connection, Database, Role

ADMIN: Final = Access(Role.ADMIN)

SHORTEST: Final = 12
"""Characters of a passphrase at least."""
SESSION_HOURS: Final = 8
IDLE_MINUTES: Final = 15
FREE_TRIES: Final = 5
"""Wrong passphrases before an account is locked."""
_FIRST_LOCK: Final = timedelta(seconds=30)
_LONGEST_LOCK: Final = timedelta(hours=1)
_BOOTSTRAP: Final = 2
"""So many accounts are made at the server without anybody's approval: four eyes need two."""
_MEMORY_KIB: Final = 64 * 1024


class AccountRole(StrEnum):
    """What an account may do."""

    OPERATOR = "operator"  # looks, proposes, notes alarms
    APPROVER = "approver"  # the same, and decides over others' proposals
    AUDITOR = "auditor"  # looks, and reads the log

    @property
    def proposes(self) -> bool:
        """Whether the role may propose and note alarms."""
        return self is not AccountRole.AUDITOR

    @property
    def decides(self) -> bool:
        """Whether the role may decide over proposals of others."""
        return self is AccountRole.APPROVER


@dataclass(frozen=True, slots=True)
class Account:
    """An account that may act now."""

    name: str
    role: AccountRole


class Locked(Refused):
    """Too many wrong passphrases: ``seconds`` until the next try."""

    def __init__(self, seconds: int) -> None:
        super().__init__("admin.locked", seconds=seconds)
        self.seconds = seconds


def hash_passphrase(name: str, passphrase: str) -> str:
    """The Argon2id string of a new passphrase. ``Refused`` ``admin.weak_passphrase``."""
    letters = set(passphrase.casefold())
    if len(passphrase) < SHORTEST or name in passphrase.casefold() or len(letters) < SHORTEST // 2:
        raise Refused("admin.weak_passphrase", least=SHORTEST)
    return _argon(os.urandom(16)).derive_phc_encoded(passphrase.encode())


def _argon(salt: bytes) -> Argon2id:
    return Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=_MEMORY_KIB)


@cache
def _nobody() -> str:
    """What a name without an account is checked against, so that it takes as long."""
    return _argon(os.urandom(16)).derive_phc_encoded(os.urandom(16))


def _holds(passphrase: str, secret: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(passphrase.encode(), secret)
    except InvalidKey:
        return False
    return True


def create_account(
    connection: Connection, now: datetime, name: str, role: AccountRole, secret: str, *, state: str
) -> None:
    """Enter an account. ``Refused``: ``admin.account_name``, ``admin.account_exists``."""
    if not _is_name(name):
        raise Refused("admin.account_name", name=name[:32])
    stored = connection.execute(
        "INSERT INTO admin_accounts (name, role, secret, state, created) VALUES (%s, %s, %s, %s, %s)"
        # A name that was proposed and refused may be proposed anew; one that ever acted is never given away.
        " ON CONFLICT (name) DO UPDATE SET role = excluded.role, secret = excluded.secret, created = excluded.created"
        " WHERE admin_accounts.state = 'proposed' AND NOT EXISTS (SELECT FROM proposals"
        " WHERE subject = excluded.name AND kind = 'account-add' AND state = 'open')",
        (name, role.value, secret, state, now),
    )
    if not stored.rowcount:
        raise Refused("admin.account_exists", name=name)


def _is_name(name: str) -> bool:
    inner = name.replace(".", "a").replace("-", "a").replace("_", "a")
    return 2 <= len(name) <= 32 and name[0].isalpha() and inner.isascii() and inner.isalnum() and name == name.lower()


class Accounts:
    """Signing in and out; the first two accounts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def found(self, name: str, role: AccountRole, passphrase: str) -> None:
        """Make one of the first two accounts, at the server. Later ones are proposed and approved.

        ``Refused``: ``admin.four_eyes_only`` (there are two), ``admin.first_roles`` (one of the two must be able to
        approve the other's proposals), ``admin.weak_passphrase``, ``admin.account_name``, ``admin.account_exists``.
        """
        secret, now = hash_passphrase(name, passphrase), self._clock.now()

        def work(connection: Connection) -> None:
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('jmdesk-admin-accounts'))")
            there = connection.execute("SELECT role FROM admin_accounts WHERE state <> 'proposed'").fetchall()
            if len(there) >= _BOOTSTRAP:
                raise Refused("admin.four_eyes_only")
            roles = [AccountRole(row[0]) for row in there] + [role]
            if role is AccountRole.AUDITOR or (len(roles) == _BOOTSTRAP and AccountRole.APPROVER not in roles):
                raise Refused("admin.first_roles")
            create_account(connection, now, name, role, secret, state="active")
            log.append(connection, now, name, "account-founded", name, {"role": role.value})

        self._database.run(ADMIN, work)

    def check(self, name: str, passphrase: str) -> Account:
        """The account whose passphrase this is. ``Refused`` ``admin.wrong_passphrase``, or ``Locked``."""
        now = self._clock.now()
        secret = self._database.run(ADMIN, lambda connection: _secret(connection, name, now))
        # Outside of any transaction: it takes a good part of a second.
        right = _holds(passphrase, secret or _nobody()) and bool(secret)
        found = self._database.run(ADMIN, lambda connection: _counted(connection, name, now, right=right))
        if found is None:
            raise Refused("admin.wrong_passphrase")
        return found

    def open_session(self, name: str, passphrase: str) -> tuple[str, Account]:
        """A token for an account; errors of `check`."""
        account, now, token = self.check(name, passphrase), self._clock.now(), secrets.token_urlsafe(32)

        def work(connection: Connection) -> None:
            connection.execute("DELETE FROM admin_sessions WHERE expires < %s", (now,))
            connection.execute(
                "INSERT INTO admin_sessions (token_digest, account, expires, last_used) VALUES (%s, %s, %s, %s)",
                (_digest(token), account.name, now + timedelta(hours=SESSION_HOURS), now),
            )
            log.append(connection, now, account.name, "session-opened", account.name, {})

        self._database.run(ADMIN, work)
        return token, account

    def of_token(self, token: str) -> Account | None:
        """The active account that a live token belongs to; its use keeps it alive for a while."""
        now = self._clock.now()

        def work(connection: Connection) -> Account | None:
            row = connection.execute(
                "UPDATE admin_sessions SET last_used = %(now)s FROM admin_accounts"
                " WHERE token_digest = %(digest)s AND expires > %(now)s AND last_used > %(idle)s"
                " AND name = account AND state = 'active' RETURNING name, role",
                {"now": now, "digest": _digest(token), "idle": now - timedelta(minutes=IDLE_MINUTES)},
            ).fetchone()
            return Account(row[0], AccountRole(row[1])) if row else None

        return self._database.run(ADMIN, work)

    def close_session(self, token: str) -> None:
        """End a session."""
        self._run(lambda c: c.execute("DELETE FROM admin_sessions WHERE token_digest = %s", (_digest(token),)))

    def _run(self, work: Callable[[Connection], object]) -> None:
        self._database.run(ADMIN, work)


def _secret(connection: Connection, name: str, now: datetime) -> str:
    row = connection.execute(
        "SELECT secret, locked_until FROM admin_accounts WHERE name = %s AND state = 'active'", (name,)
    ).fetchone()
    if row is None:
        return ""
    if row[1] is not None and row[1] > now:
        raise Locked(round((row[1] - now).total_seconds()) + 1)
    return str(row[0])


def _counted(connection: Connection, name: str, now: datetime, *, right: bool) -> Account | None:
    """Count a try; the account when it was right."""
    row = connection.execute(
        "SELECT role, failures FROM admin_accounts WHERE name = %s AND state = 'active' FOR UPDATE", (name,)
    ).fetchone()
    if row is None:
        return None
    if right:
        connection.execute(
            "UPDATE admin_accounts SET failures = 0, locked_until = NULL, last_login = %s WHERE name = %s", (now, name)
        )
        return Account(name, AccountRole(row[0]))
    failures = row[1] + 1
    until = None
    if failures >= FREE_TRIES:
        until = now + min(_FIRST_LOCK * 2 ** min(failures - FREE_TRIES, 10), _LONGEST_LOCK)
        log.append(connection, now, name, "account-locked", name, {"failures": failures})
    connection.execute(
        "UPDATE admin_accounts SET failures = %s, locked_until = %s WHERE name = %s", (failures, until, name)
    )
    return None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
