"""Makes the golden files of suite JM1 anew: ``python tests/golden/make_golden.py [FOLDER]``.

The files pin the bytes of protocol version 1. They are made once and kept: every run draws fresh HPKE ephemeral keys,
so a second run gives other wrapped keys (and signatures), and the pinned digests in ``expected.json`` with them. All
people and households are invented; the private keys are made from public words and protect nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from sync.protocol.batch import BatchBuilder, BatchHeader, SignedManifest, write_batch
from sync.protocol.changes import PageBuilder, PageHeader
from sync.protocol.envelope import PayloadType
from sync.protocol.manifest import NO_PREVIOUS, AuditHead, ClockState
from sync.protocol.parts import SealedPart, seal_content_key
from sync.protocol.receipts import ProcessingBuilder, custody_receipt
from sync.protocol.records import ChangeLine, Draft, Op, Value, Verdict, VerdictLine
from sync.protocol.replies import ReplyHeader, ReplyItem, write_reply
from sync.protocol.suites import KeyRole, OpeningKey, SigningKey
from sync.protocol.trust import certify, sign_trust

FOLDER = Path(__file__).resolve().parent / "jm1"
UNIT = "914407000000000000"
BATCH_ID = "01900000-0000-7000-8000-00000000b001"
PAGE_ID = "01900000-0000-7000-8000-00000000c001"
REPLY_ID = "01900000-0000-7000-8000-00000000d001"
SERVER_EPOCH = "01900000-0000-7000-8000-00000000e001"
RECORDS = 2_600
MOMENT = "2026-11-01T02:03:04Z"
LATER = "2026-11-01T02:05:00Z"


def secret(purpose: str) -> bytes:
    """32 bytes from public words: repeatable, and no secret."""
    return hashlib.sha256(f"jmdesk golden files JM1: {purpose}".encode()).digest()


DEVICE = SigningKey(KeyRole.DEVICE, secret("device"))
DEVICE_KEM = OpeningKey(KeyRole.DEVICE_KEM, secret("device_kem"))
PLATFORM = OpeningKey(KeyRole.RECIPIENT, secret("platform"))
ESCROW = OpeningKey(KeyRole.ESCROW, secret("escrow"))
PLATFORM_SIGNING = SigningKey(KeyRole.PLATFORM, secret("platform_signing"))
ROOT = SigningKey(KeyRole.ROOT, secret("root"))
PUBLISHER = SigningKey(KeyRole.PUBLISHER, secret("publisher"))
PROVISIONING = SigningKey(KeyRole.PROVISIONING, secret("provisioning"))


def rid(number: int) -> str:
    """A record id in the form of a UUIDv7."""
    return f"01900000-0000-7000-8000-{number:012x}"


def household(number: int) -> dict[str, Value]:
    """An invented household."""
    village = f"440703001{number % 90 + 200:03d}"
    return {
        "household_id": f"{village}01{number % 10_000:04d}",
        "head_person_id": rid(100_000 + number),
        "region_code": village,
        "group_no": f"{number % 12 + 1}组",
        "address": f"样例镇虚构村{number % 12 + 1}组{number}号",
        "household_type": "1",
        "population": number % 7 + 1,
        "labor_count": number % 4,
        "resident_status": "1",
        "industry_since": 2000 + number % 25,
        "collect_date": f"2026-10-{number % 28 + 1:02d}",
        "verify_level": "V2",
    }


def income(number: int) -> dict[str, Value]:
    """An invented year's income of a household; decimals are text at exact scale."""
    return {
        "household_id": rid(number),
        "year": 2025,
        "income_crop": f"{number * 37 % 90_000}.50",
        "income_labor": f"{number * 91 % 60_000}.00",
        "cost_production": f"{number * 13 % 20_000}.05",
        "x_crops": ["水稻", "陈皮柑"] if number % 3 else [],
    }


