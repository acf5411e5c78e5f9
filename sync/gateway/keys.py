"""The platform's keys: made at the first start, sealed in the database under key files, certified by the root.

What signs and what opens lie under two files, so that a process can hold the one without the other: ``signing.key`` is
the signer's, ``opening.key`` ingest's, and the API has neither.

A demo gateway makes its own root and escrow key and leaves them in ``offline-root.json``; a city keeps that file on a
computer without a network and brings it only to sign a new trust document.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.errors import Environment
from sync.gateway.database import OWNER, Access, Connection, Database, Role, one
from sync.gateway.signer import SignerClient
from sync.protocol.suites import JM1, KeyRole, OpeningKey, PublicKey, Signer, SigningKey
from sync.protocol.trust import Trust, certify, open_stored_trust, sign_trust

_SIGNING = (KeyRole.PLATFORM, KeyRole.PROVISIONING, KeyRole.PUBLISHER, KeyRole.UPDATE)
_TRUST_DAYS = 400
_RENEW_DAYS = 60
_KEY_DAYS = 5 * 366
_LOCK = 0x6B657973  # "keys"


SIGNING_FILE = "signing.key"
OPENING_FILE = "opening.key"


@dataclass(frozen=True)
class PlatformKeys:
    """What this process of the gateway signs and opens with, and what desks are told of the platform.

    A signing key may be one that the signer holds. ``opens`` is nothing where this process cannot open batches.
    """

    signing: Signer
    opens: OpeningKey | None
    trust: Trust
    server_epoch: str
    provisioning: Signer = field(repr=False)
    publisher: Signer = field(repr=False)

    @property
    def opening(self) -> OpeningKey:
        """The key that opens batches. ``LookupError`` in a process that was not given it."""
        if self.opens is None:
            raise LookupError(KeyRole.RECIPIENT)
        return self.opens

    @property
    def root_public(self) -> bytes:
        """The root's raw public key, whose fingerprint enrolment codes carry."""
        return bytes.fromhex(self.trust.document.public)


def load_keys(database: Database, data: Path, clock: Clock) -> PlatformKeys:
    """All of the platform's keys; at the first start they are made, and a trust document near its end is renewed.

    ``Environment``: ``gateway.key_file_missing`` or ``gateway.key_file_wrong`` when a key file in ``data`` is not the
    one that sealed the keys. Without the offline root an ending trust document stays as it is.
    """

    def work(connection: Connection) -> PlatformKeys:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        if connection.execute("SELECT FROM platform").fetchone() is None:
            _found(connection, data, clock.now())
        _renew(connection, data, clock.now())
        private = _unsealed(connection, data, [*_SIGNING, KeyRole.RECIPIENT])
        signers = {role: SigningKey(role, private[role]) for role in _SIGNING}
        return _keys(connection, signers, OpeningKey(KeyRole.RECIPIENT, private[KeyRole.RECIPIENT]))

    return database.run(OWNER, work)


def signing_keys(database: Database, data: Path) -> list[SigningKey]:
    """The keys that the signer holds. ``Environment`` as in ``load_keys``."""
    private = database.run(Access(Role.SIGNER), lambda connection: _unsealed(connection, data, _SIGNING))
    return [SigningKey(role, private[role]) for role in _SIGNING]


def ingest_keys(database: Database, data: Path, signer: SignerClient) -> PlatformKeys:
    """What the ingest process works with: it opens by itself, and has signed what it signs."""
    signers = signer.keys()

    def work(connection: Connection) -> PlatformKeys:
        private = _unsealed(connection, data, [KeyRole.RECIPIENT])
        return _keys(connection, signers, OpeningKey(KeyRole.RECIPIENT, private[KeyRole.RECIPIENT]))

    return database.run(Access(Role.INGEST), work)


def api_keys(database: Database, signer: SignerClient) -> PlatformKeys:
    """What the API process works with: no private key at all."""
    signers = signer.keys()
    return database.run(Access(Role.API), lambda connection: _keys(connection, signers, None))


def _key_file(data: Path, role: KeyRole, *, create: bool) -> bytes:
    path = data / (OPENING_FILE if role is KeyRole.RECIPIENT else SIGNING_FILE)
    if create and not path.exists():
        _write_secret(path, secrets.token_bytes(32))
    try:
        return path.read_bytes()
    except OSError:
        raise Environment("gateway.key_file_missing", path=str(path)) from None


