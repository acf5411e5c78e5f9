"""Every invariant that the protocol promises has a test that shows it, and every test so named is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| (I\d+) \| (.*) \|$", re.MULTILINE)
_NAME = re.compile(r"`([\w/]+\.py)::(\w+)`")


def promised() -> list[str]:
    return [name for name, _ in _ROW.findall((ROOT / "sync/PROTOCOL.md").read_text(encoding="utf-8"))]


def shown() -> dict[str, list[tuple[str, str]]]:
    page = (Path(__file__).parent / "INVARIANTS.md").read_text(encoding="utf-8")
    return {name: _NAME.findall(tests) for name, tests in _ROW.findall(page)}


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_bytes())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_invariant_of_the_protocol_is_shown_by_a_test() -> None:
    assert promised() == [f"I{number}" for number in range(1, 17)]
    assert list(shown()) == promised()
    assert not [name for name, tests in shown().items() if not tests]


def test_every_test_that_shows_an_invariant_is_there() -> None:
    missing = [(file, name) for tests in shown().values() for file, name in tests if name not in names_in(file)]
    assert not missing
