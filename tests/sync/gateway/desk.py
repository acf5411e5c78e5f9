"""A small desk for tests: keys, a chain, and the protocol over HTTPS; it keeps nothing but what it was told."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from jmdesk.core.clock import SystemClock, utc_text
from jmdesk.core.ids import TimeOrderedIds
from sync.protocol.batch import BatchBuilder, BatchHeader, SignedManifest, write_batch
from sync.protocol.changes import PageOpener, open_page
from sync.protocol.codes import EnrolmentCode
from sync.protocol.enrolment import EnrolmentGrant, SignedRequest, open_grant, request_enrolment
from sync.protocol.manifest import NO_PREVIOUS, AuditHead, ChangePage, ClockState
from sync.protocol.parts import SealedPart, seal_content_key
from sync.protocol.receipts import ProcessingReceipt, VerdictOpener, open_custody, open_processing
from sync.protocol.records import ChangeLine, Draft, Op, Value, VerdictLine
from sync.protocol.replies import ReplyReader
from sync.protocol.session import answer_challenge
from sync.protocol.suites import KeyRole, OpeningKey, PublicKey, SigningKey
from sync.protocol.trust import Trust, open_trust

CLOCK = SystemClock()
IDS = TimeOrderedIds(CLOCK)


@dataclass(frozen=True)
class Batch:
    """A sealed and signed batch."""

    signed: SignedManifest
    parts: tuple[SealedPart, ...]
    attachments: tuple[bytes, ...] = ()

    @property
    def id(self) -> str:
        return self.signed.manifest.batch_id

    @property
    def file(self) -> bytes:
        """The ``.jmb``."""
        sink = io.BytesIO()
        write_batch(sink, self.signed, (part.ciphertext for part in self.parts), self.attachments)
        return sink.getvalue()


@dataclass
class Desk:
    """One device. ``seq`` and ``prev`` are its chain; ``cursor`` is how far it has pulled."""

    url: str
    authority: str
    signing: SigningKey = field(default_factory=lambda: SigningKey(KeyRole.DEVICE, os.urandom(32)))
    opening: OpeningKey = field(default_factory=lambda: OpeningKey(KeyRole.DEVICE_KEM, os.urandom(32)))
    unit: str = ""
    epoch: int = 1
    seq: int = 0
    prev: str = NO_PREVIOUS
    cursor: int = 0
    server_epoch: str = ""
    token: str = ""

    def __post_init__(self) -> None:
        self.trust: Trust
        self.grant: EnrolmentGrant
        self.http = requests.Session()
        self.http.verify = self.authority
        self.http.trust_env = False  # a CA bundle or proxy of this computer must not decide

    @property
    def device(self) -> str:
        return self.signing.keyid

    def call(self, method: str, path: str, data: bytes | None = None, **options: Any) -> requests.Response:
        """One request with the session's token."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        return self.http.request(method, f"{self.url}{path}", data=data, headers=headers, timeout=30, **options)

    def request(self, code: str, unit: str) -> SignedRequest:
        """An enrolment request, not sent yet; the trust document is fetched and checked first."""
        parsed = EnrolmentCode.parse(code)
        self.trust = open_trust(self.call("GET", "/v1/trust").content, parsed.root_prefix, now=utc_text(CLOCK.now()))
        return request_enrolment(
            self.signing, self.opening.public, parsed, unit=unit, client="test-1", created=utc_text(CLOCK.now())
        )

    def enrol(self, code: str, unit: str) -> EnrolmentGrant:
        request = self.request(code, unit)
        answer = self.call("POST", "/v1/enrol", request.envelope)
        assert answer.status_code == 201, answer.text
        self.grant = open_grant(answer.content, self.trust, request)
        self.unit, self.server_epoch = self.grant.unit, self.grant.server_epoch
        return self.grant

    def open_session(self) -> None:
        asked = self.http.post(f"{self.url}/v1/session/challenge", json={"device": self.device}, timeout=30).json()
        envelope = answer_challenge(asked["nonce"], asked["server_epoch"], utc_text(CLOCK.now()), self.signing)
        answer = self.call("POST", "/v1/session", envelope)
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["token"]

    def seal(
        self,
        *drafts: Draft,
        to: PublicKey | None = None,
        records_per_part: int = 1_000,
        attachments: Sequence[tuple[str, bytes]] = (),
        **header: Any,
    ) -> Batch:
        """The next batch of the chain; ``header`` overrides what its manifest says, ``to`` for whom it is sealed.

        ``attachments``: record id and content of each.
        """
        values = {
            "batch_id": IDS.new(),
            "unit": self.unit,
            "device": self.device,
            "operator": "op",
            "epoch": self.epoch,
            "seq": self.seq + 1,
            "prev": self.prev,
            "created": utc_text(CLOCK.now()),
            "clock": ClockState(),
            "schema": "1",
            "server_epoch": self.server_epoch,
            "catalogue": "JM-CAT-2026.1",
            "rules": "JM-HH-1",
            "ack_cursor": self.cursor,
            "audit": AuditHead(count=3, head="ab" * 32),
            **header,
        }
        recipients = (to,) if to else self.trust.recipients(utc_text(CLOCK.now()))
        key = seal_content_key(os.urandom(32), recipients, values["batch_id"], self.device)
        builder = BatchBuilder(BatchHeader(**values), key, records_per_part=records_per_part)
        parts = tuple(builder.seal(drafts))
        papers = []
        for record, content in attachments:
            own = seal_content_key(os.urandom(32), recipients, builder.next_attachment, self.device)
            papers.append(builder.attach(content, record, own)[1])
        batch = Batch(builder.sign(self.signing), parts, tuple(papers))
        self.seq, self.prev = values["seq"], batch.signed.digest
        return batch

    def announce(self, batch: Batch) -> requests.Response:
        return self.call("PUT", f"/v1/batches/{batch.id}/manifest", batch.signed.envelope)

    def put(self, batch: Batch, n: int, data: bytes | None = None) -> requests.Response:
        body = batch.parts[n].ciphertext if data is None else data
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers = {"Content-Digest": f"sha-256=:{digest}:"}
        return self.call("PUT", f"/v1/batches/{batch.id}/parts/{n}", body, headers=headers)

    def put_attachment(self, batch: Batch, n: int, data: bytes | None = None) -> requests.Response:
        body = batch.attachments[n] if data is None else data
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers = {"Content-Digest": f"sha-256=:{digest}:"}
        return self.call("PUT", f"/v1/batches/{batch.id}/attachments/{n}", body, headers=headers)

    def commit(self, batch: Batch) -> requests.Response:
        return self.call("POST", f"/v1/batches/{batch.id}/commit")

    def deliver(self, file: bytes) -> requests.Response:
        """A whole ``.jmb`` in one request."""
        digest = base64.b64encode(hashlib.sha256(file).digest()).decode()
        return self.call("POST", "/v1/batches", file, headers={"Content-Digest": f"sha-256=:{digest}:"})

    def send(self, batch: Batch) -> bytes:
        """Upload in full; the custody receipt, verified."""
        announced = self.announce(batch)
        assert announced.status_code in (200, 201), announced.text
        for n in announced.json()["missing"]:
            assert self.put(batch, n).status_code in (200, 201)
        for n in announced.json()["missing_attachments"]:
            assert self.put_attachment(batch, n).status_code in (200, 201)
        answer = self.commit(batch)
        assert answer.status_code == 202, answer.text
        open_custody(answer.content, self.trust, batch.signed.manifest, batch.signed.digest)
        return answer.content

    def verdicts(self, batch: Batch) -> tuple[ProcessingReceipt, list[VerdictLine]]:
        """Wait for the processing receipt and open it."""
        return self.read_receipt(batch, self.fetch_receipt(batch))

    def fetch_receipt(self, batch: Batch) -> bytes:
        """The ``.jmr`` with a batch's receipts, once it is processed."""
        answer = self.call("GET", f"/v1/batches/{batch.id}/receipt?wait=20")
        assert answer.status_code == 200, answer.text
        return answer.content

    def read_receipt(self, batch: Batch, reply: bytes) -> tuple[ProcessingReceipt, list[VerdictLine]]:
        reader = ReplyReader(io.BytesIO(reply), self.trust, device=self.device, unit=self.unit, epoch=self.epoch)
        custody, processing = reader.items
        open_custody(custody.envelope, self.trust, batch.signed.manifest, batch.signed.digest)
        receipt = open_processing(processing.envelope, self.trust, batch.signed.manifest, batch.signed.digest).receipt
        opener = VerdictOpener(receipt, self.opening)
        lines: list[VerdictLine] = []
        for entry, (_, ciphertext) in zip(receipt.parts, reader.parts(), strict=True):
            lines += opener.verdicts(entry, ciphertext)
        reader.finish()
        return receipt, lines

    def exchange(self, *drafts: Draft, **header: Any) -> list[VerdictLine]:
        """Seal, send, and the verdicts."""
        batch = self.seal(*drafts, **header)
        self.send(batch)
        return self.verdicts(batch)[1]

    def page(self, limit: int = 5_000) -> tuple[ChangePage, list[ChangeLine]]:
        """The next change page, verified and opened; the cursor moves on."""
        answer = self.call("GET", f"/v1/changes?cursor={self.cursor}&limit={limit}")
        assert answer.status_code == 200, answer.text
        reader = ReplyReader(
            io.BytesIO(answer.content), self.trust, device=self.device, unit=self.unit, epoch=self.epoch
        )
        (item,) = reader.items
        page = open_page(
            item.envelope,
            self.trust,
            device=self.device,
            unit=self.unit,
            server_epoch=self.server_epoch,
            cursor=self.cursor,
        ).page
        opener = PageOpener(page, self.opening)
        lines: list[ChangeLine] = []
        for entry, (_, ciphertext) in zip(page.parts, reader.parts(), strict=True):
            lines += opener.changes(entry, ciphertext)
        reader.finish()
        self.cursor = page.until
        return page, lines

    def pull(self) -> dict[str, ChangeLine]:
        """Everything new, by record id."""
        found: dict[str, ChangeLine] = {}
        while True:
            page, lines = self.page()
            found |= {line.rid: line for line in lines}
            if not page.more:
                return found


