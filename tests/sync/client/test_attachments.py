"""Documents on their way: with or after their record, part by part, once, and never past a consent that is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from jmdesk.attachments import queries, travelling
from jmdesk.attachments.content import Content
from jmdesk.attachments.intake import examine
from jmdesk.core.errors import Unreachable
from jmdesk.desk import Desk
from jmdesk.store.reading import Filter
from sync.client.batch_file import BatchFile, batch_path, carry
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership, signing_key
from sync.client.patience import Patience
from sync.client.sealing import Sealed, seal
from sync.client.starting_over import start_over
from sync.client.steering import Steering
from sync.gateway import evidence
from sync.protocol.manifest import Manifest
from sync.protocol.suites import KeySet
from tests import documents
from tests.sync.client.conftest import Pair, Platform
from tests.sync.client.desk_view import ends
from tests.sync.client.lines import CutAt, Line
from tests.sync.client.office import add_household

Enrolled = tuple[Desk, HttpTransport]


@pytest.fixture
def household(enrolled: Enrolled) -> str:
    """A household with everything signed, and settled with the platform."""
    desk, transport = enrolled
    made = add_household(desk, 1)
    assert synchronise(desk, transport).complete
    return made


def paper(words: str) -> Content:
    return examine(documents.pdf(words=words))


def manifest_of(desk: Desk, sealed: Sealed) -> Manifest:
    assert sealed.batch is not None
    keys = KeySet.of(signing_key(desk.vault.device_keys()).public)
    with BatchFile(batch_path(desk, sealed.batch), sealed.batch, keys) as file:
        return file.signed.manifest


def sealed_now(desk: Desk) -> Sealed:
    return seal(desk, load_membership(desk.store), Steering())


def kept(platform: Platform, content: Content) -> list[dict[str, object]]:
    return [row for row in evidence.attachments(platform.storage.database) if row["sha256"] == content.sha256]


def states(desk: Desk, rid: str, type_id: str = "R05") -> list[str]:
    return [found.state for found in desk.attachments.of(type_id, rid)]


def test_a_document_travels_behind_its_record_in_the_same_batch_and_is_kept(
    enrolled: Enrolled, platform: Platform
) -> None:
    desk, transport = enrolled
    household = add_household(desk, 1)
    content = paper("with its record")
    desk.attachments.add("R05", household, content)
    report = synchronise(desk, transport)
    assert (report.batches, report.attachments, report.set_aside) == (1, 1, 0)
    assert states(desk, household) == ["done"]
    (row,) = kept(platform, content)
    assert (row["type"], row["rid"], row["size"], row["media"]) == (
        "R05", household, len(content.data), "application/pdf",
    )  # fmt: skip


def test_a_document_of_an_accepted_record_brings_an_operation_that_changes_nothing_but_names_it(
    enrolled: Enrolled, household: str, platform: Platform
) -> None:
    desk, transport = enrolled
    before = desk.records.get("R05", household).record
    content = paper("afterwards")
    desk.attachments.add("R05", household, content)
    assert desk.records.get("R05", household).record.sync == "mine"
    report = synchronise(desk, transport)
    assert (report.verdicts, report.attachments) == ({"duplicate": 1}, 1)
    after = desk.records.get("R05", household).record
    assert (after.sync, after.base_version, after.values) == ("confirmed", before.base_version, before.values)
    assert len(kept(platform, content)) == 1


def test_documents_alone_make_a_batch_when_their_record_went_before(
    enrolled: Enrolled, household: str, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, transport = enrolled
    monkeypatch.setattr(travelling, "MOST_IN_BATCH", 1)
    first, second = paper("one"), paper("two")
    desk.attachments.add("R05", household, first)
    desk.attachments.add("R05", household, second)
    report = synchronise(desk, transport)
    assert (report.batches, report.sealed, report.attachments) == (2, 1, 2)
    assert states(desk, household) == ["done", "done"]
    assert len(kept(platform, first)) == len(kept(platform, second)) == 1


def test_what_is_in_custody_is_never_sent_again(enrolled: Enrolled, household: str, platform: Platform) -> None:
    desk, transport = enrolled
    content = paper("once")
    desk.attachments.add("R05", household, content)
    synchronise(desk, transport)
    (member,) = desk.records.find("R06", Filter(where={"household_id": household}))
    desk.attachments.add("R06", member.rid, content)
    line = Line(transport)
    report = synchronise(desk, line)
    assert report.attachments == 0
    assert not [call for call in line.calls if call.startswith("put_attachment")]
    assert states(desk, member.rid, "R06") == ["done"]
    (row,) = kept(platform, content)
    assert row["records"] == 2


def test_a_document_of_a_held_record_waits_for_its_consent(enrolled: Enrolled, platform: Platform) -> None:
    desk, transport = enrolled
    household = add_household(desk, 1, consent=False)
    content = paper("held")
    desk.attachments.add("R05", household, content)
    assert synchronise(desk, transport).attachments == 0
    assert states(desk, household) == ["waiting"]
    assert kept(platform, content) == []


def test_a_proof_of_income_waits_for_the_consent_that_the_income_waits_for(
    enrolled: Enrolled, platform: Platform
) -> None:
    """The member's own record may go with C1; a copy of the identity card beside it needs what the number needs."""
    from jmdesk.consents.service import Signature

    desk, transport = enrolled
    household = add_household(desk, 1, consent=False)
    desk.consents.sign(household, Signature("2026-01-05T01:00:00Z"), kinds=("C1", "C4"))
    (member,) = desk.records.find("R06", Filter(where={"household_id": household}))
    content = paper("identity card")
    desk.attachments.add("R06", member.rid, content)
    report = synchronise(desk, transport)
    assert report.verdicts.get("accepted", 0) >= 2
    assert states(desk, member.rid, "R06") == ["waiting"]
    desk.consents.sign(household, Signature("2026-01-06T01:00:00Z"), kinds=("C2",))
    synchronise(desk, transport)
    assert states(desk, member.rid, "R06") == ["done"]
    assert len(kept(platform, content)) == 1


