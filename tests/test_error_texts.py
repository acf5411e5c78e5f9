"""Every code that the program raises has a text and a next step in both languages, and no text is left over."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXTS = ROOT / "resources" / "i18n" / "errors"
FIELDS = ("zh", "zh_action", "en", "en_action")
BASES = {"KnownError", "ProtocolError"}


@dataclass(frozen=True)
class Raised:
    """One place that makes an error: its code, the parameters given, ``None`` when they are not written out."""

    where: str
    code: str
    params: frozenset[str] | None


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the product, parsed."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in ("jmdesk", "sync", "ui")
        for path in sorted((ROOT / package).rglob("*.py"))
    }


@cache
def texts() -> dict[str, dict[str, str]]:
    """Every code with its texts."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(TEXTS.glob("*.json")):
        found |= json.loads(file.read_text(encoding="utf-8"))
    return found


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@cache
def error_classes() -> frozenset[str]:
    """The names of the error classes that carry a code, found by their bases."""
    bases = {
        node.name: {_name(base) for base in node.bases}
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = set(BASES)
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return frozenset(found)


def raised() -> Iterator[Raised]:
    """Every place that makes an error with its code written out."""
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in error_classes() and node.args:
                code = node.args[0]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    params = [keyword.arg for keyword in node.keywords]
                    written = None if None in params else frozenset(name for name in params if name)
                    yield Raised(f"{name}:{node.lineno}", code.value, written)


def spoken_codes() -> tuple[set[str], set[str]]:
    """All whole strings of the program, and the constant beginnings of its f-strings."""
    whole, beginnings = set(), set()
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                beginnings.add(str(node.values[0].value))
    return whole, beginnings


def placeholders(text: str) -> set[str]:
    """The parameters that a text shows."""
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def test_the_search_sees_the_errors_of_the_program() -> None:
    assert {"Refused", "Unreachable", "Environment", "RemoteProtocolError"} <= error_classes()
    assert Raised("", "vault.wrong_passphrase", frozenset()) in {Raised("", r.code, r.params) for r in raised()}


def test_every_code_that_is_raised_has_a_text() -> None:
    assert not {one.where: one.code for one in raised() if one.code not in texts()}


def test_every_text_belongs_to_a_code_of_the_program() -> None:
    whole, beginnings = spoken_codes()
    prefixes = tuple(beginning for beginning in beginnings if beginning.endswith(".") and beginning[:-1].isidentifier())
    assert not [code for code in texts() if code not in whole and not code.startswith(prefixes)]


@pytest.mark.parametrize("file", sorted(TEXTS.glob("*.json")), ids=lambda file: file.stem)
def test_every_text_says_what_happened_and_what_to_do_in_both_languages(file: Path) -> None:
    entries = json.loads(file.read_text(encoding="utf-8"))
    incomplete = {
        code: missing
        for code, entry in entries.items()
        if (
            missing := [name for name in FIELDS if not entry.get(name, "").strip()] + sorted(entry.keys() - set(FIELDS))
        )
    }
    assert not incomplete


def test_every_code_is_an_area_and_a_word() -> None:
    assert not [code for code in texts() if not all(part.isidentifier() and part.islower() for part in code.split("."))]


def test_a_text_shows_only_what_its_error_carries() -> None:
    blank = {
        f"{one.where} {one.code}": lacking
        for one in raised()
        if one.params is not None and one.code in texts()
        if (lacking := set().union(*(placeholders(texts()[one.code].get(name, "")) for name in FIELDS)) - one.params)
    }
    assert not blank


def test_each_text_is_in_its_language() -> None:
    def chinese(text: str) -> int:
        return sum("\u4e00" <= character <= "\u9fff" for character in text)

    def latin(text: str) -> int:
        return sum(character.isascii() and character.isalpha() for character in text)

    assert not [code for code, entry in texts().items() if not chinese(entry.get("zh", ""))]
    assert not [code for code, entry in texts().items() if chinese(text := entry.get("en", "")) * 4 > latin(text)]