def draft(type_: str, rid: str, values: dict[str, Value], *, base: int = 0, **more: Any) -> Draft:
    """An upsert; ``seen`` defaults to the base version for every field."""
    unset: Sequence[str] = more.pop("unset", ())
    options = {
        "at": utc_text(CLOCK.now()),
        "by": "op",
        "catalogue": "JM-CAT-2026.1",
        "evidence": [],
        "consent": [],
        "seen": dict.fromkeys([*values, *unset], base),
        **more,
    }
    return Draft(Op.UPSERT, rid, type_, base, values, list(unset), **options)


def void(type_: str, rid: str, *, base: int) -> Draft:
    """A tombstone."""
    return Draft(
        Op.TOMBSTONE, rid, type_, base, {}, [], {}, utc_text(CLOCK.now()), "op", "JM-CAT-2026.1", [], [], "登记有误"
    )


def household(region: str = "440785104200", **values: Value) -> tuple[str, dict[str, Value]]:
    """An invented household with every required field: record id and values."""
    rid = IDS.new()
    number = f"{int(rid.replace('-', ''), 16) % 10**4:04d}"
    return rid, {
        "household_id": f"{region}01{number}",
        "head_person_id": IDS.new(),
        "region_code": region,
        "address": "样例村一队1号",
        "household_type": "1",
        "population": 4,
        "labor_count": 2,
        "resident_status": "1",
        "main_industry": "0153",
        "collect_date": "2026-03-01",
        "collector_id": IDS.new(),
        "verify_level": "1",
        "archive_status": "10",
        **values,
    }


def person(household_rid: str, **values: Value) -> tuple[str, dict[str, Value]]:
    """An invented member of a household."""
    rid = IDS.new()
    return rid, {
        "person_id": rid,
        "household_id": household_rid,
        "person_name": "样例甲",
        "relation": "10",
        "is_labor": True,
        **values,
    }


def consent(household_rid: str, kind: str = "C1", **values: Value) -> tuple[str, dict[str, Value]]:
    """A signed consent of a household."""
    rid = IDS.new()
    return rid, {
        "consent_id": rid,
        "subject_type": "1",
        "subject_id": f"R05:{household_rid}",
        "consent_kind": kind,
        "consent_state": "1",
        "scope_items": ["R05"],
        "purpose": "1",
        "notice_version": "1",
        "consent_method": "1",
        "signed_at": "2026-03-01T08:00:00Z",
        "valid_to": "2028-03-01",
        "doc_digest": "ab" * 32,
        **values,
    }


def until(happened: Callable[[], bool], nudge: Callable[[], None] = lambda: None) -> None:
    """Nudge until something has happened, for half a minute at most."""
    between = threading.Event()
    for _ in range(600):
        if happened():
            return
        nudge()
        between.wait(0.05)
    pytest.fail("it did not happen")
