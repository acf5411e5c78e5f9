"""Withdrawal stops at once, two people erase, and what was erased is nowhere in the vault's folder."""

from __future__ import annotations

import pytest

from jmdesk.attachments.intake import examine
from jmdesk.backups.opening import open_backup
from jmdesk.consents.service import Signature
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.households.queries import HouseholdFilter
from jmdesk.store import change_log
from jmdesk.workflows.service import Workflows
from tests.desks import PASSPHRASE, Family
from tests.documents import pdf
from tests.jmdesk.papers.test_papers import words
from tests.store_pages import found_in_vault, pages

SIGNED = Signature("2026-10-01T02:00:00Z", doc_digest="ab" * 32)
CANARIES = ["曾建明", "区小燕", "440785199001010011", "塘洲村1组8号", "19900001234", "12000.50"]


def broken(desk: Desk) -> list[tuple[int, str]]:
    """The links of the change log that do not hold."""
    with desk.store.reading() as connection:
        return list(change_log.verify(connection))


@pytest.fixture
def colleague(desk: Desk) -> Workflows:
    """The cases of the same desk as somebody else sees them, a reviewer of the town."""
    return Workflows(
        desk, actor=desk.ids.new(), unit=desk.unit, roles=lambda: frozenset({"R2"}), effects={"W13": desk.rights.effect}
    )


def erase(desk: Desk, colleague: Workflows, case: str) -> None:
    """One person asks for the erasure, another does it."""
    desk.workflows.take("W13", "R25", case, "propose")
    colleague.take("W13", "R25", case, "erase")


