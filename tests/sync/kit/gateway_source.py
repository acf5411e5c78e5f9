"""What the gateway's routes do, read out of its source: statuses, media types, limits, queries, problems.

A route's problems are those that its handler names or that any function of the gateway names which it reaches by name.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from sync.gateway import app, device_routes, media, package_routes
from sync.protocol.errors import Problem

_MODULES: Final = tuple(
    import_module(f"sync.gateway.{name}")
    for name in (
        "app", "attachments", "batches", "body", "chain", "changes", "device_routes", "devices", "door", "enrol",
        "ledger", "media", "package_routes", "packages", "paths", "receipts", "requests", "sessions",
        "spool",
    )
)  # fmt: skip
_ALWAYS: Final = frozenset({Problem.INTERNAL, Problem.TOO_MANY, Problem.UNAVAILABLE})
"""What the guard around every handler answers with."""
_READERS: Final = ("read_body", "stream_body")
_JSON: Final = "application/json"

_CONSTANTS: Final = vars(device_routes) | vars(package_routes) | vars(app)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Served:
    """One route: what its source says of it. ``answers`` are (status, media type); ``limit`` is bytes, or nothing."""

    answers: frozenset[tuple[int, str]]
    problems: frozenset[Problem]
    limit: int | None
    queries: frozenset[str]
    headers: frozenset[str]
    session: bool
    members: frozenset[str]
    """Members of a JSON answer that is written out in the handler."""


def _trees() -> Mapping[ModuleType, ast.Module]:
    return {module: ast.parse(inspect.getsource(module)) for module in _MODULES}


_TREES: Final = _trees()
_FUNCTIONS: Final = {
    (module.__name__, each.name): each
    for module, tree in _TREES.items()
    for each in tree.body
    if isinstance(each, Function)
}
_METHODS: Final = {
    each.name: (module, each)
    for module, tree in _TREES.items()
    for kind in tree.body
    if isinstance(kind, ast.ClassDef)
    for each in kind.body
    if isinstance(each, Function)
}
_RECEIVERS: Final = frozenset({"self", "gateway", "gateway.batches", "_devices(gateway)"})
"""Whose methods are followed; other attributes of the same names are data."""


def _plain_names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _attributes(node: ast.AST) -> set[str]:
    return {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def _names(node: ast.AST) -> set[str]:
    return _plain_names(node) | _attributes(node)


def _calls(node: ast.AST, *names: str) -> list[ast.Call]:
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
    return [call for call in calls if _names(call.func) & set(names)]


def _reached(module: ModuleType, node: Function) -> Iterator[tuple[ModuleType, Function]]:
    modules = {each.__name__: each for each in _MODULES}
    for name in _plain_names(node):
        named = vars(module).get(name)
        if inspect.isfunction(named) and (named.__module__, named.__name__) in _FUNCTIONS:
            yield modules[named.__module__], _FUNCTIONS[named.__module__, named.__name__]
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and each.attr in _METHODS and ast.unparse(each.value) in _RECEIVERS:
            yield _METHODS[each.attr]


def _problems(home: ModuleType, start: Function) -> frozenset[Problem]:
    waiting: list[tuple[ModuleType, Function]] = [(home, start)]
    seen = {start}
    found: set[Problem] = set()
    while waiting:
        module, node = waiting.pop()
        found |= {Problem[name] for name in _attributes(node) if name in Problem.__members__}
        fresh = [reached for reached in _reached(module, node) if reached[1] not in seen]
        seen.update(function for _, function in fresh)
        waiting += fresh
    return frozenset(found) | _ALWAYS


def _value(node: ast.expr) -> Any:
    """A constant of a module of handlers: a literal, a name or an attribute."""
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value), node.attr)
    return _CONSTANTS[node.id] if isinstance(node, ast.Name) else ast.literal_eval(node)


def _argument(call: ast.Call, place: int, name: str, default: Any) -> list[Any]:
    """The values that an argument can have: two where it is a choice."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == name]
    given = named or call.args[place : place + 1]
    if not given:
        return [default]
    if isinstance(given[0], ast.IfExp):
        return [_value(given[0].body), _value(given[0].orelse)]
    return [_value(given[0])]


def _answers(handler: Function) -> Iterator[tuple[int, str]]:
    for name, media_type in (("json_answer", _JSON), ("envelope_answer", media.ENVELOPE), ("Response", "")):
        for call in _calls(handler, name):
            kind = media_type or _argument(call, 2, "media_type", "")[0]
            yield from ((status, kind) for status in _argument(call, 1, "status", 200))


def _members(handler: Function) -> frozenset[str]:
    written = [call.args[0] for call in _calls(handler, "json_answer") if isinstance(call.args[0], ast.Dict)]
    return frozenset(str(_value(key)) for given in written for key in given.keys if key is not None)


def _served(home: ModuleType, handler: Function) -> Served:
    limits = [_value(call.args[1]) for call in _calls(handler, *_READERS) if len(call.args) > 1]
    counted = [str(_value(call.args[1])) for call in _calls(handler, "_count")]
    asked = [str(_value(call.args[0])) for call in _calls(handler, "get") if "query_params" in _names(call.func)]
    set_ = [each.slice for each in ast.walk(handler) if isinstance(each, ast.Subscript) and "headers" in _names(each)]
    return Served(
        answers=frozenset(_answers(handler)),
        problems=_problems(home, handler),
        limit=limits[0] if limits else None,
        queries=frozenset(counted + asked),
        headers=frozenset(str(_value(name)) for name in set_),
        session=any(isinstance(n, ast.Attribute) and ast.unparse(n) == "gateway.device" for n in ast.walk(handler)),
        members=_members(handler),
    )


def routes() -> dict[tuple[str, str], Served]:
    """(method, path) → what its handler does, for every row of the table in ``build_app``."""
    build = _FUNCTIONS[app.__name__, "build_app"]
    found = {}
    for row in (node for node in ast.walk(build) if isinstance(node, ast.Tuple)):
        match row.elts:
            case [ast.Constant(value=str(method)), ast.Constant(value=str(path)), ast.Name(id=name)]:
                home = sys.modules[vars(app)[name].__module__]
                found[method, path] = _served(home, _FUNCTIONS[home.__name__, name])
    return found


def problem_details() -> frozenset[str]:
    """Every member that a problem carries beyond its fixed ones."""
    declined = [call for tree in _TREES.values() for call in _calls(tree, "Declined")]
    return frozenset(keyword.arg for call in declined for keyword in call.keywords if keyword.arg)


def status_members() -> frozenset[str]:
    """The members that ``Batches.status`` answers with."""
    (written,) = (node for node in ast.walk(_METHODS["status"][1]) if isinstance(node, ast.Dict) and node.keys)
    return frozenset(str(_value(key)) for key in written.keys if key is not None)
