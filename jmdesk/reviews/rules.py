"""What the household review goes by, without a store: kinship, valid votes, adjustment, masked names, the notice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from jmdesk.core.errors import Refused
from jmdesk.core.resources import resource
from jmdesk.ratings.model import NOT_RATED, RulePackage
from jmdesk.ratings.scorecard import Scorecard

KIN, CLEAR, HINT, STRANGER = "kin", "clear", "hint", ""
"""How a member of the panel stands to a household: related, declared unrelated, perhaps related, nothing known."""

_PLACE_END = re.compile(r"[0-9０-９一二三四五六七八九十百之\-]+号?.*$")
_DOUBLE_NAMES = ("欧阳", "司徒", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "夏侯", "令狐")


@dataclass(frozen=True, slots=True)
class PanelRules:
    """The dated defaults of ``resources/rules/review-panel.json``.

    ``items`` are what a ballot asks (id → label), marked from ``lowest`` to ``highest``; ``least_votes`` valid ballots
    make a tally; certificates hold for ``certificate_years``; a yearly review is due ``annual_after_days`` after the
    certificate or the last review.
    """

    version: str
    items: Mapping[str, str]
    lowest: int
    highest: int
    least_votes: int
    certificate_years: int
    annual_after_days: int
    screened_by: str


@dataclass(frozen=True, slots=True)
class Seat:
    """A member of a batch's panel: number on the ballots, name, duty, household in the archive ("" if unknown)."""

    no: str
    name: str
    duty: str
    household: str
    address: str
    attended: bool


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What kinship is judged by: the household, its members' names, its address."""

    household: str
    names: tuple[str, ...]
    address: str


@dataclass(frozen=True, slots=True)
class Ballot:
    """One member's vote on one household: marks by item, whether they know it, whether they stood aside."""

    seat: str
    household: str
    marks: Mapping[str, int]
    knows: bool
    recused: bool

    @property
    def counts(self) -> bool:
        """A valid vote: cast by somebody who knows the household and did not stand aside."""
        return self.knows and not self.recused and bool(self.marks)


@cache
def panel_rules() -> PanelRules:
    """The rules that ship with the program."""
    raw = json.loads(resource("rules/review-panel.json").read_text(encoding="utf-8"))
    return PanelRules(
        raw["version"],
        {item["id"]: item["label"] for item in raw["items"]},
        raw["lowest"],
        raw["highest"],
        raw["least_votes"],
        raw["certificate_years"],
        raw["annual_after_days"],
        raw["screened_by"],
    )


def surname(name: str) -> str:
    """The family name: two characters for the compound ones, else the first; "" for a name that is not Chinese."""
    clean = name.strip()
    if not clean or clean.isascii() or "·" in clean:
        return ""
    return clean[:2] if clean.startswith(_DOUBLE_NAMES) else clean[0]


def place_of(address: str) -> str:
    """An address without its house number: the lane or group that neighbours of one clan share."""
    return _PLACE_END.sub("", re.sub(r"\s+", "", address))


def relation(seat: Seat, other: Neighbour, declared: str = "") -> str:
    """How a member stands to a household.

    The same household is kin whatever was declared. Else what was declared holds; without it a shared family name at
    the same address is kin, and a shared family name in the same lane a hint that has to be answered.
    """
    if seat.household and seat.household == other.household:
        return KIN
    if declared:
        return declared
    families = {surname(name) for name in other.names} - {""}
    if surname(seat.name) not in families or not seat.address or not other.address:
        return STRANGER
    if re.sub(r"\s+", "", seat.address) == re.sub(r"\s+", "", other.address):
        return KIN
    return HINT if place_of(seat.address) == place_of(other.address) != "" else STRANGER


def check_marks(marks: Mapping[str, int], rules: PanelRules) -> None:
    """``Refused`` "reviews.marks" unless every item has one mark within the limits."""
    whole = set(marks) == set(rules.items)
    if not whole or not all(rules.lowest <= mark <= rules.highest for mark in marks.values()):
        raise Refused("reviews.marks", lowest=rules.lowest, highest=rules.highest)


def valid(ballots: Iterable[Ballot]) -> list[Ballot]:
    """The votes that count."""
    return [ballot for ballot in ballots if ballot.counts]


def adjusted(card: Scorecard, package: RulePackage, grade: str, reason: str) -> str:
    """The grade after the town's review: the engine's own, or one step beside it with a reason.

    ``Refused``: "reviews.adjust_reason"; "reviews.adjust_step" for more than one step, for a household that is not
    rated, and for a rise above what a thin file or missing credit history allows.
    """
    if not grade or grade == card.grade:
        return card.grade
    order = [band.grade for band in package.bands] + [package.unbanded]
    if NOT_RATED in (card.grade, grade) or grade not in order or abs(order.index(grade) - order.index(card.grade)) != 1:
        raise Refused("reviews.adjust_step", grade=card.grade)
    if card.caps and order.index(grade) < order.index(card.grade):
        raise Refused("reviews.adjust_step", grade=card.grade)
    if not reason.strip():
        raise Refused("reviews.adjust_reason")
    return grade


def item_remarks(text: str) -> dict[str, str]:
    """Remarks typed line by line as ``item：remark``; a line without an item is one under its number."""
    found: dict[str, str] = {}
    for number, line in enumerate((line.strip() for line in text.splitlines() if line.strip()), 1):
        item, colon, remark = line.replace(":", "：", 1).partition("：")
        name = item.strip() if colon and remark.strip() else f"第{number}项"
        found[f"{name}({number})" if name in found else name] = remark.strip() if colon and remark.strip() else line
    return found
