"""The other half of a run's games (`test_soak`): a module of its own, so that another core plays it."""

from __future__ import annotations

import pytest

from tests.soak.blueprint import Blueprint
from tests.soak.seeds import play_window


@pytest.mark.slow
def test_desks_agree_with_the_city_in_the_games_that_follow_too(blueprint: Blueprint) -> None:
    play_window(blueprint, 1)
