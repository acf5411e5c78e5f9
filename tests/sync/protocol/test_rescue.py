"""Rescue packages: sealed section by section, opened by whom they are for, and refused as soon as a byte is another."""

from __future__ import annotations

import io
import json
import zipfile
from random import Random
from typing import Any

import msgspec
import pytest

from sync.protocol.batch import BatchReader
from sync.protocol.container import ContainerWriter
from sync.protocol.envelope import PayloadType, sign_envelope, split_envelope
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.manifest import VERSION, AttachmentEntry, AuditHead
from sync.protocol.parts import seal_content_key
from sync.protocol.rescue import (
    Part,
    RescueBuilder,
    RescueManifest,
    RescueOpener,
    RescueReader,
    decode_rescue,
    key_owner,
    write_rescue,
)
from sync.protocol.suites import JM1, SUITES, KeyRole, KeySet, OpeningKey, PublicKey, SigningKey, suite
from tests.sync.protocol import sample

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


def signed_anew(data: bytes, **members: object) -> bytes:
    """The package with a manifest that says something else, signed by the same key."""
    sink = io.BytesIO()
    writer = ContainerWriter(sink)
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        payload = sample.altered(split_envelope(source.read("rescue.dsse.json")).payload, **members)
        writer.add("rescue.dsse.json", sign_envelope(PayloadType.RESCUE_MANIFEST, payload, DEVICE))
        for name in source.namelist()[1:]:
            writer.add(name, source.read(name))
    writer.finish()
    return sink.getvalue()


def manifest_of(data: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        found: dict[str, Any] = json.loads(split_envelope(source.read("rescue.dsse.json")).payload)
    return found


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"v": 2}, "version"),
        ({"device": "0" * 32}, "other_device"),
        ({"open": {"records": 9}}, "sums"),
        ({"withheld": {"raw_bytes": 9}}, "sums"),
        ({"attachments": [{"n": 1}]}, "attachment"),
    ],
)
def test_a_manifest_that_breaks_a_rule_is_refused_by_name(members: dict[str, Any], code: str) -> None:
    data = package()
    held = manifest_of(data)
    for name, change in members.items():
        if isinstance(change, dict):
            members = {name: held[name] | change}
        elif isinstance(change, list):
            members = {name: [held[name][0] | change[0]]}
    with pytest.raises(RemoteProtocolError, match=rf"protocol\.{code}"):
        RescueReader(io.BytesIO(signed_anew(data, **members)), KeySet.of(DEVICE.public))


def test_a_package_is_of_the_suite_that_signed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUITES, "JM2", suite(JM1))
    later = KeySet.of(PublicKey(KeyRole.DEVICE, DEVICE.public.public, "JM2"))
    with pytest.raises(RemoteProtocolError, match="suite_mismatch"):
        RescueReader(io.BytesIO(package()), later)


@pytest.mark.parametrize("kept", ["open", "withheld", "attachments"])
def test_one_kind_of_content_is_enough(kept: str) -> None:
    held = manifest_of(package())
    for name in {"open", "withheld", "attachments"} - {kept}:
        del held[name]
    assert decode_rescue(json.dumps(held).encode()).device == DEVICE.keyid


def test_a_package_is_not_written_with_bytes_that_were_not_signed() -> None:
    reader = RescueReader(io.BytesIO(package()), KeySet.of(DEVICE.public))
    data = [ciphertext for _, _, ciphertext in reader.data()]
    for wrong in (data[:-1], [bytes(len(data[0])), *data[1:]]):
        with pytest.raises(LocalProtocolError, match="batch_incomplete"):
            write_rescue(io.BytesIO(), reader.signed, wrong)


def test_other_bytes_are_not_handed_on() -> None:
    sink = io.BytesIO()
    writer = ContainerWriter(sink)
    with zipfile.ZipFile(io.BytesIO(package())) as source:
        for name in source.namelist():
            data = source.read(name)
            writer.add(name, bytes(len(data)) if name.startswith("attachments/") else data)
    writer.finish()
    reader = RescueReader(io.BytesIO(sink.getvalue()), KeySet.of(DEVICE.public))
    with pytest.raises(RemoteProtocolError, match="part_digest"):
        reader.finish()


def test_a_section_that_is_not_there_has_no_lines() -> None:
    reader = RescueReader(io.BytesIO(package()), KeySet.of(DEVICE.public))
    _, entry, data = next(reader.data())
    assert not isinstance(entry, AttachmentEntry)
    without = msgspec.structs.replace(reader.signed.manifest, open=None)
    with pytest.raises(RemoteProtocolError, match="batch_empty"):
        RescueOpener(without, PLATFORM).lines(Part.OPEN, entry, data)


def test_a_line_that_is_no_strict_json_is_refused() -> None:
    builder = RescueBuilder(header())
    key = seal_content_key(bytes(32), [PLATFORM.public], key_owner(builder.rescue_id, Part.OPEN), DEVICE.keyid)
    (sealed,) = builder.seal(Part.OPEN, [b'{"a":1,"a":2}'], key)
    opener = RescueOpener(builder.sign(DEVICE).manifest, PLATFORM)
    with pytest.raises(RemoteProtocolError, match="json_duplicate_key"):
        opener.lines(Part.OPEN, sealed.entry, sealed.ciphertext)
