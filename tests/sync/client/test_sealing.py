from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from jmdesk.core.clock import FixedClock, from_utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.desk import Desk
from jmdesk.store import change_log, outbox
from jmdesk.store.outbox import Batch
from sync.client.batch_file import batch_path, carry
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership, save_membership, signing_key
from sync.client.patience import Patience
from sync.client.sealing import PART_RECORDS, Sealed, adapt_parts, part_records, seal
from sync.client.steering import Steering, Stopped
from sync.protocol.batch import BatchReader
from sync.protocol.manifest import NO_PREVIOUS, Manifest
from sync.protocol.suites import KeySet
from tests.sync.client.conftest import Platform
from tests.sync.client.lines import Line
from tests.sync.client.office import UNIT, add_household

Enrolled = tuple[Desk, HttpTransport]
RECORDS = 6


def sealed_now(desk: Desk, **options: int) -> Sealed:
    return seal(desk, load_membership(desk.store), Steering(), **options)


def batch_of(sealed: Sealed) -> Batch:
    assert sealed.batch is not None
    return sealed.batch


def manifest_of(desk: Desk, batch: Batch) -> Manifest:
    keys = KeySet.of(signing_key(desk.vault.device_keys()).public)
    with batch_path(desk, batch).open("rb") as source:
        reader = BatchReader(source, keys)
        assert len(list(reader.parts())) == len(reader.signed.manifest.parts)
        reader.finish()
        return reader.signed.manifest


def counts(desk: Desk) -> dict[str, int]:
    with desk.store.reading() as connection:
        return outbox.counts(connection)


def test_a_sealed_batch_is_a_whole_container_that_says_where_it_stands(enrolled: Enrolled) -> None:
    desk, _ = enrolled
    add_household(desk, 1)
    batch = batch_of(sealed_now(desk))
    manifest = manifest_of(desk, batch)
    with desk.store.reading() as connection:
        head = change_log.read_head(connection)
    membership = load_membership(desk.store)
    assert (manifest.unit, manifest.device, manifest.operator) == (UNIT, membership.device, desk.actor)
    assert (manifest.epoch, manifest.seq, manifest.prev) == (membership.epoch, 1, NO_PREVIOUS)
    assert (manifest.records, manifest.catalogue) == (RECORDS, desk.catalogue.version)
    assert (manifest.audit.count, manifest.audit.head) == (head.count, head.hash.hex())
    assert manifest.server_epoch == membership.server_epoch
    assert manifest.rules == "JM-HH-1:1.0" or manifest.rules.startswith("JM-HH-1:")


def test_batches_form_a_chain(enrolled: Enrolled) -> None:
    desk, _ = enrolled
    add_household(desk, 1)
    first = batch_of(sealed_now(desk))
    add_household(desk, 2)
    second = batch_of(sealed_now(desk))
    assert manifest_of(desk, second).seq == 2
    assert manifest_of(desk, second).prev == first.manifest_sha256
    assert sealed_now(desk).batch is None


def test_more_than_a_batch_takes_waits_for_the_next(enrolled: Enrolled) -> None:
    desk, _ = enrolled
    add_household(desk, 1)
    assert [batch_of(sealed_now(desk, most=4)).records, batch_of(sealed_now(desk, most=4)).records] == [4, 2]


def test_an_edit_after_sealing_is_an_operation_of_its_own(enrolled: Enrolled) -> None:
    desk, _ = enrolled
    rid = add_household(desk, 1)
    before = batch_path(desk, batch_of(sealed_now(desk))).read_bytes()
    desk.records.change("R05", rid, {"address": "后改路9号"})
    assert counts(desk) == {"sealed": RECORDS, "draft": 1}
    after = batch_of(sealed_now(desk))
    assert after.records == 1
    assert before in [file.read_bytes() for file in desk.vault.outgoing.iterdir()]


def test_nothing_that_waits_on_the_disk_can_be_read(enrolled: Enrolled) -> None:
    desk, _ = enrolled
    add_household(desk, 1)
    sealed_now(desk)
    [file] = desk.vault.outgoing.iterdir()
    content = file.read_bytes()
    for secret in ("样例路", "李样二", "1970-03-01"):
        assert secret.encode() not in content
    with zipfile.ZipFile(file) as container:
        assert container.namelist() == ["manifest.dsse.json", "parts/00000"]


