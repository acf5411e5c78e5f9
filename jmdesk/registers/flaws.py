"""The mistakes that real registers hold, put into invented ones on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from jmdesk.registers.livelihoods import SampleHousehold

Outcome = Literal["read", "warned", "refused"]

KINDS: dict[str, Outcome] = {
    "full_width_id": "read",
    "spaced_id": "read",
    "dotted_date": "read",
    "amount_with_unit": "read",
    "spoken_relation": "read",
    "date_without_day": "warned",
    "remark_in_amount": "warned",
    "amount_unknown": "warned",
    "population_off": "warned",
    "wrong_checksum": "refused",
    "id_as_number": "refused",
    "unknown_relation": "refused",
    "negative_amount": "refused",
}
"""Every kind of flaw and what an import is expected to make of a household that has it."""

_SPOKEN = {"12": "老婆", "11": "老公", "20": "儿子", "30": "女儿", "22": "大儿子", "32": "大女儿", "51": "爸爸"}

Overrides = dict[tuple[int, str], object]
"""What to write instead: (member's place, column key) → cell value."""


@dataclass(frozen=True, slots=True)
class PlacedFlaw:
    """A flaw that a generator placed: its kind, the household's number and what an import should answer."""

    kind: str
    household: str
    outcome: Outcome


def full_width(text: str) -> str:
    """Digits and letters as a Chinese input method in full-width mode types them."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def wrong_checksum(id_no: str) -> str:
    """The same number with another last digit."""
    return id_no[:-1] + ("1" if id_no[-1] in "0X" else "0")


def place(rng: Random, home: SampleHousehold) -> tuple[str, Overrides]:
    """One flaw that this household can carry, drawn at random, and the cells that show it."""
    kind = rng.choice(tuple(KINDS))
    who = rng.randrange(len(home.members))
    person = home.members[who]
    amount = home.income["exp_living"]
    if kind == "spoken_relation":
        fit = [i for i, p in enumerate(home.members) if p.relation in _SPOKEN]
        if not fit:
            return "full_width_id", {(who, "id_no"): full_width(person.id_no)}
        return kind, {(fit[0], "relation"): _SPOKEN[home.members[fit[0]].relation]}
    if kind == "unknown_relation":
        if len(home.members) == 1:
            return "wrong_checksum", {(0, "id_no"): wrong_checksum(person.id_no)}
        return kind, {(len(home.members) - 1, "relation"): "待核实"}
    cells: dict[str, Overrides] = {
        "full_width_id": {(who, "id_no"): full_width(person.id_no)},
        "spaced_id": {(who, "id_no"): f"{person.id_no[:6]} {person.id_no[6:14]} {person.id_no[14:]}"},
        "dotted_date": {(0, "collect_date"): f"{home.collected:%Y.%m.%d}"},
        "date_without_day": {(0, "collect_date"): f"{home.collected.year}年{home.collected.month}月"},
        "amount_with_unit": {(0, "exp_living"): f"{amount:,}元"},
        "remark_in_amount": {(0, "exp_living"): f"约{amount}元(未核)"},
        "amount_unknown": {(0, "income_other"): "不清楚"},
        "population_off": {(0, "population"): len(home.members) + 1},
        "wrong_checksum": {(who, "id_no"): wrong_checksum(person.id_no)},
        "id_as_number": {(who, "id_no"): float(person.id_no.replace("X", "0"))},
        "negative_amount": {(0, "cost_production"): -500},
    }
    return kind, cells[kind]