@pytest.mark.parametrize("at", range(4, 12))
def test_an_upload_that_breaks_off_anywhere_goes_on_where_it_was(
    at: int, enrolled: Enrolled, household: str, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    contents = [paper(f"{at} of {n}") for n in range(3)]
    for content in contents:
        desk.attachments.add("R05", household, content)
    cut = CutAt(transport, at)
    with pytest.raises(Unreachable):
        synchronise(desk, cut, patience=patience)
    line = Line(transport)
    synchronise(desk, line, patience=patience)
    sent = [call for call in [*cut.arrived, *line.calls] if call.startswith("put_attachment")]
    assert sorted(sent) == [f"put_attachment {n}" for n in range(3)]
    assert states(desk, household) == ["done"] * 3
    assert all(len(kept(platform, content)) == 1 for content in contents)


def test_a_stick_carries_the_same_bytes(enrolled: Enrolled, household: str, platform: Platform, tmp_path: Path) -> None:
    desk, transport = enrolled
    content = paper("by stick")
    desk.attachments.add("R05", household, content)
    sealed = sealed_now(desk)
    assert sealed.batch is not None
    assert carry(desk, sealed.batch, tmp_path / "a.jmb") > len(content.data)
    assert content.data[50:90] not in (tmp_path / "a.jmb").read_bytes()
    platform.deliver(tmp_path / "a.jmb", load_membership(desk.store).device)
    report = synchronise(desk, transport)
    assert report.complete
    assert states(desk, household) == ["done"]
    assert len(kept(platform, content)) == 1


def test_the_plain_bytes_are_in_no_file_while_a_batch_waits(enrolled: Enrolled, household: str) -> None:
    desk, _ = enrolled
    content = paper("CANARY-51c0de")
    desk.attachments.add("R05", household, content)
    assert manifest_of(desk, sealed_now(desk)).attachments
    for path in desk.vault.folder.rglob("*"):
        if path.is_file():
            stored = path.read_bytes()
            assert b"CANARY-51c0de" not in stored, path.name
            assert content.data[50:90] not in stored, path.name


def test_each_document_has_a_key_and_a_place_of_its_own_and_names_its_record(
    enrolled: Enrolled, household: str
) -> None:
    desk, _ = enrolled
    for words in ("a", "b"):
        desk.attachments.add("R05", household, paper(words))
    manifest = manifest_of(desk, sealed_now(desk))
    assert [(found.n, found.record) for found in manifest.attachments] == [(0, household), (1, household)]
    assert (
        len({found.enc.recipients[0].wrapped for found in manifest.attachments} | {manifest.enc.recipients[0].wrapped})
        == 3
    )


def test_a_document_taken_off_before_it_was_sent_is_neither_sent_nor_named(enrolled: Enrolled, household: str) -> None:
    desk, _ = enrolled
    link = desk.attachments.add("R05", household, paper("wrong one"))
    desk.attachments.remove(link, "拿错了")
    assert sealed_now(desk).batch is None
    assert desk.records.get("R05", household).record.sync == "confirmed"


def test_a_batch_takes_documents_up_to_its_bytes_and_the_next_one_the_rest(
    enrolled: Enrolled, household: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, _ = enrolled
    contents = [paper(f"large {n}") for n in range(3)]
    for content in contents:
        desk.attachments.add("R05", household, content)
    monkeypatch.setattr(travelling, "MOST_BYTES", len(contents[0].data) + len(contents[1].data) + 5)
    first, second = sealed_now(desk), sealed_now(desk)
    assert (first.attachments, first.more, second.attachments, second.more) == (2, True, 1, False)
    with desk.store.reading() as connection:
        assert queries.sending_counts(connection) == {"sealed": 3}


def test_a_platform_that_went_back_is_offered_every_document_again_and_takes_each_once(
    enrolled: Enrolled, household: str, platform: Platform
) -> None:
    desk, transport = enrolled
    content = paper("before the restore")
    desk.attachments.add("R05", household, content)
    synchronise(desk, transport)
    start_over(desk, load_membership(desk.store))
    assert states(desk, household) == ["waiting"]
    report = synchronise(desk, transport)
    assert report.attachments == 1
    assert states(desk, household) == ["done"]
    assert len(kept(platform, content)) == 1


def test_a_document_whose_record_was_rejected_is_refused_and_goes_again_with_the_mended_record(
    enrolled: Enrolled, household: str, platform: Platform
) -> None:
    """The platform judges the record first; a document that no accepted record names is not kept."""
    desk, transport = enrolled
    other = add_household(desk, 2, village="440785104200")
    content = paper("out of scope")
    desk.attachments.add("R05", other, content)
    report = synchronise(desk, transport)
    assert report.verdicts.get("forbidden")
    (found,) = desk.attachments.of("R05", other)
    assert (found.state, found.code) == ("refused", "verdict.attachment_record")
    assert kept(platform, content) == []
    assert synchronise(desk, transport).attachments == 0


def test_a_document_refused_with_a_conflict_goes_again_since_a_later_batch_names_it(
    pair: Pair, patience: Patience
) -> None:
    one, to_one, two, to_two = ends(pair)
    made = add_household(one, 71)
    synchronise(one, to_one, patience=patience)
    synchronise(two, to_two, patience=patience)
    two.records.change("R05", made, {"address": "先到的路1号"})
    synchronise(two, to_two, patience=patience)
    one.records.change("R05", made, {"address": "后到的路2号"})
    one.attachments.add("R05", made, paper("with the conflict"))
    sealed_now(one)
    one.attachments.add("R05", made, paper("behind it"))
    synchronise(one, to_one, patience=patience)
    assert sorted(states(one, made)) == ["done", "refused"]
    synchronise(one, to_one, patience=patience)
    assert states(one, made) == ["done", "done"]
    assert synchronise(one, to_one, patience=patience).attachments == 0
