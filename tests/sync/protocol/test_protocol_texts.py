"""Every verdict and every problem of the platform has a text and a next step for the clerk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sync.protocol.errors import Problem
from sync.protocol.records import Verdict

TEXTS = json.loads(
    (Path(__file__).parents[3] / "resources" / "i18n" / "errors" / "protocol.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    "code", [f"protocol.verdict.{v}" for v in Verdict] + [f"protocol.problem.{p}" for p in Problem]
)
def test_an_outcome_has_a_text_and_a_next_step_in_both_languages(code: str) -> None:
    assert all(TEXTS[code][member].strip() for member in ("zh", "zh_action", "en", "en_action"))


def test_no_text_is_left_over_for_an_outcome_that_is_gone() -> None:
    assert {code for code in TEXTS if code.count(".") > 1} == set(OUTCOMES)


def test_no_two_codes_say_the_same() -> None:
    said = [entry["zh"] for entry in TEXTS.values()]
    assert sorted(set(said)) == sorted(said)