def _write_secret(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _aad(kid: str, role: KeyRole) -> bytes:
    return f"jmdesk-platform-key|{kid}|{role}".encode()


def _found(connection: Connection, data: Path, now: datetime) -> None:
    """Make every key of a new platform, and the first trust document."""
    root = SigningKey(KeyRole.ROOT, secrets.token_bytes(32))
    escrow = OpeningKey(KeyRole.ESCROW, secrets.token_bytes(32))
    offline = {"root": root.private.hex(), "escrow": escrow.private.hex()}
    path = data / "offline-root.json"
    path.unlink(missing_ok=True)  # of a first start that did not come to its end
    _write_secret(path, json.dumps(offline).encode())
    made: list[SigningKey | OpeningKey] = [SigningKey(role, secrets.token_bytes(32)) for role in _SIGNING]
    made.append(OpeningKey(KeyRole.RECIPIENT, secrets.token_bytes(32)))
    for key in made:
        _store_key(connection, _key_file(data, key.role, create=True), key)
    connection.execute(
        "INSERT INTO platform (server_epoch, root) VALUES (%s, %s)",
        (secrets.token_hex(8), root.public.public.hex()),
    )
    _store_trust(connection, root, 1, now, [*(key.public for key in made), escrow.public])


def begin_history(connection: Connection) -> str:
    """Give a restored platform a server epoch of its own, by which desks know that it went back; the new one.

    Processes read it when they start. Without it, what a restored platform lost would stay lost: its cursors and
    versions would mean other records than those that desks know by them.
    """
    epoch = secrets.token_hex(8)
    connection.execute("UPDATE platform SET server_epoch = %s", (epoch,))
    return epoch


def _store_key(connection: Connection, key_file: bytes, key: SigningKey | OpeningKey) -> None:
    nonce = secrets.token_bytes(12)
    sealed = nonce + AESGCM(key_file).encrypt(nonce, key.private, _aad(key.keyid, key.role))
    connection.execute(
        "INSERT INTO platform_keys (kid, role, suite, public, sealed, created)"
        " VALUES (%s, %s, %s, %s, %s, clock_timestamp())",
        (key.keyid, key.role.value, JM1, key.public.public, sealed),
    )


def roll_signing_key(connection: Connection, data: Path, root: SigningKey, now: datetime) -> tuple[str, int] | None:
    """Make the platform a new signing key, certified by its root beside the old one: key id and trust version.

    Nothing where ``root`` is not this platform's. ``Environment`` ``gateway.key_file_missing``.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    document = _current_trust(connection).document
    if root.public.public.hex() != document.public:
        return None
    key = SigningKey(KeyRole.PLATFORM, secrets.token_bytes(32))
    _store_key(connection, _key_file(data, KeyRole.PLATFORM, create=False), key)
    known = [PublicKey(old.role, bytes.fromhex(old.public), old.suite) for old in document.keys]
    _store_trust(connection, root, document.version + 1, now, [key.public, *known])
    return key.keyid, document.version + 1


def _store_trust(connection: Connection, root: SigningKey, version: int, now: datetime, keys: list[PublicKey]) -> None:
    start, end = utc_text(now - timedelta(days=1)), utc_text(now + timedelta(days=_KEY_DAYS))
    envelope = sign_trust(
        root,
        version=version,
        issued=utc_text(now),
        expires=utc_text(now + timedelta(days=_TRUST_DAYS)),
        keys=tuple(certify(key, start, end) for key in keys),
    )
    connection.execute("INSERT INTO trust (version, envelope) VALUES (%s, %s)", (version, envelope))


def _current_trust(connection: Connection) -> Trust:
    row = one(connection, "SELECT root, (SELECT envelope FROM trust ORDER BY version DESC LIMIT 1) FROM platform")
    return open_stored_trust(bytes(row[1]), hashlib.sha256(bytes.fromhex(row[0])).hexdigest())


def _renew(connection: Connection, data: Path, now: datetime) -> None:
    trust = _current_trust(connection)
    path = data / "offline-root.json"
    if not trust.expired(utc_text(now + timedelta(days=_RENEW_DAYS))) or not path.exists():
        return
    offline = json.loads(path.read_text(encoding="ascii"))
    root = SigningKey(KeyRole.ROOT, bytes.fromhex(offline["root"]))
    if root.public.public.hex() != trust.document.public:
        return
    keys = [PublicKey(key.role, bytes.fromhex(key.public), key.suite) for key in trust.document.keys]
    _store_trust(connection, root, trust.document.version + 1, now, keys)


def _unsealed(connection: Connection, data: Path, roles: Iterable[KeyRole]) -> dict[KeyRole, bytes]:
    """The newest private key of each role."""
    wanted = [role.value for role in roles]
    rows = connection.execute(
        "SELECT kid, role, sealed FROM platform_keys WHERE role = ANY(%s) ORDER BY created", (wanted,)
    ).fetchall()
    found: dict[KeyRole, bytes] = {}
    for kid, name, sealed in rows:
        role = KeyRole(name)
        sealing = AESGCM(_key_file(data, role, create=False))
        try:
            found[role] = sealing.decrypt(bytes(sealed[:12]), bytes(sealed[12:]), _aad(kid, role))
        except InvalidTag:
            file = OPENING_FILE if role is KeyRole.RECIPIENT else SIGNING_FILE
            raise Environment("gateway.key_file_wrong", path=str(data / file)) from None
    return found


def _keys(connection: Connection, signers: Mapping[KeyRole, Signer], opening: OpeningKey | None) -> PlatformKeys:
    (epoch,) = one(connection, "SELECT server_epoch FROM platform")
    return PlatformKeys(
        signing=signers[KeyRole.PLATFORM],
        opens=opening,
        trust=_current_trust(connection),
        server_epoch=epoch,
        provisioning=signers[KeyRole.PROVISIONING],
        publisher=signers[KeyRole.PUBLISHER],
    )
