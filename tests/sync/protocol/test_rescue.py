"""Rescue packages: sealed section by section, opened by whom they are for, and refused as soon as a byte is another."""

from __future__ import annotations

import io
from random import Random

import pytest

from sync.protocol.batch import BatchReader
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.manifest import VERSION, AttachmentEntry, AuditHead
from sync.protocol.parts import seal_content_key
from sync.protocol.rescue import (
    Part,
    RescueBuilder,
    RescueManifest,
    RescueOpener,
    RescueReader,
    key_owner,
    write_rescue,
)
from sync.protocol.suites import JM1, KeyRole, KeySet, OpeningKey, SigningKey

DEVICE = SigningKey(KeyRole.DEVICE, bytes(range(32)))
PLATFORM = OpeningKey(KeyRole.RECIPIENT, bytes(range(1, 33)))
ESCROW = OpeningKey(KeyRole.ESCROW, bytes(range(2, 34)))
RECORD = "01900000-0000-7000-8000-00000000a001"
PAPER = b"%PDF-1.7 a scanned consent"


def header(device: SigningKey = DEVICE) -> RescueManifest:
    return RescueManifest(
        v=VERSION,
        suite=JM1,
        rescue_id="01900000-0000-7000-8000-00000000c001",
        unit="54440785MF10000231",
        device=device.keyid,
        operator="operator-1",
        epoch=1,
        seq=4,
        created="2026-11-22T02:03:04Z",
        server_epoch="epoch-1",
        catalogue="JM-CAT-2026.1",
        audit=AuditHead(9, "0" * 64),
    )


def package() -> bytes:
    """One record that might have been sent, one that might not, and a document."""
    builder = RescueBuilder(header())
    both, escrow = (PLATFORM.public, ESCROW.public), (ESCROW.public,)
    data: list[bytes] = []
    for part, line, to in ((Part.OPEN, b'{"a":1}', both), (Part.WITHHELD, b'{"b":2}', escrow)):
        key = seal_content_key(bytes([len(data)]) * 32, to, key_owner(builder.rescue_id, part), DEVICE.keyid)
        data += [sealed.ciphertext for sealed in builder.seal(part, [line], key)]
    key = seal_content_key(b"\x09" * 32, escrow, builder.next_attachment, DEVICE.keyid)
    data.append(builder.attach(PAPER, RECORD, key))
    sink = io.BytesIO()
    write_rescue(sink, builder.sign(DEVICE), data)
    return sink.getvalue()


def opened(data: bytes, key: OpeningKey) -> list[bytes]:
    """Everything that a key opens of a package, read to its end."""
    reader = RescueReader(io.BytesIO(data), KeySet.of(DEVICE.public))
    opener = RescueOpener(reader.signed.manifest, key)
    found: list[bytes] = []
    for name, entry, ciphertext in reader.data():
        if isinstance(entry, AttachmentEntry):
            if key is ESCROW:
                found.append(opener.attachment(entry, ciphertext))
        elif opener.may_open(Part(name.partition("/")[0])):
            found += opener.lines(Part(name.partition("/")[0]), entry, ciphertext)
    reader.finish()
    return found


def test_the_platform_opens_what_might_have_been_sent_and_its_escrow_everything() -> None:
    data = package()
    assert opened(data, PLATFORM) == [b'{"a":1}']
    assert opened(data, ESCROW) == [b'{"a":1}', b'{"b":2}', PAPER]
    assert opened(data, OpeningKey(KeyRole.RECIPIENT, bytes(range(5, 37)))) == []


def test_what_is_withheld_does_not_open_with_the_platforms_key() -> None:
    reader = RescueReader(io.BytesIO(package()), KeySet.of(DEVICE.public))
    opener = RescueOpener(reader.signed.manifest, PLATFORM)
    sealed = {name: (entry, data) for name, entry, data in reader.data()}
    entry, data = sealed["withheld/00000"]
    assert not isinstance(entry, AttachmentEntry)
    with pytest.raises(RemoteProtocolError, match=r"protocol\.not_a_recipient"):
        opener.lines(Part.WITHHELD, entry, data)
    with pytest.raises(RemoteProtocolError, match=r"protocol\.content_key|protocol\.part_seal"):
        opener.lines(Part.OPEN, entry, data)


def test_no_mutation_of_a_package_is_taken_for_something_else() -> None:
    data, random = package(), Random(7)  # noqa: S311 -- the same mutations each time
    for _ in range(300):
        place = random.randrange(len(data))
        kind = random.choice(("flip", "cut", "grow"))
        mutated = data[:place] + bytes([data[place] ^ (1 << random.randrange(8))]) + data[place + 1 :]
        if kind == "cut":
            mutated = data[:place]
        elif kind == "grow":
            mutated = data[:place] + b"\x00" + data[place:]
        with pytest.raises(RemoteProtocolError):
            opened(mutated, ESCROW)


def test_a_rescue_package_is_no_batch_and_another_desks_key_cannot_sign_it() -> None:
    with pytest.raises(RemoteProtocolError):
        BatchReader(io.BytesIO(package()), KeySet.of(DEVICE.public))
    stranger = SigningKey(KeyRole.DEVICE, bytes(range(9, 41)))
    builder = RescueBuilder(header())
    with pytest.raises(LocalProtocolError, match=r"protocol\.other_device"):
        builder.sign(stranger)


def test_an_empty_package_is_refused_before_it_is_signed() -> None:
    with pytest.raises(LocalProtocolError, match=r"protocol\.batch_empty"):
        RescueBuilder(header()).sign(DEVICE)
