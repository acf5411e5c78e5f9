"""The yearly collection round (W1): started for a village, walked group by group, entered in the order of the paper.

Last year's figures are a suggestion: shown beside the empty field, never a value until somebody confirms it. A round is
this office's own plan; what travels are the records that come of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.households.rounds import queries
from jmdesk.households.rounds.queries import Stretch
from jmdesk.records.workplace import Workplace
from jmdesk.store import reading

_SETTING = "rounds.households"
_NOT_SUGGESTED = frozenset({"household_id", "year", "evidence_level"})


@dataclass(frozen=True, slots=True)
class Round:
    """One village's round: the year of the figures asked for, the day it began, who walks which group (user ids)."""

    village: str
    income_year: int
    began: str
    collectors: Mapping[str, str] = field(default_factory=dict)


class Rounds:
    """The rounds of one desk. ``actor`` is who enters."""

    def __init__(self, desk: Workplace, *, actor: str) -> None:
        self._desk, self._actor = desk, actor

    def all(self) -> dict[str, Round]:
        """Rounds under way, by village; of villages that became one, the round that began first goes on for both."""
        raw = json.loads(self._desk.store.setting(_SETTING) or "{}")
        found: dict[str, Round] = {}
        for one in sorted((Round(**kept) for kept in raw.values()), key=lambda r: (-r.income_year, r.began)):
            village = self._desk.catalogue.regions.current(one.village)
            before = found.setdefault(village, replace(one, village=village))
            found[village] = replace(before, collectors={**one.collectors, **before.collectors})
        return found

    def start(self, village: str, collectors: Mapping[str, str] | None = None) -> Round:
        """Begin the round of a village today; it asks for last year's figures. ``Refused`` "households.round_runs"."""
        self._desk.records.guard.require("edit", "R05", village)
        known = self.all()
        today = self._today()
        if village in known and known[village].began[:4] == str(today.year):
            raise Refused("households.round_runs")
        begun = Round(village, today.year - 1, today.isoformat(), dict(collectors or {}))
        self._keep({**known, village: begun})
        return begun

    def assign(self, village: str, group: str, collector: str) -> Round:
        """Say who walks a group. ``Refused`` "households.no_round"."""
        current = self._of(village)
        changed = Round(village, current.income_year, current.began, {**current.collectors, group: collector})
        self._keep({**self.all(), village: changed})
        return changed

    def end(self, village: str) -> None:
        """Close a round; what was collected stays."""
        self._keep({name: one for name, one in self.all().items() if name != village})

    def progress(self, village: str) -> list[Stretch]:
        """How far the round is, by group and collector. ``Refused`` "households.no_round"."""
        current = self._of(village)
        with self._desk.store.reading() as connection:
            return queries.progress(connection, village, current.began, current.income_year)

    def open(self, village: str, group: str = "") -> list[str]:
        """The households still to visit, in the order of the walk. ``Refused`` "households.no_round"."""
        current = self._of(village)
        with self._desk.store.reading() as connection:
            return queries.open_households(connection, village, current.began, group)

    def suggestion(self, household: str, year: int) -> Record:
        """What the newest earlier year said, as far as the user may see it; empty for none. A hint, no fact."""
        with self._desk.store.reading() as connection:
            rid = queries.income_before(connection, household, year)
            if rid is None:
                return {}
            waiting = {one.field for one in reading.sealed(connection, rid=rid)}
        record = self._desk.records.get("R07", rid).record
        fields = self._desk.catalogue.types["R07"].by_identifier
        return {
            name: value
            for name, value in record.values.items()
            if name not in _NOT_SUGGESTED and name not in waiting and name in fields and fields[name].is_input
        }

    def enter(self, household: str, income: Record, changes: Record, *, on: str = "") -> str:
        """Enter one household's paper in one command: the round's year of income and what changed of the household.

        ``on`` is the day of the visit, else today; it marks the household as done. The income record's id, "" when the
        paper gave no figure. ``InvalidRecord`` as records; ``Refused`` "households.no_round" without a round there.
        """
        day = on or self._today().isoformat()
        with self._desk.records.writing("edit", reason=f"年度采集 {day}") as writer:
            found = writer.transaction.get("R05", household)
            if found is None:
                raise Refused("store.no_such_record")
            year = self._of(str(found.values.get("region_code", found.region))).income_year
            visited: Record = {**changes, "collect_date": day, "collector_id": self._actor}
            writer.change("R05", household, visited)
            if not income:
                return ""
            rid = queries.income_of(writer.transaction.connection, household, year)
            if rid is not None:
                writer.change("R07", rid, income)
                return rid
            level: Record = {"evidence_level": "1"}
            return writer.create("R07", {**level, **income, "household_id": household, "year": year})

    def _of(self, village: str) -> Round:
        try:
            return self.all()[village]
        except KeyError:
            raise Refused("households.no_round") from None

    def _keep(self, rounds: Mapping[str, Round]) -> None:
        text = json.dumps({village: asdict(one) for village, one in rounds.items()}, ensure_ascii=False)
        self._desk.store.put_setting(_SETTING, text)

    def _today(self) -> date:
        return beijing_date(self._desk.clock.now())


def total(stretches: Sequence[Stretch]) -> tuple[int, int]:
    """(done, of) over some stretches."""
    return sum(one.done for one in stretches), sum(one.total for one in stretches)
