"""Rule packages: the shipped ones are sound and complete, a faulty one is refused with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from jmdesk.core.errors import Refused
from jmdesk.core.messages import table
from jmdesk.core.resources import resource
from jmdesk.ratings import model, reference
from jmdesk.ratings.model import RulePackage

Edit = Callable[[Any], object]


def jm_hh_1() -> Any:
    return json.loads(resource("rules/JM-HH-1.json").read_bytes())


def test_jm_hh_1_has_the_published_maxima(package: RulePackage) -> None:
    maxima = {indicator.id: int(indicator.max) for indicator in package.indicators}
    assert maxima == {
        "A1": 20, "A2": 5, "A3": 8, "A4": 7, "B1": 6, "B2": 9, "B3": 5, "B4": 5, "C1": 10, "C2": 5, "D1": 10, "D2": 5,
        "E1": 2, "E2": 3,
    }  # fmt: skip
    by_dimension = {d.id: sum(i.max for i in package.indicators if i.dimension == d.id) for d in package.dimensions}
    assert by_dimension == {"A": 40, "B": 25, "C": 15, "D": 15, "E": 5}
    assert package.label == "JM-HH-1@1.0"


def test_every_rule_and_reason_has_words(package: RulePackage) -> None:
    for indicator in package.indicators:
        assert indicator.title
        assert indicator.words
        assert all(rule.text for rule in indicator.rules)
        assert all(absence.text for absence in indicator.not_applicable)


def test_the_published_schema_is_the_loaders_own() -> None:
    published = json.loads(resource("rules/rule-package.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(model.package_schema()))


def test_an_unknown_model_is_refused() -> None:
    for name in ("JM-HH-2", "../secret", "rule-package.schema"):
        with pytest.raises(Refused, match=r"ratings\.unknown_model"):
            model.shipped(name)


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{}", b'{"format": 1}'])
def test_what_is_no_package_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match=r"ratings\.bad_package"):
        model.parse(data)


def first(package: Any, indicator: str) -> Any:
    return next(item for item in package["indicators"] if item["id"] == indicator)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda p: p.update(colour="red"), "unknown field `colour`"),
        (lambda p: p.update(format=2), "Invalid enum value 2"),
        (lambda p: p.update(total="99"), "do not add up"),
        (lambda p: p.update(total="1/3"), "decimal string"),
        (lambda p: p.update(version="1." + "0" * 30), "longer than 30"),
        (lambda p: p["bands"].reverse(), "bands must fall"),
        (lambda p: p["bands"][1].update({"from": "90"}), "bands must fall"),
        (lambda p: p.update(credit_from="S"), "credit_from"),
        (lambda p: p["caps"][0].update(grade="S"), "S is no grade"),
        (lambda p: p["caps"][1].update(not_applicable="Z1"), "Z1 is no indicator"),
        (lambda p: p["caps"][1].update(applicable_below="60"), "exactly one condition"),
        (lambda p: p["vetoes"][1]["triggers"][0].update(field="days"), "A1.days is no input"),
        (lambda p: p["vetoes"].append(p["vetoes"][0]), "V1 is defined twice"),
        (lambda p: first(p, "A1").update(dimension="Q"), "unknown dimension Q"),
        (lambda p: first(p, "A1")["rules"].pop(), "must take every value"),
        (lambda p: first(p, "A1")["rules"].pop(0), "the best rule gives"),
        (lambda p: first(p, "A1")["rules"].append(first(p, "A3")["rules"][0]), "A3.1 is defined twice"),
        (lambda p: first(p, "A2")["rules"].pop(), "codes without a rule"),
        (lambda p: first(p, "A2")["rules"][0].pop("points"), "either points or a line"),
        (lambda p: first(p, "B1")["rules"].pop(0), "no rule for a missing value"),
        (lambda p: first(p, "C1")["rules"].pop(0), "no rule for a divisor"),
        (lambda p: first(p, "C2")["measure"].pop("lacking"), "for which reason"),
        (lambda p: first(p, "C2")["measure"].update(lacking="shy"), "shy is no reason"),
        (lambda p: first(p, "B4").update(rows=False), "rows and best_ratio"),
        (lambda p: first(p, "B4").update(row_key="colour"), "colour is no field"),
        (lambda p: first(p, "A1")["measure"].update(fields=["worst_five_class"]), "cannot read these fields"),
        (lambda p: first(p, "A1").update(words="{max_overdue_days.__class__}"), "in its words is no field"),
        (lambda p: first(p, "D1")["measure"].update(least=2), "at least three ballots"),
        (lambda p: first(p, "D1")["rules"][0]["line"].update(per="0"), "per must not be 0"),
        (lambda p: first(p, "E2").update(not_applicable=[]), "at least one reason"),
        (lambda p: first(p, "E2").update(id="vetoes"), "the name is reserved"),
    ],
)
def test_a_faulty_package_is_refused_with_the_reason(edit: Edit, reason: str) -> None:
    package = jm_hh_1()
    edit(package)
    with pytest.raises(Refused) as refused:
        model.parse(json.dumps(package).encode())
    assert reason in str(refused.value.params["reason"])


def test_a_city_may_add_an_indicator_with_data_alone() -> None:
    package = jm_hh_1()
    extra = dict(first(package, "A4"), id="A5", title="水费", max="7")
    extra["rules"] = [dict(rule, id=rule["id"].replace("A4", "A5")) for rule in extra["rules"]]
    package["indicators"].append(extra)
    package.update(total="107", version="1.1-local")
    assert model.parse(json.dumps(package).encode()).indicator("A5").title == "水费"


def test_every_town_of_the_sample_has_values_and_says_it_is_a_sample() -> None:
    values = reference.shipped()
    assert (len(values.towns), values.sample) == (82, True)
    for town in values.towns.values():
        assert town.net_income_per_head is not None
        assert set(town.resources) == set("1234567")


def test_a_village_finds_the_values_of_its_town() -> None:
    values = reference.shipped()
    assert values.town("440703101201") is values.towns["440703101"]
    assert values.town("440799101201") is None


@pytest.mark.parametrize(
    "towns",
    [
        {"4407": {"name": "x"}},
        {"440703101": {"name": "x", "net_income_per_head": "0.00"}},
        {"440703101": {"name": "x", "net_income_per_head": "12"}},
        {"440703101": {"name": "x", "resources": {"1": "-3.00"}}},
        {"440703101": {"name": "x", "colour": "red"}},
    ],
)
def test_faulty_reference_values_are_refused(towns: object) -> None:
    values = json.loads(resource("rules/reference-sample.json").read_bytes())
    values["towns"] = towns
    with pytest.raises(Refused, match=r"ratings\.bad_reference"):
        reference.parse(json.dumps(values).encode())


def test_every_code_of_this_room_has_a_text_and_an_action() -> None:
    codes = [code for code in table() if code.startswith("ratings.")]
    assert len(codes) >= 7
    for code in codes:
        assert all(table()[code][key] for key in ("zh", "zh_action", "en", "en_action"))
