from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue import uscc

alphabet = st.sampled_from(uscc.ALPHABET)


def test_published_vectors_get_their_verdict(uscc_vector: dict[str, str]) -> None:
    verdict = uscc.check(uscc_vector["value"])
    if uscc_vector["valid"] == "1":
        assert (verdict.verdict, verdict.value) == ("ok", uscc_vector["value"].replace(" ", ""))
    elif uscc_vector["category"] in ("pilot-area", "checksum"):
        assert (verdict.verdict, verdict.code) == ("warn", "uscc.check_character")
    else:
        assert verdict.verdict == "error"


@pytest.mark.parametrize(
    "code",
    ["91440785MA00000A9G", "51440700MJ00000BX0", "N2440785MF00000C3R", "93440783MA00000D3X", "91440101MA5CJQ4N59"],
)
def test_every_kind_of_organisation_is_accepted(code: str) -> None:
    assert uscc.check(code).verdict == "ok"


@given(st.sampled_from(uscc.AUTHORITIES), alphabet, st.integers(0, 999999), st.text(alphabet, min_size=8, max_size=8))
def test_a_code_made_by_the_standard_is_accepted(authority: str, kind: str, region: int, organisation: str) -> None:
    first17 = f"{authority}{kind}{region:06d}{organisation}{uscc.org_check_character(organisation)}"
    assert uscc.check(first17 + uscc.check_character(first17)).verdict == "ok"


@given(st.integers(8, 16), st.integers(1, 30))
def test_a_slip_in_the_organisation_code_is_pointed_at(place: int, shift: int) -> None:
    good = "91440785MA00000A9G"
    slip = uscc.ALPHABET[(uscc.ALPHABET.index(good[place]) + shift) % 31]
    verdict = uscc.check(good[:place] + slip + good[place + 1 :])
    assert verdict.verdict == "warn"
    assert verdict.code in ("uscc.both_checks", "uscc.check_character")


def test_a_wrong_organisation_code_alone_is_named() -> None:
    first17 = "91440785MA00000A" + "8"
    verdict = uscc.check(first17 + uscc.check_character(first17))
    assert (verdict.verdict, verdict.code, verdict.params["part"]) == ("warn", "uscc.orgcode", "MA00000A8")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("9144078", "uscc.length"),
        ("91440785MA00000O9G", "uscc.alphabet"),
        ("914407A5MA00000A9G", "uscc.region_digits"),
    ],
)
def test_length_and_alphabet_are_errors(value: str, code: str) -> None:
    verdict = uscc.check(value)
    assert (verdict.verdict, verdict.code) == ("error", code)


def test_full_width_lower_case_and_spaces_are_folded() -> None:
    assert uscc.check("９１440785 ma00000a9g").value == "91440785MA00000A9G"


@given(st.text())
def test_no_text_breaks_the_check(text: str) -> None:
    assert uscc.check(text).verdict in ("ok", "warn", "error")
