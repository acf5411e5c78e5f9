"""A workflow as a dated package describes it: states, steps between them, and deadlines. Data, never code.

A case keeps the version it was begun under for ever, so that an old case is judged by its old rule.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from typing import Any, Literal

from jmdesk.core.resources import resource

ANYWHERE = "*"
"""As the origin of a step: it can be taken in every state that is not final."""

BACK = "back"
"""The one step that every workflow has: takes back the latest step, where that allows it, and stays in the history."""

_COMMON_YEAR = 2025
"""A year of 365 days, for days that every year has."""

Unit = Literal["working", "natural", "calendar", "yearly"]
Paper = Literal["", "recorded", "counts"]


@dataclass(frozen=True, slots=True)
class State:
    """Where a case can stand. A final state is left only by a step that names it."""

    id: str
    label: str
    final: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One act of the office.

    ``origins`` are state ids or ``*``; ``to`` is the state afterwards, "" to stay. ``roles`` (CL-ROLE) may take it,
    empty for everybody. ``not_by`` names steps whose author must be somebody else (maker and checker). ``needs`` are
    members of the details without which it is refused, with their labels. ``reversible``: a step back is allowed while
    nothing followed. ``paper``: a leader's signed paper may stand behind it: "recorded" shows the signer, "counts" lets
    the signer be the checker. ``sets`` are values of the subject record after the step, ``stamps`` its fields that take
    the time of the step.
    """

    id: str
    label: str
    origins: frozenset[str]
    to: str
    roles: frozenset[str]
    not_by: tuple[str, ...]
    needs: Mapping[str, str]
    reversible: bool
    paper: Paper
    sets: Mapping[str, object]
    stamps: tuple[str, ...]
    puts: Mapping[str, str]
    clears: tuple[str, ...]
    keeps: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the subject that this step writes."""
        return (*self.stamps, *self.sets, *self.puts.values())

    def shows(self, at: str, details: Mapping[str, object]) -> dict[str, object]:
        """What it writes into them, taken at ``at`` with these details."""
        put = {field: details[name] for name, field in self.puts.items() if name in details}
        return {**self.sets, **dict.fromkeys(self.stamps, at), **put}


@dataclass(frozen=True, slots=True)
class Clock:
    """A time limit: so many days after one of ``starts``, met by one of ``met_by``, void after ``void_by``.

    ``unit``: working days, natural days (a last day that is no working day moves to the next one), calendar days as
    they are; or the next ``by`` ("01-31") of a "yearly" one, on a working day or not. ``pauses`` are pairs of steps
    between which no day counts. ``waits_for`` says who has to act. ``when`` limits it to starts whose details have one
    of the values named for each member.
    """

    id: str
    label: str
    days: int
    unit: Unit
    starts: frozenset[str]
    met_by: frozenset[str]
    void_by: frozenset[str]
    pauses: tuple[tuple[str, str], ...]
    waits_for: str
    basis: str
    when: Mapping[str, frozenset[str]]
    by: str = ""

    def is_started_by(self, step: str, details: Mapping[str, object]) -> bool:
        """Whether a step with these details sets it going."""
        return step in self.starts and all(details.get(name) in values for name, values in self.when.items())


@dataclass(frozen=True)
class Definition:
    """One version of one workflow, in force from ``effective`` (Beijing day) until a newer version is."""

    id: str
    version: str
    label: str
    subject: str
    effective: date
    initial: str
    states: Mapping[str, State]
    steps: Mapping[str, Step]
    clocks: tuple[Clock, ...]
    of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Where several workflows are about one record type: fields of the subject and the values that make it this one."""

    def concerns(self, values: Mapping[str, object]) -> bool:
        """Whether a subject with these values belongs to this workflow."""
        return all(values.get(name) in wanted for name, wanted in self.of.items())

    def steps_from(self, state: str) -> list[Step]:
        """The steps that lead on from a state, in the order of the package."""
        return list(self._leading[state].values())

    def leads_on(self, state: str, step: str) -> bool:
        """Whether a step can be taken in a state; asked for every step of every case in a list."""
        return step in self._leading[state]

    @cached_property
    def _leading(self) -> Mapping[str, Mapping[str, Step]]:
        return {
            state.id: {
                s.id: s
                for s in self.steps.values()
                if state.id in s.origins or (ANYWHERE in s.origins and not state.final)
            }
            for state in self.states.values()
        }