def drafts() -> Iterator[Draft]:
    """The batch's operations: households, incomes, some edits that clear a field, some tombstones."""
    for number in range(RECORDS):
        common = (
            MOMENT,
            "u-01",
            "1.0.0",
            [hashlib.sha256(b"scan %d" % number).hexdigest()] if number % 50 == 0 else [],
        )
        consent = [rid(900_000 + number)] if number % 2 else []
        if number % 100 == 99:
            yield Draft(Op.TOMBSTONE, rid(number), "R05", 3, {}, [], {}, *common, consent, "重复建档")
        elif number % 100 == 98:
            fields: dict[str, Value] = {"population": number % 7}
            seen = {"population": 2, "phone": 1}
            yield Draft(Op.UPSERT, rid(number), "R05", 2, fields, ["phone"], seen, *common, consent)
        elif number % 2:
            fields = income(number)
            yield Draft(Op.UPSERT, rid(number), "R07", 0, fields, [], dict.fromkeys(fields, 0), *common, consent)
        else:
            fields = household(number)
            yield Draft(Op.UPSERT, rid(number), "R05", 0, fields, [], dict.fromkeys(fields, 0), *common, consent)


def header() -> BatchHeader:
    """The batch's place in its chain."""
    return BatchHeader(
        batch_id=BATCH_ID,
        unit=UNIT,
        device=DEVICE.keyid,
        operator="u-01",
        epoch=1,
        seq=1,
        prev=NO_PREVIOUS,
        created=MOMENT,
        clock=ClockState("2026-11-01T02:00:00Z", clock_back=False),
        schema="1",
        server_epoch=SERVER_EPOCH,
        catalogue="1.0.0",
        rules="JM-HH-1",
        ack_cursor=0,
        audit=AuditHead(RECORDS, hashlib.sha256(b"audit head").hexdigest()),
    )


ATTACHMENT = "虚构的证明材料，仅用于样例。\n".encode() * 40


def build_batch() -> tuple[SignedManifest, list[SealedPart], bytes]:
    """The batch: manifest, three parts, one attachment."""
    key = seal_content_key(secret("content key"), [PLATFORM.public, ESCROW.public], BATCH_ID, DEVICE.keyid)
    builder = BatchBuilder(header(), key)
    parts = list(builder.seal(drafts()))
    own = seal_content_key(secret("attachment key"), [PLATFORM.public], builder.next_attachment, DEVICE.keyid)
    _, attachment = builder.attach(ATTACHMENT, rid(0), own)
    return builder.sign(DEVICE), parts, attachment


def verdict(index: int) -> VerdictLine:
    """One of each kind, and mostly accepted."""
    op_id, record = f"{DEVICE.keyid}.1.1.{index}", rid(index)
    fixed = {
        1: VerdictLine(op_id, record, Verdict.MERGED, version=4, versions={"population": 4}),
        2: VerdictLine(op_id, record, Verdict.DUPLICATE, version=1),
        3: VerdictLine(
            op_id, record, Verdict.CONFLICT, version=5, values={"income_crop": "12.00"}, versions={"income_crop": 5}
        ),
        4: VerdictLine(op_id, record, Verdict.REJECTED, code="value.code", path="$.set.household_type"),
        5: VerdictLine(op_id, record, Verdict.FORBIDDEN, scope="440703"),
        6: VerdictLine(op_id, record, Verdict.GONE, version=9),
    }
    return fixed.get(index) or VerdictLine(op_id, record, Verdict.ACCEPTED, version=1, flags=[])


