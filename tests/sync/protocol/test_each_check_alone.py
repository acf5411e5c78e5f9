"""Checks that another check usually hides: each is shown here where it alone stands between an input and a mistake."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Callable

import msgspec
import pytest

from sync.protocol.batch import BatchReader, open_manifest, write_batch
from sync.protocol.changes import PageBuilder
from sync.protocol.codes import EnrolmentCode
from sync.protocol.container import ContainerWriter
from sync.protocol.enrolment import open_grant, open_request, sign_grant
from sync.protocol.envelope import PayloadType, open_envelope, sign_envelope, split_envelope
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.gzip_member import HEADER, decompress
from sync.protocol.inspect import inspect_file
from sync.protocol.key_file import read_key_file
from sync.protocol.limits import LIMITS
from sync.protocol.manifest import Encryption, Recipient, ReplyPart, decode_change_page, decode_reply_index
from sync.protocol.packages import open_package, sign_package
from sync.protocol.parts import (
    Binding,
    Label,
    _info,
    attachment_aad,
    attachment_owner,
    check_part,
    open_attachment,
    open_content_key,
    open_part,
    seal_attachment,
    seal_part,
)
from sync.protocol.provision import open_provision, sign_provision
from sync.protocol.receipts import ProcessingBuilder, VerdictOpener, open_custody, read_processing
from sync.protocol.records import BadLine, Operation, encode_draft, read_operations
from sync.protocol.replies import check_reply_entry
from sync.protocol.session import answer_challenge, check_answer
from sync.protocol.strict_json import read_json
from sync.protocol.suites import JM1, SUITES, KeyRole, KeySet, PublicKey, SigningKey, suite
from tests.sync.protocol import sample
from tests.sync.protocol import test_receipts_and_changes as back
from tests.sync.protocol import test_rescue as rescues
from tests.sync.protocol import test_trust_and_enrolment as joining

BINDING = Binding(Label.BATCH, sample.BATCH_ID, sample.DEVICE.keyid)
PAPER = b"\x89PNG an invented photo"


def rewritten(file: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A container with the content of entries changed, its sums and directory in order again."""
    sink = io.BytesIO()
    writer = ContainerWriter(sink)
    with zipfile.ZipFile(io.BytesIO(file)) as source:
        for name in source.namelist():
            writer.add(name, change(name, source.read(name)))
    writer.finish()
    return sink.getvalue()


def flipped(prefix: str) -> Callable[[str, bytes], bytes]:
    """Changes the last byte of each entry whose name begins so."""
    return lambda name, data: data[:-1] + bytes([data[-1] ^ 1]) if name.startswith(prefix) else data


def signed_anew(envelope: bytes, kind: PayloadType, key: SigningKey = sample.PLATFORM, **members: object) -> bytes:
    """An envelope whose payload says something else, under a good signature."""
    return sign_envelope(kind, sample.altered(split_envelope(envelope).payload, **members), key)


def problems(file: bytes, **keys: str) -> tuple[str, ...]:
    return inspect_file(io.BytesIO(file), json.dumps(keys).encode() if keys else None).problems


CHANGES = (back.change(11), back.change(12))
WITH_PAPER = sample.batch(2, attachments=[PAPER])


# -- what a writer is given, what a reader is given --------------------------------------------------------------------


def test_a_batch_is_not_written_with_an_attachment_that_was_not_signed() -> None:
    with pytest.raises(LocalProtocolError, match="batch_incomplete"):
        write_batch(io.BytesIO(), WITH_PAPER.signed, (part.ciphertext for part in WITH_PAPER.parts), [bytes(99)])


@pytest.mark.parametrize("entry", ["parts/", "attachments/"])
def test_an_entry_of_the_right_size_with_other_bytes_is_not_handed_on(entry: str) -> None:
    reader = BatchReader(io.BytesIO(rewritten(WITH_PAPER.file, flipped(entry))), sample.KEYRING)
    with pytest.raises(RemoteProtocolError, match="part_digest"):
        reader.finish()


def test_a_page_is_sealed_once() -> None:
    builder = PageBuilder(back.PAGE, back.downlink_key(back.PAGE.page_id))
    assert list(builder.seal(CHANGES))
    with pytest.raises(LocalProtocolError, match="batch_sealed"):
        list(builder.seal(CHANGES))


