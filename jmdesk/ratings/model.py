"""The typed form of a rule package, and the one way to read it from bytes."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from functools import cache
from inspect import cleandoc
from typing import Literal

import msgspec

from jmdesk.core.errors import Refused
from jmdesk.core.resources import resource

NOT_RATED = "NR"
"""The grade of a household that is not graded: too little is known, or a veto stands."""


_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Any part of a package: unknown keys are refused, so a misspelt rule never passes silently."""


class Field(_Part, frozen=True):
    """One raw input of an indicator.

    ``decimal`` has ``digits`` places in all and ``scale`` after the point; ``ballots`` is a list of
    ``[sum of marks, number of marks]`` with marks from ``lowest`` to ``highest``; numbers are not negative unless
    ``signed`` and not zero when ``positive``; ``codes`` maps each allowed code to its words.
    """

    name: str
    title: str
    type: Literal["int", "decimal", "code", "ballots"]
    unit: str = ""
    digits: int = 18
    scale: int = 0
    nullable: bool = False
    positive: bool = False
    signed: bool = False
    maximum: Fraction | None = None
    codes: dict[str, str] = msgspec.field(default_factory=dict)
    lowest: int = 1
    highest: int = 5


class Measure(_Part, frozen=True):
    """How the raw inputs become the one value that the rules are held against.

    ``number`` takes the largest of the named fields; ``code`` the code itself; ``ratio`` divides the first field by
    the product of ``over``; ``best_ratio`` is the highest such ratio over all rows; ``trimmed_mean`` is the mean of
    the ballots' own means without the highest and the lowest, and needs ``least`` ballots. When no value can be had
    the indicator is not applicable for the reason ``lacking``. ``show`` is how the value is put into words.
    """

    kind: Literal["number", "code", "ratio", "best_ratio", "trimmed_mean"]
    fields: tuple[str, ...]
    over: tuple[str, ...] = ()
    least: int = 0
    lacking: str = ""
    show: Literal["plain", "percent", "times"] = "plain"


class Line(_Part, frozen=True):
    """Points that follow a straight line: ``offset + (value - origin) / per``, held within ``low`` and ``high``."""

    offset: Fraction
    origin: Fraction
    per: Fraction
    low: Fraction
    high: Fraction


class Rule(_Part, frozen=True):
    """One row of an indicator's table; the first whose conditions all hold is the hit. No condition: always holds.

    ``state`` is ``missing`` (the input was left empty) or ``no_base`` (something divided by nothing or less).
    """

    id: str
    text: str
    points: Fraction | None = None
    line: Line | None = None
    at_least: Fraction | None = None
    above: Fraction | None = None
    at_most: Fraction | None = None
    below: Fraction | None = None
    codes: tuple[str, ...] = ()
    state: Literal["missing", "no_base"] | None = None

    @property
    def unconditional(self) -> bool:
        """True when the rule takes every number."""
        bounds = (self.at_least, self.above, self.at_most, self.below)
        return not self.codes and self.state is None and all(bound is None for bound in bounds)


class Absence(_Part, frozen=True):
    """Why an indicator does not apply, in words, and what the household could do about it."""

    code: str
    text: str
    hint: str = ""


class Indicator(_Part, frozen=True):
    """One line of the scorecard: its inputs, how they are measured, and the table of points.

    ``rows`` means a list of inputs, at most one for each ``row_key``; ``at_most_fields`` are pairs of which the first
    may not exceed the second; ``words`` put the inputs into Chinese, ``improve`` says what would earn more points.
    """

    id: str
    dimension: str
    title: str
    max: Fraction
    fields: tuple[Field, ...]
    measure: Measure
    words: str
    rules: tuple[Rule, ...]
    not_applicable: tuple[Absence, ...]
    improve: str = ""
    rows: bool = False
    row_key: str = ""
    words_end: str = ""
    words_empty: str = ""
    at_most_fields: tuple[tuple[str, str], ...] = ()

    def field(self, name: str) -> Field:
        """The input named ``name``; ``KeyError`` when there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def rule(self, rule_id: str) -> Rule:
        """The rule ``rule_id``; ``KeyError`` when there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)

    def absence(self, code: str) -> Absence:
        """The reason ``code``; ``KeyError`` when there is none."""
        for absence in self.not_applicable:
            if absence.code == code:
                return absence
        raise KeyError(code)


