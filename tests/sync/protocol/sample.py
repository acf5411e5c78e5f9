"""Keys, drafts and batches for the protocol tests; everything here is invented."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sync.protocol.batch import BatchBuilder, BatchHeader, SignedManifest, write_batch
from sync.protocol.manifest import NO_PREVIOUS, AuditHead, ClockState
from sync.protocol.parts import ContentKey, SealedPart, seal_content_key
from sync.protocol.records import Draft, Op, Value
from sync.protocol.suites import KeyRole, KeySet, OpeningKey, SigningKey

UNIT = "914407000000000000"
BATCH_ID = "01900000-0000-7000-8000-00000000b001"
NOW = "2026-11-01T02:03:04Z"
LATER = "2026-11-01T02:05:00Z"
SERVER_EPOCH = "epoch-1"


def signing(role: KeyRole, fill: int) -> SigningKey:
    return SigningKey(role, bytes([fill]) * 32)


DEVICE = signing(KeyRole.DEVICE, 1)
OTHER_DEVICE = signing(KeyRole.DEVICE, 2)
PLATFORM = signing(KeyRole.PLATFORM, 3)
ROOT = signing(KeyRole.ROOT, 4)
PUBLISHER = signing(KeyRole.PUBLISHER, 5)
PROVISIONING = signing(KeyRole.PROVISIONING, 6)
RECIPIENT = OpeningKey(KeyRole.RECIPIENT, bytes([7]) * 32)
ESCROW = OpeningKey(KeyRole.ESCROW, bytes([8]) * 32)
DEVICE_KEM = OpeningKey(KeyRole.DEVICE_KEM, bytes([9]) * 32)
KEYRING = KeySet.of(DEVICE.public, PLATFORM.public, PUBLISHER.public, PROVISIONING.public)


def rid(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012x}"


def draft(number: int, **fields: Value) -> Draft:
    values: dict[str, Value] = fields or {"address": f"虚构村{number}号", "population": number % 9}
    return Draft(
        op=Op.UPSERT,
        rid=rid(number),
        type="R05",
        base_version=0,
        set=values,
        unset=[],
        seen=dict.fromkeys(values, 0),
        at=NOW,
        by="u-1",
        catalogue="1.0.0",
        evidence=[],
        consent=[],
    )


HEADER = BatchHeader(
    batch_id=BATCH_ID,
    unit=UNIT,
    device=DEVICE.keyid,
    operator="u-1",
    epoch=1,
    seq=1,
    prev=NO_PREVIOUS,
    created=NOW,
    clock=ClockState(),
    schema="1",
    server_epoch=SERVER_EPOCH,
    catalogue="1.0.0",
    rules="JM-HH-1",
    ack_cursor=0,
    audit=AuditHead(3, "ab" * 32),
)


def content_key(owner: str = BATCH_ID, *recipients: OpeningKey) -> ContentKey:
    opened_by = [key.public for key in recipients or (RECIPIENT,)]
    return seal_content_key(bytes([10]) * 32, opened_by, owner, DEVICE.keyid)


@dataclass(frozen=True)
class Batch:
    """A finished batch and its container bytes."""

    signed: SignedManifest
    parts: Sequence[SealedPart]
    file: bytes


def batch(
    drafts: Iterable[Draft] | int = 3,
    *,
    header: BatchHeader = HEADER,
    key: ContentKey | None = None,
    records_per_part: int = 1_000,
    attachments: Sequence[bytes] = (),
) -> Batch:
    builder = BatchBuilder(header, key or content_key(header.batch_id), records_per_part=records_per_part)
    lines = [draft(n) for n in range(drafts)] if isinstance(drafts, int) else drafts
    parts = list(builder.seal(lines))
    sealed = [builder.attach(data, rid(0), content_key(builder.next_attachment))[1] for data in attachments]
    signed = builder.sign(DEVICE)
    out = io.BytesIO()
    write_batch(out, signed, (part.ciphertext for part in parts), sealed)
    return Batch(signed, parts, out.getvalue())


def second_header(first: SignedManifest) -> BatchHeader:
    return replace(HEADER, batch_id=rid(0xB002), seq=2, prev=first.digest)


def altered(payload: bytes, **members: object) -> bytes:
    """A JSON object with members replaced, as a hostile or broken other side would send it."""
    return json.dumps(json.loads(payload) | members, ensure_ascii=False).encode()
