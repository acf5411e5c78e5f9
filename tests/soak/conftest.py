"""What the games of a module begin with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.postgres import postgres
from tests.soak.blueprint import Blueprint, new_folder

__all__ = ["postgres"]


@pytest.fixture(scope="module")
def blueprint(postgres: str) -> Iterator[Blueprint]:
    home = new_folder()
    try:
        with Blueprint.make(postgres, home / "desks") as made:
            yield made
    finally:
        shutil.rmtree(home)
