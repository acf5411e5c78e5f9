"""A platform put back from a backup: desks offer again what it lost, take nothing back, and end equal to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jmdesk.conflicts.case import Kind
from jmdesk.desk import Desk
from jmdesk.store import outbox
from sync.client.asking import ask_reopen, load_halt
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.petition import Answered, rotate
from sync.client.report import SyncReport
from sync.client.sealing import seal
from sync.client.starting_over import review_due, start_over
from sync.client.steering import Steering
from sync.client.stick import take_replies
from tests.sync.client.conftest import Platform, Workshop, enrolled_desk, new_platform
from tests.sync.client.desk_view import RECORDS, household_of
from tests.sync.client.lines import Line
from tests.sync.client.office import add_household
from tests.sync.client.restoring import PlatformBackup
from tests.sync.client.test_stick import at_the_platform, export


@dataclass
class Office:
    """A desk and its line to a platform that is restored under it."""

    desk: Desk
    platform: Platform
    transport: HttpTransport
    patience: Patience

    def sync(self) -> SyncReport:
        return synchronise(self.desk, self.transport, patience=self.patience)

    def restore(self, backup: PlatformBackup) -> None:
        backup.restore()
        self.transport = self.platform.transport()

    def reopen(self) -> SyncReport:
        """What the user and an administrator do about a chain that the platform has forgotten the end of."""
        self.sync()
        ask_reopen(self.desk)
        self.sync()
        self.platform.approve("reopen")
        return self.sync()


@pytest.fixture(scope="module")
def restorable() -> Iterator[Platform]:
    with new_platform() as made:
        yield made


@pytest.fixture
def office(restorable: Platform, workshop: Workshop, tmp_path: Path, patience: Patience) -> Iterator[Office]:
    with workshop.desk(tmp_path / "desk") as desk:
        _, transport = enrolled_desk(desk, restorable, patience)
        yield Office(desk, restorable, transport, patience)


def test_a_record_that_the_platform_lost_is_offered_again(office: Office) -> None:
    kept = add_household(office.desk, 1)
    office.sync()
    backup = PlatformBackup(office.platform)
    lost = add_household(office.desk, 2)
    office.sync()
    office.restore(backup)
    before = load_membership(office.desk.store).server_epoch
    report = office.sync()
    assert load_membership(office.desk.store).server_epoch != before
    assert report.offered == RECORDS
    assert household_of(office.desk, lost).values["address"] == "样例路2号"
    assert household_of(office.desk, kept).sync == "confirmed"
    # The platform has forgotten a batch whose file is gone here: its chain needs a new epoch.
    assert office.reopen().verdicts == {"accepted": RECORDS}
    assert household_of(office.desk, lost).sync == "confirmed"


def test_an_edit_that_the_platform_lost_is_offered_again_and_not_taken_back(office: Office) -> None:
    rid = add_household(office.desk, 3)
    office.sync()
    backup = PlatformBackup(office.platform)
    office.desk.records.change("R05", rid, {"address": "备份之后改的路1号"})
    office.sync()
    office.restore(backup)
    assert office.sync().offered == 1
    assert household_of(office.desk, rid).values["address"] == "备份之后改的路1号"
    assert office.reopen().verdicts == {"accepted": 1}
    assert household_of(office.desk, rid).version_of("address") == 2


def test_a_void_that_the_platform_lost_is_sent_again(office: Office) -> None:
    rid = add_household(office.desk, 4)
    office.sync()
    backup = PlatformBackup(office.platform)
    office.desk.records.void("R05", rid, "重复建档")
    office.sync()
    office.restore(backup)
    office.sync()
    assert household_of(office.desk, rid).voided == "重复建档"
    assert office.reopen().verdicts == {"accepted": 1}


def test_a_batch_that_was_in_custody_when_the_platform_fell_is_handed_over_again(office: Office) -> None:
    class NoReceipt(Line):
        def receipt(self, batch_id: str, wait: int = 0) -> bytes | None:  # noqa: ARG002
            return None

    backup = PlatformBackup(office.platform)
    rid = add_household(office.desk, 5)
    synchronise(office.desk, NoReceipt(office.transport), patience=office.patience, wait_seconds=0)
    office.restore(backup)
    report = office.sync()
    assert (report.complete, report.verdicts) == (True, {"accepted": RECORDS})
    assert household_of(office.desk, rid).base_version == 1
    with office.desk.store.reading() as connection:
        assert [(batch.seq, batch.state) for batch in outbox.batch_list(connection)] == [(1, "done")]


def test_an_unsent_edit_survives_beside_what_the_platform_lost(office: Office) -> None:
    rid = add_household(office.desk, 6)
    office.sync()
    backup = PlatformBackup(office.platform)
    office.desk.records.change("R05", rid, {"address": "备份之后改的路1号"})
    office.sync()
    office.desk.records.change("R05", rid, {"main_industry": "0313"})
    office.restore(backup)
    office.sync()
    assert office.reopen().verdicts == {"accepted": 1}
    values = household_of(office.desk, rid).values
    assert (values["address"], values["main_industry"]) == ("备份之后改的路1号", "0313")


def test_what_another_desk_wrote_after_the_restore_is_asked_about(
    office: Office, workshop: Workshop, tmp_path: Path
) -> None:
    rid = add_household(office.desk, 7)
    office.sync()
    with workshop.desk(tmp_path / "second") as second:
        other = Office(*_enrolled(second, office))
        other.sync()
        backup = PlatformBackup(office.platform)
        office.desk.records.change("R05", rid, {"address": "甲改的路1号"})
        office.sync()
        office.restore(backup)
        other.transport = office.platform.transport()
        other.sync()
        other.desk.records.change("R05", rid, {"address": "乙改的路2号"})
        assert other.sync().verdicts == {"accepted": 1}
    office.sync()
    case = office.desk.conflicts.case("R05", rid)
    assert case.kind is Kind.EDITED
    [address] = [field for field in case.fields if field.name == "address"]
    assert (address.mine, address.theirs) == ("甲改的路1号", "乙改的路2号")


def _enrolled(desk: Desk, office: Office) -> tuple[Desk, Platform, HttpTransport, Patience]:
    _, transport = enrolled_desk(desk, office.platform, office.patience)
    return desk, office.platform, transport, office.patience


def test_nothing_is_offered_again_where_the_backup_was_complete(office: Office) -> None:
    rid = add_household(office.desk, 8)
    office.sync()
    office.restore(PlatformBackup(office.platform))
    report = office.sync()
    assert (report.complete, report.offered, report.left, report.adopted) == (True, 0, 0, 0)
    assert household_of(office.desk, rid).server_epoch == load_membership(office.desk.store).server_epoch


def test_a_batch_in_custody_behind_one_that_the_platform_forgot_asks_for_a_new_chain(office: Office) -> None:
    class NoReceipt(Line):
        def receipt(self, batch_id: str, wait: int = 0) -> bytes | None:  # noqa: ARG002
            return None

    backup = PlatformBackup(office.platform)
    add_household(office.desk, 30)
    office.sync()
    held = add_household(office.desk, 31)
    synchronise(office.desk, NoReceipt(office.transport), patience=office.patience, wait_seconds=0)
    office.restore(backup)
    # The first batch is settled and its file is gone: nobody can hand it over again.
    office.sync()
    assert load_halt(office.desk.store) is not None
    assert office.reopen().complete
    assert household_of(office.desk, held).sync == "confirmed"


def test_an_edit_that_was_sealed_before_the_restore_can_be_decided_after_it(office: Office) -> None:
    rid = add_household(office.desk, 32)
    office.sync()
    backup = PlatformBackup(office.platform)
    office.desk.records.change("R05", rid, {"address": "恢复之前封好的路32号"})
    seal(office.desk, load_membership(office.desk.store), Steering())
    office.restore(backup)
    # Its version numbers are another history's: the platform sets it aside; the review joins it and sends it anew.
    assert office.sync().verdicts == {"conflict": 1, "accepted": 1}
    assert not office.desk.conflicts.cases(), "nothing that a person could not decide is left"
    assert office.sync().complete
    found = household_of(office.desk, rid)
    assert (found.values["address"], found.sync) == ("恢复之前封好的路32号", "confirmed")


@pytest.mark.parametrize("times", [1, 2])
def test_a_key_that_the_platform_has_forgotten_is_granted_anew_by_the_requests_that_led_to_it(
    office: Office, times: int
) -> None:
    add_household(office.desk, 1)
    office.sync()
    backup = PlatformBackup(office.platform)
    for _ in range(times):
        assert rotate(office.desk, office.transport, office.patience) is Answered.GRANTED
    lost = add_household(office.desk, 2)
    office.sync()
    office.restore(backup)
    office.sync()
    assert office.reopen().verdicts == {"accepted": RECORDS}
    assert household_of(office.desk, lost).sync == "confirmed"
    assert load_membership(office.desk.store).device == office.desk.vault.device_keys().keyid


def test_a_restored_platform_is_followed_by_stick_as_by_line(office: Office, tmp_path: Path) -> None:
    kept = add_household(office.desk, 21)
    office.sync()
    office.sync()  # its cursor is past the beginning
    backup = PlatformBackup(office.platform)
    lost = add_household(office.desk, 22)
    office.sync()
    office.restore(backup)
    stick = tmp_path / "stick"
    stick.mkdir()
    unsent = add_household(office.desk, 23)
    export(office.desk, stick)
    handled = at_the_platform(office.platform, stick)
    assert [one.problem for one in handled if one.file] == ["seq_gap"]  # the platform forgot the batch before

    before = load_membership(office.desk.store).server_epoch
    brought = take_replies(office.desk, stick)
    assert not brought.refused
    assert load_membership(office.desk.store).server_epoch != before
    assert brought.report.offered == RECORDS
    assert household_of(office.desk, lost).values["address"] == "样例路22号"
    assert household_of(office.desk, kept).sync == "confirmed"
    assert household_of(office.desk, unsent).values["address"] == "样例路23号"
    again = take_replies(office.desk, stick)
    assert again.report.offered == 0


def test_a_desk_that_starts_over_gets_everything_again_by_stick(office: Office, tmp_path: Path) -> None:
    office.sync()
    household = add_household(office.desk, 24)
    office.sync()
    office.sync()
    start_over(office.desk, load_membership(office.desk.store))
    add_household(office.desk, 25)
    export(office.desk, tmp_path)
    at_the_platform(office.platform, tmp_path)
    brought = take_replies(office.desk, tmp_path)
    assert not brought.refused
    assert brought.report.pages
    assert not review_due(office.desk)
    assert household_of(office.desk, household).sync == "confirmed"
