"""The golden files: their bytes are pinned, and today's code reads them and makes the same again."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.protocol.batch import BatchOpener, BatchReader
from sync.protocol.changes import PageOpener, open_page
from sync.protocol.envelope import PayloadType, sign_envelope, split_envelope
from sync.protocol.inspect import Signature, inspect_file
from sync.protocol.key_file import read_key_file
from sync.protocol.manifest import encode
from sync.protocol.receipts import VerdictOpener, open_custody, open_processing
from sync.protocol.records import Draft, Operation, Verdict, encode_draft
from sync.protocol.replies import ReplyReader
from sync.protocol.trust import fingerprint, open_trust
from tests.golden import make_golden

FOLDER = Path(__file__).parents[2] / "golden" / "jm1"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
KEYS = read_key_file((FOLDER / "keys.json").read_bytes())
FILES = ("batch.jmb", "receipts.jmr", "changes.jmr", "trust.dsse.json", "keys.json")


def golden(name: str) -> io.BytesIO:
    return io.BytesIO((FOLDER / name).read_bytes())


def batch_reader() -> BatchReader:
    return BatchReader(golden("batch.jmb"), KEYS.keyring)


def reply_reader(name: str) -> ReplyReader:
    return ReplyReader(golden(name), KEYS.keyring, device=EXPECTED["device"], unit=make_golden.UNIT, epoch=1)


def opened_by_hand(n: int, records: int, raw_size: int, ciphertext: bytes) -> bytes:
    """A part's lines with nothing but AES-GCM, gzip and the content key."""
    place = ["jmdesk-part-v1", make_golden.BATCH_ID, EXPECTED["device"], n, records, raw_size]
    aad = json.dumps(place, separators=(",", ":")).encode()
    key = AESGCM(bytes.fromhex(EXPECTED["content_key"]))
    return gzip.decompress(key.decrypt(n.to_bytes(12, "big"), ciphertext, aad))


@pytest.mark.parametrize("name", FILES)
def test_the_bytes_have_not_changed(name: str) -> None:
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == EXPECTED["sha256"][name]


def test_the_batch_opens_to_the_operations_that_made_it() -> None:
    reader = batch_reader()
    opener = BatchOpener(reader.signed.manifest, KEYS.opening["platform"])
    found = [line for part in reader.parts() for line in opener.operations(part.entry, part.ciphertext)]
    (attachment,) = [opener.attachment(*item) for item in reader.attachments()]
    reader.finish()
    assert [part.records for part in reader.signed.manifest.parts] == EXPECTED["part_records"] == [1000, 1000, 600]
    assert attachment == make_golden.ATTACHMENT
    for operation, draft in zip(found, make_golden.drafts(), strict=True):
        assert isinstance(operation, Operation)
        assert {n: getattr(operation, n) for n in Draft.__struct_fields__} == msgspec.structs.asdict(draft)


def test_escrow_opens_the_same_batch() -> None:
    reader = batch_reader()
    opener = BatchOpener(reader.signed.manifest, KEYS.opening["escrow"])
    part = next(reader.parts())
    assert len(opener.operations(part.entry, part.ciphertext)) == 1000


def test_stock_tools_alone_can_check_and_open_the_batch() -> None:
    keys = json.loads((FOLDER / "keys.json").read_text(encoding="utf-8"))
    with zipfile.ZipFile(FOLDER / "batch.jmb") as file:
        envelope = json.loads(file.read("manifest.dsse.json"))
        parts = [file.read(f"parts/{n:05d}") for n in range(3)]
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(keys["device_public"])).verify(signature, message)
    manifest = json.loads(payload)
    index = 0
    for part, data in zip(manifest["parts"], parts, strict=True):
        assert hashlib.sha256(data).hexdigest() == part["sha256"]
        for line in opened_by_hand(part["n"], part["records"], part["raw_size"], data).splitlines():
            assert json.loads(line)["op_id"] == f"{EXPECTED['device']}.1.1.{index}"
            index += 1
    assert index == EXPECTED["records"]


def test_the_manifest_and_its_signature_are_made_again_to_the_byte() -> None:
    signed = batch_reader().signed
    assert signed.digest == EXPECTED["manifest_digest"]
    assert encode(signed.manifest) == signed.payload
    assert sign_envelope(PayloadType.BATCH_MANIFEST, signed.payload, make_golden.DEVICE) == signed.envelope


def test_the_lines_are_made_again_to_the_byte() -> None:
    # Deflate may differ between processors and library versions, so what is compared is what was compressed.
    reader = batch_reader()
    drafts = make_golden.drafts()
    index = 0
    for part in reader.parts():
        entry = part.entry
        raw = opened_by_hand(entry.n, entry.records, entry.raw_size, part.ciphertext)
        for line in raw.splitlines():
            assert line == encode_draft(next(drafts), f"{EXPECTED['device']}.1.1.{index}")
            index += 1


