"""A new signing key for the platform: approved by two, then made at the server with the root that is kept offline.

Desks learn the new key from the trust document; what the old key signed is believed for ever. Running processes take
the new key when they start anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from jmdesk.core.clock import Clock
from jmdesk.core.errors import Refused
from sync.gateway.admin import log
from sync.gateway.admin.accounts import Account
from sync.gateway.database import OWNER, Connection, Database
from sync.gateway.keys import roll_signing_key
from sync.protocol.suites import KeyRole, SigningKey

_ROLLED = "platform-key-rolled"


@dataclass(frozen=True, slots=True)
class Rolled:
    """The new key's id, the trust document's version that certifies it, and the proposal that allowed it."""

    proposal: int
    key: str
    trust_version: int


def roll(database: Database, data: Path, clock: Clock, by: Account, root_file: Path) -> Rolled:
    """Make the new key that an approved proposal allows, once; ``root_file`` is the platform's ``offline-root.json``.

    ``Refused``: ``admin.not_allowed``, ``admin.no_rollover`` (none is approved, or it was done), ``admin.root_file``.
    """
    if not by.role.proposes:
        raise Refused("admin.not_allowed", role=by.role.value)
    root, now = _root(root_file), clock.now()

    def work(connection: Connection) -> Rolled:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('jmdesk-rollover'))")
        row = connection.execute(
            "SELECT id FROM proposals WHERE kind = 'platform-key' AND state = 'approved' AND NOT EXISTS"
            " (SELECT FROM admin_log WHERE action = %s AND admin_log.subject = proposals.id::text) ORDER BY id LIMIT 1",
            (_ROLLED,),
        ).fetchone()
        if row is None:
            raise Refused("admin.no_rollover")
        made = roll_signing_key(connection, data, root, now)
        if made is None:
            raise Refused("admin.root_file", path=str(root_file))
        key, version = made
        log.append(connection, now, by.name, _ROLLED, str(row[0]), {"key": key, "trust_version": version})
        return Rolled(row[0], key, version)

    return database.run(OWNER, work)


def _root(file: Path) -> SigningKey:
    try:
        return SigningKey(KeyRole.ROOT, bytes.fromhex(json.loads(file.read_text(encoding="ascii"))["root"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused("admin.root_file", path=str(file)) from None
