"""Documents beside records in a real store: linked, logged, filed, taken off, exported, erased."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jmdesk.attachments.intake import examine
from jmdesk.attachments.linking import LOGGED, MOST_PER_RECORD
from jmdesk.consents.service import Signature
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.store import change_log, outbox
from jmdesk.store.reading import Filter
from tests import documents
from tests.desks import Family

PHOTO = documents.phone_photo()


def pending(desk: Desk, rid: str) -> list[tuple[str, ...]]:
    """The fields of what waits in the outbox of a record."""
    with desk.store.reading() as connection:
        return [line.fields for line in outbox.unsettled(connection, rid) if line.state == "draft"]


def settle_everything(desk: Desk) -> None:
    """As if the platform had taken all that waits."""
    with desk.store.transaction("platform", "verdict") as transaction:
        transaction.connection.exec_driver_sql("UPDATE outbox SET state = 'done'")


def consent_of(desk: Desk, family: Family) -> str:
    desk.consents.sign(family.household, Signature("2026-11-01T01:00:00Z"), kinds=("C1",))
    (consent,) = desk.records.find("R04", Filter(where={"subject_id": f"R05:{family.household}"}))
    return consent.rid


def test_the_same_content_is_stored_once_whatever_it_belongs_to(desk: Desk, family: Family) -> None:
    content = examine(PHOTO)
    first = desk.attachments.add("R05", family.household, content)
    assert desk.attachments.add("R05", family.household, content) == first
    assert desk.attachments.add("R07", family.income, content) != first
    with desk.store.reading() as connection:
        (count,) = connection.exec_driver_sql("SELECT count(*) FROM attachment_contents").one()
    assert count == 1
    assert desk.attachments.counts([family.household, family.income, family.head]) == {
        family.household: 1,
        family.income: 1,
    }


def test_every_link_is_in_the_change_log_and_offered_though_no_field_changed(desk: Desk, family: Family) -> None:
    settle_everything(desk)
    content = examine(PHOTO)
    desk.attachments.add("R05", family.household, content, caption="晒谷场")
    assert desk.records.history(family.household)[-1].after == {LOGGED: content.sha256}
    assert pending(desk, family.household) == [()]
    (found,) = desk.attachments.of("R05", family.household)
    assert (found.state, found.caption, found.media, found.width) == ("waiting", "晒谷场", "image/jpeg", 64)
    with desk.store.reading() as connection:
        assert list(change_log.verify(connection)) == []


def test_a_consent_whose_scan_was_to_be_filed_is_filed_by_it_and_pending_again_without_it(
    desk: Desk, family: Family
) -> None:
    consent = consent_of(desk, family)
    assert desk.records.get("R04", consent).record.values["consent_state"] == "1"
    scan = examine(documents.pdf())
    link = desk.attachments.add("R04", consent, scan)
    filed = desk.records.get("R04", consent).record.values
    assert (filed["consent_state"], filed["doc_digest"]) == ("2", scan.sha256)
    desk.attachments.remove(link, "扫描件拿错了")
    assert desk.records.get("R04", consent).record.values["consent_state"] == "1"
    assert "doc_digest" not in desk.records.get("R04", consent).record.values
    desk.attachments.restore(link)
    assert desk.records.get("R04", consent).record.values["doc_digest"] == scan.sha256


def test_a_paper_takes_the_digest_field_once_and_later_ones_are_evidence_beside_it(desk: Desk, family: Family) -> None:
    consent = consent_of(desk, family)
    first, second = examine(documents.pdf()), examine(documents.pdf(2))
    desk.attachments.add("R04", consent, first)
    desk.attachments.add("R04", consent, second)
    assert desk.records.get("R04", consent).record.values["doc_digest"] == first.sha256
    assert [found.field for found in desk.attachments.of("R04", consent)] == ["doc_digest", ""]


def test_taking_a_document_off_leaves_its_hash_and_the_reason_in_history(desk: Desk, family: Family) -> None:
    settle_everything(desk)
    link = desk.attachments.add("R05", family.household, examine(PHOTO))
    with pytest.raises(Refused, match="reason_needed"):
        desk.attachments.remove(link, "  ")
    desk.attachments.remove(link, "拍错了人家")
    assert desk.attachments.of("R05", family.household) == []
    (gone,) = desk.attachments.of("R05", family.household, removed=True)
    assert gone.removed_for == "拍错了人家"
    last = desk.records.history(family.household)[-1]
    assert (last.reason, last.before, last.after) == ("拍错了人家", {LOGGED: gone.sha256}, {})
    assert pending(desk, family.household) == []
    with desk.store.reading() as connection:
        (waiting,) = connection.exec_driver_sql("SELECT count(*) FROM attachment_sendings").one()
    assert waiting == 0


def test_what_one_record_let_go_of_stays_for_the_other(desk: Desk, family: Family) -> None:
    content = examine(PHOTO)
    link = desk.attachments.add("R05", family.household, content)
    desk.attachments.add("R06", family.head, content)
    desk.attachments.remove(link, "不再需要")
    (kept,) = desk.attachments.of("R06", family.head)
    assert (kept.state, desk.attachments.data(kept.link)) == ("waiting", content.data)


def test_a_content_that_nothing_has_any_more_is_erased_after_thirty_days(desk: Desk, family: Family) -> None:
    link = desk.attachments.add("R05", family.household, examine(PHOTO))
    desk.attachments.add("R06", family.head, examine(documents.png()))
    desk.attachments.remove(link, "不再需要")
    clock = desk.clock
    assert isinstance(clock, FixedClock)
    clock.advance(days=29)
    assert desk.attachments.erase_removed() == 0
    clock.advance(days=2)
    assert desk.attachments.erase_removed() == 1
    with pytest.raises(Refused, match="erased"):
        desk.attachments.restore(link)
    (kept,) = desk.attachments.of("R06", family.head)
    assert desk.attachments.data(kept.link)


def test_a_document_leaves_the_store_in_plain_only_by_an_export_with_a_reason(
    desk: Desk, family: Family, tmp_path: Path
) -> None:
    content = examine(documents.pdf())
    link = desk.attachments.add("R05", family.household, content)
    target = tmp_path / "out.pdf"
    with pytest.raises(Refused, match="reason_needed"):
        desk.attachments.export(link, target, reason="")
    desk.attachments.export(link, target, reason="法院调取")
    assert target.read_bytes() == content.data
    if os.name == "posix":
        assert target.stat().st_mode & 0o777 == 0o600
    last = desk.records.history(family.household)[-1]
    assert (last.verb, last.reason, last.after) == ("export", "法院调取", {LOGGED: content.sha256})
    with pytest.raises(Refused, match="target_exists"):
        desk.attachments.export(link, target, reason="再来一次")


def test_a_record_takes_no_document_when_void_unknown_kept_by_the_program_or_full(
    desk: Desk, family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = examine(documents.png())
    with pytest.raises(Refused, match="no_such_record"):
        desk.attachments.add("R05", family.income, content)
    with pytest.raises(Refused, match="bookkeeping"):
        desk.attachments.add("R02", desk.actor, content)
    desk.records.void("R07", family.income, "重复登记")
    with pytest.raises(Refused, match="record_void"):
        desk.attachments.add("R07", family.income, content)
    monkeypatch.setattr("jmdesk.attachments.linking.MOST_PER_RECORD", 2)
    for seed in (3, 4):
        desk.attachments.add("R05", family.household, examine(documents.png(seed=seed)))
    with pytest.raises(Refused, match="too_many"):
        desk.attachments.add("R05", family.household, content)
    assert MOST_PER_RECORD == 50


def test_nothing_of_a_document_is_in_plain_anywhere_in_the_folder(desk: Desk, family: Family, tmp_path: Path) -> None:
    """Added, looked at, made small, and closed: no file under the vault holds its bytes, its words or its caption."""
    content = examine(documents.pdf(words="CANARY-7f3a91"))
    file = tmp_path / "mitgebracht.pdf"
    file.write_bytes(content.data)
    link = desk.attachments.add_file("R05", family.household, file)
    file.unlink()
    desk.attachments.keep_thumbnail(content.sha256, documents.jpeg() + b"CANARY-7f3a91")
    assert desk.attachments.data(link) == content.data
    assert desk.attachments.thumbnail(link)
    desk.store.fold_log()
    marks = (b"CANARY-7f3a91", b"%PDF-", b"\xff\xd8\xff", b"mitgebracht", content.data[100:140])
    looked_at = 0
    for path in tmp_path.rglob("*"):
        if path.is_file():
            stored = path.read_bytes()
            looked_at += len(stored)
            assert not any(mark in stored for mark in marks[:2] + marks[3:]), path.name
    assert looked_at > len(content.data)


def test_one_scan_files_every_consent_of_the_household_that_lacked_it(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, Signature("2026-11-01T01:00:00Z"))
    scan = examine(documents.pdf(2))
    assert desk.consents.file_scan(family.household, scan) == 5
    consents = desk.records.find("R04")
    assert {(c.values["consent_state"], c.values["doc_digest"]) for c in consents} == {("2", scan.sha256)}
    with pytest.raises(Refused, match="none_pending"):
        desk.consents.file_scan(family.household, scan)


def test_a_paper_signed_with_its_scan_is_filed_at_once(desk: Desk, family: Family) -> None:
    scan = examine(documents.jpeg())
    desk.consents.sign(family.household, Signature("2026-11-01T01:00:00Z"), kinds=("C1",), scan=scan)
    (consent,) = desk.records.find("R04")
    assert consent.values["consent_state"] == "2"
    (found,) = desk.attachments.of("R04", consent.rid)
    assert (found.sha256, found.field, found.state) == (scan.sha256, "doc_digest", "waiting")