def test_a_reply_that_no_reader_would_take_is_not_written() -> None:
    with pytest.raises(LocalProtocolError, match="schema"):
        back.reply(dataclasses.replace(back.TOP, epoch=-1))


def test_an_entry_of_another_size_is_told_from_one_with_other_bytes() -> None:
    entry = ReplyPart(0, 4, hashlib.sha256(b"abcd").hexdigest())
    for data, code in ((b"abc", "part_bytes"), (b"abce", "part_digest")):
        with pytest.raises(RemoteProtocolError, match=code):
            check_reply_entry(entry, data)


@pytest.mark.parametrize("entry", ["envelopes/", "parts/"])
def test_an_entry_of_a_reply_with_other_bytes_is_not_handed_on(entry: str) -> None:
    with pytest.raises(RemoteProtocolError, match="part_digest"):
        back.reader(rewritten(back.reply(), flipped(entry))).finish()


def test_a_manifest_is_of_the_suite_that_signed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SUITES, "JM2", suite(JM1))
    later = KeySet.of(PublicKey(KeyRole.DEVICE, sample.DEVICE.public.public, "JM2"))
    with pytest.raises(RemoteProtocolError, match="suite_mismatch"):
        open_manifest(WITH_PAPER.signed.envelope, later)


@pytest.mark.parametrize("size", [0, 9, 11])
def test_a_code_is_made_of_as_many_random_bytes_as_it_prints(size: int) -> None:
    with pytest.raises(LocalProtocolError, match="content_key_size"):
        EnrolmentCode.new(bytes(size), sample.ROOT.public.public)


def test_a_key_that_was_found_for_another_role_is_not_taken() -> None:
    confused = KeySet({
        (sample.DEVICE.keyid, KeyRole.DEVICE): PublicKey(KeyRole.PLATFORM, sample.DEVICE.public.public)
    })  # fmt: skip
    envelope = sign_envelope(PayloadType.BATCH_MANIFEST, b"{}", sample.DEVICE)
    with pytest.raises(RemoteProtocolError, match="key_unknown"):
        open_envelope(envelope, PayloadType.BATCH_MANIFEST, confused)


def test_a_member_shorter_than_its_frame_is_no_gzip() -> None:
    with pytest.raises(RemoteProtocolError, match="gzip_header"):
        decompress(HEADER + bytes(7), 5)


def test_half_of_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(RemoteProtocolError, match="json_syntax"):
        read_json(rb'"\ud800"', str)


def operation_line(**members: object) -> bytes:
    made = json.loads(encode_draft(sample.draft(0), f"{sample.DEVICE.keyid}.1.1.0"))
    return json.dumps(made | members, ensure_ascii=True).encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (operation_line(rid=7)[:-1] + b',"rid":8}', "json_duplicate_key"),
        (operation_line(rid=7), "schema"),
        (operation_line(by="\ud800"), "json_syntax"),
        (operation_line()[:-1] + b',"by":"u-1"}', "json_duplicate_key"),
        # What the decoder cannot read at all is told by what is wrong with it, not as a mere error of syntax.
        (operation_line()[:-1] + b',"set":{"a":NaN}}', "json_number"),
        (operation_line().replace(b'"by"', b'"\xff"'), "json_utf8"),
        (operation_line()[:-1] + b',"by":"u-1","x":tru}', "json_syntax"),
    ],
)
def test_a_line_is_refused_for_what_is_wrong_first(line: bytes, reason: str) -> None:
    (found,) = read_operations(line + b"\n", 1, f"{sample.DEVICE.keyid}.1.1.", 0)
    assert isinstance(found, BadLine)
    assert found.code == reason


def test_a_line_that_nests_too_deep_is_refused_although_it_is_spelled_as_we_spell() -> None:
    deep = json.loads("[" * (LIMITS.json_depth + 1) + "]" * (LIMITS.json_depth + 1))
    members = json.loads(operation_line())
    line = msgspec.json.encode(msgspec.convert(members | {"set": {"a": deep}, "seen": {"a": 0}}, Operation))
    (found,) = read_operations(line + b"\n", 1, f"{sample.DEVICE.keyid}.1.1.", 0)
    assert isinstance(found, BadLine)
    assert found.code == "json_depth"


def test_verdicts_are_sealed_once() -> None:
    builder = ProcessingBuilder(back.MANIFEST, back.DIGEST, back.downlink_key())
    assert list(builder.seal(back.FIVE))
    with pytest.raises(LocalProtocolError, match="batch_sealed"):
        list(builder.seal(back.FIVE))


