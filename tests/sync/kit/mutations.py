"""Golden batches, each spoiled in one way, under the code by which every reader must refuse it.

What lies behind the signature is spoiled and then signed anew with the golden device's key, so that the fault
under test is the only one.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sync.protocol.container import ContainerWriter
from sync.protocol.envelope import PayloadType, sign_envelope
from sync.protocol.limits import LIMITS
from sync.protocol.parts import Binding, Label, part_aad
from sync.protocol.suites import JM1, SigningKey, pre_authentication, suite
from tests.golden import make_golden

_FOLDER: Final = Path(__file__).parents[2] / "golden" / "jm1"
GOOD: Final = (_FOLDER / "batch.jmb").read_bytes()
_MANIFEST: Final = "manifest.dsse.json"
_KEY: Final = make_golden.secret("content key")

Json = dict[str, Any]
Change = Callable[[Json], object]


def _entries() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as stock:
        return {name: stock.read(name) for name in stock.namelist()}


ENTRIES: Final = _entries()
ENVELOPE: Final = ENTRIES[_MANIFEST]
PAYLOAD: Final = base64.b64decode(json.loads(ENVELOPE)["payload"])
# Offsets in the golden file: the second entry, the directory, the record at the end.
SECOND: Final = 30 + len(_MANIFEST) + len(ENVELOPE)
END: Final = len(GOOD) - 22
DIRECTORY: Final = struct.unpack_from("<I", GOOD, END + 16)[0]


def packed(entries: dict[str, bytes]) -> bytes:
    """A container with these entries in this order."""
    out = io.BytesIO()
    writer = ContainerWriter(out)
    for name, data in entries.items():
        writer.add(name, data)
    writer.finish()
    return out.getvalue()


def with_envelope(envelope: bytes) -> bytes:
    """The golden batch under another manifest envelope."""
    return packed({**ENTRIES, _MANIFEST: envelope})


def with_payload(payload: bytes, key: SigningKey = make_golden.DEVICE) -> bytes:
    """The golden batch under another payload, signed anew."""
    return with_envelope(sign_envelope(PayloadType.BATCH_MANIFEST, payload, key))


def with_manifest(change: Change, entries: dict[str, bytes] | None = None) -> bytes:
    """The golden batch under a changed manifest, signed anew."""
    manifest = json.loads(PAYLOAD)
    change(manifest)
    payload = json.dumps(manifest, separators=(",", ":")).encode()
    envelope = sign_envelope(PayloadType.BATCH_MANIFEST, payload, make_golden.DEVICE)
    return packed({**(entries or ENTRIES), _MANIFEST: envelope})


def with_member(member: bytes, *, raw_size: int, records: int = 1) -> bytes:
    """A batch of one part that holds these bytes in the place of its gzip member."""
    binding = Binding(Label.BATCH, make_golden.BATCH_ID, make_golden.DEVICE.keyid)
    sealed = suite(JM1).seal(_KEY, bytes(12), member, part_aad(binding, 0, records, raw_size))
    digest = hashlib.sha256(sealed).hexdigest()
    part = {"n": 0, "records": records, "size": len(sealed), "raw_size": raw_size, "sha256": digest}
    change = {"parts": [part], "attachments": [], "records": records, "raw_bytes": raw_size}
    return with_manifest(lambda manifest: manifest.update(change), {_MANIFEST: b"", "parts/00000": sealed})


def with_raw(raw: bytes, records: int) -> bytes:
    """A batch of one part with these raw bytes."""
    return with_member(gzip.compress(raw, mtime=0), raw_size=len(raw), records=records)


OPERATION: Final[Json] = {
    "op_id": f"{make_golden.DEVICE.keyid}.1.1.1",
    "op": "upsert",
    "rid": make_golden.rid(7),
    "type": "R07",
    "base_version": 0,
    "set": {"year": 2025},
    "unset": [],
    "seen": {"year": 0},
    "at": make_golden.MOMENT,
    "by": "u-01",
    "catalogue": "1.0.0",
    "evidence": [],
    "consent": [],
}


def line(**members: Any) -> bytes:
    """One operation line."""
    return json.dumps(OPERATION | members, separators=(",", ":")).encode()


def among_neighbours(spoiled: bytes) -> bytes:
    """A batch of three lines, the middle one as given: the other two must be counted all the same."""
    first, third = (line(op_id=f"{make_golden.DEVICE.keyid}.1.1.{index}") for index in (0, 2))
    return with_raw(b"\n".join((first, spoiled, third, b"")), 3)


def patched(offset: int, form: str, *values: int) -> bytes:
    """The golden file with some bytes overwritten."""
    data = bytearray(GOOD)
    struct.pack_into("<" + form, data, offset, *values)
    return bytes(data)


def _other_envelope(**members: Any) -> bytes:
    return with_envelope(json.dumps(json.loads(ENVELOPE) | members).encode())


def _signature(**members: str) -> bytes:
    return _other_envelope(signatures=[json.loads(ENVELOPE)["signatures"][0] | members])


def _small_objects() -> bytes:
    head, item = b'{"payload":[{}', b',{"":0}'
    return with_envelope(head + item * ((LIMITS.envelope_bytes - len(head) - 2) // len(item)) + b"]}")


def _unsigned(payload: bytes) -> bytes:
    return _other_envelope(payload=base64.b64encode(payload).decode())


def _twisted(data: bytes, at: int = 40) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _under_other_type() -> bytes:
    """A payload that the right key signed as another kind of message."""
    kind = PayloadType.SESSION.value
    signed = suite(JM1).sign(make_golden.DEVICE.private, pre_authentication(kind, PAYLOAD))
    return _signature(sig=base64.b64encode(signed).decode())


def _resealed(part: int) -> bytes:
    """One ciphertext twisted, its digest and the signature made to fit."""
    name = f"parts/{part:05d}"
    data = _twisted(ENTRIES[name])
    digest = hashlib.sha256(data).hexdigest()
    return with_manifest(lambda m: m["parts"][part].update(sha256=digest), {**ENTRIES, name: data})


def _swapped() -> bytes:
    """Two parts in each other's place, everything that is not sealed made to fit."""
    entries = {**ENTRIES, "parts/00000": ENTRIES["parts/00001"], "parts/00001": ENTRIES["parts/00000"]}

    def swap(manifest: Json) -> None:
        parts = manifest["parts"]
        parts[0], parts[1] = parts[1] | {"n": 0}, parts[0] | {"n": 1}

    return with_manifest(swap, entries)


