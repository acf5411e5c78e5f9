"""The platform's keys: made at the first start, sealed in the database under key files, certified by the root.

What signs and what opens lie under two files, so that a process can hold the one without the other: ``signing.key`` is
the signer's, ``opening.key`` ingest's, and the API has neither. Keys follow one another: desks seal to the newest
opening key from their next contact on, and what was sealed to an older one opens until that one is destroyed.

A demo gateway makes its own root and escrow key and leaves them in ``offline-root.json``; a city keeps that file on a
computer without a network and brings it only to sign a new trust document.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.errors import Environment
from sync.gateway.database import OWNER, Access, Connection, Database, Role, one
from sync.gateway.signer import SignerClient
from sync.protocol.manifest import Recipient
from sync.protocol.suites import JM1, KeyRole, OpeningKey, PublicKey, Signer, SigningKey
from sync.protocol.trust import Trust, TrustedKey, certify, open_stored_trust, sign_trust

_SIGNING = (KeyRole.PLATFORM, KeyRole.PROVISIONING, KeyRole.PUBLISHER, KeyRole.UPDATE)
_TRUST_DAYS = 400
_RENEW_DAYS = 60
_KEY_DAYS = 5 * 366
_LOCK = 0x6B657973  # "keys"


CHANNEL: Final = "jmdesk_trust"
"""On which running processes are told of another trust document, keys or server epoch: they renew what they hold."""
SIGNING_FILE = "signing.key"
OPENING_FILE = "opening.key"


@dataclass(frozen=True)
class _Held:
    """What was read at one moment."""

    signing: Signer
    openers: tuple[OpeningKey, ...]
    trust: Trust
    server_epoch: str
    provisioning: Signer = field(repr=False)
    publisher: Signer = field(repr=False)


class PlatformKeys:
    """What this process of the gateway signs and opens with, and what desks are told of the platform.

    A signing key may be one that the signer holds. A process that cannot open batches has no opening keys. ``renew``
    reads everything again, so that nobody has to start anew after a rollover. Thread-safe.
    """

    def __init__(self, read: Callable[[], _Held]) -> None:
        self._read = read
        self._held = read()

    def renew(self) -> bool:
        """Read trust and keys again; whether anything is other than before. Errors as when they were first read."""
        before, self._held = self._held, self._read()
        return before != self._held

    @property
    def signing(self) -> Signer:
        """The key that signs receipts, pages and grants."""
        return self._held.signing

    @property
    def provisioning(self) -> Signer:
        """The key that signs provisions."""
        return self._held.provisioning

    @property
    def publisher(self) -> Signer:
        """The key that signs packages."""
        return self._held.publisher

    @property
    def trust(self) -> Trust:
        """The newest trust document."""
        return self._held.trust

    @property
    def server_epoch(self) -> str:
        """Which history of the platform this is."""
        return self._held.server_epoch

    @property
    def openers(self) -> tuple[OpeningKey, ...]:
        """Every key that opens batches, the newest first; none in a process that was not given any."""
        return self._held.openers

    @property
    def opening(self) -> OpeningKey:
        """The newest key that opens batches. ``LookupError`` in a process that was not given one."""
        if not self._held.openers:
            raise LookupError(KeyRole.RECIPIENT)
        return self._held.openers[0]

    def opener(self, recipients: Iterable[Recipient]) -> OpeningKey:
        """The key for what was sealed to these; the newest one where none of them is ours. ``LookupError`` as above."""
        named = {recipient.kid for recipient in recipients}
        return next((key for key in self._held.openers if key.keyid in named), self.opening)

    @property
    def root_public(self) -> bytes:
        """The root's raw public key, whose fingerprint enrolment codes carry."""
        return bytes.fromhex(self.trust.document.public)


def load_keys(database: Database, data: Path, clock: Clock) -> PlatformKeys:
    """All of the platform's keys; at the first start they are made, and a trust document near its end is renewed.

    ``Environment``: ``gateway.key_file_missing`` or ``gateway.key_file_wrong`` when a key file in ``data`` is not the
    one that sealed the keys. Without the offline root an ending trust document stays as it is.
    """

    def work(connection: Connection) -> _Held:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        if connection.execute("SELECT FROM platform").fetchone() is None:
            _found(connection, data, clock.now())
        _renew(connection, data, clock.now())
        signers = {key.role: key for key in _signing(connection, data)}
        return _held(connection, signers, openers(connection, data))

    return PlatformKeys(lambda: database.run(OWNER, work))


def signing_keys(database: Database, data: Path) -> list[SigningKey]:
    """The keys that the signer holds, the newest of each role last. ``Environment`` as in ``load_keys``."""
    return database.run(Access(Role.SIGNER), lambda connection: _signing(connection, data))


def ingest_keys(database: Database, data: Path, signer: SignerClient) -> PlatformKeys:
    """What the ingest process works with: it opens by itself, and has signed what it signs."""

    def read() -> _Held:
        signers = signer.keys()
        return database.run(
            Access(Role.INGEST), lambda connection: _held(connection, signers, openers(connection, data))
        )

    return PlatformKeys(read)


def api_keys(database: Database, signer: SignerClient) -> PlatformKeys:
    """What the API process works with: no private key at all."""

    def read() -> _Held:
        signers = signer.keys()
        return database.run(Access(Role.API), lambda connection: _held(connection, signers, ()))

    return PlatformKeys(read)


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
    connection.execute(f"NOTIFY {CHANNEL}")
    return epoch


