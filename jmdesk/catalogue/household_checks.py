"""Checks across a household and everything recorded about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from jmdesk.catalogue.crosschecks import CrossChecks
from jmdesk.catalogue.derived import identity
from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.types import Record

HEAD = frozenset({"01", "02"})
"""Relations of the person who is the head (GB/T 4761): oneself and head of household."""

_SPOUSE = frozenset({"10", "11", "12"})
Children = Mapping[str, Mapping[str, Record]]
"""Type number → record id → record, of everything that belongs to one household."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem and the record it is about; the household itself has type R05 and its own id."""

    type: str
    rid: str
    problem: Problem


def check_household(checks: CrossChecks, rid: str, household: Record, children: Children, on: date) -> list[Finding]:
    """Every problem of a household and its parts: those within each record, then those between them.

    Members are counted and compared only when there are any: a household may be entered before its people.
    """
    found = [Finding("R05", rid, problem) for problem in checks.check("R05", household, on)]
    for type_id, records in children.items():
        for child, record in records.items():
            found.extend(Finding(type_id, child, problem) for problem in checks.check(type_id, record, on))
    members = children.get("R06", {})
    if members:
        found.extend(Finding("R05", rid, problem) for problem in _people(household, members))
        found.extend(Finding("R06", child, problem) for child, problem in _relatives(members, on))
    found.extend(Finding("R07", child, problem) for child, problem in _years(children.get("R07", {})))
    found.extend(Finding("R08", child, problem) for child, problem in _land(household, children.get("R08", {})))
    return found


def _people(household: Record, members: Mapping[str, Record]) -> Iterator[Problem]:
    heads = [rid for rid, member in members.items() if member.get("relation") in HEAD]
    if len(heads) != 1:
        yield Problem("head_person_id", "crosscheck.one_head", "error", {"count": len(heads)})
    elif household.get("head_person_id", heads[0]) != heads[0]:
        yield Problem("head_person_id", "crosscheck.other_head", "error")
    population = household.get("population")
    if isinstance(population, int) and population != len(members):
        yield Problem(
            "population", "crosscheck.member_count", "warn", {"population": population, "count": len(members)}
        )
    labour = sum(member.get("is_labor") is True for member in members.values())
    stated = household.get("labor_count")
    if population == len(members) and isinstance(stated, int) and stated != labour:
        yield Problem("labor_count", "crosscheck.labour_count", "warn", {"stated": stated, "count": labour})


def _relatives(members: Mapping[str, Record], on: date) -> Iterator[tuple[str, Problem]]:
    numbers = Counter(number for member in members.values() if isinstance(number := member.get("id_no"), str))
    births = {rid: _born(member, on) for rid, member in members.items()}
    head_born = next((births[rid] for rid, member in members.items() if member.get("relation") in HEAD), None)
    spouses = 0
    for rid, member in members.items():
        number, relation, born = member.get("id_no"), str(member.get("relation", "")), births[rid]
        if isinstance(number, str) and numbers[number] > 1:
            yield rid, Problem("id_no", "crosscheck.same_id", "error")
        spouses += relation in _SPOUSE
        if relation in _SPOUSE and spouses > 1:
            yield rid, Problem("relation", "crosscheck.second_spouse", "warn")
        if born is None or head_born is None:
            continue
        child_by_blood = relation[:1] in ("2", "3") and relation not in ("28", "38")
        if (child_by_blood and born <= head_born) or (relation in ("51", "52") and born >= head_born):
            yield rid, Problem("relation", "crosscheck.generations", "warn")


def _born(member: Record, on: date) -> date | None:
    born, _ = identity(member, on)
    typed = member.get("birth_date")
    return born or (date.fromisoformat(typed) if isinstance(typed, str) else None)


def _years(incomes: Mapping[str, Record]) -> Iterator[tuple[str, Problem]]:
    seen: set[object] = set()
    for rid, income in incomes.items():
        year = income.get("year")
        if year is not None and year in seen:
            yield rid, Problem("year", "crosscheck.same_year", "error", {"year": year})
        seen.add(year)


def _land(household: Record, lands: Mapping[str, Record]) -> Iterator[tuple[str, Problem]]:
    collected = household.get("collect_date")
    for rid, land in lands.items():
        end = land.get("right_end")
        if isinstance(end, str) and isinstance(collected, str) and end < collected:
            yield rid, Problem("right_end", "crosscheck.right_ended", "warn")
