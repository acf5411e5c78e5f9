"""Credit villages and towns of one desk: standings, applications, what they are recomputed from, the scoreboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.core.numbers import round_half_up
from jmdesk.store import reading
from jmdesk.store.reading import Filter
from jmdesk.store.stored import Stored
from jmdesk.villages import queries
from jmdesk.villages.board import Board, board_of
from jmdesk.villages.facts import Facts, Given, as_facts, changed, completed, former, kept, restored
from jmdesk.villages.figures import Standing
from jmdesk.villages.queries import HouseholdLine
from jmdesk.villages.rules import NOT_REACHED, Assessment, assess, package
from jmdesk.workflows.casework import CaseDesk
from jmdesk.workflows.definition import Step

if TYPE_CHECKING:
    from jmdesk.records.writer import Writer

VILLAGE, TOWN = "R17", "R18"
WORKFLOWS: Mapping[str, str] = {VILLAGE: "W3", TOWN: "W4"}
MODELS: Mapping[str, str] = {VILLAGE: "JM-VL-1", TOWN: "JM-TN-1"}
_FACTS = "assessment"
_OPEN = frozenset({"new", "applied", "returned"})
"""States in which the figures of an application may still be counted anew."""
_EARLY_MONTHS = 2
"""January and February still belong to the assessment of the year before."""


@dataclass(frozen=True, slots=True)
class View:
    """A village or town for a year: what is known, what the rules make of it, and its application, if there is one.

    With an application the figures are those that it was counted with, at every desk the same. ``frozen``: they stand
    still since its first review. ``changed`` names the figures that counting anew would change before that.
    """

    standing: Standing
    assessment: Assessment
    record: Stored | None
    given: Mapping[str, Given]
    frozen: bool
    changed: tuple[str, ...] = ()


class Villages:
    """Every verb asks the guard for R17 (villages) or R18 (towns) in the region."""

    def __init__(self, desk: CaseDesk) -> None:
        self._desk = desk

    @property
    def today(self) -> date:
        """The day in Beijing."""
        return beijing_date(self._desk.clock.now())

    @property
    def this_year(self) -> int:
        """The year that is being assessed: last year's until the end of February."""
        return self.today.year - (self.today.month <= _EARLY_MONTHS)

    def sees_banks(self, region: str) -> bool:
        """Whether the user may see the banks' figures of a region: towns, counties, the city and banks themselves."""
        return self._desk.records.guard.may("read", "R19", region)

    def is_bank(self) -> bool:
        """Whether the user works for a bank alone, so that small numbers are not shown to the last."""
        guard = self._desk.records.guard
        return guard.matrix is not None and guard.roles == {"R6"}

    def rules_of(self, type_id: str) -> str:
        """The rules in force, as ``JM-VL-1/1.0``."""
        return _rules_name(MODELS[type_id])

    # -- reading ---------------------------------------------------------------------------------------------------

    def view(self, region: str, year: int) -> View:
        """A village or town as its application has it, without one as its dossiers stand today.

        ``Refused`` "villages.region", "permissions.action" …
        """
        for type_id in (self._type_of(region), "R05"):
            self._desk.records.guard.require("read", type_id, region)
        with self._desk.store.reading() as connection:
            return self._view(connection, region, year)

    def get(self, type_id: str, rid: str) -> View:
        """The application behind a record id. ``Refused`` "store.no_such_record"."""
        record = self._desk.records.get(type_id, rid).record
        region = self._desk.catalogue.regions.current(str(record.values["region_code"]))
        with self._desk.store.reading() as connection:
            return self._view(connection, region, int(str(record.values["rating_year"])), record)

    def history(self, region: str) -> list[Stored]:
        """Every year's record of a region and of those merged into it, the newest first."""
        type_id = self._type_of(region)
        self._desk.records.guard.require("read", type_id, region)
        with self._desk.store.reading() as connection:
            found = queries.of_regions(connection, type_id, former(self._desk.catalogue.regions, region))
        return sorted(found, key=lambda one: (int(str(one.values["rating_year"])), one.rid), reverse=True)

    def listed(self, region: str, year: int, listing: str) -> list[HouseholdLine]:
        """The households behind a figure or a cause, in order of their numbers."""
        self._desk.records.guard.require("read", "R05", region)
        with self._desk.store.reading() as connection:
            standing = self._facts(connection).village(region, year, {})
            wanted = set(standing.lists.get(listing, ()))
            return [line for line in queries.households(connection, region) if line.rid in wanted]

    def recomputed(self, type_id: str, rid: str) -> Assessment:
        """The assessment from the facts that were kept with a record: the same for ever.

        ``Refused`` "villages.no_facts", "villages.version" for rules that this program does not hold.
        """
        with self._desk.store.reading() as connection:
            content = self._content(connection, type_id, rid)
        if not content:
            raise Refused("villages.no_facts")
        if content.get("rules") != _rules_name(MODELS[type_id]):
            raise Refused("villages.version", version=str(content.get("rules", "")))
        values = content.get("values")
        return assess(package(MODELS[type_id]), as_facts(dict(values) if isinstance(values, Mapping) else {}))

    def board(self, region_prefix: str = "", year: int | None = None, *, years: int = 1) -> Board:
        """The scoreboard of every village under a prefix; ``years`` of them, the newest alone being the quickest."""
        regions = self._desk.records.guard.reading_regions(VILLAGE)
        with self._desk.store.reading() as connection:
            return board_of(
                connection,
                self._desk.catalogue,
                region_prefix,
                year or self.this_year,
                years=years,
                today=self.today,
                within=regions,
            )

    # -- applications ----------------------------------------------------------------------------------------------

    def apply(self, region: str, year: int, applied_by: str) -> str:
        """Record an application with the figures of the day, and take the first step; gives the record id.

        ``Refused`` "villages.region", "villages.applied" when the year has one, "workflows.…".
        """
        type_id = self._type_of(region)
        desk = self._desk
        with desk.records.writing("create") as writer:
            view = self._view(writer.transaction.connection, region, year)
            if view.record is not None:
                raise Refused("villages.applied", year=str(year))
            rid = writer.create(type_id, _values(type_id, view.standing, view.assessment), region=region)
            self._keep(writer, type_id, rid, view.standing, view.given)
            desk.workflows.write(writer, WORKFLOWS[type_id], type_id, rid, "apply", details={"applied_by": applied_by})
        return rid

    def give(self, type_id: str, rid: str, name: str, value: str, basis: str) -> View:
        """Put in a fact that only an office can give, with its grounds; counts the rest anew.

        ``name``: "organisation" (points), "cadres_clean" ("yes", "no"), "npl_prev" (per cent). ``Refused``
        "villages.basis", "villages.value", "villages.reviewers", "villages.settled" after the first review.
        """
        if not basis.strip():
            raise Refused("villages.basis")
        if name != "npl_prev" and not self.may_judge(type_id, rid):
            raise Refused("villages.reviewers")
        made = Given(_given(name, value), basis.strip(), self.today.isoformat())
        return self._count_anew(type_id, rid, {name: made})

    def may_judge(self, type_id: str, rid: str) -> bool:
        """Whether the user may put in what the reviewers judge: who applies gives no points to himself."""
        case = self._desk.workflows.standing(WORKFLOWS[type_id], type_id, rid)
        return self._desk.workflows.may(case.definition.steps["review"], case) != "role"

    def refresh(self, type_id: str, rid: str) -> View:
        """Count the figures of an application anew. ``Refused`` "villages.settled" after the first review."""
        return self._count_anew(type_id, rid, {})

    def bar_village(self, writer: Writer, rid: str, step: Step) -> None:
        """The bar of W3. Errors as ``bar``."""
        self.bar(writer, VILLAGE, rid, step)

    def bar_town(self, writer: Writer, rid: str, step: Step) -> None:
        """The bar of W4. Errors as ``bar``."""
        self.bar(writer, TOWN, rid, step)

    def bar(self, writer: Writer, type_id: str, rid: str, step: Step) -> None:
        """The bar against steps from whichever page: facts unknown at the review, a notice not over, gates missed.

        ``Refused`` "villages.unknown", "villages.notice", "villages.gates".
        """
        if step.id not in ("review", "decide"):
            return
        writer.transaction.flush()
        found = writer.transaction.get(type_id, rid)
        if found is None:
            raise Refused("store.no_such_record")
        result = self.recomputed(type_id, rid)
        if result.outcome is None:
            raise Refused("villages.unknown", missing="、".join(result.unknown))
        if step.id == "decide":
            case = self._desk.workflows.standing(WORKFLOWS[type_id], type_id, rid)
            notice = next((due for due in case.dues if due.clock.id == "notice" and due.is_open()), None)
            if notice is not None and notice.day is not None and self.today <= notice.day:
                raise Refused("villages.notice", day=notice.day.isoformat())
            if result.outcome == NOT_REACHED:
                raise Refused("villages.gates", missed=_shortfall(result))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _facts(self, connection: reading.Connection) -> Facts:
        return Facts(connection, self._desk.catalogue, self.today)

    def _type_of(self, region: str) -> str:
        found = self._desk.catalogue.regions.get(region)
        if found is None or found.level not in ("village", "town"):
            raise Refused("villages.region", region=region)
        return VILLAGE if found.level == "village" else TOWN

    def _view(self, connection: reading.Connection, region: str, year: int, record: Stored | None = None) -> View:
        type_id = self._type_of(region)
        record = record or self._record(connection, type_id, region, year)
        given = self._given(connection, type_id, record.rid) if record else {}
        now = self._facts(connection).of(region, year, given)
        content = self._content(connection, type_id, record.rid) if record else {}
        then = restored(now, content) if content else now
        if record is not None and not self._is_open(type_id, record.rid):
            return View(then, self.recomputed(type_id, record.rid), record, given, frozen=True)
        news = changed(then, completed(now, content, self._desk.unit)) if content else ()
        return View(then, assess(package(MODELS[type_id]), then.facts), record, given, frozen=False, changed=news)

    def _content(self, connection: reading.Connection, type_id: str, rid: str) -> Mapping[str, Any]:
        """What an application was counted with, empty for one that nobody counted."""
        found = self._kept(connection, type_id, rid)
        raw = found.values.get("facts") if found else None
        return raw if isinstance(raw, Mapping) else {}

    def _record(self, connection: reading.Connection, type_id: str, region: str, year: int) -> Stored | None:
        codes = former(self._desk.catalogue.regions, region)
        rows = [r for r in queries.of_regions(connection, type_id, codes) if r.values.get("rating_year") == year]
        own = [r for r in rows if r.values["region_code"] == region]
        # After a village was renamed or merged in the middle of a year, its one application goes on for the new one.
        return own[0] if own else rows[0] if len(rows) == 1 else None

    def _is_open(self, type_id: str, rid: str) -> bool:
        return self._desk.workflows.standing(WORKFLOWS[type_id], type_id, rid).state in _OPEN

    def _kept(self, connection: reading.Connection, type_id: str, rid: str) -> Stored | None:
        found = reading.find(connection, _FACTS, Filter(where={"subject_id": f"{type_id}:{rid}"}))
        return found[-1] if found else None

    def _given(self, connection: reading.Connection, type_id: str, rid: str) -> dict[str, Given]:
        given = self._content(connection, type_id, rid).get("given")
        return {
            str(name): Given(_kept_value(one["value"]), str(one["basis"]), str(one["on"]))
            for name, one in (given.items() if isinstance(given, Mapping) else ())
        }

    def _count_anew(self, type_id: str, rid: str, more: Mapping[str, Given]) -> View:
        desk = self._desk
        with desk.records.writing("edit") as writer:
            record = writer.transaction.get(type_id, rid)
            if record is None:
                raise Refused("store.no_such_record")
            if not self._is_open(type_id, rid):
                raise Refused("villages.settled")
            connection = writer.transaction.connection
            region = desk.catalogue.regions.current(str(record.values["region_code"]))
            year = int(str(record.values["rating_year"]))
            given = {**self._given(connection, type_id, rid), **more}
            own = self._facts(connection).of(region, year, given)
            content = self._content(connection, type_id, rid)
            standing = completed(own, content, desk.unit) if content else own
            result = assess(package(MODELS[type_id]), standing.facts)
            values = _values(type_id, standing, result)
            gone = [n for n in record.values if n in _COUNTED and n not in values]
            writer.change(type_id, rid, values, gone)
            self._keep(writer, type_id, rid, standing, given)
            writer.transaction.flush()
        return self.get(type_id, rid)

    def _keep(self, writer: Writer, type_id: str, rid: str, standing: Standing, given: Mapping[str, Given]) -> None:
        """Keep with a record what it was worked out from: values, and of each its basis, source and cut-off."""
        facts: dict[str, object] = {
            "rules": _rules_name(MODELS[type_id]),
            "cutoff": standing.cutoff,
            "values": kept(standing),
            "given": {
                name: {"value": one.value if isinstance(one.value, bool) else str(one.value), "basis": one.basis,
                       "on": one.on}
                for name, one in given.items()
            },
            "causes": dict(standing.causes),
            "sources": {
                f.name: [f.basis, f.source, f.as_of, f.note, f.by or self._desk.unit] for f in standing.figures
            },
        }  # fmt: skip
        values: Record = {
            "subject_id": f"{type_id}:{rid}",
            "rating_year": standing.year,
            "item": MODELS[type_id],
            "facts": facts,
            "basis": f"按规则 {_rules_name(MODELS[type_id])} 计算，截至 {standing.cutoff}",
            "assessed_on": self.today.isoformat(),
            "assessor_id": self._desk.actor,
        }
        writer.transaction.flush()
        found = self._kept(writer.transaction.connection, type_id, rid)
        if found is None:
            writer.create(_FACTS, values, region=standing.region)
        else:
            writer.change(_FACTS, found.rid, values)