@pytest.mark.parametrize("moment", ["written", "named"])
def test_a_power_cut_while_sealing_leaves_the_outbox_as_it_was(
    moment: str, enrolled: Enrolled, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCut(BaseException):
        pass

    def cut(*_: object) -> None:
        raise PowerCut

    desk, transport = enrolled
    add_household(desk, 1)
    target = "sync.client.sealing.flush_folder" if moment == "written" else "sync.client.sealing.outbox.seal"
    monkeypatch.setattr(target, cut)
    with pytest.raises(PowerCut):
        sealed_now(desk)
    monkeypatch.undo()
    assert counts(desk) == {"draft": RECORDS}
    assert list(desk.vault.outgoing.glob("*.jmb")), "the file of the batch that never was"
    report = synchronise(desk, transport, patience=patience)
    assert report.verdicts == {"accepted": RECORDS}
    assert not list(desk.vault.outgoing.iterdir())


def test_stopping_while_sealing_leaves_everything_as_it_was(
    enrolled: Enrolled, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, _ = enrolled
    add_household(desk, 1)
    monkeypatch.setattr("sync.client.sealing.CHECK_EVERY", 2)
    with pytest.raises(Stopped):
        seal(desk, load_membership(desk.store), Steering(cancelled=lambda: True))
    assert counts(desk) == {"draft": RECORDS}
    assert not list(desk.vault.outgoing.iterdir())


def test_a_full_disk_seals_nothing_and_is_told(enrolled: Enrolled, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    desk, _ = enrolled
    add_household(desk, 1)
    monkeypatch.setattr("sync.client.sealing.os.fsync", no_room)
    with pytest.raises(Environment, match=r"vault\.disk_full"):
        sealed_now(desk)
    monkeypatch.undo()
    assert counts(desk) == {"draft": RECORDS}
    assert batch_of(sealed_now(desk)).records == RECORDS


@pytest.mark.parametrize("damage", ["missing", "cut", "flipped", "other"])
def test_a_damaged_batch_file_is_told_and_never_rebuilt(
    damage: str, enrolled: Enrolled, patience: Patience, tmp_path: Path
) -> None:
    desk, transport = enrolled
    add_household(desk, 1)
    path = batch_path(desk, batch_of(sealed_now(desk)))
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(whole[:-300])
    elif damage == "flipped":
        middle = whole.index(b"parts/00000") + 40
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    else:
        add_household(desk, 2)
        path.write_bytes(batch_path(desk, batch_of(sealed_now(desk))).read_bytes())
    report = synchronise(desk, transport, patience=patience)
    assert report.problem is not None
    assert report.problem.code == "sync.batch_damaged"
    assert report.pages == 1, "what others changed still comes in"
    path.write_bytes(whole)
    assert synchronise(desk, transport, patience=patience).complete


def test_a_batch_is_carried_whole_or_not_at_all(
    enrolled: Enrolled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, _ = enrolled
    add_household(desk, 1)
    batch = batch_of(sealed_now(desk))
    stick = tmp_path / "stick"
    stick.mkdir()
    size = carry(desk, batch, stick / "送平台.jmb")
    assert (stick / "送平台.jmb").read_bytes() == batch_path(desk, batch).read_bytes()
    assert (stick / "送平台.jmb").stat().st_size == size

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sync.client.batch_file.shutil.copyfileobj", no_room)
    with pytest.raises(Environment, match=r"vault\.disk_full"):
        carry(desk, batch, stick / "second.jmb")
    assert [entry.name for entry in stick.iterdir()] == ["送平台.jmb"]


def test_a_batch_that_came_on_a_stick_is_settled_online_without_sending_it_again(
    enrolled: Enrolled, platform: Platform, patience: Patience, tmp_path: Path
) -> None:
    desk, transport = enrolled
    add_household(desk, 1)
    batch = batch_of(sealed_now(desk))
    carry(desk, batch, tmp_path / "stick.jmb")
    with desk.store.transaction(desk.actor, "carry") as transaction:
        outbox.advance(transaction.connection, batch.batch_id, "carried")
    platform.deliver(tmp_path / "stick.jmb", load_membership(desk.store).device)
    line = Line(transport)
    line.token = transport.token
    assert synchronise(desk, line, patience=patience).verdicts == {"accepted": RECORDS}
    assert not [call for call in line.calls if call.startswith(("put_part", "deliver"))]


def test_nothing_is_sealed_to_keys_that_are_out_of_date(enrolled: Enrolled) -> None:
    desk, _ = enrolled
    add_household(desk, 1)
    late = FixedClock(from_utc_text("2040-01-01T00:00:00Z"))
    with pytest.raises(Refused, match=r"sync\.trust_expired"):
        load_membership(desk.store).recipients(late)


def test_a_clock_that_went_back_is_told_to_the_platform(enrolled: Enrolled) -> None:
    desk, _ = enrolled
    add_household(desk, 1)
    membership = load_membership(desk.store)
    save_membership(desk.store, membership.at(membership.server_epoch, "2039-12-31T00:00:00Z"))
    clock = manifest_of(desk, batch_of(sealed_now(desk))).clock
    assert (clock.server_seen, clock.clock_back) == ("2039-12-31T00:00:00Z", True)


def test_the_last_time_seen_never_goes_back(enrolled: Enrolled) -> None:
    membership = load_membership(enrolled[0].store).at("e", "2039-12-31T00:00:00Z")
    assert membership.at("e", "2030-01-01T00:00:00Z").server_seen == "2039-12-31T00:00:00Z"


def test_parts_shrink_on_a_line_that_breaks_and_grow_on_one_that_holds(desk: Desk) -> None:
    def sizes(outcomes: Iterable[bool]) -> list[int]:
        found = []
        for went_well in outcomes:
            adapt_parts(desk, went_well=went_well)
            found.append(part_records(desk))
        return found

    assert part_records(desk) == 1000
    assert sizes([True, False, False, False, False, False, False]) == [1000, 500, 250, 125, 62, 50, 50]
    assert sizes([True, True, True, True, True, True]) == [100, 200, 400, 800, 1000, 1000]
    desk.store.put_setting(PART_RECORDS, "1000000")
    assert part_records(desk) == 1000
