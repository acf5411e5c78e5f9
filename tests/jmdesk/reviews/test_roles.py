"""Who may take which step of a review where several people share the vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jmdesk.core.errors import Refused
from jmdesk.permissions.guard import Guard
from jmdesk.permissions.matrix import shipped

if TYPE_CHECKING:
    from tests.jmdesk.reviews.conftest import Village

DECIDED = {"doc_no": "恩信〔2026〕1号", "org": "恩平市人民政府"}


def sit(village: Village, *roles: str) -> None:
    """Somebody with these roles works at the desk from now on."""
    guard = Guard(shipped(), frozenset(roles))
    village.desk.records.guard = guard
    village.desk.workflows._roles = lambda: guard.roles


def test_a_village_collector_neither_reviews_nor_decides(village: Village) -> None:
    village.to_scored()
    sit(village, "R1")
    village.as_reviewer()
    with pytest.raises(Refused, match="role"):
        village.clerk.take(village.ratings[0], "review")


def test_the_town_decides_only_by_the_countys_signed_paper_and_the_county_itself_without(village: Village) -> None:
    village.to_noticed()
    village.clock.advance(days=9)
    village.as_reviewer()
    first, second, _ = village.ratings
    sit(village, "R2")
    with pytest.raises(Refused, match="paper_needed"):
        village.clerk.take(first, "decide", details=DECIDED)
    paper = {"signer": "副县长梁国栋", "date": "2026-12-01"}
    reached = village.clerk.take(first, "decide", details=DECIDED | {"paper": paper})
    assert reached.taken[-1].signer == "副县长梁国栋"
    sit(village, "R11")
    assert village.clerk.take(second, "decide", details=DECIDED).state == "decided"


def test_a_collector_takes_up_votes_and_scores(village: Village) -> None:
    sit(village, "R1")
    village.to_scored()
    assert {case.standing.state for case in village.clerk.cases(village.batch)} == {"scored"}


def test_a_bank_officer_opens_no_batch(village: Village) -> None:
    sit(village, "R6")
    with pytest.raises(Refused, match="permissions"):
        village.clerk.panel.open_batch("440785109214")
