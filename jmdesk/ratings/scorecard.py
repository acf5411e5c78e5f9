"""The result of rating one household: every indicator's points, the totals, the grade, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from jmdesk.core.numbers import round_half_up
from jmdesk.ratings.facts import Facts
from jmdesk.ratings.model import NOT_RATED

TOO_LITTLE = "too_little_information"
VETOED = "veto"


@dataclass(frozen=True, slots=True)
class ItemScore:
    """What one indicator earned. ``rule`` is the rule that was hit, or the reason when it does not apply.

    ``value`` is what the rules were held against: an exact fraction, a code, or nothing. ``max`` counts only where
    ``applicable``.
    """

    id: str
    applicable: bool
    points: Fraction
    max: Fraction
    rule: str
    value: Fraction | str | None = None

    def as_json(self) -> dict[str, object]:
        """The item as a rating stores it: points exact, as a decimal or as ``"22/3"``."""
        shown: dict[str, object] = {"id": self.id, "applicable": self.applicable, "rule": self.rule}
        return shown | {"points": exact_text(self.points), "max": exact_text(self.max)}


@dataclass(frozen=True, slots=True)
class VetoHit:
    """A circumstance that suspends the rating: its code, the document it rests on, or what the facts themselves say."""

    code: str
    document: str
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A household's rating under one rule package, computed from the facts it carries.

    ``points`` and ``applicable_max`` are exact; ``score`` is rounded half up to one decimal and 0.0 where nothing
    applies; ``before_caps`` is the grade the score alone would earn; ``caps`` names the caps that lowered it;
    ``grade`` is NR when ``reasons`` is not empty.
    """

    model: str
    facts: Facts
    items: tuple[ItemScore, ...]
    points: Fraction
    applicable_max: Fraction
    score: Decimal
    before_caps: str
    caps: tuple[str, ...]
    vetoes: tuple[VetoHit, ...]
    reasons: tuple[str, ...]
    grade: str

    @property
    def rated(self) -> bool:
        """False when the household is not graded."""
        return self.grade != NOT_RATED

    def item(self, indicator_id: str) -> ItemScore:
        """The indicator's line; ``KeyError`` when there is none."""
        for item in self.items:
            if item.id == indicator_id:
                return item
        raise KeyError(indicator_id)

    def item_scores(self) -> dict[str, object]:
        """R16's ``item_scores``: the sealed facts and every item, enough to recompute the rating for ever.

        In the form of a record: no null anywhere.
        """
        return {"facts": self.facts.as_stored(), "items": [item.as_json() for item in self.items]}

    def record_values(self) -> dict[str, object]:
        """The computed fields of R16 in wire form."""
        values: dict[str, object] = {
            "model_ver": self.model,
            "applicable_max": str(round_half_up(self.applicable_max)),
            "score": str(self.score),
            "grade": self.grade,
            "item_scores": self.item_scores(),
            "input_digest": self.facts.digest(),
        }
        if self.vetoes:
            values["veto_codes"] = [veto.code for veto in self.vetoes]
        return values

    def as_json(self) -> dict[str, object]:
        """Everything, for ``jmdesk score``."""
        return {
            "model": self.model,
            "input_digest": self.facts.digest(),
            "points": exact_text(self.points),
            "applicable_max": exact_text(self.applicable_max),
            "score": str(self.score),
            "grade_before_caps": self.before_caps,
            "caps": list(self.caps),
            "vetoes": [{"code": v.code, "document": v.document, "basis": v.basis} for v in self.vetoes],
            "reasons": list(self.reasons),
            "grade": self.grade,
            "items": [item.as_json() for item in self.items],
        }


@lru_cache(maxsize=4096)
def exact_text(value: Fraction) -> str:
    """A fraction without loss: ``"8"``, ``"7.5"``, or ``"22/3"`` where six decimals do not suffice."""
    if 10**6 % value.denominator:
        return f"{value.numerator}/{value.denominator}"
    return f"{(Decimal(value.numerator) / value.denominator).normalize():f}"


def stored_facts(item_scores: object) -> object:
    """The facts inside R16's ``item_scores``; ``None`` when the value does not hold any."""
    return item_scores.get("facts") if isinstance(item_scores, Mapping) else None
