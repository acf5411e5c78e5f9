"""Taking batches in: the manifest and its place in the chain, the parts, custody. Nothing is opened here.

A device's chain advances when a manifest is announced: from then on no other bytes can take that number. Custody is
given in order, so what is processed is processed in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jmdesk.core.clock import Clock, utc_text
from sync.gateway.attachments import keep_sealed, lacking
from sync.gateway.chain import MOST_NAMED, after_its_predecessor, alarm, closing_event, out_of_chain
from sync.gateway.database import Access, Connection, Database, Role, one
from sync.gateway.enrol import Device, find_device
from sync.gateway.keys import PlatformKeys
from sync.gateway.ledger import BatchKey
from sync.gateway.problem import Declined
from sync.gateway.spool import Quotas, check_quota, weight
from sync.protocol.batch import BatchReader, SignedManifest, open_manifest
from sync.protocol.container import ByteSource
from sync.protocol.errors import Problem, RemoteProtocolError
from sync.protocol.limits import MIB
from sync.protocol.manifest import AttachmentEntry, Manifest
from sync.protocol.parts import check_part
from sync.protocol.receipts import custody_receipt
from sync.protocol.states import PlatformBatch, PlatformEvent, next_platform_state
from sync.protocol.suites import KeyRole, KeySet, PublicKey

_AT_ONCE: Final = 4 * MIB
"""Bytes of a batch in one piece that is kept in one transaction; a larger one is kept part by part."""


@dataclass(frozen=True)
class Taken:
    """A batch that the platform knows: its state, and the parts it still lacks."""

    key: BatchKey
    """County, device, epoch, seq."""
    batch_id: str
    state: PlatformBatch
    missing: tuple[int, ...]
    fresh: bool = False
    """Whether this very call made it known."""
    missing_attachments: tuple[int, ...] = ()


class DeviceKeys:
    """The keyring of every enrolled device, for batches that somebody else delivers."""

    def __init__(self, database: Database, *known: Device) -> None:
        self._database = database
        self.found = {device.grant.device: device for device in known}

    def find(self, keyid: str, role: KeyRole) -> PublicKey | None:
        """A device's signing key."""
        if role is not KeyRole.DEVICE:
            return None
        device = self.found.get(keyid)
        if device is None:
            device = self._database.run(Access(Role.API), lambda connection: find_device(connection, keyid))
            if device is None:
                return None
            self.found[keyid] = device
        return device.public