class Flawed(ValueError):
    """A package that contradicts itself; says where."""


def definition(raw: Mapping[str, Any]) -> Definition:
    """A definition from its JSON object. ``Flawed`` names what does not hold together."""
    states = {key: State(key, value["label"], bool(value.get("final"))) for key, value in raw["states"].items()}
    steps = {key: _step(key, value) for key, value in raw["steps"].items()}
    made = Definition(
        raw["id"],
        raw["version"],
        raw["label"],
        raw["subject"],
        date.fromisoformat(raw["effective"]),
        raw["initial"],
        states,
        steps,
        tuple(_clock(value) for value in raw.get("clocks", ())),
        {name: frozenset(values) for name, values in raw.get("of", {}).items()},
    )
    _check(made)
    return made


def _step(key: str, raw: Mapping[str, Any]) -> Step:
    return Step(
        key,
        raw["label"],
        frozenset(raw["from"]),
        raw.get("to", ""),
        frozenset(raw.get("roles", ())),
        tuple(raw.get("not_by", ())),
        dict(raw.get("needs", {})),
        bool(raw.get("reversible", True)),
        raw.get("paper", ""),
        dict(raw.get("sets", {})),
        tuple(raw.get("stamps", ())),
        dict(raw.get("puts", {})),
        tuple(raw.get("clears", ())),
        tuple(raw.get("keeps", ())),
    )


def _clock(raw: Mapping[str, Any]) -> Clock:
    return Clock(
        raw["id"],
        raw["label"],
        raw.get("days", 0),
        raw.get("unit", "working"),
        frozenset(raw["starts"]),
        frozenset(raw["met_by"]),
        frozenset(raw.get("void_by", ())),
        tuple((first, last) for first, last in raw.get("pauses", ())),
        raw.get("waits_for", ""),
        raw.get("basis", ""),
        {name: frozenset(values) for name, values in raw.get("when", {}).items()},
        raw.get("by", ""),
    )


def _check(made: Definition) -> None:
    known = made.states.keys() | {ANYWHERE}
    wrong = [made.initial] if made.initial not in made.states else []
    for step in made.steps.values():
        wrong += [name for name in step.origins if name not in known]
        wrong += [step.to] if step.to and step.to not in made.states else []
        wrong += [name for name in step.not_by if name not in made.steps]
    for clock in made.clocks:
        named = clock.starts | clock.met_by | clock.void_by | {name for pair in clock.pauses for name in pair}
        wrong += [name for name in named if name not in made.steps]
        wrong += [] if _is_limited(clock) else [clock.id]
    if BACK in made.steps:
        wrong.append(BACK)
    if wrong:
        raise Flawed(f"{made.id} {made.version}: {', '.join(sorted(wrong))}")


def _is_limited(clock: Clock) -> bool:
    """Whether a clock says when it runs out: so many days, or a day that every year has."""
    if clock.unit == "yearly":
        try:
            date.fromisoformat(f"{_COMMON_YEAR}-{clock.by}")
        except ValueError:
            return False
        return True
    return clock.days >= 1 and clock.unit in ("working", "natural", "calendar")


class Book:
    """All versions of all workflows."""

    def __init__(self, definitions: list[Definition]) -> None:
        self._versions = {(d.id, d.version): d for d in definitions}
        self._by_id: dict[str, list[Definition]] = {}
        for made in sorted(definitions, key=lambda d: d.effective):
            self._by_id.setdefault(made.id, []).append(made)

    def in_force(self, workflow: str, on: date) -> Definition:
        """The version for a case that begins on a day; before the first one, the first. ``KeyError`` if unknown."""
        versions = self._by_id[workflow]
        return [d for d in versions if d.effective <= on][-1] if versions[0].effective <= on else versions[0]

    def version(self, workflow: str, version: str) -> Definition:
        """The version that a case was begun under. ``KeyError`` when this program does not hold it."""
        return self._versions[workflow, version]

    def all(self) -> list[Definition]:
        """Every version, oldest first within a workflow."""
        return [made for versions in self._by_id.values() for made in versions]


@cache
def book() -> Book:
    """The workflows that ship with this program: every file of ``resources/rules/workflows``."""
    folder = resource("rules/workflows")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".json")), key=lambda f: f.name)
    return Book([definition(json.loads(file.read_text(encoding="utf-8"))) for file in files])
