"""The verifier on replies: golden ``.jmr`` files, each spoiled in one way and signed anew where that is needed."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any, Final

import pytest

from sync.protocol.envelope import PayloadType, sign_envelope
from sync.protocol.replies import ReplyHeader, ReplyItem, write_reply
from sync.protocol.suites import KeyRole, SigningKey
from sync.protocol.trust import sign_trust
from tests.golden import make_golden
from tests.sync.kit.conftest import GOLDEN, Run, Verifier
from tests.sync.kit.mutations import packed

_INDEX: Final = "index.dsse.json"
Change = Callable[[dict[str, Any]], object]


def entries(name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(GOLDEN / name) as stock:
        return {each: stock.read(each) for each in stock.namelist()}


def signed(envelope: bytes, change: Change, key: SigningKey = make_golden.PLATFORM_SIGNING) -> bytes:
    """An envelope whose payload was changed, signed anew."""
    outer = json.loads(envelope)
    payload = json.loads(base64.b64decode(outer["payload"]))
    change(payload)
    return sign_envelope(PayloadType(outer["payloadType"]), json.dumps(payload).encode(), key)


def with_index(name: str, change: Change) -> bytes:
    """A golden reply under a changed index."""
    found = entries(name)
    return packed({**found, _INDEX: signed(found[_INDEX], change)})


def with_envelope(name: str, n: int, envelope: Callable[[bytes], bytes]) -> bytes:
    """A golden reply with another envelope n, which the index lists as it is."""
    found = entries(name)
    other = envelope(found[f"envelopes/{n:05d}"])

    def list_it(index: dict[str, Any]) -> None:
        index["envelopes"][n] |= {"size": len(other), "sha256": hashlib.sha256(other).hexdigest()}

    return packed({**found, _INDEX: signed(found[_INDEX], list_it), f"envelopes/{n:05d}": other})


def with_receipt(change: Change) -> bytes:
    return with_envelope("receipts.jmr", 1, lambda envelope: signed(envelope, change))


def with_page(change: Change) -> bytes:
    return with_envelope("changes.jmr", 0, lambda envelope: signed(envelope, change))


def by_the_device() -> bytes:
    found = entries("receipts.jmr")
    payload = base64.b64decode(json.loads(found[_INDEX])["payload"])
    forged = json.loads(sign_envelope(PayloadType.REPLY_INDEX, payload, make_golden.PLATFORM_SIGNING))
    forged["signatures"][0]["keyid"] = make_golden.DEVICE.keyid
    return packed({**found, _INDEX: json.dumps(forged).encode()})


SPOILED: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "index_by_the_device": ("key_unknown", by_the_device),
    "index_of_version_2": ("version", lambda: with_index("receipts.jmr", lambda i: i.update(v=2))),
    "envelopes_numbered_from_1": (
        "reply_numbers",
        lambda: with_index("receipts.jmr", lambda i: i["envelopes"][0].update(n=1)),
    ),
    "a_part_that_is_nobody_s": (
        "reply_numbers",
        lambda: with_index("receipts.jmr", lambda i: i["envelopes"][1].update(parts=2)),
    ),
    "parts_numbered_from_1": ("part_numbers", lambda: with_index("receipts.jmr", lambda i: i["parts"][0].update(n=1))),
    "other_digest_of_an_envelope": (
        "part_digest",
        lambda: with_index("receipts.jmr", lambda i: i["envelopes"][0].update(sha256="0" * 64)),
    ),
    "type_other_than_listed": (
        "payload_type",
        lambda: with_index("receipts.jmr", lambda i: i["envelopes"][0].update(type=PayloadType.TRUST.value)),
    ),
    "receipt_totals_too_many": ("totals", lambda: with_receipt(lambda r: r["totals"].update(accepted=2595))),
    "receipt_totals_shifted": ("totals", lambda: with_receipt(lambda r: r["totals"].update(accepted=2593, gone=2))),
    "receipt_of_another_seq": ("verdict_order", lambda: with_receipt(lambda r: r.update(seq=2))),
    "receipt_of_another_batch": ("content_key", lambda: with_receipt(lambda r: r.update(batch_id=make_golden.PAGE_ID))),
    "page_that_goes_back": ("cursor_back", lambda: with_page(lambda p: p.update({"from": 101}))),
    "changes_behind_the_page": ("line", lambda: with_page(lambda p: p.update(to=99))),
    "trust_by_another_root": (
        "trust_root",
        lambda: with_trust(SigningKey(KeyRole.ROOT, make_golden.secret("another root"))),
    ),
}


def with_trust(root: SigningKey) -> bytes:
    """A reply that holds nothing but a trust document by this root."""
    trust = sign_trust(root, version=2, issued="2026-01-01T00:00:00Z", expires="2029-01-01T00:00:00Z", keys=())
    header = ReplyHeader(
        reply_id=make_golden.REPLY_ID,
        unit=make_golden.UNIT,
        device=make_golden.DEVICE.keyid,
        epoch=1,
        server_epoch=make_golden.SERVER_EPOCH,
        created=make_golden.LATER,
    )
    out = io.BytesIO()
    item = ReplyItem(PayloadType.TRUST, trust)
    write_reply(out, header, [item], (), make_golden.PLATFORM_SIGNING)
    return out.getvalue()


@pytest.fixture(scope="module")
def spoiled(verifier: Verifier, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What the verifier says of every spoiled reply and of a sound one with a trust document, in one run."""
    folder = tmp_path_factory.mktemp("spoiled")
    made = {name: make() for name, (_, make) in SPOILED.items()} | {"trust": with_trust(make_golden.ROOT)}
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return verifier.check([folder / name for name in made])


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_reply_is_refused_by_the_code_of_the_specification(spoiled: Run, name: str) -> None:
    assert spoiled.status == 1
    assert not spoiled.stderr
    report = spoiled.reports[name]
    assert not report["sound"]
    assert report["problems"][0] == f"protocol.{SPOILED[name][0]}"


def test_a_trust_document_of_the_known_root_is_taken(spoiled: Run) -> None:
    report = spoiled.reports["trust"]
    assert report["sound"]
    assert report["envelopes"][1] == PayloadType.TRUST.value