class Batches:
    """The batches of all devices, as far as taking them into custody goes."""

    def __init__(self, database: Database, keys: PlatformKeys, clock: Clock, quotas: Quotas | None = None) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._quotas = quotas or Quotas()

    def announce(self, device: Device, envelope: bytes, courier: str = "", batch_id: str = "") -> Taken:
        """Register a manifest at its place in the device's chain; the same bytes again change nothing.

        ``courier`` is the device that delivers another's batch; ``batch_id`` what the request's path says it is.

        ``Declined``: ``malformed``, ``not_yours``, ``seq_reuse``, ``seq_gap``, ``chain_fork``; the alarms are kept.
        """
        try:
            signed = open_manifest(envelope, KeySet.of(device.public))
        except RemoteProtocolError as error:
            raise Declined(Problem.MALFORMED, detail_code=error.code) from None
        if batch_id not in ("", signed.manifest.batch_id):
            raise Declined(Problem.MALFORMED, detail_code="gateway.batch_id")
        self._admit(device, signed.manifest)
        answer = self._database.run(
            device.grant.access(Role.API).fleeting(),
            lambda connection: self._announce(connection, device, signed, courier or device.grant.device),
        )
        if isinstance(answer, Declined):  # raised only now, so that an alarm stays written
            raise answer
        return answer

    def put_part(self, device: Device, batch_id: str, n: int, ciphertext: bytes) -> Taken:
        """Keep one part of an announced batch; the same part again changes nothing.

        ``Declined``: ``not_found``, ``not_yours``, ``digest_mismatch``.
        """

        def work(connection: Connection) -> Taken:
            taken, manifest = _batch(connection, device, batch_id)
            if n >= len(manifest.parts):
                raise Declined(Problem.NOT_FOUND)
            try:
                check_part(manifest.parts[n], ciphertext)
            except RemoteProtocolError as error:
                raise Declined(Problem.DIGEST_MISMATCH, detail_code=error.code) from None
            if taken.state is not PlatformBatch.ANNOUNCED:
                return taken
            fresh = _keep_part(connection, taken.key, n, ciphertext)
            return Taken(taken.key, batch_id, taken.state, (), fresh=fresh)

        return self._database.run(device.grant.access(Role.API).fleeting(), work)

    def put_attachment(self, device: Device, batch_id: str, n: int, ciphertext: bytes) -> Taken:
        """Keep one attachment of an announced batch; the same one again changes nothing.

        ``Declined``: ``not_found``, ``not_yours``, ``digest_mismatch``.
        """

        def work(connection: Connection) -> Taken:
            taken, manifest = _batch(connection, device, batch_id)
            if n >= len(manifest.attachments):
                raise Declined(Problem.NOT_FOUND)
            try:
                check_part(manifest.attachments[n], ciphertext)
            except RemoteProtocolError as error:
                raise Declined(Problem.DIGEST_MISMATCH, detail_code=error.code) from None
            if taken.state is not PlatformBatch.ANNOUNCED:
                return taken
            fresh = keep_sealed(connection, taken.key, manifest.attachments[n], ciphertext)
            return Taken(taken.key, batch_id, taken.state, (), fresh=fresh)

        return self._database.run(device.grant.access(Role.API).fleeting(), work)

    def commit(self, device: Device, batch_id: str) -> bytes:
        """Take a complete batch into custody and sign for it; again, the same receipt.

        ``Declined``: ``not_found``, ``not_yours``, ``parts_missing``, ``seq_gap`` (an earlier batch is not complete).
        """

        def work(connection: Connection) -> bytes:
            taken, manifest = _batch(connection, device, batch_id)
            return self._commit(connection, device, taken.key, manifest)

        return self._database.run(device.grant.access(Role.API), work)

    def status(self, device: Device, batch_id: str) -> dict[str, Any]:
        """State, missing parts, times and totals of a batch. ``Declined``: ``not_found``, ``not_yours``."""

        def work(connection: Connection) -> dict[str, Any]:
            taken, manifest = _batch(connection, device, batch_id)
            row = one(
                connection,
                "SELECT received, processed, totals FROM batches WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)",
                taken.key,
            )
            waiting = taken.state is PlatformBatch.ANNOUNCED
            missing, papers = _lacking(connection, taken.key, manifest) if waiting else ((), ())
            return {
                "batch_id": batch_id,
                "state": _shown(taken.state, (*missing, *papers)).value,
                "missing": _few(missing),
                "missing_attachments": _few(papers),
                "received": _moment(row[0]),
                "processed": _moment(row[1]),
                "totals": row[2] or {},
            }

        return self._database.run(device.grant.access(Role.API), work)

    def in_custody(self, device: Device, batch_id: str) -> tuple[BatchKey, bytes]:
        """A batch's key and its custody receipt. ``Declined``: ``not_found`` (or not in custody), ``not_yours``."""

        def work(connection: Connection) -> tuple[BatchKey, bytes]:
            # Desks ask this again and again while they wait: nothing is locked, and no manifest is needed.
            row = connection.execute(
                "SELECT county, device, epoch, seq, courier, custody FROM batches"
                " WHERE county = ANY(%s) AND batch_id = %s",
                (list(device.grant.counties), batch_id),
            ).fetchone()
            if row is None:
                raise Declined(Problem.NOT_FOUND)
            county, owner, epoch, seq, courier, custody = row
            if device.grant.device not in (owner, courier):
                raise Declined(Problem.NOT_YOURS)
            if custody is None:
                raise Declined(Problem.NOT_FOUND)
            return (county, owner, epoch, seq), bytes(custody)

        return self._database.run(device.grant.access(Role.API), work)

    def take_file(self, courier: Device | None, source: ByteSource) -> tuple[str, bytes]:
        """Take a whole ``.jmb`` that any enrolled device delivers, or the USB desk: its batch id and custody receipt.

        ``Declined`` as in the steps one by one; ``device_unknown`` where its signer never enrolled.
        """
        keys = DeviceKeys(self._database, *([courier] if courier is not None else ()))
        try:
            reader = BatchReader(source, keys)
        except RemoteProtocolError as error:
            unknown = error.code == "protocol.key_unknown"
            raise Declined(Problem.DEVICE_UNKNOWN if unknown else Problem.MALFORMED, detail_code=error.code) from None
        manifest = reader.signed.manifest
        device = keys.found[manifest.device]
        by = courier.grant.device if courier is not None else ""
        try:
            if weight(manifest) > _AT_ONCE:
                return manifest.batch_id, self._take_in_steps(device, reader, by)
            parts = [part.ciphertext for part in reader.parts()]
            papers = list(reader.attachments())
            reader.finish()
        except RemoteProtocolError as error:
            raise Declined(Problem.MALFORMED, detail_code=error.code) from None
        return manifest.batch_id, self._take_at_once(device, reader.signed, parts, papers, by)

    def _take_in_steps(self, device: Device, reader: BatchReader, courier: str) -> bytes:
        batch_id = reader.signed.manifest.batch_id
        self.announce(device, reader.signed.envelope, courier)
        for part in reader.parts():
            self.put_part(device, batch_id, part.entry.n, part.ciphertext)
        for entry, ciphertext in reader.attachments():
            self.put_attachment(device, batch_id, entry.n, ciphertext)
        reader.finish()
        return self.commit(device, batch_id)

    def _take_at_once(
        self,
        device: Device,
        signed: SignedManifest,
        parts: Sequence[bytes],
        papers: Sequence[tuple[AttachmentEntry, bytes]],
        courier: str,
    ) -> bytes:
        """The same steps in one transaction, so that a desk and the disk wait once; all of it is kept or nothing."""
        manifest = signed.manifest
        self._admit(device, manifest)

        def work(connection: Connection) -> bytes | Declined:
            taken = self._announce(connection, device, signed, courier or device.grant.device)
            if isinstance(taken, Declined):
                return taken
            if taken.state is PlatformBatch.ANNOUNCED:
                for n, ciphertext in enumerate(parts):
                    _keep_part(connection, taken.key, n, ciphertext)
                for entry, ciphertext in papers:
                    keep_sealed(connection, taken.key, entry, ciphertext)
            return self._commit(connection, device, taken.key, manifest)

        answer = self._database.run(device.grant.access(Role.API), work)
        if isinstance(answer, Declined):
            raise answer
        return answer

    def _admit(self, device: Device, manifest: Manifest) -> None:
        if manifest.unit != device.grant.unit:
            raise Declined(Problem.NOT_YOURS)
        check_quota(self._database, self._quotas, device.grant.device, manifest)

    def _announce(
        self, connection: Connection, device: Device, signed: SignedManifest, courier: str
    ) -> Taken | Declined:
        manifest, grant = signed.manifest, device.grant
        connection.execute("SELECT FROM devices WHERE device = %s FOR UPDATE", (grant.device,))
        key = (grant.county, grant.device, manifest.epoch, manifest.seq)
        same = connection.execute(
            "SELECT digest, state, batch_id::text FROM batches WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)",
            key,
        ).fetchone()
        if same is not None:
            if same[0] != signed.digest:
                return alarm(connection, key, Problem.SEQ_REUSE)
            state = PlatformBatch(same[1])
            if state is PlatformBatch.EXPIRED:
                state = next_platform_state(state, PlatformEvent.ANNOUNCE)
                _announce_anew(connection, key, self._clock.now())
            waiting = state is PlatformBatch.ANNOUNCED
            missing, papers = _lacking(connection, key, manifest) if waiting else ((), ())
            shown = _shown(state, (*missing, *papers))
            return Taken(
                *(key, manifest.batch_id, shown, missing[:MOST_NAMED]), missing_attachments=papers[:MOST_NAMED]
            )
        refused = out_of_chain(connection, key, grant.epoch, manifest.prev)
        if refused is not None:
            return refused
        stored = connection.execute(
            "INSERT INTO batches (county, device, epoch, seq, batch_id, unit, state, digest, envelope, records, parts,"
            " courier, announced, bytes) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (
                *(*key, manifest.batch_id, manifest.unit, PlatformBatch.ANNOUNCED.value, signed.digest),
                *(signed.envelope, manifest.records, len(manifest.parts), courier),
                *(self._clock.now(), weight(manifest)),
            ),
        )
        if not stored.rowcount:
            return Declined(Problem.MALFORMED, detail_code="gateway.batch_id_used")
        missing = tuple(range(min(len(manifest.parts), MOST_NAMED)))
        papers = tuple(range(min(len(manifest.attachments), MOST_NAMED)))
        return Taken(
            *(key, manifest.batch_id, PlatformBatch.ANNOUNCED, missing), fresh=True, missing_attachments=papers
        )

    def _commit(self, connection: Connection, device: Device, key: BatchKey, manifest: Manifest) -> bytes:
        custody, digest = one(
            connection,
            "SELECT custody, digest FROM batches WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)",
            key,
        )
        if custody is not None:
            return bytes(custody)
        missing, papers = _lacking(connection, key, manifest)
        if missing or papers:
            raise Declined(Problem.PARTS_MISSING, missing=_few(missing), missing_attachments=_few(papers))
        after_its_predecessor(connection, key)
        return self._take_custody(connection, device, key, manifest, digest)

    def _take_custody(
        self, connection: Connection, device: Device, key: BatchKey, manifest: Manifest, digest: str
    ) -> bytes:
        now = self._clock.now()
        owner = device if device.grant.device == key[1] else find_device(connection, key[1])
        event = closing_event(owner, key, digest)
        state = next_platform_state(PlatformBatch.COMPLETE, event)
        receipt = custody_receipt(
            manifest,
            digest,
            server_epoch=self._keys.server_epoch,
            received=utc_text(now),
            held=state is PlatformBatch.AWAITING_RELEASE,
            key=self._keys.signing,
        )
        connection.execute(
            "UPDATE batches SET state = %s, received = %s, custody = %s"
            " WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)",
            (state.value, now, receipt.envelope, *key),
        )
        # Where a desk stands it says anew each time: one that starts over goes back to 0, and the stick must follow.
        connection.execute(
            "UPDATE devices SET last_seen = %s, ack_cursor = CASE WHEN EXISTS (SELECT FROM batches WHERE county = %s"
            " AND device = %s AND (epoch, seq) > (%s, %s) AND custody IS NOT NULL) THEN ack_cursor ELSE %s END"
            " WHERE device = %s",
            (now, *key, manifest.ack_cursor, key[1]),
        )
        return receipt.envelope


