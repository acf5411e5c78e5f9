from __future__ import annotations

import dataclasses
import os

import pytest

from jmdesk.core.errors import Environment
from jmdesk.vault import kdf
from jmdesk.vault.kdf import CEILING, FLOOR, Cost, calibrated, derive, seconds


@pytest.mark.parametrize(
    "cost",
    [
        dataclasses.replace(FLOOR, memory_kib=FLOOR.memory_kib - 1),
        dataclasses.replace(FLOOR, passes=2),
        dataclasses.replace(FLOOR, lanes=3),
        dataclasses.replace(CEILING, memory_kib=CEILING.memory_kib + 1),
        dataclasses.replace(CEILING, passes=CEILING.passes + 1),
        dataclasses.replace(CEILING, lanes=CEILING.lanes + 1),
        Cost(memory_kib=2**40, passes=3, lanes=4),
        Cost(memory_kib=0, passes=0, lanes=0),
        Cost(memory_kib=-65536, passes=3, lanes=4),
    ],
)
def test_a_cost_out_of_bounds_is_refused_before_anything_is_derived(cost: Cost) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        derive(b"secret", bytes(16), cost)


@pytest.mark.parametrize("size", [0, 8, 15, 17, 64])
def test_a_salt_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="salt"):
        derive(b"secret", bytes(size), FLOOR)


def test_secret_and_salt_both_change_the_key() -> None:
    salt = os.urandom(16)
    key = derive(b"secret", salt, FLOOR)
    assert len(key) == 32
    assert key == derive(b"secret", salt, FLOOR)
    assert len({key, derive(b"Secret", salt, FLOOR), derive(b"secret", os.urandom(16), FLOOR)}) == 3


@pytest.mark.parametrize(
    ("speed", "expected"),
    [
        pytest.param(4.0, FLOOR, id="a very slow computer stays at the floor"),
        pytest.param(0.5, FLOOR, id="half a second at the floor is what we want"),
        pytest.param(0.25, Cost(128 * 1024, 3, 4), id="memory grows first"),
        pytest.param(0.125, Cost(256 * 1024, 3, 4), id="up to the ceiling"),
        pytest.param(0.0125, Cost(256 * 1024, 12, 4), id="then passes grow, up to their ceiling"),
    ],
)
def test_the_cost_is_fitted_to_the_computer(speed: float, expected: Cost) -> None:
    """``speed`` is what the floor takes there, in seconds; Argon2id's time grows with memory times passes."""

    def measure(cost: Cost) -> float:
        return speed * cost.memory_kib * cost.passes / (FLOOR.memory_kib * FLOOR.passes)

    assert calibrated(measure) == expected


def test_the_cost_found_on_any_computer_can_be_opened_again() -> None:
    for speed in (1e-6, 0.001, 0.03, 0.07, 0.2, 0.9, 60.0):
        found = calibrated(lambda cost, speed=speed: speed * cost.memory_kib / FLOOR.memory_kib)  # type: ignore[misc]
        assert found.within_bounds


def test_a_derivation_is_measured_by_doing_it() -> None:
    assert seconds(FLOOR) > 0.01


def test_a_computer_without_the_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(**_: object) -> object:
        raise MemoryError

    monkeypatch.setattr(kdf, "Argon2id", without)
    with pytest.raises(Environment, match=r"vault\.low_memory") as told:
        derive(b"secret", bytes(16), FLOOR)
    assert told.value.params == {"mebibytes": FLOOR.memory_kib // 1024}
