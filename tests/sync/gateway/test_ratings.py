"""Ratings at the platform: computed anew from their own facts, explained in the same words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from jmdesk.core.errors import Refused
from jmdesk.ratings import engine, facts
from jmdesk.ratings.admission import rating_fault
from jmdesk.ratings.explanation import Subject, explain
from jmdesk.ratings.model import shipped
from jmdesk.ratings.scorecard import Scorecard
from sync.gateway import show
from sync.protocol.records import Value, Verdict
from tests.jmdesk.ratings.households import h1
from tests.sync.gateway.conftest import Platform
from tests.sync.gateway.desk import IDS, consent, draft, household, person

PACKAGE = shipped()


def card() -> Scorecard:
    return engine.score(facts.from_object(h1(), PACKAGE), PACKAGE)


def rating(household_rid: str, **values: Value) -> tuple[str, dict[str, Value]]:
    rid = IDS.new()
    computed = cast("dict[str, Value]", card().record_values())
    return rid, {
        "rating_id": rid,
        "household_id": household_rid,
        "rating_year": 2026,
        "first_rater": IDS.new(),
        "rating_status": "10",
        **computed,
        **values,
    }


@dataclass(frozen=True)
class Rated:
    """A household on the platform with the consents that a rating needs."""

    household: str
    number: str
    consents: list[str]


@pytest.fixture
def rated(platform: Platform) -> Rated:
    desk = platform.desk()
    rid, values = household()
    member, named = person(rid, person_name="样例甲")
    values["head_person_id"] = member
    agreed = [consent(rid, kind) for kind in ("C1", "C3", "C4")]
    lines = desk.exchange(
        draft("R05", rid, values),
        draft("R06", member, named),
        *(draft("R04", name, signed) for name, signed in agreed),
    )
    assert {line.verdict for line in lines} == {Verdict.ACCEPTED}
    return Rated(rid, str(values["household_id"]), [name for name, _ in agreed])


def test_a_right_rating_is_accepted_and_explained_word_for_word(platform: Platform, rated: Rated) -> None:
    rid, values = rating(rated.household)
    (line,) = platform.desk().exchange(draft("R16", rid, values, consent=rated.consents))
    assert (line.verdict, line.code) == (Verdict.ACCEPTED, "")
    subject = Subject(rated.number, 2026, "恩平市/牛江镇/岭南村", "样例甲")
    assert show.explanation(platform.storage.database, rid) == explain(card(), PACKAGE, subject)


@pytest.mark.parametrize(
    "wrong",
    [
        {"score": "99.9"},
        {"grade": "B"},
        {"applicable_max": "99.0"},
        {"input_digest": "ab" * 32},
        {"veto_codes": ["V1"]},
    ],
)
def test_a_rating_that_its_facts_do_not_earn_is_refused(
    platform: Platform, rated: Rated, wrong: dict[str, Value]
) -> None:
    assert card().grade != wrong.get("grade")
    rid, values = rating(rated.household, **wrong)
    (line,) = platform.desk().exchange(draft("R16", rid, values, consent=rated.consents))
    assert (line.verdict, line.code, line.path) == (Verdict.REJECTED, "verdict.rating_differs", "item_scores")


def test_a_rating_by_unknown_rules_is_refused(platform: Platform, rated: Rated) -> None:
    for label in ("JM-HH-9@1.0", f"{PACKAGE.model}@0.1"):
        rid, values = rating(rated.household, model_ver=label)
        (line,) = platform.desk().exchange(draft("R16", rid, values, consent=rated.consents))
        assert line.code == "verdict.rules_unknown"


def test_points_that_were_touched_up_are_refused() -> None:
    _, values = rating(IDS.new())
    scores = cast("dict[str, Any]", values["item_scores"])
    items = [*scores["items"]]
    items[0] = {**items[0], "points": "0"}
    assert rating_fault({**values, "item_scores": {**scores, "items": items}}) == "verdict.rating_differs"
    assert rating_fault({**values, "item_scores": {"items": items}}) == "verdict.rating_differs"
    assert rating_fault(values) == ""


def test_a_second_rater_may_move_the_grade_by_one_step() -> None:
    _, values = rating(IDS.new())
    grades = [band.grade for band in PACKAGE.bands] + [PACKAGE.unbanded]
    place = grades.index(str(values["grade"]))
    for step, grade in enumerate(grades):
        moved = {**values, "grade": grade, "second_rater": IDS.new()}
        assert (rating_fault(moved) == "") == (abs(step - place) <= 1)
    alone = {**values, "grade": grades[place - 1] if place else grades[1]}
    assert rating_fault(alone) == "verdict.rating_differs"


def test_what_is_no_rating_cannot_be_explained(platform: Platform, rated: Rated) -> None:
    for rid in (rated.household, IDS.new(), "nonsense"):
        with pytest.raises(Refused) as refused:
            show.explanation(platform.storage.database, rid)
        assert refused.value.code == "gateway.rating_unknown"