def _batch(connection: Connection, device: Device, batch_id: str) -> tuple[Taken, Manifest]:
    """A batch of this device (or one it delivered), with its manifest."""
    row = connection.execute(
        "SELECT county, device, epoch, seq, state, envelope, courier FROM batches"
        " WHERE county = ANY(%s) AND batch_id = %s FOR UPDATE",
        (list(device.grant.counties), batch_id),
    ).fetchone()
    if row is None:
        raise Declined(Problem.NOT_FOUND)
    county, owner, epoch, seq, state, envelope, courier = row
    if device.grant.device not in (owner, courier):
        raise Declined(Problem.NOT_YOURS)
    signer = device if owner == device.grant.device else find_device(connection, owner)
    if signer is None:
        raise Declined(Problem.DEVICE_UNKNOWN)
    manifest = open_manifest(bytes(envelope), KeySet.of(signer.public)).manifest
    return Taken((county, owner, epoch, seq), batch_id, PlatformBatch(state), ()), manifest


def _keep_part(connection: Connection, key: BatchKey, n: int, ciphertext: bytes) -> bool:
    """Keep one part's ciphertext, already checked against its entry; whether it is new."""
    stored = connection.execute(
        "INSERT INTO batch_parts (county, device, epoch, seq, n, ciphertext) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (*key, n, ciphertext),
    )
    return stored.rowcount == 1


def _missing(connection: Connection, key: BatchKey, parts: int) -> tuple[int, ...]:
    held = {
        n
        for (n,) in connection.execute(
            "SELECT n FROM batch_parts WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)", key
        )
    }
    return tuple(n for n in range(parts) if n not in held)


def _lacking(connection: Connection, key: BatchKey, manifest: Manifest) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The numbers of the parts and of the attachments that have not come yet."""
    return _missing(connection, key, len(manifest.parts)), lacking(connection, key, len(manifest.attachments))


def _few(numbers: tuple[int, ...]) -> list[int]:
    return list(numbers[:MOST_NAMED])


def _shown(state: PlatformBatch, missing: tuple[int, ...]) -> PlatformBatch:
    """Announced and complete differ only in whether a part is missing; the table keeps the first for both."""
    return PlatformBatch.COMPLETE if state is PlatformBatch.ANNOUNCED and not missing else state


def _announce_anew(connection: Connection, key: BatchKey, now: datetime) -> None:
    """What had expired waits for its parts again."""
    connection.execute(
        "UPDATE batches SET state = %s, announced = %s WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)",
        (PlatformBatch.ANNOUNCED.value, now, *key),
    )


def _moment(at: datetime | None) -> str:
    return utc_text(at) if at else ""
