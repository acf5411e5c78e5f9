"""Whether a record is one of its type: every value checked, required values there, no contradictions.

The desk and the gateway run this same code; 100,000 households take about a second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Final

from jmdesk.catalogue.crosschecks import CrossChecks
from jmdesk.catalogue.field_checks import CheckContext, FieldCheck, compile_check
from jmdesk.catalogue.forbidden import check_free_text
from jmdesk.catalogue.industries import Industries, industries
from jmdesk.catalogue.json_values import json_fault
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.regions import Regions
from jmdesk.catalogue.types import Catalogue, Field, Record, RecordType

_EXTENSION = re.compile(r"x_[a-z][a-z0-9_]{0,60}")

INSTEAD: Final[Mapping[str, Mapping[str, str]]] = {
    "R18": {"no_arrears_pct": "x_without_loans", "npl_pct": "x_without_loans"},
    "R23": {"uscc": "x_subject_name"},
}
"""Required values that another may stand for: a street or a shop in a selection (R23) has a name, no unified code;
a town (R18) in which nobody has a loan has no share of arrears or bad loans."""

RESULT: Final[Mapping[str, str]] = {"R17": "village_grade", "R18": "town_grade"}
"""The field that holds the result of a type's assessment. Before it is known the record is an application and needs
nothing but its key: a village applies on its own desk, to which no bank reports."""


class RecordValidator:
    """The checks of one record type. ``wire``: the record comes from another machine, so that values which never
    travel (level N, computed) are refused instead of checked, and are not missed when absent.
    """

    def __init__(self, type_: RecordType, context: CheckContext, across: CrossChecks, *, wire: bool = False) -> None:
        self.type = type_
        self._across = across
        allowed = [field for field in type_.fields if field.on_wire or not wire]
        self.checks: dict[str, FieldCheck] = {f.identifier: compile_check(f, context) for f in allowed}
        self._refused = {f.identifier: f.label for f in type_.fields if f.identifier not in self.checks}
        self._required = [
            (f.identifier, Problem(f.identifier, "field.required", "error", {"label": f.label}))
            for f in allowed
            if f.required and f.is_input
        ]
        self._needed = frozenset(identifier for identifier, _ in self._required)
        self._instead = INSTEAD.get(type_.id, {})
        self._result = RESULT.get(type_.id, "")
        self._naming = [(name, missing) for name, missing in self._required if type_.by_identifier[name].key]

    def validate(self, record: Record, *, complete: bool, on: date) -> list[Problem]:
        """Every problem of a record on a day; without ``complete`` it may still lack required values (a draft).

        The checks across fields run once each value for itself is right. A part of a record (the fields of one change)
        may be given too: what is not there contradicts nothing.
        """
        problems: list[Problem] = []
        checks = self.checks
        for identifier, value in record.items():
            check = checks.get(identifier)
            problem = check(value, record, on) if check is not None else self._stranger(identifier, value)
            if problem is not None:
                problems.append(problem)
        if complete and not record.keys() >= self._needed:
            required = self._naming if self._result and self._result not in record else self._required
            problems.extend(missing for identifier, missing in required if not self._has(record, identifier))
        if not problems or not any(problem.level == "error" and problem.field in record for problem in problems):
            problems.extend(self._across.check(self.type.id, record, on))
        return problems

    def _has(self, record: Record, identifier: str) -> bool:
        return identifier in record or self._instead.get(identifier, "") in record

    def check_field(self, identifier: str, value: object, record: Record, on: date) -> Problem | None:
        """What is wrong with one value of a record, or what should not stand in it."""
        check = self.checks.get(identifier)
        if check is None:
            return self._stranger(identifier, value)
        return check(value, record, on) or check_free_text(self.type.by_identifier[identifier], value)

    def _stranger(self, identifier: str, value: object) -> Problem | None:
        if identifier in self._refused:
            return Problem(identifier, "field.not_on_wire", "error", {"label": self._refused[identifier]})
        if not _EXTENSION.fullmatch(identifier):
            # The name comes from outside: it is not repeated in a text or a log.
            return Problem("", "field.unknown", "error", {"type": self.type.label})
        if json_fault([value]) is not None:
            return Problem(identifier, "field.json", "error", {"label": identifier})
        return Problem(identifier, "field.unknown_extension", "warn", {"label": identifier})


class Validation:
    """The validators of every type of one catalogue, compiled when first asked for."""

    def __init__(
        self, catalogue_: Catalogue, regions_: Regions, industries_: Industries, *, wire: bool = False
    ) -> None:
        listed = catalogue_.code_lists.get("CL-IND")
        favourites = frozenset(listed.values) if listed else frozenset[str]()
        self.catalogue = catalogue_
        self._context = CheckContext(catalogue_, regions_, industries_.classes | favourites)
        self._across = CrossChecks(catalogue_, regions_)
        self._wire = wire
        self._compiled: dict[str, RecordValidator] = {}

    def of(self, type_id: str) -> RecordValidator:
        """The validator of a type by its catalogue number. ``KeyError`` when there is no such type."""
        found = self._compiled.get(type_id)
        if found is None:
            found = RecordValidator(self.catalogue.types[type_id], self._context, self._across, wire=self._wire)
            self._compiled[type_id] = found
        return found

    def validate(self, type_id: str, record: Record, *, complete: bool, on: date) -> list[Problem]:
        """As :meth:`RecordValidator.validate`, by type number."""
        return self.of(type_id).validate(record, complete=complete, on=on)

    def field(self, type_id: str, identifier: str) -> Field:
        """A field's description. ``KeyError`` when there is none."""
        return self.catalogue.types[type_id].by_identifier[identifier]


@cache
def validation(*, wire: bool = False) -> Validation:
    """The validation by the catalogue, regions and industries that ship with this program."""
    return validation_of(catalogue(), wire=wire)


@lru_cache(maxsize=64)
def validation_of(catalogue_: Catalogue, *, wire: bool = False) -> Validation:
    """The validation by one catalogue and its regions; compiled once per catalogue, so asking again costs nothing."""
    return Validation(catalogue_, catalogue_.regions, industries(), wire=wire)
