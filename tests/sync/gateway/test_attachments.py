"""Attachments at the gateway: resumed, refused, kept once per county, only where a record in scope names them."""

from __future__ import annotations

import hashlib
import secrets

import psycopg
import pytest

from sync.gateway import evidence
from sync.gateway.database import OWNER, READ, Access, Role
from sync.protocol.errors import Problem
from sync.protocol.limits import LIMITS
from sync.protocol.manifest import Encryption
from sync.protocol.parts import open_attachment
from sync.protocol.receipts import AttachmentVerdict, Keeping
from tests import documents
from tests.sync.gateway.conftest import OTHER_VILLAGE, TOWN, Platform
from tests.sync.gateway.desk import Batch, Desk, draft, household, person

REFUSED = Keeping.REFUSED


def paper() -> tuple[bytes, str]:
    """A document that nobody has handed in before, and its hash."""
    content = documents.pdf(words=secrets.token_hex(6))
    return content, hashlib.sha256(content).hexdigest()


def kept(platform: Platform, digest: str) -> list[dict[str, object]]:
    return [row for row in evidence.attachments(platform.storage.database) if row["sha256"] == digest]


def said(desk: Desk, batch: Batch) -> tuple[AttachmentVerdict, ...]:
    return desk.verdicts(batch)[0].attachments