class Band(_Part, frozen=True):
    """A grade for scores from ``from`` (included) up to the next higher band (excluded).

    ``meaning`` and ``advice`` are what the explanation says of it.
    """

    grade: str
    from_: Fraction = msgspec.field(name="from")
    meaning: str
    advice: str = ""


class Cap(_Part, frozen=True):
    """The highest grade possible while a condition holds: thin file, or an indicator that does not apply."""

    id: str
    grade: str
    text: str
    applicable_below: Fraction | None = None
    not_applicable: str | None = None


class Trigger(_Part, frozen=True):
    """A value among the facts that calls a veto by itself."""

    indicator: str
    field: str
    text: str
    above: Fraction | None = None
    codes: tuple[str, ...] = ()


class Veto(_Part, frozen=True):
    """A circumstance that suspends rating, always shown with its document."""

    code: str
    text: str
    triggers: tuple[Trigger, ...] = ()


class Floor(_Part, frozen=True):
    """Below this sum of applicable points too little is known for a grade."""

    below: Fraction
    text: str
    explanation: str


class Dimension(_Part, frozen=True):
    """A heading over indicators."""

    id: str
    title: str


class RulePackage(_Part, frozen=True):
    """A complete, dated rating model. Points and thresholds are exact fractions, written as decimal strings.

    ``unbanded`` is the grade of a score below the lowest band; ``activatable`` is false for packages that exist only
    to check the engine. ``label`` is what a rating stores as ``model_ver``.
    """

    format: Literal[1]
    model: str
    version: str
    title: str
    source: str
    effective_from: date
    activatable: bool
    total: Fraction
    floor: Floor
    bands: tuple[Band, ...]
    credit_from: str
    caps: tuple[Cap, ...]
    vetoes: tuple[Veto, ...]
    veto_text: str
    veto_explanation: str
    dimensions: tuple[Dimension, ...]
    indicators: tuple[Indicator, ...]
    unbanded: str = NOT_RATED

    @property
    def label(self) -> str:
        """``JM-HH-1@1.0``: model and version, at most 30 characters."""
        return f"{self.model}@{self.version}"

    def indicator(self, indicator_id: str) -> Indicator:
        """The indicator ``indicator_id``; ``KeyError`` when there is none."""
        for indicator in self.indicators:
            if indicator.id == indicator_id:
                return indicator
        raise KeyError(indicator_id)

    def veto(self, code: str) -> Veto:
        """The veto ``code``; ``KeyError`` when there is none."""
        for veto in self.vetoes:
            if veto.code == code:
                return veto
        raise KeyError(code)

    def rank(self, grade: str) -> int:
        """0 for the best grade, growing downwards; NR ranks below all."""
        grades = [band.grade for band in self.bands]
        return grades.index(grade) if grade in grades else len(grades)

    def is_credit_grade(self, grade: str) -> bool:
        """True when the grade makes a proposed credit household (信用户)."""
        return self.rank(grade) <= self.rank(self.credit_from)


def _fraction(kind: type, value: object) -> object:
    if kind is Fraction and isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Fraction(value)
    raise ValueError("expected a decimal string")


def parse(data: bytes) -> RulePackage:
    """The rule package in ``data`` (JSON). ``Refused("ratings.bad_package")`` names the first fault and its place."""
    from jmdesk.ratings.soundness import faults

    try:
        package = msgspec.json.decode(data, type=RulePackage, dec_hook=_fraction)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Refused("ratings.bad_package", reason=str(error)) from None
    found = faults(package)
    if found:
        raise Refused("ratings.bad_package", reason="; ".join(found[:3]))
    return package


@cache
def shipped(model: str = "JM-HH-1") -> RulePackage:
    """The rule package that came with the product. ``Refused("ratings.unknown_model")`` for any other name."""
    if model not in shipped_models():
        raise Refused("ratings.unknown_model", model=model)
    return parse(resource(f"rules/{model}.json").read_bytes())


@cache
def shipped_models() -> tuple[str, ...]:
    """The names of the models that came with the product."""
    return ("JM-HH-1", "XG-2016")


def package_schema() -> dict[str, object]:
    """The JSON Schema of a rule package, as published beside the packages."""

    def fraction(kind: type) -> dict[str, object]:
        if kind is Fraction:
            return {"type": "string", "pattern": f"^{_DECIMAL.pattern}$"}
        raise NotImplementedError(kind)

    schema = msgspec.json.schema(RulePackage, schema_hook=fraction)
    for definition in schema["$defs"].values():
        if "description" in definition:  # a docstring, which only newer Pythons keep without its indentation
            definition["description"] = cleandoc(definition["description"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
