"""Three desks and a city, on bad lines, dying at any step: they agree in the end and nothing is lost.

Each seed is one game; ``seeds`` says which of them a run plays. `make soak SEEDS=20000` plays more; `python -m
tests.soak --seed N` plays one again.
"""

from __future__ import annotations

import pytest

from tests.soak.blueprint import Blueprint
from tests.soak.game import play
from tests.soak.seeds import LONG, play_window


@pytest.mark.slow
def test_desks_on_bad_lines_and_the_city_agree_in_the_end_and_nothing_is_lost(blueprint: Blueprint) -> None:
    play_window(blueprint, 0)


@pytest.mark.long
def test_soak_of_five_hundred_games(blueprint: Blueprint) -> None:
    for seed in LONG:
        play(blueprint, seed)
