"""Reads the plain YAML that ``openapi.yaml`` is written in, and refuses every other: no package for YAML is needed.

Block mappings and sequences, ``[a, b]``, ``{}``, ``>-`` texts, double-quoted and plain scalars, integers, booleans and
comments on lines of their own. Anchors, tags, multi-line flow and all the rest are errors.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

_KEY: Final = re.compile(r'(?P<key>"[^"]*"|[A-Za-z0-9_$/{}+.-]+):(?: (?P<value>.+))?')
_PLAIN: Final = re.compile(r"[A-Za-z0-9/](?:[^#:]|:(?! )|(?<! )#)*(?<! )")
_INTEGER: Final = re.compile(r"-?(0|[1-9]\d*)")


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    indent: int
    text: str


class NotPlainError(ValueError):
    """A line that is outside of the subset; the message names it."""

    def __init__(self, line: _Line) -> None:
        super().__init__(f"line {line.number}: {line.text}")


class _Reader:
    def __init__(self, text: str) -> None:
        stripped = [(number, line, line.lstrip(" ")) for number, line in enumerate(text.splitlines(), 1)]
        self._lines = [
            _Line(number, len(line) - len(inner), inner)
            for number, line, inner in stripped
            if inner and not inner.startswith("#")
        ]
        self._at = 0

    def _next(self) -> _Line | None:
        return self._lines[self._at] if self._at < len(self._lines) else None

    def document(self) -> Any:
        value = self._block(0)
        if (rest := self._next()) is not None:
            raise NotPlainError(rest)
        return value

    def _block(self, indent: int) -> Any:
        line = self._next()
        if line is None or line.indent != indent:
            raise NotPlainError(line or self._lines[-1])
        return self._sequence(indent) if line.text.startswith("- ") else self._mapping(indent)

    def _sequence(self, indent: int) -> list[Any]:
        items = []
        while (line := self._next()) is not None and line.indent == indent and line.text.startswith("- "):
            inner = line.text[2:]
            if _KEY.fullmatch(inner):
                # The mapping of an item begins on the dash's own line, two columns in.
                self._lines[self._at] = _Line(line.number, indent + 2, inner)
                items.append(self._mapping(indent + 2))
            else:
                self._at += 1
                items.append(_scalar(line, inner))
        return items

    def _mapping(self, indent: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while (line := self._next()) is not None and line.indent == indent:
            found = _KEY.fullmatch(line.text)
            if found is None:
                raise NotPlainError(line)
            key = found["key"].strip('"')
            if key in members:
                raise NotPlainError(line)
            self._at += 1
            members[key] = self._value(line, found["value"])
        return members

    def _value(self, line: _Line, text: str | None) -> Any:
        following = self._next()
        if text == ">-":
            return self._folded(line)
        if text is not None:
            return _scalar(line, text)
        if following is None or following.indent <= line.indent:
            raise NotPlainError(line)
        return self._block(following.indent)

    def _folded(self, line: _Line) -> str:
        words = []
        while (following := self._next()) is not None and following.indent > line.indent:
            words.append(following.text)
            self._at += 1
        return " ".join(words)


def _scalar(line: _Line, text: str) -> Any:
    if text.startswith('"'):
        return json.loads(text)
    if text == "{}":
        return {}
    if text.startswith("[") and text.endswith("]"):
        inner = text[1:-1]
        if inner.startswith('"'):
            return json.loads(text)
        return [_scalar(line, item) for item in inner.split(", ")] if inner else []
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    if text in ("null", "~", "yes", "no", "on", "off") or not _PLAIN.fullmatch(text):
        raise NotPlainError(line)
    return text


def read_plain_yaml(text: str) -> Any:
    """The document. Raises `NotPlainError`."""
    return _Reader(text).document()
