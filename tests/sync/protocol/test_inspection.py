from __future__ import annotations

import io
import json
from pathlib import Path

from sync.protocol.container import ContainerReader, ContainerWriter
from sync.protocol.envelope import PayloadType, sign_envelope, split_envelope
from sync.protocol.inspect import Signature, inspect_file
from sync.protocol.limits import LIMITS
from sync.protocol.manifest import decode_manifest
from sync.protocol.suites import KeyRole, SigningKey

GOLDEN = Path(__file__).parents[2] / "golden" / "jm1"


def test_a_manifest_that_names_another_device_than_its_signer_is_not_sound() -> None:
    thief = SigningKey(KeyRole.DEVICE, bytes(range(32)))
    keys = json.loads((GOLDEN / "keys.json").read_text()) | {"device_public": thief.public.public.hex()}
    del keys["device_private"]
    source = ContainerReader(io.BytesIO((GOLDEN / "batch.jmb").read_bytes()), LIMITS)
    payload = split_envelope(source.read("manifest.dsse.json", LIMITS.envelope_bytes)).payload
    manifest = decode_manifest(payload)
    sink = io.BytesIO()
    writer = ContainerWriter(sink)
    writer.add("manifest.dsse.json", sign_envelope(PayloadType.BATCH_MANIFEST, payload, thief))
    for part in manifest.parts:
        name = f"parts/{part.n:05d}"
        writer.add(name, source.read(name, LIMITS.part_bytes, part.size))
    for attachment in manifest.attachments:
        name = f"attachments/{attachment.n:05d}"
        writer.add(name, source.read(name, LIMITS.attachment_bytes, attachment.size))
    writer.finish()
    report = inspect_file(io.BytesIO(sink.getvalue()), json.dumps(keys).encode())
    assert report.envelopes[0].signature is Signature.VALID
    assert report.problems == ("protocol.other_device",)
    assert not report.sound
