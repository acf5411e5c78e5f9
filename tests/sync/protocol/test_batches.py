"""Batches: one byte string on every path (I1), every line accounted for (I9), nothing personal outside (I13)."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.protocol.batch import (
    BatchBuilder,
    BatchOpener,
    BatchReader,
    SignedManifest,
    batch_size,
    open_manifest,
    write_batch,
)
from sync.protocol.envelope import PayloadType, sign_envelope
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.limits import Limits
from sync.protocol.manifest import NO_PREVIOUS, decode_manifest, encode
from sync.protocol.parts import Binding, Label, attachment_owner, seal_part
from sync.protocol.records import BadLine, Draft, Op, Operation
from sync.protocol.suites import KeySet
from tests.sync.protocol import sample

KEYS = [
    "v", "suite", "batch_id", "unit", "device", "operator", "epoch", "seq", "prev", "created", "clock", "schema",
    "server_epoch", "catalogue", "rules", "ack_cursor", "audit", "records", "raw_bytes", "enc", "parts",
]  # fmt: skip


def operations(file: bytes, **limits: int) -> list[Operation | BadLine]:
    reader = BatchReader(io.BytesIO(file), sample.KEYRING, Limits(**limits))
    opener = BatchOpener(reader.signed.manifest, sample.RECIPIENT)
    found = [line for part in reader.parts() for line in opener.operations(part.entry, part.ciphertext)]
    reader.finish()
    return found


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
plain = texts | st.integers(-(2**53), 2**53) | st.booleans()
values = plain | st.lists(plain, max_size=3) | st.dictionaries(texts, plain, max_size=3)
names = st.from_regex(r"[a-z][a-z_]{0,15}", fullmatch=True)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    if draw(st.booleans()) and draw(st.booleans()):
        return replace_draft(op=Op.TOMBSTONE, base_version=draw(st.integers(1, 9)), reason=draw(texts) or "重复")
    fields = draw(st.dictionaries(names, values, min_size=1, max_size=5))
    unset = sorted(draw(st.sets(names, max_size=3)) - fields.keys())
    seen = {name: draw(st.integers(0, 99)) for name in [*fields, *unset]}
    return replace_draft(set=fields, unset=unset, seen=seen, base_version=draw(st.integers(0, 99)))


def replace_draft(**changes: Any) -> Draft:
    empty: dict[str, Any] = {"set": {}, "seen": {}}
    return msgspec.structs.replace(sample.draft(1), **(empty | changes))


@given(st.lists(drafts(), min_size=1, max_size=12), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_what_a_desk_seals_is_what_the_platform_opens(lines: list[Draft], per_part: int) -> None:
    made = sample.batch(lines, records_per_part=per_part)
    found = operations(made.file)
    assert len(found) == len(lines)
    for index, (line, operation) in enumerate(zip(lines, found, strict=True)):
        assert isinstance(operation, Operation)
        assert operation.op_id == f"{sample.DEVICE.keyid}.1.1.{index}"
        assert {n: getattr(operation, n) for n in Draft.__struct_fields__} == msgspec.structs.asdict(line)


def test_the_manifest_has_these_keys_in_this_order() -> None:
    payload = json.loads(sample.batch().signed.payload)
    assert list(payload) == KEYS
    assert list(json.loads(sample.batch(attachments=[b"a"]).signed.payload)) == [*KEYS, "attachments"]
    assert list(payload["parts"][0]) == ["n", "records", "size", "raw_size", "sha256"]
    assert list(payload["enc"]["recipients"][0]) == ["kid", "alg", "wrapped"]


def test_a_record_line_has_these_keys_in_this_order() -> None:
    made = sample.batch(1)
    opened = BatchOpener(made.signed.manifest, sample.RECIPIENT).operations(
        made.parts[0].entry, made.parts[0].ciphertext
    )
    assert msgspec.json.encode(opened[0]) == (
        b'{"op_id":"%s.1.1.0","op":"upsert","rid":"%s","type":"R05","base_version":0,"set":{"address":"%s",'
        b'"population":0},"unset":[],"seen":{"address":0,"population":0},"at":"%s","by":"u-1","catalogue":"1.0.0",'
        b'"evidence":[],"consent":[]}'
        % (sample.DEVICE.keyid.encode(), sample.rid(0).encode(), "虚构村0号".encode(), sample.NOW.encode())
    )


def test_the_same_inputs_give_the_same_bytes() -> None:
    key = sample.content_key()
    first, second = sample.batch(5, key=key), sample.batch(5, key=key)
    assert first.file == second.file
    assert first.signed.digest == second.signed.digest


def test_the_container_holds_the_very_bytes_that_travel_over_https() -> None:
    made = sample.batch(5, records_per_part=2, attachments=[b"scan"])
    with zipfile.ZipFile(io.BytesIO(made.file)) as stock:
        assert stock.namelist() == [
            "manifest.dsse.json", "parts/00000", "parts/00001", "parts/00002", "attachments/00000"
        ]  # fmt: skip
        assert stock.read("manifest.dsse.json") == made.signed.envelope
        assert [stock.read(f"parts/{n:05d}") for n in range(3)] == [part.ciphertext for part in made.parts]
    again = open_manifest(made.signed.envelope, sample.KEYRING)
    assert (again.payload, again.digest, again.manifest) == (
        made.signed.payload,
        made.signed.digest,
        made.signed.manifest,
    )


def test_a_manifest_read_again_and_encoded_again_has_the_same_bytes() -> None:
    made = sample.batch(5, attachments=[b"scan"])
    assert encode(decode_manifest(made.signed.payload)) == made.signed.payload


def test_the_size_of_a_batch_is_known_before_it_is_written() -> None:
    made = sample.batch(5, records_per_part=2, attachments=[b"scan"])
    assert batch_size(made.signed.manifest, len(made.signed.envelope)) == len(made.file)


def test_a_batch_is_written_only_from_the_bytes_that_were_signed() -> None:
    made = sample.batch(3)
    for parts in ([], [b"other"], [made.parts[0].ciphertext] * 2):
        with pytest.raises(LocalProtocolError, match="batch_incomplete"):
            write_batch(io.BytesIO(), made.signed, parts)


def test_attachments_come_after_the_parts_and_open() -> None:
    made = sample.batch(3, attachments=[b"first scan", b"second scan"])
    reader = BatchReader(io.BytesIO(made.file), sample.KEYRING)
    opener = BatchOpener(reader.signed.manifest, sample.RECIPIENT)
    assert [opener.attachment(*item) for item in reader.attachments()] == [b"first scan", b"second scan"]
    reader.finish()
    assert reader.signed.manifest.attachments[1].record == sample.rid(0)


def test_finishing_early_still_checks_everything() -> None:
    made = sample.batch(3)
    broken = made.file.replace(made.parts[0].ciphertext[:20], bytes(20))
    reader = BatchReader(io.BytesIO(broken), sample.KEYRING)
    with pytest.raises(RemoteProtocolError, match="container_crc"):
        reader.finish()


def test_the_next_batch_names_the_one_before() -> None:
    first = sample.batch()
    second = sample.batch(header=sample.second_header(first.signed))
    assert second.signed.manifest.prev == first.signed.digest
    with pytest.raises(LocalProtocolError, match="chain_start"):
        sample.batch(header=replace(sample.HEADER, prev="a" * 64))
    with pytest.raises(LocalProtocolError, match="chain_start"):
        sample.batch(header=replace(sample.HEADER, seq=2, prev=NO_PREVIOUS))


def test_an_empty_batch_is_not_signed() -> None:
    with pytest.raises(LocalProtocolError, match="batch_empty"):
        sample.batch(0)
    assert sample.batch(0, attachments=[b"late scan"]).signed.manifest.records == 0


def test_a_builder_seals_once_and_signs_only_for_its_device() -> None:
    builder = BatchBuilder(sample.HEADER, sample.content_key())
    list(builder.seal([sample.draft(1)]))
    with pytest.raises(LocalProtocolError, match="batch_sealed"):
        list(builder.seal([]))
    with pytest.raises(LocalProtocolError, match="other_device"):
        builder.sign(sample.OTHER_DEVICE)


def test_an_attachment_key_belongs_to_the_place_it_was_made_for() -> None:
    builder = BatchBuilder(sample.HEADER, sample.content_key())
    assert builder.next_attachment == attachment_owner(sample.BATCH_ID, 0)
    builder.attach(b"a", sample.rid(0), sample.content_key(builder.next_attachment))
    assert builder.next_attachment == attachment_owner(sample.BATCH_ID, 1)


def test_a_manifest_signed_by_another_device_is_refused() -> None:
    made = sample.batch()
    forged = sign_envelope(PayloadType.BATCH_MANIFEST, made.signed.payload, sample.OTHER_DEVICE)
    with pytest.raises(RemoteProtocolError, match="key_unknown"):
        open_manifest(forged, sample.KEYRING)
    with pytest.raises(RemoteProtocolError, match="other_device"):
        open_manifest(forged, KeySet.of(sample.OTHER_DEVICE.public))


def resigned(**members: object) -> bytes:
    payload = sample.altered(sample.batch(2, attachments=[b"a"]).signed.payload, **members)
    return sign_envelope(PayloadType.BATCH_MANIFEST, payload, sample.DEVICE)


PART = {"n": 0, "records": 2, "size": 10, "raw_size": 5, "sha256": "0" * 64}
RECIPIENT = {"kid": "0" * 32, "alg": "HPKE-X25519-HKDFSHA256-A256GCM", "wrapped": ""}
ENC = {"alg": "A256GCM", "recipients": [RECIPIENT]}
ATTACHED = {"n": 0, "record": sample.rid(1), "size": 17, "raw_size": 1, "sha256": "0" * 64, "enc": ENC}


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"v": 2}, "version"),
        ({"suite": "JM-SM1"}, "suite_unknown"),
        ({"epoch": 0}, "schema"),
        ({"seq": -1}, "schema"),
        ({"seq": 2**53}, "schema"),
        ({"seq": 1.5}, "schema"),
        ({"seq": 7}, "chain_start"),
        ({"prev": "0" * 63}, "schema"),
        ({"batch_id": "../../x"}, "schema"),
        ({"batch_id": sample.BATCH_ID + "\n"}, "schema"),
        ({"device": "0" * 32}, "other_device"),
        ({"operator": "张三"}, "schema"),
        ({"unit": "某某村委会"}, "schema"),
        ({"created": "2026-11-01 02:03:04"}, "schema"),
        ({"records": 3}, "sums"),
        ({"raw_bytes": 1}, "sums"),
        ({"parts": [], "records": 0, "raw_bytes": 0, "attachments": []}, "batch_empty"),
        ({"parts": [PART | {"n": 1}]}, "part_numbers"),
        ({"parts": [PART, PART]}, "part_numbers"),
        ({"parts": [PART | {"records": 0}]}, "part_records"),
        ({"parts": [PART | {"records": 1_001}]}, "part_records"),
        ({"parts": [PART | {"size": 4 * 1024 * 1024 + 1}]}, "part_size"),
        ({"parts": [PART | {"raw_size": 16 * 1024 * 1024 + 1}]}, "part_raw_size"),
        ({"parts": [PART] * 10_001}, "parts_limit"),
        ({"enc": ENC | {"alg": "A128GCM"}}, "algorithm"),
        ({"enc": ENC | {"recipients": [RECIPIENT | {"alg": "RSA"}]}}, "algorithm"),
        ({"enc": ENC | {"recipients": []}}, "recipients"),
        ({"enc": ENC | {"recipients": [RECIPIENT] * 2}}, "recipients"),
        ({"attachments": [ATTACHED | {"n": 1}]}, "attachment_numbers"),
        ({"attachments": [ATTACHED | {"size": 16 * 1024 * 1024 + 1}]}, "attachment_size"),
        ({"attachments": [ATTACHED | {"enc": ENC | {"recipients": []}}]}, "recipients"),
        ({"attachments": [ATTACHED] * 1_001}, "attachments_limit"),
        ({"audit": None}, "schema"),
    ],
)
def test_a_signed_manifest_that_breaks_a_rule_is_refused_by_name(members: dict[str, object], code: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        open_manifest(resigned(**members), sample.KEYRING)
    assert caught.value.code == f"protocol.{code}"


def test_unknown_members_of_a_manifest_are_kept_in_its_bytes() -> None:
    opened = open_manifest(resigned(x_city="江门"), sample.KEYRING)
    assert json.loads(opened.payload)["x_city"] == "江门"
    assert opened.manifest.batch_id == sample.BATCH_ID


def hostile(*lines: bytes) -> list[Operation | BadLine]:
    """What the platform makes of lines that our own writer would refuse to write."""
    key = sample.content_key()
    raw = b"".join(line + b"\n" for line in lines)
    part = seal_part(raw, len(lines), 0, Binding(Label.BATCH, sample.BATCH_ID, sample.DEVICE.keyid), key)
    base = sample.batch(1, key=key).signed
    manifest = msgspec.structs.replace(
        base.manifest, parts=(part.entry,), records=len(lines), raw_bytes=len(raw), enc=key.encryption
    )
    return BatchOpener(manifest, sample.RECIPIENT).operations(part.entry, part.ciphertext)


def line(index: int = 0, **members: object) -> bytes:
    good = json.loads(msgspec.json.encode(sample.draft(1)))
    return json.dumps({"op_id": f"{sample.DEVICE.keyid}.1.1.{index}"} | good | members, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("bad", "code", "path"),
    [
        (b"", "json_syntax", "$"),
        (b"\xff", "json_utf8", "$"),
        (b"[1]", "schema", "$"),
        (line(op_id="someone.1.1.0"), "op_id", "$.op_id"),
        (line(op_id=f"{sample.DEVICE.keyid}.1.1.9"), "op_id", "$.op_id"),
        (line(op="drop"), "schema", "$.op"),
        (line(base_version=-1), "schema", "$.base_version"),
        (line(set={"a": None}, seen={"a": 0}), "schema", "$.set[...]"),
        (line(set={"a": 1.5}, seen={"a": 0}), "schema", "$.set[...]"),
        (line(set={"a": [1.5]}, seen={"a": 0}), "op_value", "$.set.a"),
        (line(set={"a": {"b": None}}, seen={"a": 0}), "op_value", "$.set.a"),
        (line(seen={}), "op_seen", "$.seen"),
        (line(seen={"address": 0, "population": 0, "more": 0}), "op_seen", "$.seen"),
        (line(unset=["address"]), "op_twice", "$.unset"),
        (line(unset=["x", "x"]), "op_twice", "$.unset"),
        (line(set={}, seen={}), "op_empty", "$.set"),
        (line(reason="why"), "op_reason", "$.reason"),
        (line(op="tombstone", reason="why"), "op_tombstone", "$"),
        (line(op="tombstone", set={}, seen={}, reason="why"), "op_tombstone", "$"),
        (line(op="tombstone", set={}, seen={}, base_version=1), "op_reason", "$.reason"),
        (line(rid="1"), "op_form", "$.rid"),
        (line(type="R05;drop"), "op_form", "$.type"),
        (line(at="yesterday"), "op_form", "$.at"),
        (line(by="张三"), "op_form", "$.by"),
        (line(catalogue="a b"), "op_form", "$.catalogue"),
        (line(evidence=["x"]), "op_form", "$.evidence"),
        (line(consent=[""]), "op_form", "$.consent"),
        (line(rid=sample.rid(1) + " R05", type=""), "op_form", "$.rid"),
        (line()[:-1] + b',"rid":"%s"}' % sample.rid(2).encode(), "json_duplicate_key", "$"),
        (line().replace(b'"address": "', b'"address":"x","address": "'), "json_duplicate_key", "$"),
        (line(set={"a": json.loads("[" * 40 + "]" * 40)}, seen={"a": 0}), "json_depth", "$"),
        (line(set={"a": "x" * 1_048_577}, seen={"a": 0}), "line_size", "$"),
    ],
)
def test_a_bad_line_is_set_aside_by_name_and_its_neighbours_stand(bad: bytes, code: str, path: str) -> None:
    found = hostile(bad, line(1))
    assert found[0] == BadLine(f"{sample.DEVICE.keyid}.1.1.0", code, path)
    assert isinstance(found[1], Operation)


def test_an_operation_may_bring_nothing_but_evidence() -> None:
    (found,) = hostile(line(set={}, seen={}, evidence=["ab" * 32]))
    assert isinstance(found, Operation)
    assert (found.set, found.evidence) == ({}, ["ab" * 32])


def test_lines_in_another_spelling_mean_the_same() -> None:
    spaced = line(x_unknown=[{"deep": 1}])
    compact = line()
    assert hostile(spaced)[0] == hostile(compact)[0]
    assert isinstance(hostile(compact)[0], Operation)


@pytest.mark.parametrize("raw", [b"{}", b"{}\n{}\n", b"\n", b"{}\n\n"])
def test_a_part_has_as_many_lines_as_its_manifest_says(raw: bytes) -> None:
    key = sample.content_key()
    part = seal_part(raw, 1, 0, Binding(Label.BATCH, sample.BATCH_ID, sample.DEVICE.keyid), key)
    base = sample.batch(1, key=key).signed.manifest
    manifest = msgspec.structs.replace(base, parts=(part.entry,), enc=key.encryption)
    opener = BatchOpener(manifest, sample.RECIPIENT)
    if raw == b"\n":
        assert isinstance(opener.operations(part.entry, part.ciphertext)[0], BadLine)
        return
    with pytest.raises(RemoteProtocolError, match="part_lines"):
        opener.operations(part.entry, part.ciphertext)


def test_the_names_of_a_part_that_does_not_open_are_known_all_the_same() -> None:
    made = sample.batch(5, records_per_part=2)
    opener = BatchOpener(made.signed.manifest, sample.RECIPIENT)
    names = [name for part in made.signed.manifest.parts for name in opener.op_ids(part)]
    assert names == [f"{sample.DEVICE.keyid}.1.1.{n}" for n in range(5)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"set": {"a": 1}}, "op_seen"),
        ({"rid": "x"}, "op_form"),
        ({"set": {"a": 1.5}, "seen": {"a": 0}}, "op_value"),
        ({"set": {"a": None}, "seen": {"a": 0}}, "op_value"),
    ],
)
def test_our_own_writer_does_not_write_what_the_platform_would_refuse(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(LocalProtocolError, match=f"protocol.{code}$"):
        sample.batch([replace_draft(**changes)])


def test_nothing_personal_is_outside_of_the_sealed_parts() -> None:
    telling = "李样例"
    made = sample.batch([sample.draft(0, head_name=telling, phone="13800000000")])
    assert telling.encode() not in made.file
    assert b"13800000000" not in made.file
    assert telling not in made.signed.payload.decode()
    with pytest.raises(LocalProtocolError) as caught:
        sample.batch(header=replace(sample.HEADER, operator=telling))
    assert telling not in f"{caught.value} {caught.value.params}"


def test_a_refusal_never_repeats_a_value() -> None:
    telling = "李样例"
    bad = hostile(line(set={"head_name": [telling, 1.5]}, seen={"head_name": 0}), line(1, at=telling))
    assert telling not in repr(bad)


def test_a_signed_manifest_hides_its_bulk() -> None:
    signed: SignedManifest = sample.batch().signed
    assert "payload" not in repr(signed).split("Manifest(", 2)[1]
