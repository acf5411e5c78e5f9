"""Invented families of Jiangmen: plausible names, ages, generations and identity numbers that belong to nobody."""

from __future__ import annotations

import json
from bisect import bisect
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any

from jmdesk.core.resources import resource

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_DAY_CLASSES = 31

MALE, FEMALE = "1", "2"


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """One invented person; ``relation`` is a GB/T 4761 code towards the head, ``sex`` a GB/T 2261.1 code."""

    name: str
    sex: str
    birth: date
    relation: str
    id_no: str
    labor: bool
    occupation: str


class InventedNumbers:
    """Valid 18-digit identity numbers that were never issued.

    GB 11643 keeps the sequence numbers 996 to 999 for people past a hundred, so a number that carries one of them with
    a later birth date belongs to nobody: 996 and 998 for women, 997 and 999 for men. Birth days are moved back to the
    village's own class of days (one in 31), so that registers made apart do not share numbers; when a county needs
    more numbers than its own address code has, the codes of other places follow.
    """

    def __init__(self, prefixes: tuple[str, ...]) -> None:
        self._prefixes = prefixes
        self._used: Counter[tuple[date, str]] = Counter()

    @staticmethod
    def birthday(village: str, near: date) -> date:
        """The last day of the village's class that is not after ``near``."""
        wanted = int(village[6:]) % _DAY_CLASSES
        return near - timedelta(days=(near.toordinal() - wanted) % _DAY_CLASSES)

    def new(self, birth: date, sex: str) -> str:
        """The next free number of this birth date and sex. ``ValueError`` when all are used."""
        taken = self._used[birth, sex]
        self._used[birth, sex] = taken + 1
        prefix, late = taken // 2, taken % 2
        if prefix >= len(self._prefixes):
            raise ValueError("no invented identity number is left")
        sequence = (997 if sex == MALE else 996) + 2 * late
        body = f"{self._prefixes[prefix]}{birth:%Y%m%d}{sequence}"
        return body + _CHECKS[sum(int(c) * w for c, w in zip(body, _WEIGHTS, strict=True)) % 11]


@cache
def _names() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resource("samples/names.json").read_text(encoding="utf-8"))
    return loaded


@cache
def _surnames() -> tuple[tuple[str, ...], tuple[float, ...]]:
    rows = _names()["surnames"]
    return tuple(row["name"] for row in rows), tuple(accumulate(row["weight"] for row in rows))


@cache
def _characters(sex: str, period: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    found = tuple(_names()["given_chars"]["male" if sex == MALE else "female"][period])
    return found, tuple(accumulate(1 / (rank + 3) for rank in range(len(found))))


def _drawn(rng: Random, choices: tuple[tuple[str, ...], tuple[float, ...]]) -> str:
    values, sums = choices
    return values[min(bisect(sums, rng.random() * sums[-1]), len(values) - 1)]


def surname(rng: Random) -> str:
    """A surname by its rough frequency around Jiangmen."""
    return _drawn(rng, _surnames())


def _period(year: int) -> str:
    return (
        "before_1960" if year < 1960 else "1960_1979" if year < 1980 else "1980_1999" if year < 2000 else "since_2000"
    )


def given_name(rng: Random, sex: str, year: int, generation: str = "") -> str:
    """A given name of its time; ``generation`` is a first character that brothers share (字辈)."""
    period = _period(year)
    last = _drawn(rng, _characters(sex, period))
    if rng.random() < _names()["single_char_given_share"][period] and not generation:
        return last
    first = generation or _drawn(rng, _characters(sex, period))
    return first + last if first != last else first


class Families:
    """Draws one household's people after another; the same random source gives the same people."""

    def __init__(self, rng: Random, numbers: InventedNumbers, on: date) -> None:
        self._rng = rng
        self._numbers = numbers
        self._on = on
        self._village = ""

    def household(self, village: str) -> list[SamplePerson]:
        """Head first, then spouse, children with their families, parents."""
        rng, self._village = self._rng, village
        head_age = int(rng.triangular(26, 84, 54))
        man = rng.random() < 0.86
        family = surname(rng)
        head = self._person(family, MALE if man else FEMALE, head_age, "02")
        people = [head]
        married = rng.random() < (0.9 if head_age < 70 else 0.65)
        if married:
            spouse_age = max(22, head_age + round(rng.gauss(-2 if man else 2, 2.5)))
            people.append(self._person(surname(rng), FEMALE if man else MALE, spouse_age, "12" if man else "11"))
        children_surname = family if man or not married else people[1].name[0]
        if married or head_age > 40:
            people += self._children(children_surname, head_age)
        if man and head_age < 60:
            people += self._parents(family, head_age)
        return people

    def _person(self, family: str, sex: str, age: int, relation: str, generation: str = "") -> SamplePerson:
        rng = self._rng
        near = self._on - timedelta(days=age * 365 + age // 4 + rng.randrange(365))
        birth = InventedNumbers.birthday(self._village, near)
        working = 18 <= age < 60 or (60 <= age < 72 and rng.random() < 0.5)
        labor = working and rng.random() < (0.75 if age < 22 else 0.95)
        occupation = rng.choices(("5", "6", "4", "3", "2"), (45, 25, 20, 6, 4))[0] if labor else ""
        name = family + given_name(rng, sex, birth.year, generation)
        return SamplePerson(name, sex, birth, relation, self._numbers.new(birth, sex), labor, occupation)

    def _children(self, family: str, head_age: int) -> list[SamplePerson]:
        rng = self._rng
        count = rng.choices((0, 1, 2, 3, 4), (6, 30, 42, 17, 5))[0]
        oldest = head_age - rng.randint(22, 30)
        ages = [age for age in (oldest - 3 * place - rng.randint(0, 1) for place in range(count)) if age >= 0]
        sexes = [MALE if rng.random() < 0.52 else FEMALE for _ in ages]
        generation = given_name(rng, MALE, self._on.year - oldest)[0] if oldest > 40 and sexes.count(MALE) > 1 else ""
        people: list[SamplePerson] = []
        for place, (age, sex) in enumerate(zip(ages, sexes, strict=True)):
            if age > 26 and rng.random() < (0.85 if sex == FEMALE else 0.45):
                continue  # married away, or a household of their own
            relation = self._child_relation(sexes, place)
            people.append(self._person(family, sex, age, relation, generation if sex == MALE else ""))
            if sex == MALE and age > 27 and rng.random() < 0.75:
                people += self._young_family(family, age)
        return people

    def _child_relation(self, sexes: list[str], place: int) -> str:
        sex = sexes[place]
        if len(sexes) == 1:
            return "20" if sex == MALE else "30"
        rank = sexes[:place].count(sex)
        return f"{(22 if sex == MALE else 32) + min(rank, 3)}"

    def _young_family(self, family: str, father_age: int) -> list[SamplePerson]:
        rng = self._rng
        people = [self._person(surname(rng), FEMALE, max(22, father_age - rng.randint(0, 4)), "38")]
        for age in range(father_age - 26, -1, -4)[: rng.choices((0, 1, 2), (20, 45, 35))[0]]:
            sex = MALE if rng.random() < 0.52 else FEMALE
            people.append(self._person(family, sex, age, "41" if sex == MALE else "42"))
        return people

    def _parents(self, family: str, head_age: int) -> list[SamplePerson]:
        rng = self._rng
        people = []
        for sex, relation, name in ((MALE, "51", family), (FEMALE, "52", surname(rng))):
            age = head_age + rng.randint(22, 31)
            if rng.random() < (0.35 if age < 90 else 0.05):
                people.append(self._person(name, sex, age, relation))
        return people
