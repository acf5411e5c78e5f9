"""Three desks and a city, on bad lines, dying at any step: they agree in the end and nothing is lost.

Each seed is one game. `make soak SEEDS=20000` plays more; `python -m tests.soak --seed N` plays one again.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.postgres import postgres
from tests.soak.blueprint import Blueprint, new_folder
from tests.soak.game import play

__all__ = ["postgres"]

SHORT = range(1, 13)
"""As many as the default run has time for."""
LONG = range(1, 501)
COMMON = ("operations", "conflicts", "restores", "keys replaced", "packages", "documents")
"""What so few games have each time; reopened chains and forbidden writes need more."""


@pytest.fixture(scope="module")
def blueprint(postgres: str) -> Iterator[Blueprint]:
    home = new_folder()
    try:
        with Blueprint.make(postgres, home / "desks") as made:
            yield made
    finally:
        shutil.rmtree(home)


@pytest.mark.slow
def test_desks_on_bad_lines_and_the_city_agree_in_the_end_and_nothing_is_lost(blueprint: Blueprint) -> None:
    happened = sum((play(blueprint, seed).happened for seed in SHORT), Counter[str]())
    assert happened["deaths"] > len(SHORT) / 2, "the games are too tame to prove anything"
    missing = [what for what in COMMON if not happened[what]]
    assert not missing, f"never happened: {missing}"


@pytest.mark.long
def test_soak_of_five_hundred_games(blueprint: Blueprint) -> None:
    for seed in LONG:
        play(blueprint, seed)