def test_a_withdrawal_stops_use_at_once_and_gives_a_slip_and_a_clock(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    done = desk.rights.withdraw(family.household, ("C3",), reason="本人要求")
    assert done.values == 6
    assert "income_crop" not in desk.records.get("R07", family.income).record.values
    text = words(desk.papers.document(done.slip.number))
    for told in ("曾建明", "收入存款保险不动产等书面同意", "2026年12月22日", done.case_no):
        assert told in text
    countdown = desk.rights.countdown_of(family.household)
    assert countdown is not None
    assert (countdown.kinds, countdown.days_left, countdown.state) == (("C3",), 30, "stopped")


def test_a_household_that_withdrew_is_not_rated(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    desk.ratings.rate(family.household)
    desk.rights.withdraw(family.household, ("C1",), reason="本人要求")
    with pytest.raises(Refused, match=r"ratings\.declined"):
        desk.ratings.rate(family.household)


def test_who_asks_for_an_erasure_cannot_approve_it(desk: Desk, family: Family, colleague: Workflows) -> None:
    desk.consents.sign(family.household, SIGNED)
    case = desk.rights.withdraw(family.household, ("C1",), reason="本人要求").case
    desk.workflows.take("W13", "R25", case, "propose")
    with pytest.raises(Refused, match="same_person"):
        desk.workflows.take("W13", "R25", case, "erase")
    assert desk.households.dossier(family.household).head is not None
    colleague.take("W13", "R25", case, "erase")
    assert desk.rights.countdown_of(family.household) is None


def test_nothing_of_an_erased_household_is_left_anywhere_in_the_vault(
    desk: Desk, family: Family, colleague: Workflows
) -> None:
    scan = examine(pdf(words="SAOMIAOJIAN-CANARY"))
    desk.consents.sign(family.household, SIGNED, scan=scan)
    desk.attachments.add("R05", family.household, examine(pdf(words="FUJIAN-CANARY")), caption="曾建明的房子")
    desk.ratings.rate(family.household)
    desk.records.change("R05", family.household, {"phone": "19900009876"}, reason="曾建明来电")
    desk.drafts.save("records", family.head, {"person_name": "曾建明"})
    case = desk.rights.withdraw(family.household, ("C1",), reason="曾建明当面提出").case
    canaries = [*CANARIES, "19900009876", "SAOMIAOJIAN-CANARY", "FUJIAN-CANARY", "zengjianming"]
    before = found_in_vault(desk, canaries)
    assert set(canaries) - set(before) <= {"12000.50"}  # amounts are whole cents in rows
    erase(desk, colleague, case)
    assert found_in_vault(desk, canaries) == {}
    assert broken(desk) == []
    assert desk.households.count(HouseholdFilter(search="曾建明")) == 0


def test_an_erased_rating_keeps_its_points_and_the_digest_of_its_inputs(
    desk: Desk, family: Family, colleague: Workflows
) -> None:
    desk.consents.sign(family.household, SIGNED)
    rating = desk.ratings.rate(family.household)
    kept = desk.records.get("R16", rating.rid).record.values["input_digest"]
    erase(desk, colleague, desk.rights.withdraw(family.household, ("C1",), reason="本人要求").case)
    values = desk.records.get("R16", rating.rid).record.values
    assert values["input_digest"] == kept
    assert values["grade"] == rating.card.grade
    assert "item_scores" not in values
    assert "household_id" not in values


def test_withdrawing_one_consent_erases_only_what_it_had_opened(
    desk: Desk, family: Family, colleague: Workflows
) -> None:
    desk.consents.sign(family.household, SIGNED)
    case = desk.rights.withdraw(family.household, ("C3",), reason="本人要求").case
    erase(desk, colleague, case)
    assert found_in_vault(desk, ["12000.50"]) == {}
    assert desk.records.get("R06", family.head).record.values["id_no"] == "440785199001010011"
    assert "income_crop" not in str(desk.records.history(family.income))
    assert broken(desk) == []


def test_a_household_that_signed_again_is_not_erased(desk: Desk, family: Family, colleague: Workflows) -> None:
    desk.consents.sign(family.household, SIGNED)
    case = desk.rights.withdraw(family.household, ("C3",), reason="本人要求").case
    desk.consents.sign(family.household, SIGNED, kinds=("C3",))
    assert desk.records.get("R07", family.income).record.values["income_crop"] == "12000.50"
    with pytest.raises(Refused, match="signed_again"):
        erase(desk, colleague, case)


def test_the_record_of_an_erasure_names_who_did_it_and_nobody_else(
    desk: Desk, family: Family, colleague: Workflows
) -> None:
    desk.consents.sign(family.household, SIGNED)
    case = desk.rights.withdraw(family.household, ("C1",), reason="本人要求").case
    erase(desk, colleague, case)
    record = next(paper for paper in desk.papers.of("R25", case) if paper.template == "erasure-record")
    text = words(desk.papers.document(record.number))
    assert "测试员" in text
    assert "曾建明" not in text
    with pytest.raises(Refused, match="no_such_number"):
        desk.papers.document(next(p.number for p in desk.papers.of("R25", case) if p.template == "withdrawal-slip"))


def test_an_erasure_that_nobody_did_stays_on_the_list_past_its_day(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    desk.rights.withdraw(family.household, ("C1",), reason="本人要求")
    assert isinstance(desk.clock, FixedClock)
    desk.clock.advance(days=31)
    [due] = desk.rights.countdowns()
    assert due.days_left == -1


def backups_with_them(desk: Desk) -> set[str]:
    """Which backups still have somebody of the family on one of their pages, free space and index included."""
    found = set()
    for kept in desk.backups.all():
        plain = b"".join(pages(kept.store, open_backup(kept.folder, PASSPHRASE).way.keys.db))
        assert plain.startswith(b"\x10\x00"), "the pages were decrypted: what follows the salt is the page size"
        if any(word.encode() in plain for word in CANARIES):
            found.add(kept.folder.name)
    return found


def test_who_was_erased_is_gone_from_every_backup_after_the_term(
    desk: Desk, family: Family, colleague: Workflows
) -> None:
    clock = desk.clock
    assert isinstance(clock, FixedClock)
    desk.consents.sign(family.household, SIGNED)
    desk.backups.make()
    before = {kept.folder.name for kept in desk.backups.all()}
    assert backups_with_them(desk) == before
    erase(desk, colleague, desk.rights.withdraw(family.household, ("C1",), reason="本人要求").case)
    assert {kept.folder.name for kept in desk.backups.all()} == before, "an erasure makes no backup of what it erases"
    clock.advance(days=1)
    assert desk.backups.daily() is not None
    assert backups_with_them(desk) == before, "what is made afterwards is without them"
    clock.advance(days=31)
    desk.backups.daily()
    assert desk.backups.all()
    assert backups_with_them(desk) == set()