def _other_attachment() -> bytes:
    data = _twisted(ENTRIES["attachments/00000"])
    digest = hashlib.sha256(data).hexdigest()
    return with_manifest(lambda m: m["attachments"][0].update(sha256=digest), {**ENTRIES, "attachments/00000": data})


def _rewrapped(wrapped: str) -> bytes:
    return with_manifest(lambda m: m["enc"]["recipients"][0].update(wrapped=wrapped))


def _deflated(raw: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(raw) + squeeze.flush()


_RAW: Final = line(op_id=f"{make_golden.DEVICE.keyid}.1.1.0") + b"\n"
_MEMBER: Final = gzip.compress(_RAW, mtime=0)
_BOMB: Final = bytes.fromhex("1f8b08000000000000ff") + _deflated(bytes(64 * 1024 * 1024)) + bytes(8)

CONTAINER: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "another_magic": ("container_not_zip", lambda: b"MZ" + GOOD),
    "empty": ("container_truncated", lambda: b""),
    "cut_in_a_part": ("container_truncated", lambda: GOOD[: SECOND + 1_000]),
    "cut_by_a_byte": ("container_truncated", lambda: GOOD[:-1]),
    "needs_2_0": ("container_version", lambda: patched(4, "H", 20)),
    "encrypted": ("container_encrypted", lambda: patched(6, "H", 1)),
    "data_descriptor": ("container_descriptor", lambda: patched(6, "H", 8)),
    "utf8_flag": ("container_flags", lambda: patched(6, "H", 0x0800)),
    "deflated": ("container_compressed", lambda: patched(8, "H", 8)),
    "with_a_time": ("container_time", lambda: patched(10, "HH", 1, 0x21)),
    "extra_field": ("container_extra", lambda: patched(28, "H", 4)),
    "zip64_sizes": ("container_zip64", lambda: patched(18, "II", 0xFFFFFFFF, 0xFFFFFFFF)),
    "zip64_end": ("container_zip64", lambda: GOOD[:END] + b"PK\x06\x06" + GOOD[END:]),
    "two_sizes": ("container_size_mismatch", lambda: patched(18, "I", 7)),
    "other_name": ("container_name", lambda: GOOD.replace(b"parts/00001", b"parts/00007", 1)),
    "name_of_the_first": ("container_duplicate", lambda: GOOD.replace(b"parts/00001", b"parts/00000", 1)),
    "path_outside": ("container_name", lambda: GOOD.replace(b"parts/00001", b"../../passw", 1)),
    "huge_manifest": ("container_entry_limit", lambda: patched(18, "II", 0xFFFFFFF0, 0xFFFFFFF0)),
    "shorter_part": ("container_entry_size", lambda: patched(SECOND + 18, "II", 9, 9)),
    "part_bit_flipped": ("container_crc", lambda: _twisted(GOOD, SECOND + 500)),
    "part_left_out": ("container_missing", lambda: packed({k: v for k, v in ENTRIES.items() if k[0] in "mp"})),
    "part_too_many": ("container_unlisted", lambda: packed({**ENTRIES, "parts/00003": b"more"})),
    "junk_between": ("container_garbage", lambda: GOOD[:SECOND] + b"junk" + GOOD[SECOND:]),
    "directory_twice": ("container_directory", lambda: GOOD[:END] + GOOD[DIRECTORY:]),
    "directory_other_size": ("container_directory_size", lambda: patched(DIRECTORY + 20, "II", 3, 3)),
    "directory_overlap": ("container_overlap", lambda: patched(DIRECTORY + 46 + len(_MANIFEST) + 42, "I", 0)),
    "made_by_unix": ("container_made_by", lambda: patched(DIRECTORY + 4, "H", 0x0314)),
    "unix_mode": ("container_attributes", lambda: patched(DIRECTORY + 38, "I", 0o644 << 16)),
    "comment": ("container_comment", lambda: patched(END + 20, "H", 3) + b"hey"),
    "end_counts_otherwise": ("container_end", lambda: patched(END + 8, "HH", 2, 2)),
    "byte_behind": ("container_trailing", lambda: GOOD + b"\0"),
}