def test_a_document_that_its_record_names_is_kept_sealed_as_it_came(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    content, digest = paper()
    batch = desk.seal(draft("R05", rid, values, evidence=[digest]), attachments=[(rid, content)])
    desk.send(batch)
    assert said(desk, batch) == (AttachmentVerdict(0, Keeping.KEPT),)
    ((ciphertext, enc, n, raw_size),) = platform.storage.database.run(
        OWNER,
        lambda connection: connection.execute(
            "SELECT ciphertext, enc, n, raw_size FROM attachments WHERE sha256 = %s", (digest,)
        ).fetchall(),
    )
    assert bytes(ciphertext) == batch.attachments[0]
    assert content[40:80] not in bytes(ciphertext)
    entry = batch.signed.manifest.attachments[0]
    assert (n, raw_size, Encryption(**enc).alg) == (0, len(content), entry.enc.alg)
    opening = platform.running.gateway.keys
    assert opening.signing is not None
    key = platform.running.worker._ingest._keys.opening  # type: ignore[union-attr]
    assert open_attachment(entry, bytes(ciphertext), batch.id, desk.device, key) == content


def test_a_document_goes_where_its_member_goes_when_the_household_is_there(platform: Platform) -> None:
    town = platform.desk(TOWN)
    rid, values = household()
    member, named = person(rid)
    content, digest = paper()
    batch = town.seal(draft("R06", member, named, evidence=[digest]), attachments=[(member, content)])
    town.send(batch)
    assert said(town, batch) == (AttachmentVerdict(0, Keeping.KEPT),)
    assert [row["region"] for row in kept(platform, digest)] != ["440785104200"]
    town.exchange(draft("R05", rid, values))
    assert [row["region"] for row in kept(platform, digest)] == ["440785104200"]


def test_an_upload_names_what_is_missing_and_is_not_taken_before_it_is_whole(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    papers = [paper() for _ in range(3)]
    drafts = draft("R05", rid, values, evidence=[digest for _, digest in papers])
    batch = desk.seal(drafts, attachments=[(rid, content) for content, _ in papers])
    first = desk.announce(batch).json()
    assert (first["missing"], first["missing_attachments"]) == ([0], [0, 1, 2])
    desk.put(batch, 0)
    assert desk.put_attachment(batch, 1).status_code == 201
    assert desk.put_attachment(batch, 1).status_code == 200
    refused = desk.commit(batch)
    assert (refused.status_code, refused.json()["code"]) == (409, "parts_missing")
    assert refused.json()["missing_attachments"] == [0, 2]
    state = desk.call("GET", f"/v1/batches/{batch.id}").json()
    assert (state["state"], state["missing_attachments"]) == ("announced", [0, 2])
    desk.put_attachment(batch, 0)
    desk.put_attachment(batch, 2)
    assert desk.announce(batch).json() == {"state": "complete", "missing": [], "missing_attachments": []}
    desk.send(batch)
    assert [found.verdict for found in said(desk, batch)] == [Keeping.KEPT] * 3


def test_bytes_that_are_not_the_manifests_are_refused(platform: Platform) -> None:
    desk, other = platform.desk(), platform.desk()
    rid, values = household()
    content, digest = paper()
    batch = desk.seal(draft("R05", rid, values, evidence=[digest]), attachments=[(rid, content)])
    desk.announce(batch)
    twisted = bytes((batch.attachments[0][0] ^ 1,)) + batch.attachments[0][1:]
    assert desk.put_attachment(batch, 0, twisted).json()["code"] == Problem.DIGEST_MISMATCH
    assert desk.put_attachment(batch, 0, b"").json()["code"] == Problem.DIGEST_MISMATCH
    assert desk.put_attachment(batch, 1, b"x").status_code == 404
    path = f"/v1/batches/{batch.id}/attachments/0"
    bare = desk.call("PUT", path, batch.attachments[0])
    assert (bare.status_code, bare.json()["detail_code"]) == (400, "gateway.content_digest")
    large = desk.call("PUT", path, bytes(LIMITS.attachment_bytes + 1), headers={"Content-Digest": "sha-256=:AAAA:"})
    assert large.status_code in (400, 413)
    assert other.put_attachment(batch, 0).status_code in (403, 404)
    assert desk.call("PUT", f"/v1/batches/{batch.id}/attachments/x", b"x").status_code == 404
    assert desk.put_attachment(batch, 0).status_code == 201


def test_a_document_that_no_record_names_is_not_kept(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    content, digest = paper()
    batch = desk.seal(draft("R05", rid, values), attachments=[(rid, content)])
    desk.send(batch)
    assert said(desk, batch) == (AttachmentVerdict(0, REFUSED, "verdict.attachment_unnamed"),)
    assert kept(platform, digest) == []


def test_a_document_of_an_unknown_or_foreign_record_is_not_kept_and_tells_nothing(platform: Platform) -> None:
    """A record outside the device's regions is answered like one that is not there."""
    other, village = platform.desk(OTHER_VILLAGE), platform.desk()
    content, digest = paper()
    rid, values = household("440785104201")
    (line,) = other.exchange(draft("R05", rid, values, evidence=[digest]))
    assert line.verdict == "accepted"
    stranger = "01900000-0000-7000-8000-00000000dead"
    batch = village.seal(attachments=[(rid, content), (stranger, content)])
    village.send(batch)
    assert {found.code for found in said(village, batch)} == {"verdict.attachment_record"}
    assert kept(platform, digest) == []


def test_what_is_no_document_is_not_kept_though_its_record_names_it(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    content = b"MZ" + secrets.token_bytes(60)
    digest = hashlib.sha256(content).hexdigest()
    batch = desk.seal(draft("R05", rid, values, evidence=[digest]), attachments=[(rid, content)])
    desk.send(batch)
    assert said(desk, batch) == (AttachmentVerdict(0, REFUSED, "verdict.attachment_kind"),)


def test_documents_alone_come_after_their_record_and_a_second_time_are_known(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    content, digest = paper()
    (line,) = desk.exchange(draft("R05", rid, values, evidence=[digest]))
    assert line.verdict == "accepted"
    alone = desk.seal(attachments=[(rid, content)])
    desk.send(alone)
    assert said(desk, alone) == (AttachmentVerdict(0, Keeping.KEPT),)
    again = desk.seal(attachments=[(rid, content)])
    desk.send(again)
    assert said(desk, again) == (AttachmentVerdict(0, Keeping.KNOWN),)
    assert len(kept(platform, digest)) == 1


def test_an_operation_may_bring_evidence_alone_and_changes_nothing_else(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    desk.exchange(draft("R05", rid, values))
    content, digest = paper()
    batch = desk.seal(draft("R05", rid, {}, base=1, evidence=[digest]), attachments=[(rid, content)])
    desk.send(batch)
    receipt, (line,) = desk.verdicts(batch)
    assert (line.verdict, line.version) == ("duplicate", 1)
    assert receipt.attachments == (AttachmentVerdict(0, Keeping.KEPT),)


def test_a_whole_file_brings_its_attachments_and_the_spool_is_empty_afterwards(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    content, digest = paper()
    batch = desk.seal(draft("R05", rid, values, evidence=[digest]), attachments=[(rid, content)])
    answer = desk.call("POST", "/v1/batches", batch.file)
    assert answer.status_code == 201
    assert said(desk, batch) == (AttachmentVerdict(0, Keeping.KEPT),)
    (left,) = platform.storage.database.run(
        OWNER,
        lambda connection: connection.execute(
            "SELECT count(*) FROM batch_attachments WHERE device = %s", (desk.device,)
        ).fetchone(),
    ) or (None,)
    assert left == 0


def test_the_same_batch_again_is_answered_by_the_same_receipt(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    content, digest = paper()
    batch = desk.seal(draft("R05", rid, values, evidence=[digest]), attachments=[(rid, content)])
    custody = desk.send(batch)
    first = said(desk, batch)
    assert desk.send(batch) == custody
    assert desk.put_attachment(batch, 0).status_code == 200
    assert said(desk, batch) == first


def test_who_faces_the_desks_reads_no_kept_document_and_who_looks_reads_no_ciphertext(platform: Platform) -> None:
    database = platform.storage.database
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.run(
            Access(Role.API, ("440785",), ("44",)), lambda connection: connection.execute("SELECT 1 FROM attachments")
        )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.run(READ, lambda connection: connection.execute("SELECT ciphertext FROM attachments"))


def test_show_attachments_lists_hashes_and_no_content(platform: Platform) -> None:
    desk = platform.desk()
    rid, values = household()
    content, digest = paper()
    batch = desk.seal(draft("R05", rid, values, evidence=[digest]), attachments=[(rid, content)])
    desk.send(batch)
    said(desk, batch)
    (row,) = kept(platform, digest)
    assert (row["county"], row["type"], row["rid"], row["size"]) == ("440785", "R05", rid, len(content))
    assert not any(isinstance(value, bytes) for value in row.values())
