"""Which games a run of the tests plays.

Decided: the five hundred games that are held clean take longer than a run of the tests has. So each run plays a part of
them, the next ones from where its commit says, in two modules that share two cores; all of them are played by
``make soak``. Always the same few would find nothing that they did not find before; games nobody ever played would
make somebody's change fail for an old fault. Cost: a fault may show a few commits after it was made.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Final

from tests.soak.blueprint import Blueprint
from tests.soak.game import play

LONG: Final = range(1, 501)
"""All of them."""
GAMES: Final = 20
"""As many as one core plays in a minute at most."""
COMMON: Final = ("operations", "conflicts", "keys replaced", "packages", "documents")
"""What so few games have each time; restores, reopened chains and forbidden writes need more."""


def window(part: int) -> list[int]:
    """The seeds of this commit that one of two modules plays."""
    first = (_commit() + part) * GAMES
    return [LONG[place % len(LONG)] for place in range(first, first + GAMES)]


def play_window(blueprint: Blueprint, part: int) -> None:
    """Play them; a game that fails names its seed."""
    seeds = window(part)
    print(f"games {seeds[0]} to {seeds[-1]}; again: python -m tests.soak {GAMES} --from {seeds[0]}")
    happened = sum((play(blueprint, seed).happened for seed in seeds), Counter[str]())
    assert happened["deaths"] > GAMES / 2, "the games are too tame to prove anything"
    missing = [what for what in COMMON if not happened[what]]
    assert not missing, f"never happened: {missing}"


def _commit() -> int:
    """A number of the commit that is checked out, 0 where there is no history."""
    git = shutil.which("git")
    if git is None:
        return 0
    asked = [git, "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return int(done.stdout[:8], 16) if done.returncode == 0 else 0