def test_a_custody_receipt_is_for_as_many_records() -> None:
    receipt = json.loads(split_envelope(back.custody()).payload)
    envelope = signed_anew(back.custody(), PayloadType.CUSTODY_RECEIPT, records=receipt["records"] + 1)
    with pytest.raises(RemoteProtocolError, match="receipt_other_bytes"):
        open_custody(envelope, sample.KEYRING, back.MANIFEST, back.DIGEST)


def test_a_key_file_with_half_a_key_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="key_file"):
        read_key_file(json.dumps({"device_public": "ab" * 31}).encode())


# -- versions ----------------------------------------------------------------------------------------------------------


def test_a_request_of_a_later_version_is_refused() -> None:
    envelope = signed_anew(joining.request().envelope, PayloadType.ENROLMENT_REQUEST, sample.DEVICE, v=2)
    compact = json.dumps(json.loads(split_envelope(envelope).payload), separators=(",", ":")).encode()
    with pytest.raises(RemoteProtocolError, match=r"version$"):
        open_request(sign_envelope(PayloadType.ENROLMENT_REQUEST, compact, sample.DEVICE))


def test_a_grant_of_a_later_version_is_refused() -> None:
    request = joining.request()
    envelope = sign_grant(joining.grant(request), sample.PLATFORM)
    with pytest.raises(RemoteProtocolError, match=r"version$"):
        open_grant(signed_anew(envelope, PayloadType.ENROLMENT_GRANT, v=2), sample.KEYRING, request)


def test_an_answer_to_a_challenge_of_a_later_version_is_refused() -> None:
    sound = answer_challenge(joining.NONCE, sample.SERVER_EPOCH, sample.NOW, sample.DEVICE)
    with pytest.raises(RemoteProtocolError, match=r"version$"):
        check_answer(
            signed_anew(sound, PayloadType.SESSION, sample.DEVICE, v=2),
            sample.KEYRING,
            joining.NONCE,
            sample.SERVER_EPOCH,
        )


def test_a_page_and_an_index_of_a_later_version_are_refused() -> None:
    page, index = split_envelope(back.page(*CHANGES)[0]).payload, split_envelope(index_envelope()).payload
    for payload, read in ((page, decode_change_page), (index, decode_reply_index)):
        with pytest.raises(RemoteProtocolError, match=r"version$"):
            read(sample.altered(payload, v=2))


def test_a_provision_of_a_later_version_is_refused() -> None:
    sound = sign_provision(joining.PROVISION, sample.PROVISIONING)
    envelope = signed_anew(sound, PayloadType.PROVISION, sample.PROVISIONING, v=2)
    with pytest.raises(RemoteProtocolError, match=r"version$"):
        open_provision(envelope, joining.trust(), now=sample.NOW)


def index_envelope() -> bytes:
    with zipfile.ZipFile(io.BytesIO(back.reply())) as source:
        return source.read("index.dsse.json")


# -- sums --------------------------------------------------------------------------------------------------------------


def test_a_page_whose_parts_do_not_add_up_is_refused() -> None:
    payload = split_envelope(back.page(*CHANGES)[0]).payload
    with pytest.raises(RemoteProtocolError, match=r"sums$"):
        decode_change_page(sample.altered(payload, records=99))


def test_a_receipt_whose_parts_do_not_add_up_is_refused() -> None:
    payload = msgspec.json.encode(back.processed().receipt)
    totals = json.loads(payload)["totals"] | {"accepted": 95}
    with pytest.raises(RemoteProtocolError, match=r"sums$"):
        read_processing(sample.altered(payload, records=99, totals=totals))


def test_verdicts_are_not_complete_while_a_part_is_missing_that_changes_no_total() -> None:
    """A receipt whose totals are met by the parts that came still waits for the last one."""
    made = back.processed()
    receipt = msgspec.structs.replace(made.receipt, parts=(*made.receipt.parts, made.receipt.parts[0]))
    opener = VerdictOpener(receipt, sample.DEVICE_KEM)
    assert opener.verdicts(receipt.parts[0], made.parts[0].ciphertext)
    with pytest.raises(RemoteProtocolError, match="totals"):
        opener.finish()


