"""What comes back: receipts for exactly the batch sent, one verdict per record (I9), changes in order (I12)."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest

from sync.protocol.changes import PageBuilder, PageHeader, PageOpener, open_page
from sync.protocol.container import ContainerWriter
from sync.protocol.envelope import PayloadType, sign_envelope
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.manifest import encode
from sync.protocol.parts import Binding, ContentKey, Label, SealedPart, seal_content_key, seal_part
from sync.protocol.receipts import (
    ProcessingBuilder,
    ProcessingReceipt,
    VerdictOpener,
    custody_receipt,
    open_custody,
    open_processing,
)
from sync.protocol.records import ChangeLine, Op, Verdict, VerdictLine
from sync.protocol.replies import ReplyHeader, ReplyItem, ReplyReader, write_reply
from sync.protocol.suites import SigningKey
from tests.sync.protocol import sample

BATCH = sample.batch(5)
MANIFEST, DIGEST = BATCH.signed.manifest, BATCH.signed.digest
OTHER = sample.batch(4, header=replace(sample.HEADER, batch_id=sample.rid(0xB009)))
PAGE = PageHeader(
    page_id=sample.rid(0xC001),
    unit=sample.UNIT,
    device=sample.DEVICE.keyid,
    server_epoch=sample.SERVER_EPOCH,
    since=10,
    until=20,
    more=False,
    snapshot=False,
    created=sample.LATER,
)


def downlink_key(owner: str = sample.BATCH_ID) -> ContentKey:
    return seal_content_key(bytes([11]) * 32, [sample.DEVICE_KEM.public], owner, sample.DEVICE.keyid)


def verdict(index: int, kind: Verdict = Verdict.ACCEPTED, **members: Any) -> VerdictLine:
    return VerdictLine(f"{sample.DEVICE.keyid}.1.1.{index}", sample.rid(index), kind, **members)


FIVE = (
    verdict(0, version=1),
    verdict(1, Verdict.CONFLICT, version=4, values={"phone": "1"}, versions={"phone": 4}),
    verdict(2, Verdict.REJECTED, code="value.code", path="$.set.phone"),
    verdict(3, Verdict.FORBIDDEN, scope="440703"),
    verdict(4, Verdict.GONE, version=7),
)


@dataclass(frozen=True)
class Processed:
    receipt: ProcessingReceipt
    envelope: bytes
    parts: list[SealedPart]


def processed(verdicts: tuple[VerdictLine, ...] = FIVE, key: SigningKey = sample.PLATFORM) -> Processed:
    builder = ProcessingBuilder(MANIFEST, DIGEST, downlink_key())
    parts = list(builder.seal(verdicts))
    signed = builder.sign(
        key, server_epoch=sample.SERVER_EPOCH, received=sample.LATER, processed=sample.LATER, cursor=20
    )
    return Processed(signed.receipt, signed.envelope, parts)


def custody() -> bytes:
    return custody_receipt(
        MANIFEST, DIGEST, server_epoch=sample.SERVER_EPOCH, received=sample.LATER, held=False, key=sample.PLATFORM
    ).envelope


def test_custody_says_which_bytes_are_held() -> None:
    receipt = open_custody(custody(), sample.KEYRING, MANIFEST, DIGEST).receipt
    assert (receipt.manifest, receipt.records, receipt.bytes) == (DIGEST, 5, BATCH.parts[0].entry.size)


def test_processing_gives_each_record_its_verdict() -> None:
    made = processed()
    receipt = open_processing(made.envelope, sample.KEYRING, MANIFEST, DIGEST).receipt
    opener = VerdictOpener(receipt, sample.DEVICE_KEM)
    found = [line for part in made.parts for line in opener.verdicts(part.entry, part.ciphertext)]
    opener.finish()
    assert tuple(found) == FIVE
    assert msgspec.structs.asdict(receipt.totals) == {
        "accepted": 1, "merged": 0, "duplicate": 0, "conflict": 1, "rejected": 1, "forbidden": 1, "gone": 1
    }  # fmt: skip
    assert receipt.audit == MANIFEST.audit


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("device", "0" * 32, "receipt_other_device"),
        ("unit", "9" * 18, "receipt_other_unit"),
        ("batch_id", sample.rid(7), "receipt_other_batch"),
        ("seq", 2, "receipt_other_batch"),
        ("epoch", 2, "receipt_other_batch"),
        ("manifest", "0" * 64, "receipt_other_bytes"),
        ("v", 9, "version"),
    ],
)
def test_a_receipt_is_taken_only_for_the_batch_it_names(member: str, value: str | int, code: str) -> None:
    made = processed()
    forged = msgspec.structs.replace(made.receipt, **{member: value})
    envelope = sign_envelope(PayloadType.PROCESSING_RECEIPT, encode(forged), sample.PLATFORM)
    with pytest.raises(RemoteProtocolError, match=f"protocol.{code}$"):
        open_processing(envelope, sample.KEYRING, MANIFEST, DIGEST)
    held = open_custody(custody(), sample.KEYRING, MANIFEST, DIGEST).receipt
    other = sign_envelope(
        PayloadType.CUSTODY_RECEIPT, encode(msgspec.structs.replace(held, **{member: value})), sample.PLATFORM
    )
    with pytest.raises(RemoteProtocolError, match=f"protocol.{code}$"):
        open_custody(other, sample.KEYRING, MANIFEST, DIGEST)


def test_a_receipt_countersigns_the_audit_head_that_was_sent() -> None:
    forged = sample.altered(encode(processed().receipt), audit={"count": 2, "head": "0" * 64})
    with pytest.raises(RemoteProtocolError, match="receipt_audit"):
        open_processing(
            sign_envelope(PayloadType.PROCESSING_RECEIPT, forged, sample.PLATFORM), sample.KEYRING, MANIFEST, DIGEST
        )


def test_only_the_platform_signs_receipts() -> None:
    with pytest.raises(LocalProtocolError, match="key_role"):
        processed(key=sample.DEVICE)
    with pytest.raises(RemoteProtocolError, match="payload_type"):
        open_processing(custody(), sample.KEYRING, MANIFEST, DIGEST)


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (FIVE[:4], "totals"),
        ((*FIVE, verdict(5)), "totals"),
        ((FIVE[1], FIVE[0], *FIVE[2:]), "verdict_order"),
        ((FIVE[0], FIVE[0], *FIVE[2:]), "verdict_order"),
        ((verdict(0, code="x"), *FIVE[1:]), "verdict_members"),
        ((verdict(0, Verdict.REJECTED), *FIVE[1:]), "verdict_members"),
        ((verdict(0, Verdict.FORBIDDEN), *FIVE[1:]), "verdict_members"),
        ((verdict(0, Verdict.GONE, values={"a": 1}), *FIVE[1:]), "verdict_members"),
    ],
)
def test_the_platform_cannot_sign_verdicts_that_are_not_one_per_record(
    verdicts: tuple[VerdictLine, ...], code: str
) -> None:
    with pytest.raises(LocalProtocolError, match=f"protocol.{code}$"):
        processed(verdicts)


def test_totals_that_promise_other_verdicts_are_found_out() -> None:
    made = processed()
    totals = {"accepted": 5, "merged": 0, "duplicate": 0, "conflict": 0, "rejected": 0, "forbidden": 0, "gone": 0}
    forged = sample.altered(encode(made.receipt), totals=totals)
    envelope = sign_envelope(PayloadType.PROCESSING_RECEIPT, forged, sample.PLATFORM)
    opener = VerdictOpener(open_processing(envelope, sample.KEYRING, MANIFEST, DIGEST).receipt, sample.DEVICE_KEM)
    with pytest.raises(RemoteProtocolError, match="totals"):
        opener.finish()
    opener.verdicts(made.parts[0].entry, made.parts[0].ciphertext)
    with pytest.raises(RemoteProtocolError, match="totals"):
        opener.finish()
    short = sample.altered(encode(made.receipt), totals=totals | {"accepted": 4})
    with pytest.raises(RemoteProtocolError, match="totals"):
        open_processing(
            sign_envelope(PayloadType.PROCESSING_RECEIPT, short, sample.PLATFORM), sample.KEYRING, MANIFEST, DIGEST
        )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{}", "line"),
        (b"no json", "line"),
        (msgspec.json.encode(verdict(3)), "verdict_order"),
        (msgspec.json.encode(verdict(0, Verdict.REJECTED)), "verdict_members"),
    ],
)
def test_verdict_lines_are_read_strictly(line: bytes, reason: str) -> None:
    key = downlink_key()
    raw = line + b"\n"
    part = seal_part(raw, 1, 0, Binding(Label.VERDICT, sample.BATCH_ID, sample.DEVICE.keyid), key)
    receipt = msgspec.structs.replace(
        processed().receipt, parts=(part.entry,), records=1, raw_bytes=len(raw), enc=key.encryption
    )
    with pytest.raises(RemoteProtocolError, match=f"protocol.{reason}$"):
        VerdictOpener(receipt, sample.DEVICE_KEM).verdicts(part.entry, part.ciphertext)


def change(cursor: int, **members: Any) -> ChangeLine:
    fields: dict[str, Any] = {"set": {"phone": "1"}, "op": Op.UPSERT} | members
    return ChangeLine(
        cursor=cursor,
        type="R05",
        rid=sample.rid(cursor),
        version=2,
        region="440703001",
        unit=sample.UNIT,
        at=sample.NOW,
        **fields,
    )


def page(*lines: ChangeLine, header: PageHeader = PAGE) -> tuple[bytes, list[SealedPart]]:
    builder = PageBuilder(header, downlink_key(header.page_id))
    parts = list(builder.seal(lines))
    return builder.sign(sample.PLATFORM).envelope, parts


def opened(envelope: bytes, **expected: Any) -> Any:
    known: dict[str, Any] = {
        "device": sample.DEVICE.keyid,
        "unit": sample.UNIT,
        "server_epoch": sample.SERVER_EPOCH,
        "cursor": 10,
    }
    return open_page(envelope, sample.KEYRING, **(known | expected)).page


def test_a_change_page_opens_to_its_records() -> None:
    lines = (change(11), change(12, op=Op.TOMBSTONE, set={}, reason="重复"), change(20, versions={"phone": 1}))
    envelope, parts = page(*lines)
    found = PageOpener(opened(envelope), sample.DEVICE_KEM).changes(parts[0].entry, parts[0].ciphertext)
    assert tuple(found) == lines


def test_an_empty_page_says_that_nothing_changed() -> None:
    envelope, parts = page(header=replace(PAGE, until=10))
    assert (opened(envelope).records, parts) == (0, [])


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        ({"device": "0" * 32}, "receipt_other_device"),
        ({"unit": "9" * 18}, "receipt_other_unit"),
        ({"server_epoch": "other"}, "server_epoch"),
        ({"cursor": 21}, "cursor_back"),
        ({"cursor": 9}, "cursor_gap"),
        ({"cursor": 15}, "cursor_gap"),
    ],
)
def test_a_page_that_does_not_follow_is_refused(expected: dict[str, Any], code: str) -> None:
    envelope, _ = page(change(11))
    with pytest.raises(RemoteProtocolError, match=f"protocol.{code}$"):
        opened(envelope, **expected)


def test_a_first_pull_takes_any_server_epoch() -> None:
    envelope, _ = page(change(11))
    assert opened(envelope, server_epoch="").until == 20


@pytest.mark.parametrize("cursors", [(9,), (21,), (12, 11)])
def test_a_page_holds_only_cursors_of_its_range_in_order(cursors: tuple[int, ...]) -> None:
    with pytest.raises(LocalProtocolError, match="cursor_range"):
        page(*(change(cursor) for cursor in cursors))


def test_a_page_never_ends_before_it_begins() -> None:
    with pytest.raises(LocalProtocolError, match="cursor_back"):
        page(header=replace(PAGE, until=9))


def test_foreign_cursors_and_full_tombstones_are_refused_on_reading() -> None:
    envelope, _ = page(change(11))
    received = opened(envelope)
    for line in (change(30), change(12, op=Op.TOMBSTONE)):
        raw = msgspec.json.encode(line) + b"\n"
        key = downlink_key(PAGE.page_id)
        part = seal_part(raw, 1, 0, Binding(Label.CHANGE, PAGE.page_id, sample.DEVICE.keyid), key)
        forged = msgspec.structs.replace(received, parts=(part.entry,), enc=key.encryption)
        with pytest.raises(RemoteProtocolError, match=r"protocol\.line$"):
            PageOpener(forged, sample.DEVICE_KEM).changes(part.entry, part.ciphertext)


TOP = ReplyHeader(
    reply_id=sample.rid(0xD001),
    unit=sample.UNIT,
    device=sample.DEVICE.keyid,
    epoch=1,
    server_epoch=sample.SERVER_EPOCH,
    created=sample.LATER,
)


def reply(top: ReplyHeader = TOP, key: SigningKey = sample.PLATFORM) -> bytes:
    made = processed()
    envelope, parts = page(change(11), change(12))
    page_parts = tuple(part.entry for part in parts)
    items = [
        ReplyItem(PayloadType.CUSTODY_RECEIPT, custody()),
        ReplyItem(PayloadType.PROCESSING_RECEIPT, made.envelope, made.receipt.parts),
        ReplyItem(PayloadType.CHANGE_PAGE, envelope, page_parts),
    ]
    out = io.BytesIO()
    assert write_reply(out, top, items, (p.ciphertext for p in [*made.parts, *parts]), key) == len(out.getvalue())
    return out.getvalue()


def reader(file: bytes, **expected: Any) -> ReplyReader:
    known: dict[str, Any] = {"device": sample.DEVICE.keyid, "unit": sample.UNIT, "epoch": 1}
    return ReplyReader(io.BytesIO(file), sample.KEYRING, **(known | expected))


def test_a_reply_carries_receipts_and_changes_with_their_parts() -> None:
    received = reader(reply())
    assert [(item.type, item.first_part, item.parts) for item in received.items] == [
        (PayloadType.CUSTODY_RECEIPT.value, 0, 0),
        (PayloadType.PROCESSING_RECEIPT.value, 0, 1),
        (PayloadType.CHANGE_PAGE.value, 1, 1),
    ]
    parts = dict(received.parts())
    received.finish()
    receipt = open_processing(received.items[1].envelope, sample.KEYRING, MANIFEST, DIGEST).receipt
    assert len(VerdictOpener(receipt, sample.DEVICE_KEM).verdicts(receipt.parts[0], parts[0])) == 5
    changed = opened(received.items[2].envelope)
    assert len(PageOpener(changed, sample.DEVICE_KEM).changes(changed.parts[0], parts[1])) == 2


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        ({"device": "0" * 32}, "receipt_other_device"),
        ({"unit": "9" * 18}, "receipt_other_unit"),
        ({"epoch": 2}, "reply_older_chain"),
    ],
)
def test_a_reply_for_someone_else_or_of_an_older_chain_is_refused_with_the_reason(
    expected: dict[str, Any], code: str
) -> None:
    with pytest.raises(RemoteProtocolError, match=f"protocol.{code}$"):
        reader(reply(), **expected)


def test_a_reply_cut_short_is_named_as_such() -> None:
    file = reply()
    with pytest.raises(RemoteProtocolError, match="container_truncated"):
        reader(file[:-30]).finish()
    with pytest.raises(RemoteProtocolError, match="container_trailing"):
        reader(file + b"x").finish()


def test_a_reply_is_written_only_with_the_parts_its_manifests_list() -> None:
    made = processed()
    item = ReplyItem(PayloadType.PROCESSING_RECEIPT, made.envelope, made.receipt.parts)
    for parts in ([], [b"other"]):
        with pytest.raises(LocalProtocolError, match="batch_incomplete"):
            write_reply(io.BytesIO(), TOP, [item], parts, sample.PLATFORM)


ENVELOPE = {"n": 0, "type": "x", "size": 1, "sha256": "0" * 64, "first_part": 0, "parts": 0}
PART = {"n": 0, "size": 1, "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"envelopes": [ENVELOPE | {"n": 1}]}, "reply_numbers"),
        ({"envelopes": [ENVELOPE | {"first_part": 1}]}, "reply_numbers"),
        ({"envelopes": [ENVELOPE | {"parts": 3}]}, "reply_numbers"),
        ({"envelopes": [ENVELOPE | {"size": 2**23}]}, "envelope_size"),
        ({"envelopes": [ENVELOPE | {"size": 2**26}]}, "reply_limit"),
        ({"envelopes": [ENVELOPE] * 1001}, "reply_limit"),
        ({"parts": [PART | {"n": 1}]}, "part_numbers"),
        ({"parts": [PART | {"size": 2**23}]}, "part_size"),
        ({"parts": [PART] * 10_001}, "parts_limit"),
    ],
)
def test_an_index_that_breaks_a_rule_is_refused_by_name(members: dict[str, object], code: str) -> None:
    payload = sample.altered(encode(reader(reply()).index), **members)
    out = io.BytesIO()
    writer = ContainerWriter(out)
    writer.add("index.dsse.json", sign_envelope(PayloadType.REPLY_INDEX, payload, sample.PLATFORM))
    writer.finish()
    with pytest.raises(RemoteProtocolError, match=f"protocol.{code}$"):
        reader(out.getvalue())
