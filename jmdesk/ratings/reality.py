"""Reality check of a household model: an invented town with realistic shares, and who is not rated and why.

The shares are assumptions of this program (a hilly town from which a third of the households work elsewhere), not
statistics of any place; what they are for is to see at once when a rule shuts out a kind of household.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random

from jmdesk.catalogue.types import Catalogue, Record
from jmdesk.ratings import engine, facts
from jmdesk.ratings.collect import Basis, HouseholdFile, collect
from jmdesk.ratings.model import RulePackage
from jmdesk.ratings.reference import ReferenceValues
from jmdesk.ratings.scorecard import VETOED, Scorecard

TOWN_SHARES: Mapping[str, int] = {
    "务工户，无贷款，给了收入": 24,
    "务工户，无贷款，不提供收入": 6,
    "老人户，无贷款，给了收入": 12,
    "老人户，无贷款，未登记收入": 6,
    "种养户，无贷款，给了收入": 20,
    "种养户，有贷款": 22,
    "种养户，有贷款，不提供收入": 5,
    "新户，评议票不足": 3,
    "有暂缓评定情形": 2,
}
"""Households per hundred of each kind."""


@dataclass(slots=True)
class Kind:
    """What became of one kind of household: how many, their grades, and the causes of those not rated."""

    households: int = 0
    grades: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)


def reality(
    package: RulePackage, reference: ReferenceValues, catalogue: Catalogue, on: date, *, households: int = 1000
) -> dict[str, Kind]:
    """Rate an invented town of so many households; the same arguments give the same town."""
    draw = Random(20261122)  # noqa: S311 -- a town to try rules on, the same each time
    town = next(code for code, values in sorted(reference.towns.items()) if values.net_income_per_head)
    basis = Basis(package, reference, catalogue, on.year, on)
    found: dict[str, Kind] = {}
    for kind, share in TOWN_SHARES.items():
        made = found[kind] = Kind()
        for _ in range(households * share // 100):
            card = engine.score(facts.from_object(collect(_household(draw, kind, town, on), basis), package), package)
            made.households += 1
            made.grades[card.grade] += 1
            if not card.rated:
                made.causes[cause(card, package)] += 1
    return found


def cause(card: Scorecard, package: RulePackage) -> str:
    """Why a household is not rated, in words: the veto, or the largest indicators that lack something."""
    if VETOED in card.reasons:
        return "暂缓评定情形 " + "、".join(hit.code for hit in card.vetoes)
    lacking = sorted((item for item in card.items if not item.applicable), key=lambda item: (-item.max, item.id))[:3]
    words = []
    for item in lacking:
        spec = package.indicator(item.id)
        reason = next((absence.text for absence in spec.not_applicable if absence.code == item.rule), item.rule)
        words.append(f"{spec.title}：{reason}")
    return "信息不足：" + "；".join(words)


def _household(draw: Random, kind: str, town: str, on: date) -> HouseholdFile:
    migrant, elderly = kind.startswith("务工"), kind.startswith("老人")
    people = draw.choice((1, 2, 2)) if elderly else draw.choice((2, 3, 4, 4, 5, 6))
    household: Record = {
        "region_code": f"{town}001",
        "household_type": "6" if migrant else "1",
        "population": people,
        "labor_count": 0 if elderly else draw.randint(1, min(people, 3)),
        "verify_level": draw.choice(("2", "3")),
    }
    if not elderly:
        household["industry_since"] = on.year - draw.choice((1, 3, 6, 10, 15))
    parts: dict[str, list[Record]] = {"R15": _votes(draw, 3 if "票不足" in kind else 7)}
    if "未登记收入" not in kind and "不提供收入" not in kind:
        parts["R07"] = [_income(draw, people, elderly=elderly, migrant=migrant, year=on.year - 1)]
    if not migrant:
        land: Record = {"land_kind": "11", "area_mu": f"{draw.randint(1, 12)}.00"}
        parts["R08"] = [land]
    if "有贷款" in kind:
        late = draw.choice((0, 0, 0, 0, 0, 12, 45, 100))
        balance = f"{draw.randint(1, 12)}0000.00"
        parts["R10"] = [{"creditor_type": "1", "balance": balance, "overdue_days": late}]
    if "暂缓" in kind:
        finding: Record = {
            "neg_type": "N2",
            "neg_status": "1",
            "doc_no": "(2026)粤0785执12号",
            "neg_org": "某县人民法院",
        }
        parts["R14"] = [finding]
    declined = frozenset({"C3"}) if "不提供收入" in kind else frozenset[str]()
    return HouseholdFile("invented", household, (), parts, declined)


def _votes(draw: Random, voters: int) -> list[Record]:
    marks: list[dict[str, object]] = [{"a": draw.randint(3, 5), "b": draw.randint(2, 5)} for _ in range(voters)]
    return [
        {"review_batch": "1", "knows_household": True, "recused": False, "item_scores": dict(mark)} for mark in marks
    ]


def _income(draw: Random, people: int, *, elderly: bool, migrant: bool, year: int) -> Record:
    per_head = draw.choice((8000, 12000, 18000)) if elderly else draw.choice((12000, 20000, 28000, 36000))
    record: Record = {"year": year, "evidence_level": "2", "cost_production": "0.00" if migrant else "6000.00"}
    record["income_transfer" if elderly else "income_labor" if migrant else "income_crop"] = f"{people * per_head}.00"
    return record