def _store_key(connection: Connection, key_file: bytes, key: SigningKey | OpeningKey) -> None:
    nonce = secrets.token_bytes(12)
    sealed = nonce + AESGCM(key_file).encrypt(nonce, key.private, _aad(key.keyid, key.role))
    connection.execute(
        "INSERT INTO platform_keys (kid, role, suite, public, sealed, created)"
        " VALUES (%s, %s, %s, %s, %s, clock_timestamp())",
        (key.keyid, key.role.value, JM1, key.public.public, sealed),
    )


def roll_key(
    connection: Connection, data: Path, root: SigningKey, now: datetime, role: KeyRole
) -> tuple[str, int] | None:
    """Make the platform a new key (role platform or recipient), certified by its root: key id and trust version.

    What the old signing key signed is believed for ever. To the old opening key nobody seals any more who has read the
    new trust document; it stays, for what is on its way. Nothing where ``root`` is not this platform's.
    ``Environment`` ``gateway.key_file_missing``.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    document = _current_trust(connection).document
    if root.public.public.hex() != document.public:
        return None
    shape = OpeningKey if role is KeyRole.RECIPIENT else SigningKey
    key = shape(role, secrets.token_bytes(32))
    _store_key(connection, _key_file(data, role, create=False), key)
    known, ended = _standing(document.keys, now)
    if role is KeyRole.RECIPIENT:
        ended += [certify(old, _day_before(now), utc_text(now)) for old in known if old.role is role]
        known = [old for old in known if old.role is not role]
        connection.execute(
            "UPDATE platform_keys SET ends = %s WHERE role = %s AND kid <> %s AND ends IS NULL",
            (now, role.value, key.keyid),
        )
    _store_trust(connection, root, document.version + 1, now, [key.public, *known], ended)
    return key.keyid, document.version + 1


def destroy_key(connection: Connection, kid: str, now: datetime) -> None:
    """Take an opening key's private half away for good; that there was one stays on record."""
    connection.execute("UPDATE platform_keys SET sealed = '', destroyed = %s WHERE kid = %s", (now, kid))
    connection.execute(f"NOTIFY {CHANNEL}")


def _standing(keys: Iterable[TrustedKey], now: datetime) -> tuple[list[PublicKey], list[TrustedKey]]:
    """The keys that go on, and those that ended, which stay as they are."""
    ended = [key for key in keys if key.not_after <= utc_text(now)]
    return [PublicKey(k.role, bytes.fromhex(k.public), k.suite) for k in keys if k not in ended], ended


def _day_before(now: datetime) -> str:
    return utc_text(now - timedelta(days=1))


def _store_trust(
    connection: Connection,
    root: SigningKey,
    version: int,
    now: datetime,
    keys: Iterable[PublicKey],
    ended: Iterable[TrustedKey] = (),
) -> None:
    start, end = _day_before(now), utc_text(now + timedelta(days=_KEY_DAYS))
    envelope = sign_trust(
        root,
        version=version,
        issued=utc_text(now),
        expires=utc_text(now + timedelta(days=_TRUST_DAYS)),
        keys=(*(certify(key, start, end) for key in keys), *ended),
    )
    connection.execute("INSERT INTO trust (version, envelope) VALUES (%s, %s)", (version, envelope))
    connection.execute(f"NOTIFY {CHANNEL}")


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
    keys, ended = _standing(trust.document.keys, now)
    _store_trust(connection, root, trust.document.version + 1, now, keys, ended)


def _signing(connection: Connection, data: Path) -> list[SigningKey]:
    found = [SigningKey(role, private) for role, private in _unsealed(connection, data, _SIGNING)]
    return sorted(found, key=lambda key: _SIGNING.index(key.role))  # of one role the oldest first, as they came


def openers(connection: Connection, data: Path) -> tuple[OpeningKey, ...]:
    """Every key that opens batches, the newest first. ``Environment`` as in ``load_keys``."""
    found = [OpeningKey(role, private) for role, private in _unsealed(connection, data, [KeyRole.RECIPIENT])]
    return tuple(reversed(found))


def _unsealed(connection: Connection, data: Path, roles: Iterable[KeyRole]) -> list[tuple[KeyRole, bytes]]:
    """The private keys of some roles, the oldest first, without those that were destroyed."""
    wanted = [role.value for role in roles]
    rows = connection.execute(
        "SELECT kid, role, sealed FROM platform_keys WHERE role = ANY(%s) AND destroyed IS NULL ORDER BY created",
        (wanted,),
    ).fetchall()
    found: list[tuple[KeyRole, bytes]] = []
    for kid, name, sealed in rows:
        role = KeyRole(name)
        sealing = AESGCM(_key_file(data, role, create=False))
        try:
            found.append((role, sealing.decrypt(bytes(sealed[:12]), bytes(sealed[12:]), _aad(kid, role))))
        except InvalidTag:
            file = OPENING_FILE if role is KeyRole.RECIPIENT else SIGNING_FILE
            raise Environment("gateway.key_file_wrong", path=str(data / file)) from None
    return found


def _held(connection: Connection, signers: Mapping[KeyRole, Signer], opening: tuple[OpeningKey, ...]) -> _Held:
    (epoch,) = one(connection, "SELECT server_epoch FROM platform")
    return _Held(
        signing=signers[KeyRole.PLATFORM],
        openers=opening,
        trust=_current_trust(connection),
        server_epoch=epoch,
        provisioning=signers[KeyRole.PROVISIONING],
        publisher=signers[KeyRole.PUBLISHER],
    )