def test_a_package_may_end_after_it_began() -> None:
    lasting = msgspec.structs.replace(joining.PACKAGE, effective="2026-01-01", until="2026-12-31")
    opened = open_package(sign_package(lasting, sample.PUBLISHER), sample.KEYRING)
    assert opened.package.until == "2026-12-31"


# -- sealed things -----------------------------------------------------------------------------------------------------


def test_a_content_key_of_another_size_is_refused() -> None:
    algorithms, key = suite(JM1), sample.RECIPIENT
    info = _info(sample.BATCH_ID, sample.DEVICE.keyid, key.keyid)
    wrapped = algorithms.wrap(key.public.public, bytes(31), info)
    recipient = Recipient(key.keyid, algorithms.wrap_alg, base64.b64encode(wrapped).decode())
    with pytest.raises(RemoteProtocolError, match="content_key"):
        open_content_key(Encryption(algorithms.content_alg, (recipient,)), key, sample.BATCH_ID, sample.DEVICE.keyid)


@pytest.mark.parametrize("records", [0, 5_001])
def test_a_part_is_sealed_with_as_many_records_as_a_reader_takes(records: int) -> None:
    with pytest.raises(LocalProtocolError, match="part_records"):
        seal_part(b"{}\n", records, 0, BINDING, sample.content_key())


def test_other_bytes_are_named_before_any_key_is_used() -> None:
    sealed = seal_part(b"{}\n", 1, 0, BINDING, sample.content_key())
    with pytest.raises(RemoteProtocolError, match="part_digest"):
        open_part(sealed.entry, flipped("")("", sealed.ciphertext), BINDING, sample.content_key())
    key = sample.content_key(attachment_owner(sample.BATCH_ID, 0))
    entry, data = seal_attachment(PAPER, 0, sample.rid(1), sample.BATCH_ID, sample.DEVICE.keyid, key)
    with pytest.raises(RemoteProtocolError, match="part_digest"):
        open_attachment(entry, flipped("")("", data), sample.BATCH_ID, sample.DEVICE.keyid, sample.RECIPIENT)


def test_an_attachment_is_as_long_as_its_manifest_says() -> None:
    key = sample.content_key(attachment_owner(sample.BATCH_ID, 0))
    entry, _ = seal_attachment(PAPER, 0, sample.rid(1), sample.BATCH_ID, sample.DEVICE.keyid, key)
    aad = attachment_aad(sample.BATCH_ID, sample.DEVICE.keyid, 0, sample.rid(1), len(PAPER))
    shorter = suite(JM1).seal(key.secret, bytes(12), PAPER[:-1], aad)
    digest = hashlib.sha256(shorter).hexdigest()
    lying = msgspec.structs.replace(entry, size=len(shorter), sha256=digest)
    check_part(lying, shorter)
    with pytest.raises(RemoteProtocolError, match="part_seal"):
        open_attachment(lying, shorter, sample.BATCH_ID, sample.DEVICE.keyid, sample.RECIPIENT)


# -- the inspector -----------------------------------------------------------------------------------------------------


def test_the_inspector_names_a_payload_that_is_no_strict_json() -> None:
    envelope = sign_envelope(PayloadType.BATCH_MANIFEST, b'{"v":1,"v":2}', sample.DEVICE)
    assert "protocol.json_duplicate_key" in problems(envelope)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("manifest.dsse.json", WITH_PAPER.file),
        ("index.dsse.json", back.reply()),
        ("rescue.dsse.json", rescues.package()),
    ],
)
def test_the_inspector_names_a_container_that_begins_with_another_type(name: str, file: bytes) -> None:
    other = sign_envelope(PayloadType.CUSTODY_RECEIPT, b"{}", sample.PLATFORM)
    changed = rewritten(file, lambda found, data: other if found == name else data)
    assert problems(changed) == ("protocol.payload_type",)


@pytest.mark.parametrize(
    ("entry", "file"),
    [
        ("parts/", WITH_PAPER.file),
        ("attachments/", WITH_PAPER.file),
        ("parts/", back.reply()),
        ("envelopes/", back.reply()),
        ("open/", rescues.package()),
        ("attachments/", rescues.package()),
    ],
)
def test_the_inspector_names_other_bytes_without_any_key(entry: str, file: bytes) -> None:
    assert problems(file) == ()
    assert "protocol.part_digest" in problems(rewritten(file, flipped(entry)))
