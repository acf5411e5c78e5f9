"""The raw inputs of one rating: their shape, their checks, their canonical bytes and their digest.

Facts are a JSON object with one member per indicator of the rule package (``null``: it does not apply), and three
optional members: ``vetoes`` (a list of ``{"code", "document"}``), ``not_applicable`` (indicator to the code of the
reason why it does not apply) and ``evidence`` (indicator to the document it rests on). Decimals are strings.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from jmdesk.core.errors import Refused
from jmdesk.core.numbers import decimal_text
from jmdesk.ratings.model import Field, Indicator, RulePackage

Scalar: TypeAlias = int | str | tuple[tuple[int, int], ...] | None
Row: TypeAlias = Mapping[str, Scalar]
Input: TypeAlias = Row | tuple[Row, ...] | None

_OPTIONAL = frozenset({"vetoes", "not_applicable", "evidence"})
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,6})?", re.ASCII)
_MOST_ROWS = 200
_MOST_TEXT = 200
_MOST_MARKS = 1000
_MOST_INT = 10**9


@dataclass(frozen=True, slots=True)
class ClaimedVeto:
    """A suspending circumstance with the number of the document it rests on."""

    code: str
    document: str


@dataclass(frozen=True)
class Facts:
    """Checked facts: what a rating is computed from, nothing else. Equal facts have equal digests."""

    inputs: Mapping[str, Input]
    vetoes: tuple[ClaimedVeto, ...] = ()
    not_applicable: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The facts as plain JSON values, with nothing left out, as a rating stores them."""
        return {
            **{name: _plain(value) for name, value in self.inputs.items()},
            "vetoes": [{"code": veto.code, "document": veto.document} for veto in self.vetoes],
            "not_applicable": dict(self.not_applicable),
            "evidence": dict(self.evidence),
        }

    def as_stored(self) -> dict[str, object]:
        """As ``as_json`` in the form that a record may hold: there is no null, an absent key is no value."""
        return {name: _without_null(value) for name, value in self.as_json().items() if value is not None}

    def canonical(self) -> bytes:
        """The one byte form of these facts: UTF-8 JSON, keys sorted, no spaces, decimals at their full scale."""
        return msgspec.json.encode(self.as_json(), order="sorted")

    def digest(self) -> str:
        """SHA-256 of the canonical bytes, 64 lower-case hex digits: R16's ``input_digest`` in suite JM1."""
        return hashlib.sha256(self.canonical()).hexdigest()


def _plain(value: Input) -> object:
    if value is None:
        return None
    if isinstance(value, tuple):
        return [_plain(row) for row in value]
    return {name: [list(b) for b in cell] if isinstance(cell, tuple) else cell for name, cell in value.items()}


def _without_null(value: object) -> object:
    if isinstance(value, dict):
        return {name: cell for name, cell in value.items() if cell is not None}
    return [_without_null(row) for row in value] if isinstance(value, list) else value