ENVELOPES: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "zero_signature": ("signature", lambda: _signature(sig=base64.b64encode(bytes(64)).decode())),
    "short_signature": ("signature", lambda: _signature(sig=base64.b64encode(bytes(63)).decode())),
    "other_payload": ("signature", lambda: _unsigned(PAYLOAD.replace(b'"seq":1', b'"seq":2'))),
    # The signature comes first: what is not even JSON must not be noticed as such (I3).
    "unsigned_payload_is_no_json": ("signature", lambda: _unsigned(b"{" * 100)),
    "signed_as_another_kind": ("signature", _under_other_type),
    "other_kind": ("payload_type", lambda: _other_envelope(payloadType=PayloadType.CUSTODY_RECEIPT.value)),
    "keyid_in_capitals": ("keyid", lambda: _signature(keyid=make_golden.DEVICE.keyid.upper())),
    "stranger": ("key_unknown", lambda: _signature(keyid="0" * 32)),
    "platform_as_device": ("key_unknown", lambda: _signature(keyid=make_golden.PLATFORM_SIGNING.keyid)),
    "two_signatures": (
        "envelope_signatures",
        lambda: _other_envelope(signatures=json.loads(ENVELOPE)["signatures"] * 2),
    ),
    "no_signature": ("envelope_signatures", lambda: _other_envelope(signatures=[])),
    "unknown_member": ("schema", lambda: _other_envelope(extra=1)),
    "member_twice": ("json_duplicate_key", lambda: with_envelope(b'{"payload":"",' + ENVELOPE[1:])),
    "escaped_member_twice": ("json_duplicate_key", lambda: with_envelope(b'{"p\\u0061yload":"",' + ENVELOPE[1:])),
    "byte_order_mark": ("json_syntax", lambda: with_envelope(b"\xef\xbb\xbf" + ENVELOPE)),
    "two_values": ("json_syntax", lambda: with_envelope(ENVELOPE + b"{}")),
    "trailing_comma": ("json_syntax", lambda: with_envelope(ENVELOPE[:-1] + b",}")),
    "no_utf8": ("json_utf8", lambda: with_envelope(ENVELOPE.replace(b'"keyid"', b'"key\xff"'))),
    "not_a_number": ("json_number", lambda: with_envelope(b'{"extra":NaN,' + ENVELOPE[1:])),
    "minus_infinity": ("json_number", lambda: with_envelope(b'{"extra":-Infinity,' + ENVELOPE[1:])),
    "nested_33_deep": ("json_depth", lambda: with_envelope(b"[" * 33 + b"]" * 33)),
    # What costs a reader most memory for its bytes, before anything is authenticated (I10).
    "small_objects_up_to_the_limit": ("schema", _small_objects),
    "base64_without_padding": ("base64", lambda: _signature(sig=base64.b64encode(bytes(64)).decode().rstrip("="))),
    "base64_spare_bits": ("base64", lambda: _signature(sig="A" * 85 + "B==")),
    "base64_line_break": ("base64", lambda: _signature(sig="AAAA\nAAAA")),
}

