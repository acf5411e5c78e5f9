"""Whether a rule package makes sense as a whole, beyond having the right shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

from jmdesk.ratings.model import Indicator, Measure, Rule, RulePackage

RESERVED = frozenset({"vetoes", "not_applicable", "evidence"})
"""Names that the facts use themselves, so no indicator may have them."""

_LABEL_LIMIT = 30
_PLACES = re.compile(r"\{([^}]*)\}")


def faults(package: RulePackage) -> list[str]:
    """Everything wrong with a package, in English, each with its place; empty when it is sound."""
    return [*_package_faults(package), *(f for i in package.indicators for f in _indicator_faults(package, i))]


def _twice(names: Iterable[str], what: str) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"{what} {name} is defined twice"
        seen.add(name)


def _package_faults(package: RulePackage) -> Iterator[str]:
    if len(package.label) > _LABEL_LIMIT:
        yield f"{package.label} is longer than {_LABEL_LIMIT} characters"
    if sum(indicator.max for indicator in package.indicators) != package.total:
        yield "the maxima of the indicators do not add up to the total"
    bounds = [band.from_ for band in package.bands]
    if not bounds or sorted(set(bounds), reverse=True) != bounds:
        yield "bands must fall strictly from the best grade to the lowest"
    grades = {band.grade for band in package.bands}
    yield from _twice((band.grade for band in package.bands), "grade")
    yield from _twice((indicator.id for indicator in package.indicators), "indicator")
    yield from _twice((veto.code for veto in package.vetoes), "veto")
    yield from _twice((rule.id for i in package.indicators for rule in i.rules), "rule")
    if package.credit_from not in grades:
        yield "credit_from is no grade of the package"
    ids = {indicator.id for indicator in package.indicators}
    for cap in package.caps:
        if cap.grade not in grades:
            yield f"cap {cap.id}: {cap.grade} is no grade"
        if (cap.applicable_below is None) == (cap.not_applicable is None):
            yield f"cap {cap.id}: exactly one condition is needed"
        if cap.not_applicable is not None and cap.not_applicable not in ids:
            yield f"cap {cap.id}: {cap.not_applicable} is no indicator"
    yield from _trigger_faults(package)


def _trigger_faults(package: RulePackage) -> Iterator[str]:
    for veto in package.vetoes:
        for trigger in veto.triggers:
            try:
                package.indicator(trigger.indicator).field(trigger.field)
            except KeyError:
                yield f"veto {veto.code}: {trigger.indicator}.{trigger.field} is no input"
            if (trigger.above is None) == (not trigger.codes):
                yield f"veto {veto.code}: exactly one condition is needed"


def _indicator_faults(package: RulePackage, indicator: Indicator) -> Iterator[str]:
    place = f"indicator {indicator.id}"
    if indicator.id in RESERVED:
        yield f"{place}: the name is reserved"
    if indicator.dimension not in {dimension.id for dimension in package.dimensions}:
        yield f"{place}: unknown dimension {indicator.dimension}"
    if not indicator.not_applicable:
        yield f"{place}: at least one reason for not applying is needed"
    yield from _twice((f"{indicator.id}.{field.name}" for field in indicator.fields), "field")
    yield from _twice((f"{indicator.id}.{absence.code}" for absence in indicator.not_applicable), "reason")
    yield from _measure_faults(indicator, place)
    yield from _rule_faults(indicator, place)
    yield from _words_faults(indicator, place)


def _measure_faults(indicator: Indicator, place: str) -> Iterator[str]:
    measure = indicator.measure
    types = {field.name: field.type for field in indicator.fields}
    named = (*measure.fields, *measure.over, *(name for pair in indicator.at_most_fields for name in pair))
    yield from (f"{place}: {name} is no field" for name in named if name not in types)
    if indicator.row_key and indicator.row_key not in types:
        yield f"{place}: {indicator.row_key} is no field"
    if not measure.fields or (measure.kind in {"ratio", "best_ratio"}) != bool(measure.over):
        yield f"{place}: the measure names the wrong fields"
    if indicator.rows != (measure.kind == "best_ratio"):
        yield f"{place}: rows and best_ratio belong together"
    wanted = {"code": {"code"}, "trimmed_mean": {"ballots"}}.get(measure.kind, {"int", "decimal"})
    if any(types.get(name) not in wanted for name in (*measure.fields, *measure.over) if name in types):
        yield f"{place}: the measure cannot read these fields"
    codes = {absence.code for absence in indicator.not_applicable}
    if measure.lacking and measure.lacking not in codes:
        yield f"{place}: {measure.lacking} is no reason for not applying"
    if measure.kind == "trimmed_mean" and measure.least <= 2:
        yield f"{place}: a trimmed mean needs at least three ballots"
    if _can_lack(indicator, measure) and not measure.lacking:
        yield f"{place}: say for which reason (lacking) it does not apply without a value"


def _can_lack(indicator: Indicator, measure: Measure) -> bool:
    divisors = [indicator.field(name) for name in measure.over if _has(indicator, name)]
    return measure.kind == "trimmed_mean" or any(field.nullable for field in divisors)


def _has(indicator: Indicator, name: str) -> bool:
    return any(field.name == name for field in indicator.fields)


def _rule_faults(indicator: Indicator, place: str) -> Iterator[str]:
    measure = indicator.measure
    for rule in indicator.rules:
        if (rule.points is None) == (rule.line is None):
            yield f"rule {rule.id}: either points or a line is needed"
        if rule.line is not None and rule.line.per == 0:
            yield f"rule {rule.id}: per must not be 0"
    best = max((_best(rule) for rule in indicator.rules), default=None)
    if best != indicator.max:
        yield f"{place}: the best rule gives {best}, not the maximum {indicator.max}"
    states: set[str | None] = {rule.state for rule in indicator.rules}
    if measure.kind == "code":
        allowed = {code for name in measure.fields if _has(indicator, name) for code in indicator.field(name).codes}
        covered = {code for rule in indicator.rules for code in rule.codes}
        if allowed != covered:
            yield f"{place}: codes without a rule or rules without a code: {sorted(allowed ^ covered)}"
    elif not any(rule.unconditional for rule in indicator.rules[-1:]):
        yield f"{place}: the last rule must take every value"
    if any(_has(indicator, n) and indicator.field(n).nullable for n in measure.fields) and "missing" not in states:
        yield f"{place}: no rule for a missing value"
    divisors = [indicator.field(name) for name in measure.over if _has(indicator, name)]
    if any(not field.positive for field in divisors) and measure.kind == "ratio" and not _base_covered(states, measure):
        yield f"{place}: no rule for a divisor of nothing or less"


def _base_covered(states: set[str | None], measure: Measure) -> bool:
    # A share of a count (E2: verified of recorded fields) cannot have parts without a whole.
    return "no_base" in states or measure.show == "percent"


def _best(rule: Rule) -> Fraction:
    if rule.line is not None:
        return rule.line.high
    return rule.points if rule.points is not None else Fraction(0)


def _words_faults(indicator: Indicator, place: str) -> Iterator[str]:
    known = {field.name for field in indicator.fields} | {"value"}
    for text in (indicator.words, indicator.words_end, indicator.words_empty):
        for name in _PLACES.findall(text):
            if name not in known:
                yield f"{place}: {{{name}}} in its words is no field"
