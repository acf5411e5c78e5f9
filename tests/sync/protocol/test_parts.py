"""Parts: exact bytes, bound to their place, and never more memory than their manifest promised (I10)."""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from dataclasses import replace

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.gzip_member import HEADER, compress, decompress
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import PartEntry
from sync.protocol.parts import (
    Binding,
    Label,
    SealedPart,
    attachment_owner,
    check_part,
    open_attachment,
    open_content_key,
    open_part,
    pack_lines,
    part_aad,
    seal_attachment,
    seal_content_key,
    seal_part,
)
from sync.protocol.suites import PublicKey
from tests.sync.protocol import sample

BINDING = Binding(Label.BATCH, sample.BATCH_ID, sample.DEVICE.keyid)
KEY = sample.content_key()


def sealed_by_hand(member: bytes, entry: PartEntry) -> SealedPart:
    """A part whose inside is not what our writer would make, yet properly sealed: a hostile device can do that."""
    aad = part_aad(BINDING, entry.n, entry.records, entry.raw_size)
    data = AESGCM(KEY.secret).encrypt(entry.n.to_bytes(12, "big"), member, aad)
    digest = hashlib.sha256(data).hexdigest()
    return SealedPart(msgspec.structs.replace(entry, size=len(data), sha256=digest), data)


def test_the_aad_is_these_bytes() -> None:
    assert part_aad(BINDING, 7, 1000, 52_000) == (
        f'["jmdesk-part-v1","{sample.BATCH_ID}","{sample.DEVICE.keyid}",7,1000,52000]'.encode()
    )


def test_a_part_opens_with_a_stock_gcm_and_a_stock_gzip() -> None:
    part = seal_part(b'{"a":1}\n', 1, 5, BINDING, KEY)
    member = AESGCM(KEY.secret).decrypt(bytes(11) + b"\x05", part.ciphertext, part_aad(BINDING, 5, 1, 8))
    assert gzip.decompress(member) == b'{"a":1}\n'
    assert member[:10] == HEADER == bytes.fromhex("1f8b08000000000000ff")


def test_a_part_made_by_another_gzip_is_read() -> None:
    raw = b'{"a":1}\n' * 9
    part = sealed_by_hand(gzip.compress(raw, 6, mtime=0), PartEntry(0, 9, 0, len(raw), ""))
    assert open_part(part.entry, part.ciphertext, BINDING, KEY) == raw


@given(st.binary(max_size=20_000), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_what_is_sealed_opens_to_the_same_bytes(raw: bytes, n: int) -> None:
    part = seal_part(raw, 1, n, BINDING, KEY)
    assert open_part(part.entry, part.ciphertext, BINDING, KEY) == raw
    assert seal_part(raw, 1, n, BINDING, KEY) == part


@pytest.mark.parametrize("label", [label for label in Label if label is not Label.BATCH])
def test_a_part_of_one_kind_never_stands_in_for_another(label: Label) -> None:
    part = seal_part(b"x\n", 1, 0, BINDING, KEY)
    with pytest.raises(RemoteProtocolError, match="part_seal"):
        open_part(part.entry, part.ciphertext, replace(BINDING, label=label), KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"n": 1},
        {"records": 2},
        {"raw_size": 3},
    ],
)
def test_a_part_opens_only_at_its_own_place(change: dict[str, int]) -> None:
    part = seal_part(b"x\n", 1, 0, BINDING, KEY)
    with pytest.raises(RemoteProtocolError, match="part_seal"):
        open_part(msgspec.structs.replace(part.entry, **change), part.ciphertext, BINDING, KEY)
    for other in (replace(BINDING, owner=sample.rid(1)), replace(BINDING, device="0" * 32)):
        with pytest.raises(RemoteProtocolError, match="part_seal"):
            open_part(part.entry, part.ciphertext, other, KEY)


def test_a_changed_part_is_refused_before_any_key_is_used() -> None:
    part = seal_part(b"x\n", 1, 0, BINDING, KEY)
    with pytest.raises(RemoteProtocolError, match="part_digest"):
        check_part(part.entry, part.ciphertext[:-1] + b"\x00")
    with pytest.raises(RemoteProtocolError, match="part_bytes"):
        check_part(part.entry, part.ciphertext + b"\x00")


RAW = b"some lines\n" * 100
MEMBER = compress(RAW)


@pytest.mark.parametrize(
    ("member", "code"),
    [
        (MEMBER + MEMBER, "gzip_members"),
        (MEMBER + b"\x00", "gzip_members"),
        (MEMBER[:-1], "gzip_members"),
        (MEMBER[:-8] + bytes(8), "gzip_check"),
        (MEMBER[:4] + b"\x01" + MEMBER[5:], "gzip_header"),
        (MEMBER[:3] + b"\x08" + MEMBER[4:], "gzip_header"),
        (b"\x1f\x8b", "gzip_header"),
        (HEADER + b"\xff" * 40, "gzip_deflate"),
        # One stored block that says another follows, and none does.
        (HEADER + b"\x00" + struct.pack("<HH", len(RAW), len(RAW) ^ 0xFFFF) + RAW, "gzip_deflate"),
        (compress(RAW[:-1]), "gzip_size"),
        (compress(RAW + b"x"), "gzip_size"),
        (zlib.compress(RAW), "gzip_header"),
    ],
)
def test_a_part_holds_exactly_one_plain_gzip_member(member: bytes, code: str) -> None:
    with pytest.raises(RemoteProtocolError, match=f"protocol.{code}$"):
        decompress(member, len(RAW))


