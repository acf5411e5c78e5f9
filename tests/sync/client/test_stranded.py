"""A vault put back to before a change of keys: it says so, enrols anew by a code, and nothing unsent is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.store import diary, outbox
from sync.client.asking import ask_reopen, load_halt
from sync.client.engine import synchronise
from sync.client.enrolment import enrol, is_stranded
from sync.client.http import HttpTransport
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.petition import Answered, rotate
from sync.client.sealing import seal
from sync.client.steering import Steering
from sync.client.transport import Opened
from tests.sync.client.conftest import Platform
from tests.sync.client.desk_view import RECORDS, Enrolled, household_of
from tests.sync.client.lines import Line
from tests.sync.client.office import UNIT, add_household
from tests.sync.client.restoring import copied


class Stranded:
    """A restored desk: ``known`` was sent before the backup and changed after it, ``newer`` was made after it."""

    def __init__(self, desk: Desk, transport: HttpTransport, known: str, unsent: str, newer: str) -> None:
        self.desk, self.transport = desk, transport
        self.known, self.unsent, self.newer = known, unsent, newer

    def drafts(self) -> int:
        with self.desk.store.reading() as connection:
            return outbox.counts(connection).get("draft", 0)


@pytest.fixture
def stranded(enrolled: Enrolled, platform: Platform, patience: Patience, tmp_path: Path) -> Iterator[Stranded]:
    """A desk put back, keys and all, to before its keys were changed; the newer keys are gone with its disk."""
    desk, transport = enrolled
    known = add_household(desk, 1)
    synchronise(desk, transport, patience=patience)
    unsent = add_household(desk, 2)
    old = copied(desk, tmp_path / "backup")
    synchronise(desk, transport, patience=patience)
    assert rotate(desk, transport, patience) is Answered.GRANTED
    newer = add_household(desk, 3)
    desk.records.change("R05", known, {"address": "备份之后改的路1号"})
    synchronise(desk, transport, patience=patience)
    desk.close()
    with old:
        yield Stranded(old, platform.transport(), known, unsent, newer)


def enrol_again(found: Stranded, platform: Platform, patience: Patience) -> None:
    enrol(found.desk, found.transport, platform.code(), gateway=platform.url, ca=platform.ca, patience=patience)


def test_the_desk_says_what_happened_and_what_to_do(stranded: Stranded, patience: Patience) -> None:
    desk = stranded.desk
    with pytest.raises(Refused, match=r"sync\.keys_replaced") as refused:
        synchronise(desk, stranded.transport, patience=patience)
    said = refused.value.message_for_user()
    assert "从备份恢复" in said.text
    assert "登记码" in said.action
    with desk.store.reading() as connection:
        [entry] = diary.page(connection, limit=1)
    assert any("登记码" in line for line in entry.told["zh"])
    assert is_stranded(desk)
    for refusing in (
        lambda: seal(desk, load_membership(desk.store), Steering()),
        lambda: ask_reopen(desk),
    ):
        with pytest.raises(Refused, match=r"sync\.keys_replaced"):
            refusing()


def test_after_enrolling_anew_nothing_unsent_is_lost_and_nothing_comes_twice(
    stranded: Stranded, platform: Platform, patience: Patience
) -> None:
    desk = stranded.desk
    with pytest.raises(Refused):
        synchronise(desk, stranded.transport, patience=patience)
    mine = add_household(desk, 4)  # work goes on meanwhile
    before = desk.grant
    assert before is not None
    drafts = stranded.drafts()
    enrol_again(stranded, platform, patience)
    assert stranded.drafts() == drafts
    assert desk.grant is not None
    assert (desk.grant.device != before.device, desk.grant.block != before.block) == (True, True)
    assert (load_halt(desk.store), is_stranded(desk)) == (None, False)
    report = synchronise(desk, stranded.transport, patience=patience)
    assert (report.problem, report.complete, report.verdicts) == (None, True, {"accepted": RECORDS})
    for rid in (stranded.known, stranded.unsent, stranded.newer, mine):
        assert household_of(desk, rid).base_version >= 1
    assert household_of(desk, stranded.known).values["address"] == "备份之后改的路1号"
    assert stranded.drafts() == 0
    query = "SELECT count(*) FROM records WHERE type = 'R05' AND rid::text = ANY(%s)"
    assert platform.ask(query, [stranded.unsent, mine]) == [(2,)]


def test_an_edit_of_a_record_that_changed_since_is_asked_about(
    stranded: Stranded, platform: Platform, patience: Patience
) -> None:
    desk = stranded.desk
    desk.records.change("R05", stranded.known, {"address": "恢复之后改的路9号"})
    with pytest.raises(Refused):
        synchronise(desk, stranded.transport, patience=patience)
    enrol_again(stranded, platform, patience)
    report = synchronise(desk, stranded.transport, patience=patience)
    assert report.problem is None
    [address] = [field for field in desk.conflicts.case("R05", stranded.known).fields if field.name == "address"]
    assert (address.mine, address.theirs) == ("恢复之后改的路9号", "备份之后改的路1号")


def test_a_batch_that_was_on_its_way_is_compared_and_not_sent_twice(
    enrolled: Enrolled, platform: Platform, patience: Patience, tmp_path: Path
) -> None:
    desk, transport = enrolled
    household = add_household(desk, 1)
    assert seal(desk, load_membership(desk.store), Steering()).batch is not None
    with copied(desk, tmp_path / "backup") as old:
        synchronise(desk, transport, patience=patience)
        rotate(desk, transport, patience)
        desk.close()
        found = Stranded(old, platform.transport(), household, household, household)
        with pytest.raises(Refused, match=r"sync\.keys_replaced"):
            synchronise(old, found.transport, patience=patience)
        enrol_again(found, platform, patience)
        report = synchronise(old, found.transport, patience=patience)
        assert (report.problem, report.verdicts, found.drafts()) == (None, {}, 0)
        assert household_of(old, household).base_version == 1


def test_a_store_that_is_older_than_its_keys_enrols_anew_too(
    stranded: Stranded, platform: Platform, patience: Patience
) -> None:
    """A backup put back in its place: the keys beside it are newer than the grant in it."""
    stranded.desk.vault.renew_device_keys()
    with pytest.raises(Refused, match=r"sync\.keys_replaced"):
        synchronise(stranded.desk, stranded.transport, patience=patience)
    enrol_again(stranded, platform, patience)
    assert synchronise(stranded.desk, stranded.transport, patience=patience).complete


def test_an_enrolment_that_waits_for_approval_is_fetched_with_the_same_keys(
    stranded: Stranded, platform: Platform, patience: Patience
) -> None:
    desk, code = stranded.desk, platform.code()
    with pytest.raises(Refused):
        synchronise(desk, stranded.transport, patience=patience)
    with platform.approving_keys(UNIT):
        for _ in range(2):
            with pytest.raises(Refused, match=r"sync\.enrolment_waits"):
                enrol(desk, stranded.transport, code, gateway=platform.url, patience=patience)
        keys = desk.vault.device_keys().keyid
        platform.approve("enrol")
        assert enrol(desk, stranded.transport, code, gateway=platform.url, patience=patience).device == keys
    assert synchronise(desk, stranded.transport, patience=patience).complete


def test_a_word_that_is_not_signed_only_pauses(enrolled: Enrolled, patience: Patience) -> None:
    class Liar(Line):
        def open_session(self, answer: bytes) -> Opened:  # noqa: ARG002
            raise Refused("sync.device_retired", request_id="x")

    desk, transport = enrolled
    transport.token = ""
    add_household(desk, 1)
    with pytest.raises(Refused, match=r"sync\.keys_replaced"):
        synchronise(desk, Liar(transport), patience=patience)
    assert synchronise(desk, transport, patience=patience).verdicts == {"accepted": RECORDS}
    assert load_halt(desk.store) is None
