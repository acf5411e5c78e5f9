"""Whatever two desks do to a record: once all is settled both hold what the platform holds, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jmdesk.catalogue.types import Record, Value
from jmdesk.conflicts.case import Case, Kind
from jmdesk.conflicts.rules import Choice, Side, chosen
from jmdesk.conflicts.service import Whole
from jmdesk.store import outbox, reading
from tests.desks import VILLAGE
from tests.jmdesk.conflicts.city import City, Office

FIELDS: dict[str, list[Value]] = {
    "population": [5, 6, 7],
    "labor_count": [1, 2],
    "old_household_no": ["甲1", "乙2"],
    "x_remark": ["甲", "乙", "丙"],
}
"""Of a household: two of one merge group, and two that stand alone."""

EDITS = st.dictionaries(st.sampled_from(sorted(FIELDS)), st.integers(-1, 2), min_size=1, max_size=3)
"""-1 takes the value out."""

Step = tuple[int, str, dict[str, int], int]
"""Which desk, what it does, what it types, and how it decides."""


def _round(edits: list[dict[str, int] | None], order: list[tuple[int, str]], taste: int) -> list[Step]:
    typed: list[Step] = [
        (who, "edit" if edit else "void", edit, taste) for who, edit in enumerate(edits) if edit is not None
    ]
    return typed + [(who, action, {}, taste) for who, action in order]


ORDERS = st.permutations(
    [(who, action) for who in (0, 1) for action in ("seal", "send", "receive", "pull", "settle")] + [(0, "merge")]
)
"""Every step of an exchange may come before any other, or too late."""

ROUNDS = st.builds(
    _round,
    st.lists(st.one_of(EDITS, EDITS, EDITS, st.none(), st.just(dict[str, int]())), min_size=2, max_size=2),
    ORDERS,
    st.integers(0, 3),
)
"""Both desks do something (nothing typed: void it), and then exchange as it happens."""

STEPS = st.lists(ROUNDS, min_size=1, max_size=3).map(lambda rounds: [step for steps in rounds for step in steps])


@dataclass
class Played:
    """A game on one record: what was typed at each of the two desks."""

    offices: tuple[Office, Office]
    rid: str
    typed: tuple[set[tuple[str, Value]], set[tuple[str, Value]]] = field(default_factory=lambda: (set(), set()))

    def step(self, who: int, action: str, edit: dict[str, int], taste: int) -> None:
        """One step at one desk; what is impossible there is left out."""
        office = self.offices[who]
        if action == "edit":
            self._edit(who, edit)
        elif action == "void":
            found = self._here(who)
            if found is not None and found[1] is None:
                office.desk.records.void("R05", self.rid, "重复")
        elif action == "seal":
            office.seal([self.rid])
        elif action == "merge":
            office.desk.conflicts.merge_all()
        elif action == "settle":
            decide(office, taste)
        else:
            getattr(office, action)()

    def _here(self, who: int) -> tuple[Record, str | None] | None:
        with self.offices[who].desk.store.reading() as connection:
            found = reading.get(connection, "R05", self.rid)
        return None if found is None else (found.values, found.voided)

    def _edit(self, who: int, edit: dict[str, int]) -> None:
        found = self._here(who)
        if found is None or found[1] is not None:
            return
        set_ = {name: FIELDS[name][n % len(FIELDS[name])] for name, n in edit.items() if n >= 0}
        self.offices[who].desk.records.change("R05", self.rid, set_, [name for name, n in edit.items() if n < 0])
        self.typed[who].update(set_.items())

    def settle(self) -> None:
        """Exchange and decide until nothing is left for anybody to do."""
        for _ in range(12):
            for office in self.offices:
                office.exchange([self.rid])
                decide(office, 0)
            if not any(self._open(office) for office in self.offices):
                break
        for office in self.offices:
            office.exchange([self.rid])

    def _open(self, office: Office) -> bool:
        with office.desk.store.reading() as connection:
            return bool(outbox.unsettled(connection, self.rid)) or reading.theirs(connection, self.rid) is not None

    def values(self, who: int) -> tuple[Record, str | None] | None:
        """What a desk says of the record, as far as it travels."""
        found = self._here(who)
        if found is None:
            return None
        type_ = self.offices[who].desk.catalogue.types["R05"]
        return {n: v for n, v in found[0].items() if n.startswith("x_") or type_.by_identifier[n].on_wire}, found[1]


def decide(office: Office, taste: int) -> None:
    """Decide everything that can be decided now, in one of several ways."""
    for case in office.desk.conflicts.cases():
        if case.under_way or not case.whole:
            continue
        _decide(office, case, taste)


def _decide(office: Office, case: Case, taste: int) -> None:
    desk = office.desk.conflicts
    if case.kind is Kind.REFUSED:
        desk.send_again(case.type, case.rid)
    elif case.kind is Kind.EDITED:
        choices = {
            f.name: Choice(Side.MINE if (taste + n) % 2 else Side.THEIRS, note=taste > 1)
            for n, f in enumerate(case.fields)
            if f.differs and (taste == 3 or f.proposed is None)
        }
        desk.settle(case.type, case.rid, choices, reason="已核实", seen=case.seen)
        values = office.desk.records.get(case.type, case.rid).record.values
        for field_ in case.fields:
            side = chosen(field_, choices).side
            assert values.get(field_.name) == (field_.mine if side is Side.MINE else field_.theirs)
    else:
        keep = case.kind is Kind.VOIDED_HERE and taste % 2
        decision = Whole.KEEP if keep else Whole.VOID
        desk.settle_whole(case.type, case.rid, decision, reason="已核实", seen=case.seen)


@contextmanager
def game(ours: Office, other: Office) -> Iterator[Played]:
    """A fresh record known to both desks and the platform; settled at the end."""
    desk = ours.desk
    rid = desk.records.create("R05", {"region_code": VILLAGE, "population": 5, "x_remark": "甲"})
    played = Played((ours, other), rid)
    ours.exchange([rid])
    other.exchange([rid])
    try:
        yield played
    finally:
        played.settle()


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_two_desks_and_the_platform_end_up_equal_and_no_typed_value_is_lost(
    ours: Office, other: Office, city: City, steps: list[Step]
) -> None:
    with game(ours, other) as played:
        for who, action, edit, taste in steps:
            played.step(who, action, edit, taste)
    held = city.held[played.rid]
    for who, office in enumerate(played.offices):
        found = played.values(who)
        assert found is not None
        assert (found[1] is not None) == held.tombstone
        if not held.tombstone:
            assert found[0] == held.fields
        remembered = {
            (name, value)
            for change in office.desk.records.history(played.rid)
            for name, value in (*change.before.items(), *change.after.items())
            if isinstance(value, str | int)
        }
        assert played.typed[who] <= remembered
        assert not office.desk.conflicts.cases()
        with office.desk.store.reading() as connection:
            assert reading.theirs(connection, played.rid) is None
            assert not outbox.unsettled(connection, played.rid)
            found_ = reading.get(connection, "R05", played.rid)
        assert found_ is not None
        assert (found_.base_version, found_.sync) == (held.version, "confirmed")


def test_a_record_that_both_desks_void_stands_at_the_platforms_version(ours: Office, other: Office, city: City) -> None:
    with game(ours, other) as played:
        for who, action in ((0, "void"), (1, "void"), (0, "seal"), (0, "send"), (1, "pull")):
            played.step(who, action, {}, 0)
    for office in played.offices:
        found = office.desk.records.get("R05", played.rid).record
        assert (found.base_version, found.sync) == (city.held[played.rid].version, "confirmed")
