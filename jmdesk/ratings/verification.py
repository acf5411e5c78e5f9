"""Recomputing a stored rating: the check that a score is what its own facts earn."""

from __future__ import annotations

from collections.abc import Mapping

from jmdesk.core.errors import Refused
from jmdesk.ratings import engine, facts
from jmdesk.ratings.model import RulePackage
from jmdesk.ratings.scorecard import Scorecard, stored_facts

_COMPUTED = ("model_ver", "applicable_max", "score", "grade", "item_scores", "input_digest", "veto_codes")


def verify(item_scores: object, package: RulePackage) -> Scorecard:
    """The scorecard recomputed from the facts that a rating carries.

    ``Refused("ratings.bad_facts")`` when they are not facts of this package, ``Refused("ratings.items_differ")`` when
    the items stored beside them are not what they earn.
    """
    card = engine.score(facts.from_stored(stored_facts(item_scores), package), package)
    if item_scores != card.item_scores():
        raise Refused("ratings.items_differ")
    return card


def differences(rating: Mapping[str, object], package: RulePackage) -> tuple[str, ...]:
    """The computed fields of an R16 record that are not what its own facts earn, in catalogue order; empty when right.

    A reviewer's adjustment changes ``grade`` alone; whether that is allowed is for the caller to judge.
    """
    try:
        right = engine.score(facts.from_stored(stored_facts(rating.get("item_scores")), package), package)
    except Refused:
        return ("item_scores",)
    values = right.record_values()
    return tuple(name for name in _COMPUTED if rating.get(name) != values.get(name))
