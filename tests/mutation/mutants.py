"""Mutants of a file: the same file with one of its checks taken out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CHECKING: Final = ("check", "verify", "require", "refuse", "expect", "must")
"""How functions begin that do nothing but raise."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One check taken out: where it stood, what was done to it, the file without it, and the function it stood in.

    ``function`` is the qualified name of the outermost function; ``turn`` counts functions of that name in the file.
    """

    file: Path
    line: int
    what: str
    text: str
    function: str
    turn: int

    @property
    def name(self) -> str:
        """How it is called in the ledger: by function and deed, as line numbers move."""
        return f"{self.file.as_posix()}::{self.function} {self.what}"


def mutants(file: Path) -> Iterator[Mutant]:
    """Every mutant of one file (named from the root of the checkout)."""
    source = (ROOT / file).read_text(encoding="utf-8")
    seen: dict[str, int] = {}
    for name, function in _functions(ast.parse(source).body, ""):
        turn = seen.get(name, 0)
        seen[name] = turn + 1
        for node, what, text in _changes(function, source):
            yield Mutant(file, node.lineno, what, _replaced(source, node, text), name, turn)


def _functions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")


def _changes(function: ast.FunctionDef, source: str) -> Iterator[tuple[ast.stmt | ast.expr, str, str]]:
    judges = isinstance(function.returns, ast.Name) and function.returns.id == "bool"
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield node, f"raise {_brief(node.exc, source)} → pass", "pass"
        elif isinstance(node, ast.If) and any(isinstance(inner, ast.Raise) for inner in node.body):
            yield from _conditions(node.test, source)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _checks(node.value):
            yield node, f"{_brief(node.value, source)} → pass", "pass"
        elif judges and isinstance(node, ast.Return) and node.value is not None:
            for answer in ("True", "False"):
                if (said := _brief(node.value, source)) != answer:
                    yield node, f"return {said} → {answer}", f"return {answer}"


def _conditions(test: ast.expr, source: str) -> Iterator[tuple[ast.expr, str, str]]:
    """Of a condition that leads to a refusal: its contrary, and each of its parts taken out."""
    yield test, f"if {_brief(test, source)} → if not", f"(not ({ast.get_source_segment(source, test)}))"
    if isinstance(test, ast.BoolOp):
        neutral = "True" if isinstance(test.op, ast.And) else "False"
        for part in test.values:
            yield part, f"{_brief(part, source)} → {neutral}", neutral


def _checks(call: ast.Call) -> bool:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return called.lstrip("_").startswith(CHECKING)


def _brief(node: ast.expr, source: str) -> str:
    text = " ".join((ast.get_source_segment(source, node) or "").split())
    return text if len(text) <= 70 else text[:69] + "…"


def _replaced(source: str, node: ast.stmt | ast.expr, text: str) -> str:
    """The file with one node's text replaced. Columns of `ast` count bytes."""
    assert node.end_lineno is not None
    lines = source.splitlines(keepends=True)
    first, last = lines[node.lineno - 1].encode(), lines[node.end_lineno - 1].encode()
    changed = first[: node.col_offset] + text.encode() + last[node.end_col_offset :]
    return "".join([*lines[: node.lineno - 1], changed.decode(), *lines[node.end_lineno :]])
