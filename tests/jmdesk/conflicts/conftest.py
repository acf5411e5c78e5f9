"""Two desks of one village and the city between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jmdesk.vault.folder import Unlocked
from tests.jmdesk.conflicts.city import City, Office, copied


@pytest.fixture
def city() -> City:
    """A platform that holds nothing yet."""
    return City()


@pytest.fixture
def ours(tmp_path: Path, closed_desk: Unlocked, city: City) -> Iterator[Office]:
    """The desk whose decisions are tried."""
    with copied(closed_desk, tmp_path / "ours") as desk:
        yield Office(desk, city, "a" * 32)


@pytest.fixture
def other(tmp_path: Path, closed_desk: Unlocked, city: City) -> Iterator[Office]:
    """Another desk of the same unit."""
    with copied(closed_desk, tmp_path / "other") as desk:
        yield Office(desk, city, "b" * 32)
