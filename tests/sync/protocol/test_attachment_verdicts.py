"""What a receipt says of attachments: one word for each, in order, a reason exactly where one was refused."""

from __future__ import annotations

import msgspec
import pytest

from sync.protocol.envelope import PayloadType, sign_envelope
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.manifest import encode
from sync.protocol.parts import seal_content_key
from sync.protocol.receipts import AttachmentVerdict, Keeping, ProcessingBuilder, SignedProcessing, open_processing
from sync.protocol.records import Verdict, VerdictLine
from tests.sync.protocol import sample

BATCH = sample.batch(1, attachments=[b"one", b"two"])
MANIFEST, DIGEST = BATCH.signed.manifest, BATCH.signed.digest
KEPT = AttachmentVerdict(0, Keeping.KEPT)
REFUSED = AttachmentVerdict(1, Keeping.REFUSED, "verdict.attachment_unnamed")


def receipt(*verdicts: AttachmentVerdict) -> SignedProcessing:
    key = seal_content_key(bytes([11]) * 32, [sample.DEVICE_KEM.public], sample.BATCH_ID, sample.DEVICE.keyid)
    builder = ProcessingBuilder(MANIFEST, DIGEST, key)
    line = VerdictLine(f"{sample.DEVICE.keyid}.1.1.0", sample.rid(0), Verdict.ACCEPTED, version=1)
    assert len(list(builder.seal([line]))) == 1
    return builder.sign(
        sample.PLATFORM,
        server_epoch=sample.SERVER_EPOCH,
        received=sample.LATER,
        processed=sample.LATER,
        cursor=1,
        attachments=verdicts,
    )


def forged(*verdicts: AttachmentVerdict) -> bytes:
    made = msgspec.structs.replace(receipt(KEPT, REFUSED).receipt, attachments=verdicts)
    return sign_envelope(PayloadType.PROCESSING_RECEIPT, encode(made), sample.PLATFORM)


WRONG = [
    (KEPT,),
    (KEPT, msgspec.structs.replace(REFUSED, n=2)),
    (msgspec.structs.replace(REFUSED, n=0), msgspec.structs.replace(KEPT, n=0)),
    (KEPT, AttachmentVerdict(1, Keeping.REFUSED)),
    (AttachmentVerdict(0, Keeping.KNOWN, "verdict.attachment_kind"), REFUSED),
    (KEPT, REFUSED, AttachmentVerdict(2, Keeping.KEPT)),
]


def test_a_receipt_says_of_every_attachment_what_became_of_it() -> None:
    signed = receipt(KEPT, REFUSED)
    found = open_processing(signed.envelope, sample.KEYRING, MANIFEST, DIGEST).receipt
    assert found.attachments == (KEPT, REFUSED)


@pytest.mark.parametrize("verdicts", WRONG)
def test_words_that_do_not_fit_the_batch_are_refused_by_its_reader(verdicts: tuple[AttachmentVerdict, ...]) -> None:
    with pytest.raises(RemoteProtocolError, match=r"protocol\.receipt_attachments$"):
        open_processing(forged(*verdicts), sample.KEYRING, MANIFEST, DIGEST)


@pytest.mark.parametrize("verdicts", [(), *WRONG])
def test_words_that_do_not_fit_the_batch_are_never_signed(verdicts: tuple[AttachmentVerdict, ...]) -> None:
    with pytest.raises(LocalProtocolError, match=r"protocol\.receipt_attachments$"):
        receipt(*verdicts)


def test_a_receipt_of_a_platform_that_knew_only_custody_is_still_read() -> None:
    assert open_processing(forged(), sample.KEYRING, MANIFEST, DIGEST).receipt.attachments == ()


def test_a_receipt_of_a_batch_without_attachments_does_not_mention_them() -> None:
    assert b"attachments" not in encode(msgspec.structs.replace(receipt(KEPT, REFUSED).receipt, attachments=()))
