"""The rescue package of a desk that ends before everything was settled: what is left, sealed for the platform alone."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import msgspec

from jmdesk.attachments import queries as attachments
from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.records.readiness import Hold, Readiness
from jmdesk.store import change_log, outbox, reading
from jmdesk.store.outbox import Waiting
from jmdesk.vault.files import disk_errors, flush_folder
from sync.client.asking import chain_end
from sync.client.membership import load_membership, signing_key
from sync.client.sealing import CHECK_EVERY
from sync.protocol.errors import ProtocolError
from sync.protocol.limits import LIMITS
from sync.protocol.manifest import VERSION, AuditHead
from sync.protocol.parts import SECRET_BYTES, ContentKey, seal_content_key
from sync.protocol.rescue import Part, RescueBuilder, RescueManifest, RescueReader, key_owner, write_rescue
from sync.protocol.suites import KeyRole, KeySet, PublicKey

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from jmdesk.store.outbox import Line
    from jmdesk.store.store import Connection
    from jmdesk.store.stored import Stored
    from sync.client.steering import Steering

SUFFIX: Final = ".jmx"
RESCUE: Final = "sync.rescue"
_encode = msgspec.json.encode


class Rescue(msgspec.Struct, frozen=True):
    """One rescue package: the log entry up to which it is whole, and what it holds.

    ``records`` the platform can open, ``withheld`` records and values and ``documents`` only its escrow can; ``sha256``
    is the file's.
    """

    head: int
    sha256: str
    created: str
    records: int
    withheld: int
    documents: int


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What a desk has not settled with the platform.

    ``drafts`` wait to be sent, ``under_way`` have no receipt yet, ``aside`` wait for somebody's decision, ``awaiting``
    are values that wait for a consent, ``documents`` were not sent.
    """

    drafts: int
    under_way: int
    aside: int
    awaiting: int
    documents: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.drafts + self.under_way + self.aside + self.awaiting + self.documents


def unfinished(desk: Desk) -> Unfinished:
    """What this desk has not settled with the platform."""
    with desk.store.reading() as connection:
        states = outbox.counts(connection)
        return Unfinished(
            drafts=states.get("draft", 0),
            under_way=states.get("sealed", 0),
            aside=states.get("conflict", 0) + states.get("refused", 0),
            awaiting=len(reading.sealed(connection)),
            documents=len(attachments.unsent(connection)),
        )


def rescued(desk: Desk) -> Rescue | None:
    """The rescue package that holds everything unfinished; ``None`` when none was made or something changed since."""
    text = desk.store.setting(RESCUE)
    if not text:
        return None
    found = msgspec.json.decode(text, type=Rescue)
    with desk.store.reading() as connection:
        return found if change_log.last_change(connection) <= found.head else None


def rescue(desk: Desk, target: Path, steering: Steering) -> Rescue:
    """Write everything unfinished to ``target``, whole or not at all, and read it back.

    ``Refused``: "rescue.nothing" when all is settled, "rescue.exists" when the file is there already,
    "rescue.no_escrow" when the trust document names no escrow key for what only it may open,
    "rescue.too_many_documents", "sync.trust_expired"; ``Environment`` for the disk. ``Stopped`` leaves nothing behind.
    """
    if not unfinished(desk).total:
        raise Refused("rescue.nothing")
    if target.exists():
        raise Refused("rescue.exists")
    with desk.store.reading() as connection:
        made = _Package(desk, connection, steering).write(target)
    desk.store.put_setting(RESCUE, _encode(made).decode())
    return made


