"""JSON read strictly: no duplicate keys, no NaN, bounded depth; then checked against a type."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from sync.protocol.errors import RemoteProtocolError
from sync.protocol.limits import LIMITS

T = TypeVar("T")

_STRUCTURE: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_PLACE: Final = re.compile(r" - at `(?P<place>[^`]*)`$")


class _DuplicateKeyError(ValueError):
    pass


class _NotANumberError(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateKeyError
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise _NotANumberError


def _depth(data: bytes) -> int:
    deepest = depth = 0
    for token in _STRUCTURE.finditer(data):
        mark = token.group()
        if mark in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif mark in (b"]", b"}"):
            depth -= 1
    return deepest


def check_json(data: bytes, depth: int = LIMITS.json_depth) -> None:
    """Refuses what two parsers could read differently. Raises `RemoteProtocolError` ``protocol.json_*``."""
    # Counting brackets is cheaper than finding their nesting, and mostly enough.
    if data.count(b"{") + data.count(b"[") > depth and _depth(data) > depth:
        raise RemoteProtocolError("protocol.json_depth", limit=depth)
    try:
        json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise RemoteProtocolError("protocol.json_utf8") from error
    except _DuplicateKeyError as error:
        raise RemoteProtocolError("protocol.json_duplicate_key") from error
    except _NotANumberError as error:
        raise RemoteProtocolError("protocol.json_number") from error
    except (ValueError, RecursionError) as error:
        raise RemoteProtocolError("protocol.json_syntax") from error


def read_json(data: bytes, shape: type[T], depth: int = LIMITS.json_depth) -> T:
    """A typed value from strict JSON. Raises ``protocol.json_*``, ``protocol.schema`` with the place, never a value."""
    check_json(data, depth)
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as error:
        raise RemoteProtocolError("protocol.schema", place=place_of(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError("protocol.json_syntax") from error


def place_of(error: msgspec.ValidationError) -> str:
    """Where in a document the type did not fit, as ``$.parts[0].n``; keys of maps are shown as ``[...]``."""
    found = _PLACE.search(str(error))
    return found["place"] if found else "$"