MANIFESTS: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "payload_member_twice": ("json_duplicate_key", lambda: with_payload(b'{"v":1,' + PAYLOAD[1:])),
    "payload_followed_by_more": ("json_syntax", lambda: with_payload(PAYLOAD + b" x")),
    "version_2": ("version", lambda: with_manifest(lambda m: m.update(v=2))),
    "suite_of_tomorrow": ("suite_unknown", lambda: with_manifest(lambda m: m.update(suite="JM9"))),
    "epoch_0": ("schema", lambda: with_manifest(lambda m: m.update(epoch=0))),
    "epoch_true": ("schema", lambda: with_manifest(lambda m: m.update(epoch=True))),
    "epoch_1.0": ("schema", lambda: with_manifest(lambda m: m.update(epoch=1.0))),
    "seq_past_2_to_53": ("schema", lambda: with_manifest(lambda m: m.update(seq=2**53))),
    "unit_null": ("schema", lambda: with_manifest(lambda m: m.update(unit=None))),
    "no_clock": ("schema", lambda: with_manifest(lambda m: m.pop("clock"))),
    "a_name_as_operator": ("schema", lambda: with_manifest(lambda m: m.update(operator="张三"))),
    "other_device": ("other_device", lambda: with_manifest(lambda m: m.update(device="0" * 32))),
    "seq_2_without_prev": ("chain_start", lambda: with_manifest(lambda m: m.update(seq=2))),
    "seq_1_with_prev": ("chain_start", lambda: with_manifest(lambda m: m.update(prev="1" * 64))),
    "empty_batch": ("batch_empty", lambda: with_manifest(lambda m: m.update(parts=[], attachments=[]))),
    "one_record_more": ("sums", lambda: with_manifest(lambda m: m.update(records=m["records"] + 1))),
    "one_byte_more": ("sums", lambda: with_manifest(lambda m: m.update(raw_bytes=m["raw_bytes"] + 1))),
    "parts_out_of_order": ("part_numbers", lambda: with_manifest(lambda m: m["parts"].reverse())),
    "part_without_records": ("part_records", lambda: with_manifest(lambda m: m["parts"][0].update(records=0))),
    "part_of_1001": ("part_records", lambda: with_manifest(lambda m: m["parts"][0].update(records=1001))),
    "part_over_4_mib": ("part_size", lambda: with_manifest(lambda m: m["parts"][0].update(size=2**22 + 1))),
    "part_over_16_mib_raw": (
        "part_raw_size",
        lambda: with_manifest(lambda m: m["parts"][0].update(raw_size=2**24 + 1)),
    ),
    "attachment_number": ("attachment_numbers", lambda: with_manifest(lambda m: m["attachments"][0].update(n=1))),
    "attachment_over_16_mib": (
        "attachment_size",
        lambda: with_manifest(lambda m: m["attachments"][0].update(size=2**24 + 1)),
    ),
    "other_cipher": ("algorithm", lambda: with_manifest(lambda m: m["enc"].update(alg="SM4GCM"))),
    "nobody_can_open": ("recipients", lambda: with_manifest(lambda m: m["enc"].update(recipients=[]))),
    "recipient_twice": (
        "recipients",
        lambda: with_manifest(lambda m: m["enc"]["recipients"].append(m["enc"]["recipients"][0])),
    ),
    "for_somebody_else": (
        "not_a_recipient",
        lambda: with_manifest(
            lambda m: [r.update(kid=f"{n:032x}") for n, r in enumerate(m["enc"]["recipients"])],
        ),
    ),
    "content_key_spoiled": ("content_key", lambda: _rewrapped(base64.b64encode(bytes([9]) + bytes(79)).decode())),
    "content_key_small_order": ("content_key", lambda: _rewrapped(base64.b64encode(bytes(80)).decode())),
    "content_key_too_short": ("content_key", lambda: _rewrapped("AAAA")),
    "content_key_no_base64": ("base64", lambda: _rewrapped("A")),
    "moved_to_another_batch_id": (
        "content_key",
        lambda: with_manifest(lambda m: m.update(batch_id=make_golden.PAGE_ID)),
    ),
}