_WITHOUT_LOANS = "x_without_loans"
_COUNTED = frozenset({
    _WITHOUT_LOANS,
    "hh_base", "hh_filed", "hh_credit", "hh_loan", "hh_no_arrears", "loan_balance", "npl_balance", "npl_prev", "score",
    "village_grade", "village_total", "village_credit", "no_arrears_pct", "npl_pct", "town_grade",
})  # fmt: skip
"""The fields of R17 and R18 that the rules fill."""


def _values(type_id: str, standing: Standing, result: Assessment) -> Record:
    """What the rules fill into a record; a figure that is unknown is left out, and then there is no result yet."""
    facts = standing.facts
    values: Record = {"region_code": standing.region, "rating_year": standing.year}
    if type_id == VILLAGE:
        for name in ("hh_base", "hh_filed", "hh_credit", "hh_loan", "hh_no_arrears"):
            if facts.get(name) is not None:
                values[name] = int(facts[name] or 0)
        for name, places in (("loan_balance", 2), ("npl_balance", 2), ("npl_prev", 3)):
            _put(values, name, facts.get(name), places)
    else:
        for name in ("village_total", "village_credit"):
            values[name] = int(facts[name] or 0)
        _put(values, "no_arrears_pct", result.ratios["no_arrears"].value, 1)
        _put(values, "npl_pct", result.ratios["npl"].value, 3)
        if not result.ratios["npl"].applies or not result.ratios["no_arrears"].applies:
            values[_WITHOUT_LOANS] = True
    if result.score is not None:
        values["score"] = str(result.score)
    if result.outcome is not None:
        values["village_grade" if type_id == VILLAGE else "town_grade"] = result.outcome
    return values


def _put(values: Record, name: str, value: Fraction | int | bool | None, places: int) -> None:
    if value is not None:
        values[name] = f"{round_half_up(Fraction(value), places):.{places}f}"


def _given(name: str, value: str) -> Fraction | bool:
    if name == "cadres_clean":
        if value not in ("yes", "no"):
            raise Refused("villages.value")
        return value == "yes"
    try:
        number = Fraction(Decimal(value))
    except (InvalidOperation, ValueError, OverflowError):
        raise Refused("villages.value") from None
    highest = 10 if name == "organisation" else 100
    if not 0 <= number <= highest:
        raise Refused("villages.value")
    return number


def _kept_value(value: object) -> Fraction | bool:
    return value if isinstance(value, bool) else Fraction(str(value))


def _rules_name(model: str) -> str:
    return f"{model}/{package(model)['version']}"


def _shortfall(result: Assessment) -> str:
    return "、".join(gate.title for gate in result.missed) or "得分"