def test_the_receipts_are_for_this_batch_and_give_every_record_its_verdict() -> None:
    signed = batch_reader().signed
    reader = reply_reader("receipts.jmr")
    parts = dict(reader.parts())
    reader.finish()
    custody, processing = (item.envelope for item in reader.items)
    assert open_custody(custody, KEYS.keyring, signed.manifest, signed.digest).receipt.records == 2600
    receipt = open_processing(processing, KEYS.keyring, signed.manifest, signed.digest).receipt
    opener = VerdictOpener(receipt, KEYS.opening["device_kem"])
    counts = Counter(line.verdict for entry in receipt.parts for line in opener.verdicts(entry, parts[entry.n]))
    opener.finish()
    assert counts == dict.fromkeys(Verdict, 1) | {Verdict.ACCEPTED: 2594}


def test_the_change_page_opens() -> None:
    reader = reply_reader("changes.jmr")
    parts = dict(reader.parts())
    page = open_page(
        reader.items[0].envelope,
        KEYS.keyring,
        device=EXPECTED["device"],
        unit=make_golden.UNIT,
        server_epoch="",
        cursor=0,
    ).page
    changes = PageOpener(page, KEYS.opening["device_kem"]).changes(page.parts[0], parts[0])
    assert changes[7].set == make_golden.household(7)
    assert changes[7].versions == {"group_no": 1}


def test_the_trust_document_certifies_the_platform() -> None:
    root = fingerprint(make_golden.ROOT.public.public)
    trust = open_trust((FOLDER / "trust.dsse.json").read_bytes(), root, now="2026-11-01T00:00:00Z", version=1)
    assert trust.recipients("2026-11-01T00:00:00Z") == (make_golden.PLATFORM.public, make_golden.ESCROW.public)
    assert make_golden.build_trust() == trust.envelope


@pytest.mark.parametrize(
    ("name", "kind", "parts", "records"),
    [("batch.jmb", "batch", 3, 2600), ("receipts.jmr", "reply", 3, 2600), ("changes.jmr", "reply", 1, 100)],
)
def test_verify_reports_a_sound_file_and_counts_its_records(name: str, kind: str, parts: int, records: int) -> None:
    report = inspect_file(golden(name), (FOLDER / "keys.json").read_bytes())
    assert report.sound
    assert (report.kind, report.parts, report.records, report.problems) == (kind, parts, records, ())


@pytest.mark.parametrize("name", ["batch.jmb", "receipts.jmr", "changes.jmr"])
def test_verify_without_keys_checks_the_digests_and_says_that_the_signer_is_unknown(name: str) -> None:
    report = inspect_file(golden(name))
    assert not report.sound
    assert report.problems == ()
    assert report.records is None
    assert {envelope.signature for envelope in report.envelopes} == {Signature.UNKNOWN_KEY}


def test_verify_shows_the_place_in_the_chain() -> None:
    (manifest,) = inspect_file(golden("batch.jmb")).envelopes
    shown = dict(manifest.fields)
    assert (shown["epoch"], shown["seq"], shown["prev"], shown["records"]) == ("1", "1", "0" * 64, "2600")
    assert manifest.signer == EXPECTED["device"]


def test_verify_shows_what_became_of_the_records() -> None:
    receipt = inspect_file(golden("receipts.jmr")).envelopes[2]
    assert dict(receipt.fields)["totals.accepted"] == "2594"


def test_verify_names_what_is_wrong() -> None:
    keys = (FOLDER / "keys.json").read_bytes()
    data = (FOLDER / "batch.jmb").read_bytes()
    assert inspect_file(io.BytesIO(data[:-1]), keys).problems == ("protocol.container_truncated",)
    assert inspect_file(io.BytesIO(b"PK"), keys).problems == ("protocol.container_truncated",)
    assert inspect_file(io.BytesIO(b""), keys).problems == ("protocol.json_syntax",)
    envelope = batch_reader().signed.envelope
    other = envelope.replace(b"batch-manifest", b"custody-receipt")
    (report,) = inspect_file(io.BytesIO(other), keys).envelopes
    assert report.signature is Signature.UNKNOWN_KEY
    sig = split_envelope(envelope).signature
    forged = envelope.replace(base64.b64encode(sig), base64.b64encode(bytes(64)))
    found = inspect_file(io.BytesIO(forged), keys)
    assert (found.envelopes[0].signature, found.problems) == (Signature.INVALID, ("protocol.signature",))
