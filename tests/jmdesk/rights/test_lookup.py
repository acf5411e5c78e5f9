"""Counts of a village need nobody's consent and name nobody; a household is told only to the bank that it named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.consents.service import Signature
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.rights.lookup import FEW, Lookup, suppressed
from tests.desks import VILLAGE, Family

BANK = "91440785MA4UL00008"
SIGNED = Signature("2026-10-01T02:00:00Z", doc_digest="ab" * 32)


@given(st.dictionaries(st.sampled_from(["AAA", "AA", "A", "B", "C", "NR"]), st.integers(0, 30)))
def test_a_small_count_is_never_told_nor_given_away_by_the_total(counts: dict[str, int]) -> None:
    told = suppressed(counts)
    hidden = [name for name, number in told.items() if number is None]
    assert all(number is None or number == 0 or number >= FEW for number in told.values())
    assert len(hidden) != 1 or sum(1 for number in counts.values() if number) == 1


def test_a_village_is_told_without_consent_and_small_counts_are_hidden(desk: Desk, family: Family) -> None:
    desk.ratings.rate(family.household)
    counts = Lookup(desk).village(VILLAGE, 2026)
    assert list(counts.grades.values()) == [None]
    assert desk.records.count("R26") == 0


def test_a_household_is_told_only_to_the_bank_and_for_the_purpose_it_agreed_to(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    desk.ratings.rate(family.household)
    lookup = Lookup(desk)
    with pytest.raises(Refused, match="recipient_needed"):
        desk.consents.sign(family.household, SIGNED, kinds=("C5",))
    desk.consents.sign(family.household, Signature("2026-11-01T02:00:00Z", recipient=BANK, purpose="2"), kinds=("C5",))
    for recipient, purpose in ((BANK, "3"), (desk.unit, "2")):
        with pytest.raises(Refused, match="no_consent_for_bank"):
            lookup.household(family.household, recipient, purpose)
    answer = lookup.household(family.household, BANK, "2")
    assert "grade" in answer.values
    assert "score" not in answer.values
    entry = desk.records.get("R26", answer.entry).record.values
    assert (entry["org_uscc"], entry["consent_id"], entry["purpose"]) == (BANK, answer.consent, "2")


def test_a_banks_consent_ends_after_a_year_or_when_it_is_withdrawn(desk: Desk, family: Family) -> None:
    bank = Signature("2026-11-01T02:00:00Z", recipient=BANK, purpose="2")
    desk.consents.sign(family.household, bank, kinds=("C5",))
    desk.rights.withdraw(family.household, ("C5",), reason="本人要求")
    with pytest.raises(Refused, match="no_consent_for_bank"):
        Lookup(desk).household(family.household, BANK, "2")
    desk.consents.sign(family.household, bank, kinds=("C5",))
    assert Lookup(desk).household(family.household, BANK, "2").consent
    assert isinstance(desk.clock, FixedClock)
    desk.clock.advance(days=366)
    with pytest.raises(Refused, match="no_consent_for_bank"):
        Lookup(desk).household(family.household, BANK, "2")