def test_a_bomb_inflates_no_further_than_its_promise() -> None:
    bomb = compress(bytes(64 * 1024 * 1024))
    assert len(bomb) < 300_000
    with pytest.raises(RemoteProtocolError, match="gzip_size"):
        decompress(bomb, 1_000)


def test_a_part_that_promises_too_much_is_not_even_opened() -> None:
    part = sealed_by_hand(MEMBER, PartEntry(0, 1, 0, LIMITS.raw_part_bytes + 1, ""))
    with pytest.raises(RemoteProtocolError, match="part_raw_size"):
        open_part(part.entry, part.ciphertext, BINDING, KEY)


def test_lines_are_packed_by_count_and_by_size() -> None:
    parts = list(pack_lines([b"x" * 10] * 25, BINDING, KEY, records_per_part=10))
    assert [(p.entry.n, p.entry.records, p.entry.raw_size) for p in parts] == [(0, 10, 110), (1, 10, 110), (2, 5, 55)]
    tight = Limits(fill_part_bytes=50)
    assert [p.entry.records for p in pack_lines([b"x" * 10] * 9, BINDING, KEY, limits=tight)] == [4, 4, 1]
    assert list(pack_lines([], BINDING, KEY)) == []


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(line_bytes=5), "line_size"),
        (Limits(parts_per_batch=1, fill_part_bytes=12), "parts_limit"),
        (Limits(records_per_part=10), "part_records"),
        (Limits(part_bytes=10), "part_size"),
        (Limits(raw_part_bytes=10), "part_raw_size"),
    ],
)
def test_our_own_writer_stays_within_the_limits(limits: Limits, code: str) -> None:
    with pytest.raises(LocalProtocolError, match=f"protocol.{code}$"):
        list(pack_lines([b"x" * 10] * 3, BINDING, KEY, limits=limits))


def test_a_content_key_opens_for_each_recipient_and_nobody_else() -> None:
    key = sample.content_key(sample.BATCH_ID, sample.RECIPIENT, sample.ESCROW)
    for opener in (sample.RECIPIENT, sample.ESCROW):
        assert open_content_key(key.encryption, opener, sample.BATCH_ID, sample.DEVICE.keyid).secret == key.secret
    with pytest.raises(RemoteProtocolError, match="not_a_recipient"):
        open_content_key(key.encryption, sample.DEVICE_KEM, sample.BATCH_ID, sample.DEVICE.keyid)


def test_a_content_key_is_bound_to_its_batch_and_device() -> None:
    for owner, device in ((sample.rid(1), sample.DEVICE.keyid), (sample.BATCH_ID, "0" * 32)):
        with pytest.raises(RemoteProtocolError, match=r"protocol\.content_key$"):
            open_content_key(KEY.encryption, sample.RECIPIENT, owner, device)


def test_a_content_key_goes_only_to_keys_that_may_open() -> None:
    with pytest.raises(LocalProtocolError, match="key_role"):
        seal_content_key(bytes(32), [sample.DEVICE.public], sample.BATCH_ID, sample.DEVICE.keyid)
    with pytest.raises(LocalProtocolError, match="recipients"):
        seal_content_key(bytes(32), [], sample.BATCH_ID, sample.DEVICE.keyid)
    with pytest.raises(LocalProtocolError, match="content_key_size"):
        seal_content_key(bytes(16), [sample.RECIPIENT.public], sample.BATCH_ID, sample.DEVICE.keyid)
    useless = PublicKey(sample.RECIPIENT.role, bytes(32))
    with pytest.raises(LocalProtocolError, match="key_unusable"):
        seal_content_key(bytes(32), [useless], sample.BATCH_ID, sample.DEVICE.keyid)


def test_an_attachment_has_a_key_of_its_own_and_opens_at_its_place() -> None:
    device = sample.DEVICE.keyid
    key = sample.content_key(attachment_owner(sample.BATCH_ID, 0))
    entry, data = seal_attachment(b"a scan", 0, sample.rid(5), sample.BATCH_ID, device, key)
    assert open_attachment(entry, data, sample.BATCH_ID, device, sample.RECIPIENT) == b"a scan"
    moved = msgspec.structs.replace(entry, record=sample.rid(6))
    with pytest.raises(RemoteProtocolError, match="part_seal"):
        open_attachment(moved, data, sample.BATCH_ID, device, sample.RECIPIENT)
    renumbered = msgspec.structs.replace(entry, n=1)
    with pytest.raises(RemoteProtocolError, match="content_key"):
        open_attachment(renumbered, data, sample.BATCH_ID, device, sample.RECIPIENT)
    with pytest.raises(LocalProtocolError, match="attachment_size"):
        seal_attachment(bytes(99), 0, sample.rid(5), sample.BATCH_ID, device, key, Limits(attachment_bytes=100))
