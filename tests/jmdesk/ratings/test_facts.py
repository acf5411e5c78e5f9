from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jmdesk.core.errors import Refused
from jmdesk.ratings import engine, facts
from jmdesk.ratings.explanation import explain
from jmdesk.ratings.facts_schema import facts_schema
from jmdesk.ratings.model import RulePackage, shipped
from tests.jmdesk.ratings.households import Raw, h1, h3

GOLDEN_H1 = "cc0a0f10fc3e1ea86bc27a74ee3dc4ab901cfb0b1d4d0f46ef959d2ab3839593"


def put(path: str, value: Any) -> Raw:
    raw: Any = deepcopy(h1())
    *parents, last = path.replace("[", ".").replace("]", "").split(".")
    place = raw
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    place[int(last) if last.isdigit() else last] = value
    found: Raw = raw
    return found


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("A1", [], "not_an_object"),
        ("A1", "0", "not_an_object"),
        ("Z9", None, "unknown"),
        ("A1.days", 3, "unknown"),
        ("A1.max_overdue_days", "3", "not_a_whole_number"),
        ("A1.max_overdue_days", 3.0, "not_a_whole_number"),
        ("A1.max_overdue_days", True, "not_a_whole_number"),
        ("A1.max_overdue_days", None, "empty"),
        ("A1.max_overdue_days", -1, "too_small"),
        ("A1.max_overdue_days", 10**10, "too_large"),
        ("A1.worst_five_class", "6", "not_a_code"),
        ("A1.worst_five_class", 1, "not_a_code"),
        ("A3.fulfil_rate", 96.0, "not_a_decimal_string"),
        ("A3.fulfil_rate", "96.05", "too_many_decimals"),
        ("A3.fulfil_rate", "100.1", "too_large"),
        ("A3.fulfil_rate", "１００", "not_a_decimal_string"),
        ("A3.fulfil_rate", "NaN", "not_a_decimal_string"),
        ("A3.fulfil_rate", "1e2", "not_a_decimal_string"),
        ("B2.population", 0, "too_small"),
        ("B2.town_reference", "0.00", "too_small"),
        ("B3.labor", 5, "more_than_population"),
        ("B4", {}, "not_a_list"),
        ("B4[0].median", None, "empty"),
        ("B4[0].median", "0", "too_small"),
        ("B4[0].kind", "8", "not_a_code"),
        ("B4", [{"kind": "1", "quantity": "1", "median": "1"}] * 2, "kind_twice"),
        ("C1.debt", "-1.00", "too_small"),
        ("C1.income", None, "empty"),
        ("D1.voters", {}, "not_a_list"),
        ("D1.voters[0]", [5], "not_a_pair"),
        ("D1.voters[0]", [26, 5], "marks_out_of_range"),
        ("D1.voters[0]", [4, 5], "marks_out_of_range"),
        ("D1.voters[0]", [0, 0], "marks_out_of_range"),
        ("D1.voters[0]", [3003, 1001], "marks_out_of_range"),
        ("E1.filled", 21, "more_than_required"),
        ("E2.verified", 21, "more_than_fields"),
    ],
)
def test_a_wrong_input_is_refused_with_its_place(package: RulePackage, path: str, value: object, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        facts.from_object(put(path, value), package)
    assert (refused.value.code, refused.value.params) == ("ratings.bad_facts", {"path": path, "reason": reason})


@pytest.mark.parametrize(
    ("members", "path", "reason"),
    [
        ({"vetoes": {}}, "vetoes", "not_a_list"),
        ({"vetoes": [{"code": "V1"}]}, "vetoes[0]", "needs_code_and_document"),
        ({"vetoes": [{"code": "V9", "document": "x"}]}, "vetoes[0].code", "not_a_code"),
        ({"vetoes": [{"code": "V1", "document": " "}]}, "vetoes[0].document", "not_a_text"),
        ({"vetoes": [{"code": "V1", "document": "\ud800"}]}, "vetoes[0].document", "not_a_text"),
        ({"not_applicable": {"A1": "none"}}, "not_applicable.A1", "has_input"),
        ({"not_applicable": {"A2": "because"}}, "not_applicable.A2", "not_a_code"),
        ({"not_applicable": {"Z": "none"}}, "not_applicable.Z", "unknown"),
        ({"evidence": {"A2": 1}}, "evidence.A2", "not_a_text"),
        ({"evidence": []}, "evidence", "not_an_object"),
    ],
)
def test_wrong_circumstances_are_refused(package: RulePackage, members: Raw, path: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        facts.from_object(h1(**members), package)
    assert refused.value.params == {"path": path, "reason": reason}


def test_every_indicator_must_be_mentioned(package: RulePackage) -> None:
    for indicator in package.indicators:
        raw = h1()
        del raw[indicator.id]
        with pytest.raises(Refused) as refused:
            facts.from_object(raw, package)
        assert refused.value.params == {"path": indicator.id, "reason": "missing"}


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"A1":NaN}', b'{"A1":null,"A1":null}', b"[" * 100_000])
def test_what_is_not_json_is_refused(package: RulePackage, data: bytes) -> None:
    with pytest.raises(Refused, match=r"ratings\.facts_not_json"):
        facts.from_json(data, package)


@pytest.mark.parametrize("data", [b"[]", b"null", b"3", b'"x"'])
def test_json_that_is_no_object_is_refused(package: RulePackage, data: bytes) -> None:
    with pytest.raises(Refused, match=r"ratings\.bad_facts"):
        facts.from_json(data, package)


anything: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(anything, st.sampled_from([*h1(), "vetoes", "not_applicable", "evidence"]))
def test_whatever_stands_in_a_place_is_either_facts_or_refused(value: object, name: str) -> None:
    package = shipped()
    for raw in (value, h1(**{name: value}), h1(A1={**h1()["A1"], "max_overdue_days": value})):
        for read in (facts.from_object, facts.from_stored):
            try:
                found = read(raw, package)
            except Refused:
                continue
            card = engine.score(found, package)
            assert facts.from_stored(found.as_stored(), package) == found
            assert explain(card, package).as_text()


def test_the_digest_of_h1_is_golden(package: RulePackage) -> None:
    assert facts.from_object(h1(), package).digest() == GOLDEN_H1


def test_equal_facts_have_one_digest_however_they_are_written(package: RulePackage) -> None:
    raw = h1(vetoes=[], evidence={}, A3={"fulfil_rate": "96"}, C1={"income": "150000", "debt": "50000.0"})
    raw["D1"]["voters"] = raw["D1"]["voters"][::-1]
    shuffled = dict(sorted(raw.items(), reverse=True))
    assert facts.from_json(json.dumps(shuffled).encode(), package).digest() == GOLDEN_H1


def test_any_change_changes_the_digest(package: RulePackage) -> None:
    changed = [
        put("A1.max_overdue_days", 1),
        h1(evidence={"A4": "收据12号"}),
        h1(not_applicable={"A2": "none"}),
        h1(vetoes=[{"code": "V3", "document": "核查1号"}]),
    ]
    digests = {facts.from_object(raw, package).digest() for raw in changed}
    assert len(digests | {GOLDEN_H1}) == 5


def test_facts_survive_their_own_json(package: RulePackage) -> None:
    for raw in (h1(), h3(), h1(B4=[], vetoes=[{"code": "V1", "document": "(2025)粤0799测1号"}])):
        found = facts.from_object(raw, package)
        assert facts.from_json(found.canonical(), package) == found


def test_facts_cannot_be_changed_afterwards(package: RulePackage) -> None:
    found: Any = facts.from_object(h1(), package)
    with pytest.raises(TypeError):
        found.inputs["A1"] = None
    with pytest.raises(TypeError):
        found.inputs["A1"]["max_overdue_days"] = 9


def test_the_published_schema_names_every_input_and_reason(package: RulePackage) -> None:
    schema: Any = facts_schema(package)
    assert json.loads(json.dumps(schema)) == schema
    assert schema["required"] == [indicator.id for indicator in package.indicators]
    for indicator in package.indicators:
        null, shape = schema["properties"][indicator.id]["oneOf"]
        shape = shape["items"] if indicator.rows else shape
        assert null == {"type": "null"}
        assert shape["required"] == [field.name for field in indicator.fields]
        reasons = schema["properties"]["not_applicable"]["properties"][indicator.id]["enum"]
        assert reasons == [absence.code for absence in indicator.not_applicable]
    assert schema["properties"]["vetoes"]["items"]["properties"]["code"]["enum"] == ["V1", "V2", "V3", "V4", "V5", "V6"]