def build_receipts(signed: SignedManifest) -> bytes:
    """Custody and processing receipt in one ``.jmr``."""
    manifest, digest = signed.manifest, signed.digest
    custody = custody_receipt(
        manifest, digest, server_epoch=SERVER_EPOCH, received=LATER, held=False, key=PLATFORM_SIGNING
    )
    key = seal_content_key(secret("verdict key"), [DEVICE_KEM.public], BATCH_ID, DEVICE.keyid)
    builder = ProcessingBuilder(manifest, digest, key)
    parts = list(builder.seal(verdict(index) for index in range(RECORDS)))
    processing = builder.sign(
        PLATFORM_SIGNING, server_epoch=SERVER_EPOCH, received=LATER, processed=LATER, cursor=RECORDS
    )
    items = [
        ReplyItem(PayloadType.CUSTODY_RECEIPT, custody.envelope),
        ReplyItem(PayloadType.PROCESSING_RECEIPT, processing.envelope, processing.receipt.parts),
    ]
    return _reply(items, parts)


def build_changes() -> bytes:
    """One change page in a ``.jmr``."""
    key = seal_content_key(secret("page key"), [DEVICE_KEM.public], PAGE_ID, DEVICE.keyid)
    page = PageHeader(
        page_id=PAGE_ID,
        unit=UNIT,
        device=DEVICE.keyid,
        server_epoch=SERVER_EPOCH,
        since=0,
        until=100,
        more=False,
        snapshot=True,
        created=LATER,
    )
    builder = PageBuilder(page, key)
    lines = (
        ChangeLine(n + 1, Op.UPSERT, "R05", rid(n), 2, "440703001", UNIT, MOMENT, "", household(n), {"group_no": 1})
        for n in range(100)
    )
    parts = list(builder.seal(lines))
    signed = builder.sign(PLATFORM_SIGNING)
    return _reply([ReplyItem(PayloadType.CHANGE_PAGE, signed.envelope, signed.page.parts)], parts)


def _reply(items: list[ReplyItem], parts: list[SealedPart]) -> bytes:
    out = io.BytesIO()
    top = ReplyHeader(
        reply_id=REPLY_ID, unit=UNIT, device=DEVICE.keyid, epoch=1, server_epoch=SERVER_EPOCH, created=LATER
    )
    write_reply(out, top, items, (part.ciphertext for part in parts), PLATFORM_SIGNING)
    return out.getvalue()


def build_trust() -> bytes:
    """A trust document that certifies every key kind."""
    public = [PLATFORM_SIGNING.public, PLATFORM.public, ESCROW.public, PUBLISHER.public, PROVISIONING.public]
    keys = tuple(certify(key, "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z") for key in public)
    return sign_trust(ROOT, version=1, issued="2026-01-01T00:00:00Z", expires="2029-01-01T00:00:00Z", keys=keys)


def keys_json() -> bytes:
    """Every key, raw, in hex."""
    named: dict[str, SigningKey | OpeningKey] = {
        "device": DEVICE,
        "device_kem": DEVICE_KEM,
        "platform": PLATFORM,
        "platform_signing": PLATFORM_SIGNING,
        "escrow": ESCROW,
        "root": ROOT,
        "publisher": PUBLISHER,
        "provisioning": PROVISIONING,
    }
    keys = {"note": "Made for the golden files; protects nothing."}
    for name, key in named.items():
        keys[f"{name}_private"] = key.private.hex()
        keys[f"{name}_public"] = key.public.public.hex()
    return json.dumps(keys, indent=1).encode() + b"\n"


def make(folder: Path) -> None:
    """Writes all files and what is expected of them."""
    folder.mkdir(parents=True, exist_ok=True)
    signed, parts, attachment = build_batch()
    batch = io.BytesIO()
    write_batch(batch, signed, (part.ciphertext for part in parts), [attachment])
    files = {
        "batch.jmb": batch.getvalue(),
        "receipts.jmr": build_receipts(signed),
        "changes.jmr": build_changes(),
        "trust.dsse.json": build_trust(),
        "keys.json": keys_json(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    expected = {
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        "device": DEVICE.keyid,
        "manifest_digest": signed.digest,
        "records": RECORDS,
        "part_records": [part.entry.records for part in parts],
        "content_key": secret("content key").hex(),
    }
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
