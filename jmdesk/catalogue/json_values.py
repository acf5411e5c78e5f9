"""Limits on the structured values that a json field may hold."""

from __future__ import annotations

from typing import Final

DEEPEST: Final = 8
"""Levels of nesting."""
MOST_VALUES: Final = 4096
"""Values and keys in one field, all levels together."""
LONGEST_TEXT: Final = 4000
"""Characters in one text or key."""
LARGEST_INT: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact."""


def json_fault(value: object) -> str | None:
    """Why a value is no json field's value (a word for the log), or None when it is one.

    Allowed: lists and objects of texts, whole numbers, booleans and the same again. Not allowed: null, floats (exact
    decimals are texts), a bare scalar, lone surrogates, anything beyond the limits of this module.
    """
    if type(value) is not list and type(value) is not dict:
        return "neither list nor object"
    left = MOST_VALUES
    waiting: list[tuple[object, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST:
            return "too deep"
        if isinstance(item, dict):
            parts = [*item.keys(), *item.values()]
        elif isinstance(item, list):
            parts = item
        else:
            fault = _scalar_fault(item)
            if fault is not None:
                return fault
            continue
        left -= len(parts)
        if left < 0:
            return "too many values"
        waiting.extend((part, depth + 1) for part in parts)
    return None


def _scalar_fault(item: object) -> str | None:
    if type(item) is bool:
        return None
    if type(item) is int:
        return None if -LARGEST_INT <= item <= LARGEST_INT else "number too large"
    if type(item) is not str:
        return "null, float or something else"
    if len(item) > LONGEST_TEXT:
        return "text too long"
    return "lone surrogate" if any("\ud800" <= c <= "\udfff" for c in item) else None
