"""The three-way comparison: what both started from, what stands here, what the platform has. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from jmdesk.catalogue.types import Record, RecordType, Value
from jmdesk.store.change_log import Change


class Changed(Enum):
    """Who changed a field since both sides were equal."""

    NOBODY = "nobody"
    ALIKE = "alike"
    MINE = "mine"
    THEIRS = "theirs"
    BOTH = "both"


class Side(Enum):
    """Whose value stays."""

    MINE = "mine"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class Choice:
    """The decision on one field; ``note`` writes the other side's value into the reason."""

    side: Side
    note: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """One field on three sides; ``None`` is no value. ``clash``: both sides changed something of its merge group."""

    name: str
    group: str
    base: Value | None
    mine: Value | None
    theirs: Value | None
    changed: Changed
    clash: bool = False
    base_known: bool = True

    @property
    def differs(self) -> bool:
        """Whether the two sides say different things."""
        return self.mine != self.theirs

    @property
    def proposed(self) -> Choice | None:
        """What one would keep without asking; ``None`` where a person must choose."""
        if self.changed is Changed.BOTH:
            return None
        return Choice(Side.MINE if self.changed is Changed.MINE else Side.THEIRS)


@dataclass(frozen=True, slots=True)
class Base:
    """What both sides started from, where it is not what stands here now.

    ``values`` has the fields that changed since (``None``: had no value); of those ``erased`` nobody knows any more.
    """

    values: Mapping[str, Value | None]
    erased: bool = False


def base_of(history: Iterable[Change], first_seq: int) -> Base:
    """The values before the first unsettled edit (log entry ``first_seq``), out of a record's history."""
    values: dict[str, Value | None] = {}
    erased = False
    for change in history:
        if change.seq < first_seq:
            continue
        erased = erased or change.erased
        for name in change.before.keys() | change.after.keys():
            values.setdefault(name, change.before.get(name))
    return Base(values, erased)


def compare(
    record_type: RecordType,
    base: Base,
    mine: Record,
    theirs: Record,
    touched: Collection[str],
    hidden: Collection[str] = (),
) -> tuple[Compared, ...]:
    """Every field that travels and has a value on some side, in the catalogue's order, own fields (``x_…``) last.

    ``touched`` are the fields of the unsettled edits; ``hidden`` those the platform does not show to this unit.
    """
    names = [f.identifier for f in record_type.fields if f.on_wire]
    extensions = {n for n in (*mine, *theirs, *base.values) if n.startswith("x_")}
    found = [
        _compared(record_type, base, mine, theirs, name, touched)
        for name in (*names, *sorted(extensions))
        if name not in hidden and (name in mine or name in theirs or base.values.get(name) is not None)
    ]
    return tuple(_with_clash(found))


def _compared(
    record_type: RecordType, base: Base, mine: Record, theirs: Record, name: str, touched: Collection[str]
) -> Compared:
    here, there = mine.get(name), theirs.get(name)
    known = name in base.values or name not in touched or not base.erased
    before = base.values.get(name) if name in base.values else here if known else None
    by_me = name in touched and (here != before or not known)
    by_them = there != before or not known
    if here == there:
        changed = Changed.ALIKE if by_me else Changed.NOBODY
    elif by_me:
        changed = Changed.BOTH if by_them else Changed.MINE
    else:
        changed = Changed.THEIRS
    return Compared(name, record_type.merge_group(name), before, here, there, changed, base_known=known)


def _with_clash(found: Iterable[Compared]) -> Iterable[Compared]:
    fields = list(found)
    sides: dict[str, set[Changed]] = {}
    for field in fields:
        sides.setdefault(field.group, set()).add(field.changed)
    for field in fields:
        of_group = sides[field.group]
        clash = Changed.BOTH in of_group or {Changed.MINE, Changed.THEIRS} <= of_group
        yield field if not clash else _clashing(field)


def _clashing(field: Compared) -> Compared:
    return Compared(
        *(field.name, field.group, field.base, field.mine, field.theirs, field.changed),
        clash=True,
        base_known=field.base_known,
    )


def disjoint(fields: Iterable[Compared]) -> bool:
    """Whether the two sides changed nothing of one merge group, so that they can be joined without asking."""
    return not any(field.clash for field in fields)


def undecided(fields: Iterable[Compared], choices: Mapping[str, Choice]) -> list[Compared]:
    """The differing fields that still need somebody's choice."""
    return [f for f in fields if f.differs and f.proposed is None and f.name not in choices]


def chosen(field: Compared, choices: Mapping[str, Choice]) -> Choice:
    """The decision on a field: what was chosen, else what is proposed."""
    return choices.get(field.name) or field.proposed or Choice(Side.THEIRS)


def kept(fields: Iterable[Compared], choices: Mapping[str, Choice]) -> tuple[Record, list[str]]:
    """What stays mine over the platform's version: values to set, and fields to unset."""
    set_: Record = {}
    unset: list[str] = []
    for field in fields:
        if not field.differs or chosen(field, choices).side is Side.THEIRS:
            continue
        if field.mine is None:
            unset.append(field.name)
        else:
            set_[field.name] = field.mine
    return set_, unset


def mixed(fields: Iterable[Compared], choices: Mapping[str, Choice]) -> bool:
    """Whether fields of one merge group would come from both sides: a computed result is taken whole or not at all."""
    sides: dict[str, set[Side]] = {}
    for field in fields:
        if field.differs:
            sides.setdefault(field.group, set()).add(chosen(field, choices).side)
    return any(len(found) > 1 for found in sides.values())