def from_json(data: bytes, package: RulePackage) -> Facts:
    """The facts in a JSON document. ``Refused("ratings.facts_not_json")``, or as ``from_object``."""
    try:
        found = json.loads(data, object_pairs_hook=_single, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused("ratings.facts_not_json") from None
    return from_object(found, package)


def _single(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_constant(_: str) -> object:
    raise ValueError("not a number")


def from_object(found: object, package: RulePackage) -> Facts:
    """Facts from plain JSON values, in the package's order and at its scales.

    ``Refused("ratings.bad_facts", path=…, reason=…)`` for the first member that is missing, unknown or out of range.
    """
    members = _mapping(found, "")
    ids = [indicator.id for indicator in package.indicators]
    for name in members:
        if name not in ids and name not in _OPTIONAL:
            raise _bad(name, "unknown")
    inputs = {i.id: _input(members.get(i.id, _ABSENT), i) for i in package.indicators}
    reasons = _texts(members.get("not_applicable", {}), "not_applicable", ids)
    for name, code in reasons.items():
        if code not in {absence.code for absence in package.indicator(name).not_applicable}:
            raise _bad(f"not_applicable.{name}", "not_a_code")
        if not _may_be_absent(inputs[name]):
            raise _bad(f"not_applicable.{name}", "has_input")
    return Facts(
        MappingProxyType(inputs),
        _vetoes(members.get("vetoes", []), package),
        MappingProxyType(reasons),
        MappingProxyType(_texts(members.get("evidence", {}), "evidence", ids)),
    )


def completed(seen: Facts, stored: Facts, hidden: Collection[str]) -> Facts:
    """What another unit's records say here, with the ``hidden`` indicators as its rating has them."""
    inputs = {name: stored.inputs.get(name, value) if name in hidden else value for name, value in seen.inputs.items()}
    reasons = {name: why for name, why in seen.not_applicable.items() if name not in hidden}
    reasons |= {name: why for name, why in stored.not_applicable.items() if name in hidden}
    return replace(seen, inputs=MappingProxyType(inputs), not_applicable=MappingProxyType(reasons))


def from_stored(found: object, package: RulePackage) -> Facts:
    """Facts as ``Facts.as_stored`` wrote them. ``Refused`` as ``from_object``."""
    if not isinstance(found, Mapping):
        raise _bad("", "not_an_object")
    filled = {i.id: _with_null(found[i.id], i) if i.id in found else None for i in package.indicators}
    return from_object({**found, **filled}, package)


def _with_null(value: object, indicator: Indicator) -> object:
    if isinstance(value, list):
        return [_with_null(row, indicator) for row in value]
    nothing = {field.name: None for field in indicator.fields if field.nullable}
    return nothing | value if isinstance(value, dict) else value


_ABSENT = object()


def _may_be_absent(value: Input) -> bool:
    if isinstance(value, tuple):
        return False
    return value is None or any(cell is None for cell in value.values())


def _bad(path: str, reason: str) -> Refused:
    return Refused("ratings.bad_facts", path=path or "$", reason=reason)


def _mapping(found: object, path: str) -> Mapping[str, object]:
    if not isinstance(found, Mapping):
        raise _bad(path, "not_an_object")
    return found


def _texts(found: object, path: str, ids: list[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, text in sorted(_mapping(found, path).items()):
        if name not in ids:
            raise _bad(f"{path}.{name}", "unknown")
        texts[name] = _text(text, f"{path}.{name}")
    return texts


def _text(found: object, path: str) -> str:
    if not isinstance(found, str) or not found.strip() or len(found) > _MOST_TEXT or not found.isprintable():
        raise _bad(path, "not_a_text")
    return found


def _vetoes(found: object, package: RulePackage) -> tuple[ClaimedVeto, ...]:
    if not isinstance(found, list | tuple) or len(found) > _MOST_ROWS:
        raise _bad("vetoes", "not_a_list")
    codes = {veto.code for veto in package.vetoes}
    vetoes: list[ClaimedVeto] = []
    for n, item in enumerate(found):
        entry = _mapping(item, f"vetoes[{n}]")
        if entry.keys() != {"code", "document"}:
            raise _bad(f"vetoes[{n}]", "needs_code_and_document")
        code = entry["code"]
        if not isinstance(code, str) or code not in codes:
            raise _bad(f"vetoes[{n}].code", "not_a_code")
        vetoes.append(ClaimedVeto(code, _text(entry["document"], f"vetoes[{n}].document")))
    return tuple(sorted(set(vetoes), key=lambda veto: (veto.code, veto.document)))


def _input(found: object, indicator: Indicator) -> Input:
    if found is _ABSENT:
        raise _bad(indicator.id, "missing")
    if found is None:
        return None
    if not indicator.rows:
        return _row(found, indicator, indicator.id)
    if not isinstance(found, list | tuple) or len(found) > _MOST_ROWS:
        raise _bad(indicator.id, "not_a_list")
    rows = [_row(row, indicator, f"{indicator.id}[{n}]") for n, row in enumerate(found)]
    keys = [row[indicator.row_key] for row in rows] if indicator.row_key else []
    if len(set(keys)) != len(keys):
        raise _bad(indicator.id, f"{indicator.row_key}_twice")
    return tuple(sorted(rows, key=lambda row: [str(cell) for cell in row.values()]))


def _row(found: object, indicator: Indicator, path: str) -> Row:
    members = _mapping(found, path)
    names = [field.name for field in indicator.fields]
    for name in members:
        if name not in names:
            raise _bad(f"{path}.{name}", "unknown")
    row: dict[str, Scalar] = {}
    for spec in indicator.fields:
        place = f"{path}.{spec.name}"
        if spec.name not in members:
            raise _bad(place, "missing")
        row[spec.name] = _cell(members[spec.name], spec, place)
    for part, whole in indicator.at_most_fields:
        if _exact(row[part]) > _exact(row[whole]):
            raise _bad(f"{path}.{part}", f"more_than_{whole}")
    return MappingProxyType(row)


def _exact(cell: Scalar) -> Fraction:
    return Fraction(cell) if isinstance(cell, int | str) else Fraction(0)


def _cell(found: object, spec: Field, path: str) -> Scalar:
    if found is None:
        if not spec.nullable:
            raise _bad(path, "empty")
        return None
    if spec.type == "code":
        if not isinstance(found, str) or found not in spec.codes:
            raise _bad(path, "not_a_code")
        return found
    if spec.type == "ballots":
        return _ballots(found, spec, path)
    value = _whole(found, path) if spec.type == "int" else _decimal(found, spec, path)
    negative = value < 0 if isinstance(value, int) else value.startswith("-")
    nothing = value == 0 if isinstance(value, int) else not value.strip("0.")
    if (negative and not spec.signed) or ((negative or nothing) and spec.positive):
        raise _bad(path, "too_small")
    if spec.maximum is not None and Fraction(value) > spec.maximum:
        raise _bad(path, "too_large")
    return value


def _whole(found: object, path: str) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise _bad(path, "not_a_whole_number")
    if abs(found) > _MOST_INT:
        raise _bad(path, "too_large")
    return found


def _decimal(found: object, spec: Field, path: str) -> str:
    if not isinstance(found, str) or not _DECIMAL.fullmatch(found):
        raise _bad(path, "not_a_decimal_string")
    try:
        return decimal_text(found, spec.digits, spec.scale)
    except ValueError as error:
        raise _bad(path, str(error).replace(" ", "_")) from None


def _ballots(found: object, spec: Field, path: str) -> tuple[tuple[int, int], ...]:
    if not isinstance(found, list | tuple) or len(found) > _MOST_ROWS:
        raise _bad(path, "not_a_list")
    ballots: list[tuple[int, int]] = []
    for n, ballot in enumerate(found):
        place = f"{path}[{n}]"
        if not isinstance(ballot, list | tuple) or len(ballot) != 2:
            raise _bad(place, "not_a_pair")
        total, count = _whole(ballot[0], place), _whole(ballot[1], place)
        if not 1 <= count <= _MOST_MARKS or not spec.lowest * count <= total <= spec.highest * count:
            raise _bad(place, "marks_out_of_range")
        ballots.append((total, count))
    # Sorted, so that nothing about who voted when can be read from a tally.
    return tuple(sorted(ballots))
