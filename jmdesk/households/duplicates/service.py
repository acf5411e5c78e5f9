"""The same person twice: found while somebody types, and by a sweep over everything that is here.

Two records are of one person when their identity numbers are equal; they may be when name and birth date are equal in
one village. Values that wait for a consent are compared too, for they are in this store; nothing of them is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.households.duplicates import queries
from jmdesk.households.duplicates.queries import Twin
from jmdesk.households.passage import Passage
from jmdesk.records.workplace import Workplace
from jmdesk.store.stored import Stored

BY_NUMBER: Final = "number"
BY_NAME: Final = "name"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two or more records that seem to be one person, and what says so: ``BY_NUMBER`` or ``BY_NAME``."""

    by: str
    twins: tuple[Twin, ...]


class Duplicates:
    """Looks for people who are here twice, as far as the user may see, and merges two records of one person."""

    def __init__(self, desk: Workplace) -> None:
        self._desk = desk

    def of(self, values: Mapping[str, object], region: str, but: str = "") -> Pair | None:
        """Who is here already with what was just typed; ``but`` is the record that is being typed. Milliseconds."""
        regions = self._desk.records.guard.reading_regions("R06")
        number, name, born = (values.get(n) for n in ("id_no", "person_name", "birth_date"))
        with self._desk.store.reading() as connection:
            if isinstance(number, str):
                found = [r for r in queries.with_number(connection, number) if r != but]
                twins = self._twins(queries.people(connection, found), regions)
                if twins:
                    return Pair(BY_NUMBER, twins)
            if isinstance(name, str) and isinstance(born, str) and region:
                found = [r for r in queries.named(connection, name, born, region) if r != but]
                twins = self._twins(queries.people(connection, found), regions)
                if twins:
                    return Pair(BY_NAME, twins)
        return None

    def sweep(self, progress: Progress = silent, cancelled: Cancelled = never) -> list[Pair]:
        """Every person who is here twice, but those told apart before (``keep_apart``). Stops when cancelled."""
        regions = self._desk.records.guard.reading_regions("R06")
        seen, pairs = set(self.apart()), list[Pair]()
        with self._desk.store.reading() as connection:
            for by, groups in ((BY_NUMBER, queries.same_number), (BY_NAME, queries.same_name)):
                found = groups(connection)
                for done, rids in enumerate(found):
                    if cancelled():
                        return pairs
                    progress(done, len(found))
                    twins = self._twins(queries.people(connection, rids), regions)
                    group = frozenset(twin.rid for twin in twins)
                    if len(twins) > 1 and group not in seen:
                        seen.add(group)
                        pairs.append(Pair(by, twins))
        return pairs

    def apart(self) -> frozenset[frozenset[str]]:
        """Groups of records that somebody has looked at and called different people."""
        with self._desk.store.reading() as connection:
            return frozenset(map(frozenset, queries.kept_apart(connection)))

    def keep_apart(self, rids: Sequence[str]) -> None:
        """Say that these are different people: the sweep does not ask again."""
        with self._desk.store.beside() as connection:
            queries.keep_apart(connection, sorted(rids))

    def merge(self, kept: str, gone: str, take: Sequence[str], reason: str) -> int:
        """Make two records of one person one: ``take`` names the fields whose value is the other's; how many changed.

        The record that goes is voided and named in the history of the one that stays, and the other way round; consents
        that the person signed come along. ``Refused`` "records.reason_needed", "households.same_person" for a record
        with itself, "households.head_goes" when the one that goes is the head of a household of several.
        """
        if not reason.strip():
            raise Refused("records.reason_needed")
        if kept == gone:
            raise Refused("households.same_person")
        with self._desk.records.writing("join", reason=reason.strip()) as writer:
            passage = Passage(writer, reason.strip())
            stays, goes = passage.require("R06", kept), passage.require("R06", gone)
            home = passage.require("R05", str(goes.values.get("household_id", "")))
            elsewhere = stays.values.get("household_id") != home.rid
            if home.values.get("head_person_id") == gone and len(passage.members(home.rid)) > 1:
                raise Refused("households.head_goes")
            passage.take_over(stays, goes, take)
            passage.count_people(home.rid, [goes], -1)
            passage.end("R06", gone, f"与 {kept} 为同一人；{reason.strip()}")
            writer.remark("R06", kept, f"合并 {gone}；{reason.strip()}")
            passage.note(home.rid, f"重复成员合并；{reason.strip()}")
            if not passage.members(home.rid):
                passage.end_household(home, "成员与另一户重复")
            else:
                passage.settle(home.rid)
            if elsewhere:
                passage.note(str(stays.values["household_id"]), f"重复成员合并；{reason.strip()}")
                passage.settle(str(stays.values["household_id"]))
            return len(take)

    @staticmethod
    def _twins(found: Sequence[Twin], regions: tuple[str, ...]) -> tuple[Twin, ...]:
        return tuple(twin for twin in found if not regions or twin.region.startswith(regions))

    def side_by_side(self, one: str, other: str) -> tuple[Stored, Stored]:
        """Both records as the user may see them, to be compared field by field."""
        records = self._desk.records
        return records.get("R06", one).record, records.get("R06", other).record