class _Package:
    """One rescue package in the making, over one consistent state of the store."""

    def __init__(self, desk: Desk, connection: Connection, steering: Steering) -> None:
        self._desk, self._connection, self._steering = desk, connection, steering
        self._membership = load_membership(desk.store)
        self._keys = signing_key(desk.vault.device_keys())
        self._recipients = self._membership.recipients(desk.clock)
        self._readiness = Readiness(connection, desk.catalogue, desk.clock)

    def write(self, target: Path) -> Rescue:
        documents = attachments.unsent(self._connection)
        if len(documents) > LIMITS.attachments_per_batch:
            raise Refused("rescue.too_many_documents", count=len(documents), most=LIMITS.attachments_per_batch)
        head = change_log.read_head(self._connection)
        builder = RescueBuilder(self._header(AuditHead(head.count, head.hash.hex())))
        temporary = target.with_name(f".{target.name}.tmp")
        try:
            with disk_errors(), tempfile.TemporaryFile(dir=self._desk.vault.folder) as ciphertexts:
                sizes = list(self._ciphertexts(builder, documents, ciphertexts))
                signed = builder.sign(self._keys)
                ciphertexts.seek(0)
                with temporary.open("wb") as sink:
                    write_rescue(sink, signed, (ciphertexts.read(size) for size in sizes))
                    sink.flush()
                    os.fsync(sink.fileno())
                digest = self._read_back(temporary)
                temporary.replace(target)
                flush_folder(target.parent)
        finally:
            temporary.unlink(missing_ok=True)
        manifest = signed.manifest
        return Rescue(
            head.count,
            digest,
            manifest.created,
            manifest.open.records if manifest.open else 0,
            manifest.withheld.records if manifest.withheld else 0,
            len(documents),
        )

    def _ciphertexts(self, builder: RescueBuilder, documents: list[tuple[str, str]], sink: IO[bytes]) -> Iterator[int]:
        """Every ciphertext in the package's order, written to ``sink``; their sizes."""
        for part in Part:
            lines = self._lines(part)
            first = next(lines, None)
            if first is None:
                continue
            key = self._content_key(key_owner(builder.rescue_id, part), part)
            for sealed in builder.seal(part, chain([first], lines), key):
                yield sink.write(sealed.ciphertext)
        for sha256, rid in documents:
            self._steering.check()
            content = attachments.data(self._connection, sha256)
            if content is not None:
                key = self._content_key(builder.next_attachment, Part.WITHHELD)
                yield sink.write(builder.attach(content, rid, key))

    def _lines(self, part: Part) -> Iterator[bytes]:
        """The lines of one section: records with unsettled edits, whole as they stand, and values without consent."""
        for number, (type_id, rid) in enumerate(outbox.unsettled_records(self._connection)):
            if number % CHECK_EVERY == 0:
                self._steering.check()
                self._steering.tell("rescue", number, 0)
            record = reading.get(self._connection, type_id, rid)
            if record is None:
                continue
            lines = outbox.unsettled(self._connection, rid)
            hold = self._hold(record, lines)
            if (hold is None) is (part is Part.OPEN):
                yield _encode(self._told(record, lines, hold))
        if part is Part.WITHHELD:
            for entry in reading.sealed(self._connection):
                said = {"type": entry.type, "rid": entry.rid, "household": entry.household, "lock": entry.lock}
                yield _encode(said | {"awaiting": {entry.field: entry.value}, "since": entry.since})

    def _hold(self, record: Stored, lines: list[Line]) -> Hold | None:
        """Why a record could not have been sent; a batch that is sealed already shows that it could."""
        if any(line.state != "draft" for line in lines):
            return None
        op = lines[-1].op
        names = tuple(sorted({name for line in lines for name in line.fields}))
        return self._readiness.hold(Waiting(lines[-1].id, op, names, record, 0))

    def _told(self, record: Stored, lines: list[Line], hold: Hold | None) -> dict[str, object]:
        record_type = self._desk.catalogue.types[record.type]
        names = record_type.travelling(record.values)
        return {
            "type": record.type,
            "rid": record.rid,
            "region": record.region,
            "voided": record.voided or "",
            "values": {name: record.values[name] for name in names},
            "changed": sorted({name for line in lines for name in line.fields}),
            "base_version": record.base_version,
            "versions": record.field_versions,
            "server_epoch": record.server_epoch,
            "at": record.updated_at,
            "by": record.updated_by,
            "standing": [{"op": line.op, "state": line.state, "verdict": line.verdict} for line in lines],
            "hold": hold.code if hold is not None else "",
        }

    def _header(self, audit: AuditHead) -> RescueManifest:
        membership, end = self._membership, chain_end(self._desk)
        return RescueManifest(
            v=VERSION,
            suite=self._keys.suite,
            rescue_id=self._desk.ids.new(),
            unit=membership.unit,
            device=membership.device,
            operator=self._desk.actor,
            epoch=membership.epoch,
            seq=end.seq,
            created=utc_text(self._desk.clock.now()),
            server_epoch=membership.server_epoch,
            catalogue=self._desk.catalogue.version,
            audit=audit,
        )

    def _content_key(self, owner: str, part: Part) -> ContentKey:
        to: tuple[PublicKey, ...] = self._recipients
        if part is Part.WITHHELD:
            to = tuple(key for key in to if key.role is KeyRole.ESCROW)
            if not to:
                raise Refused("rescue.no_escrow")
        return seal_content_key(os.urandom(SECRET_BYTES), to, owner, self._membership.device)

    def _read_back(self, file: Path) -> str:
        """The file's SHA-256, once it was read as whole."""
        with file.open("rb") as source:
            try:
                RescueReader(source, KeySet.of(self._keys.public)).finish()
            except ProtocolError as error:
                raise Environment("vault.disk_error", reason=error.code) from error
            source.seek(0)
            return hashlib.file_digest(source, "sha256").hexdigest()
