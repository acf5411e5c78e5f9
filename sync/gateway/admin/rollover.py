"""New keys for the platform, and the end of old ones: approved by two, then done at the server.

A new key is certified with the root that is kept offline; desks learn it from the trust document, running processes by
themselves. What an old signing key signed is believed for ever. To an old opening key nobody seals any more, and what
was sealed to it opens until it is destroyed: not before ``KEEP_DAYS`` have passed, and never while a batch needs it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
from psycopg.types.json import Jsonb

from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.errors import Refused
from sync.gateway.admin import log
from sync.gateway.admin.accounts import Account
from sync.gateway.database import OWNER, Connection, Database
from sync.gateway.keys import destroy_key, openers, roll_key
from sync.gateway.spool import WAITING
from sync.protocol.envelope import split_envelope
from sync.protocol.manifest import Encryption
from sync.protocol.parts import attachment_owner, open_content_key, seal_content_key
from sync.protocol.suites import KeyRole, OpeningKey, SigningKey

KEEP_DAYS: Final = 400
"""How long an opening key is kept after its end: as long as a trust document lasts by which a desk may still seal."""
ROLES: Final[Mapping[str, KeyRole]] = {"platform": KeyRole.PLATFORM, "recipient": KeyRole.RECIPIENT}
"""The subjects of a rollover: the key that signs for the platform, the key that opens batches."""

_ROLLED = {KeyRole.PLATFORM: "platform-key-rolled", KeyRole.RECIPIENT: "recipient-key-rolled"}
_DESTROYED = "recipient-key-destroyed"


@dataclass(frozen=True, slots=True)
class Rolled:
    """The new key's id, the trust document's version that certifies it, and the proposal that allowed it."""

    proposal: int
    key: str
    trust_version: int


@dataclass(frozen=True, slots=True)
class Destroyed:
    """The destroyed key's id, how many kept documents were sealed to the newest key instead, and the proposal."""

    proposal: int
    key: str
    documents: int


class _Sealed(msgspec.Struct):
    """What is read here of a batch's manifest, whose signature was checked when it came."""

    enc: Encryption


def roll(
    database: Database, data: Path, clock: Clock, by: Account, root_file: Path, role: KeyRole = KeyRole.PLATFORM
) -> Rolled:
    """Make the new key that an approved proposal allows, once; ``root_file`` is the platform's ``offline-root.json``.

    ``Refused``: ``admin.not_allowed``, ``admin.no_rollover`` (none is approved, or it was done), ``admin.root_file``.
    """
    _must_propose(by)
    root, now = _root(root_file), clock.now()
    subject = next(name for name, known in ROLES.items() if known is role)

    def work(connection: Connection) -> Rolled:
        proposal = _approved(connection, "platform-key", subject, _ROLLED[role])
        made = roll_key(connection, data, root, now, role)
        if made is None:
            raise Refused("admin.root_file", path=str(root_file))
        key, version = made
        log.append(connection, now, by.name, _ROLLED[role], str(proposal), {"key": key, "trust_version": version})
        return Rolled(proposal, key, version)

    return database.run(OWNER, work)


def destroy(database: Database, data: Path, clock: Clock, by: Account, kid: str) -> Destroyed:
    """Destroy an old opening key as an approved proposal allows; kept documents are sealed to the newest one first.

    ``Refused``: ``admin.not_allowed``, ``admin.no_rollover``, ``admin.no_key`` (none such, or destroyed before),
    ``admin.key_current``, ``admin.key_fresh`` with the day from which on it may go, ``admin.key_needed`` while batches
    wait that open with no other key.
    """
    _must_propose(by)
    now = clock.now()

    def work(connection: Connection) -> Destroyed:
        proposal = _approved(connection, "key-destroy", kid, _DESTROYED)
        check_destroyable(connection, kid)
        row = connection.execute("SELECT ends FROM platform_keys WHERE kid = %s", (kid,)).fetchone()
        if row is not None and (day := row[0] + timedelta(days=KEEP_DAYS)) > now:
            raise Refused("admin.key_fresh", day=utc_text(day)[:10])
        held = openers(connection, data)
        old, others = next(key for key in held if key.keyid == kid), [key for key in held if key.keyid != kid]
        if waiting := _needing(connection, old, others):
            raise Refused("admin.key_needed", batches=waiting)
        documents = _sealed_anew(connection, old, others)
        destroy_key(connection, kid, now)
        log.append(connection, now, by.name, _DESTROYED, str(proposal), {"key": kid, "documents": documents})
        return Destroyed(proposal, kid, documents)

    return database.run(OWNER, work)