PARTS: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "part_twisted": ("part_digest", lambda: packed({**ENTRIES, "parts/00001": _twisted(ENTRIES["parts/00001"])})),
    "part_twisted_and_signed": ("part_seal", lambda: _resealed(1)),
    "parts_swapped": ("part_seal", _swapped),
    "gzip_with_a_name": ("gzip_header", lambda: with_member(_MEMBER[:3] + b"\x08" + _MEMBER[4:], raw_size=len(_RAW))),
    "gzip_with_a_time": ("gzip_header", lambda: with_member(gzip.compress(_RAW, mtime=9), raw_size=len(_RAW))),
    "two_members": ("gzip_members", lambda: with_member(_MEMBER + gzip.compress(b"", mtime=0), raw_size=len(_RAW))),
    "more_than_promised": ("gzip_size", lambda: with_member(_MEMBER, raw_size=len(_RAW) - 1)),
    "less_than_promised": ("gzip_size", lambda: with_member(_MEMBER, raw_size=len(_RAW) + 1)),
    "bomb": ("gzip_size", lambda: with_member(_BOMB, raw_size=1_000)),
    "no_deflate": ("gzip_deflate", lambda: with_member(_MEMBER[:10] + b"\xff" * 40, raw_size=len(_RAW))),
    "other_crc": ("gzip_check", lambda: with_member(_twisted(_MEMBER, len(_MEMBER) - 6), raw_size=len(_RAW))),
    "other_length": ("gzip_check", lambda: with_member(_twisted(_MEMBER, len(_MEMBER) - 3), raw_size=len(_RAW))),
    "last_line_without_end": ("part_lines", lambda: with_raw(_RAW[:-1], 1)),
    "a_line_more": ("part_lines", lambda: with_raw(_RAW * 2, 1)),
}

LINES: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "empty_line": ("json_syntax", lambda: b""),
    "line_member_twice": ("json_duplicate_key", lambda: b'{"rid":"x",' + line()[1:]),
    "line_too_deep": ("json_depth", lambda: line(set={"year": json.loads("[" * 31 + "]" * 31)})),
    "line_over_1_mib": ("line_size", lambda: line(by="x" * 2**20)),
    "lone_surrogate": ("json_syntax", lambda: line(set={"year": "\ud800"})),
    "unknown_op": ("schema", lambda: line(op="delete")),
    "no_rid": ("schema", lambda: json.dumps({k: v for k, v in OPERATION.items() if k != "rid"}).encode()),
    "null_value": ("schema", lambda: line(set={"year": None})),
    "fraction": ("schema", lambda: line(set={"year": 1.5})),
    "nested_null": ("op_value", lambda: line(set={"year": ["a", None]})),
    "nested_fraction": ("op_value", lambda: line(set={"year": {"x": 1.5}})),
    "index_of_another": ("op_id", lambda: line(op_id=OPERATION["op_id"][:-1] + "2")),
    "rid_in_capitals": ("op_form", lambda: line(rid=OPERATION["rid"].upper().replace("0", "A"))),
    "local_time": ("op_form", lambda: line(at="2026-11-01T02:03:04+08:00")),
    "evidence_no_digest": ("op_form", lambda: line(evidence=["scan.pdf"])),
    "consent_empty": ("op_form", lambda: line(consent=[""])),
    "seen_too_little": ("op_seen", lambda: line(seen={})),
    "seen_too_much": ("op_seen", lambda: line(seen={"year": 0, "phone": 1})),
    "set_and_unset": ("op_twice", lambda: line(unset=["year"])),
    "changes_nothing": ("op_empty", lambda: line(set={}, seen={})),
    "upsert_with_reason": ("op_reason", lambda: line(reason="x")),
    "tombstone_with_values": ("op_tombstone", lambda: line(op="tombstone", base_version=1, reason="x")),
    "tombstone_of_nothing": ("op_tombstone", lambda: line(op="tombstone", set={}, seen={}, reason="x")),
    "tombstone_without_reason": ("op_reason", lambda: line(op="tombstone", base_version=1, set={}, seen={})),
}

ATTACHMENTS: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "attachment_twisted": (
        "part_digest",
        lambda: packed({**ENTRIES, "attachments/00000": _twisted(ENTRIES["attachments/00000"])}),
    ),
    "attachment_twisted_and_signed": ("part_seal", _other_attachment),
}


def _in_a_batch(spoil: Callable[[], bytes]) -> Callable[[], bytes]:
    return lambda: among_neighbours(spoil())


FILES: Final = {
    **CONTAINER,
    **ENVELOPES,
    **MANIFESTS,
    **PARTS,
    **{name: (code, _in_a_batch(spoil)) for name, (code, spoil) in LINES.items()},
    **ATTACHMENTS,
}
"""Name → (code, how to make the file)."""
