from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue.checks import check
from jmdesk.catalogue.regions import covers, regions, significant

R = regions()


def test_the_package_holds_what_the_statistics_bureau_counts() -> None:
    kinds = Counter(region.kind for region in R.within("44", quasi=True))
    assert (len(R), kinds["street"] + kinds["town"], kinds["village"], kinds["community"]) == (1439, 73, 1056, 280)
    assert kinds["quasi_town"] + kinds["quasi_village"] + kinds["quasi_community"] == 21


def test_every_region_but_the_province_has_a_parent_one_level_up() -> None:
    order = ("province", "city", "county", "town", "village")
    for region in R.within("44", quasi=True):
        above = R.ancestors(region.code)
        assert [r.level for r in above] == list(order[: order.index(region.level)])


def test_quasi_towns_are_hidden_unless_asked_for() -> None:
    heshan = {region.name for region in R.children("440784")}
    assert "广东省江门监狱" not in heshan
    assert "广东省江门监狱" in {region.name for region in R.children("440784", quasi=True)}
    assert len(heshan) == 10


def test_a_label_is_the_path_from_the_county_down() -> None:
    assert R.label("440785103201") == "恩平市/沙湖镇/和平村"
    assert R.label("440785000000") == "恩平市"
    assert R.label("440700000000") == "江门市"
    assert R.label("999999999999") == "999999999999"


def test_names_repeat_and_all_their_regions_are_found() -> None:
    assert len(R.named("圩镇社区居民委员会")) == 7
    assert [r.code for r in R.named("圩镇社区", under="440785103")] == ["440785103001"]
    assert [r.code for r in R.named("恩平市沙湖镇和平村")] == ["440785103201"]
    assert [r.code for r in R.named("广东省江门市恩平市沙湖镇和平村民委员会")] == ["440785103201"]
    assert R.named("") == ()


@given(st.sampled_from(sorted(R.codes)), st.sampled_from(sorted(R.codes)))
def test_a_scope_covers_exactly_its_descendants(scope: str, code: str) -> None:
    inside = scope == code or scope in {region.code for region in R.ancestors(code)}
    assert covers(scope, code) == inside
    assert (R.by_code(code) in R.within(scope, quasi=True)) == inside


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("440000000000", "44"),
        ("440700000000", "4407"),
        ("440785000000", "440785"),
        ("440781100000", "440781100"),
        ("440785103201", "440785103201"),
        ("440785", "440785"),
    ],
)
def test_the_significant_part_of_a_code(code: str, part: str) -> None:
    assert significant(code) == part


@pytest.mark.parametrize(
    ("value", "verdict", "code"),
    [
        ("440785103201", "ok", "ok"),
        ("４４０７８５ 103 201", "ok", "ok"),
        ("440785", "warn", "region.short"),
        ("440785103999", "error", "region.village_unknown"),
        ("440785999001", "error", "region.unknown"),
        ("440712001001", "error", "region.county_unknown"),
        ("440106001001", "error", "region.outside"),
        ("44078510320", "error", "region.length"),
        ("恩平市", "error", "region.alphabet"),
    ],
)
def test_what_is_said_of_a_code(value: str, verdict: str, code: str) -> None:
    found = check("region", value, date(2026, 11, 22))
    assert (found.verdict, found.code) == (verdict, code)


def test_a_map_services_town_number_is_named_with_the_official_one() -> None:
    strange = sorted(set(R._map_codes) - {code[:9] for code in R.codes})
    assert strange
    for code in strange:
        found = R.check(code + "001")
        assert (found.verdict, found.code) == ("error", "region.map_code")
        official = R.by_code(str(found.params["code"]))
        assert official.name == found.params["name"]