def check_destroyable(connection: Connection, kid: str) -> None:
    """Whether there is such an opening key with a successor. ``Refused``: ``admin.no_key``, ``admin.key_current``."""
    row = connection.execute(
        "SELECT ends IS NULL FROM platform_keys WHERE kid = %s AND role = 'recipient' AND destroyed IS NULL", (kid,)
    ).fetchone()
    if row is None:
        raise Refused("admin.no_key")
    if row[0]:
        raise Refused("admin.key_current")


def _must_propose(by: Account) -> None:
    if not by.role.proposes:
        raise Refused("admin.not_allowed", role=by.role.value)


def _approved(connection: Connection, kind: str, subject: str, done: str) -> int:
    """The oldest approved proposal that nobody has acted on yet."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('jmdesk-rollover'))")
    row = connection.execute(
        "SELECT id FROM proposals WHERE kind = %s AND subject = %s AND state = 'approved' AND NOT EXISTS"
        " (SELECT FROM admin_log WHERE action = %s AND admin_log.subject = proposals.id::text) ORDER BY id LIMIT 1",
        (kind, subject, done),
    ).fetchone()
    if row is None:
        raise Refused("admin.no_rollover")
    return int(row[0])


def _opens(enc: Encryption, keys: list[OpeningKey]) -> bool:
    named = {recipient.kid for recipient in enc.recipients}
    return any(key.keyid in named for key in keys)


def _needing(connection: Connection, old: OpeningKey, others: list[OpeningKey]) -> int:
    """How many batches that are not processed open with the old key alone."""
    rows = connection.execute("SELECT envelope FROM batches WHERE state = ANY(%s)", (list(WAITING),))
    manifests = (msgspec.json.decode(split_envelope(bytes(envelope)).payload, type=_Sealed) for (envelope,) in rows)
    return sum(_opens(one.enc, [old]) and not _opens(one.enc, others) for one in manifests)


def _sealed_anew(connection: Connection, old: OpeningKey, others: list[OpeningKey]) -> int:
    """Seal the content keys of kept documents that open with the old key alone to the newest one; how many."""
    rows = connection.execute("SELECT county, sha256, batch_id::text, device, n, enc FROM attachments").fetchall()
    changed = 0
    for county, sha256, batch_id, device, n, stored in rows:
        enc = msgspec.convert(stored, Encryption)
        if not _opens(enc, [old]) or _opens(enc, others):
            continue
        owner = attachment_owner(batch_id, n)
        secret = open_content_key(enc, old, owner, device).secret
        fresh = seal_content_key(secret, [others[0].public], owner, device)
        kept = (one for one in enc.recipients if one.kid != old.keyid)
        anew = Encryption(enc.alg, (*fresh.recipients, *kept))
        connection.execute(
            "UPDATE attachments SET enc = %s WHERE (county, sha256) = (%s, %s)",
            (Jsonb(msgspec.to_builtins(anew)), county, sha256),
        )
        changed += 1
    return changed


def _root(file: Path) -> SigningKey:
    try:
        return SigningKey(KeyRole.ROOT, bytes.fromhex(json.loads(file.read_text(encoding="utf-8"))["root"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused("admin.root_file", path=str(file)) from None
