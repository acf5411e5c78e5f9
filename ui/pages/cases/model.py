"""What the case page reads of a desk: the open cases with the nearest time limit first, and one case whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from jmdesk.desk import Desk
from jmdesk.papers.queries import Paper
from jmdesk.store.reading import Filter
from jmdesk.workflows.standing import Due, Standing
from ui.core.cases import CaseView, due_chip, view
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.ports import Chip, Row
from ui.core.theme import look
from ui.widgets.table_model import Column

_HOME = {"R16": "household_id", "R25": "target_ref"}
"""The field that names the household, by type."""


@dataclass(frozen=True, slots=True)
class CasePlace:
    """A case and its subject: the workflow, the record's type and id."""

    workflow: str
    type: str
    rid: str

    @property
    def key(self) -> str:
        """The key of its line in the list."""
        return f"{self.workflow} {self.type} {self.rid}"


def place_of(key: str) -> CasePlace:
    """The case of a line."""
    return CasePlace(*key.split(" "))


@dataclass(frozen=True, slots=True)
class Board:
    """Every open case as a line, and how many are overdue or due today."""

    rows: tuple[Row, ...]
    overdue: int
    today: int


@dataclass(frozen=True, slots=True)
class Opened:
    """One case whole: what its subject is called, the case, the papers given out."""

    place: CasePlace
    title: str
    case: CaseView
    papers: tuple[Paper, ...]


def columns() -> tuple[Column, ...]:
    """The list's columns."""
    made = (
        Column(tr("事项"), 112),
        Column(tr("对象"), 230, stretch=True),
        Column(tr("状态"), 170),
        Column(tr("最近期限"), 206),
        Column(tr("期限事项"), 96),
        Column(tr("等待"), 84),
    )
    return made[:4] if look().theme.large else made


class CaseReader:
    """Reads cases of one desk, with the names of what they are about."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.labels = Labels(desk)
        self._homes: dict[str, str] = {}

    def board(self, workflow: str = "") -> Board:
        """The open cases of one workflow or of all, the most urgent first."""
        today = self._desk.workflows.today
        found: list[tuple[date, Row]] = []
        counts = [0, 0]
        for made in self._desk.workflows.workflows():
            if workflow not in ("", made.id) or not self._desk.guard.may("read", made.subject):
                continue
            cases = self._desk.workflows.under_way(made.id)
            self.labels.prepare(made.subject, cases)
            self._prepare_homes(made.subject, cases)
            for rid, case in cases.items():
                due = next(iter(case.open_dues()), None)
                found.append(((due.day if due else None) or date.max, self._row(made.subject, rid, case, due)))
                if due is not None and due.day is not None:
                    counts[0] += due.day < today
                    counts[1] += due.day == today
        found.sort(key=lambda pair: pair[0])
        return Board(tuple(row for _, row in found), *counts)

    def open(self, place: CasePlace) -> Opened:
        """One case whole. ``Refused`` "permissions.…" for what the user may not see, or must keep away from."""
        self._desk.records.get(place.type, place.rid)
        case = self._desk.workflows.standing(place.workflow, place.type, place.rid)
        self._prepare_homes(place.type, [place.rid])
        title = self._name(place.type, place.rid)
        papers = self._desk.papers.of(place.type, place.rid)
        return Opened(place, title, view(self._desk, self.labels, case), tuple(papers))

    def _prepare_homes(self, type_id: str, rids: Iterable[str]) -> None:
        """Find the households behind ratings and requests, whose own names tell nobody whose they are."""
        field = _HOME.get(type_id)
        if field is None:
            return
        found = self._desk.records.find(type_id, Filter(rids=list(rids)))
        homes = {one.rid: str(one.values.get(field, "")).rpartition(":") for one in found}
        self._homes |= {rid: home for rid, (kind, _, home) in homes.items() if kind in ("", "R05")}
        self.labels.prepare("R05", self._homes.values())

    def _name(self, type_id: str, rid: str) -> str:
        own, home = self.labels.of(type_id, rid), self._homes.get(rid, "")
        return f"{self.labels.of('R05', home)}  {own}" if home else own

    def _row(self, type_id: str, rid: str, case: Standing, due: Due | None) -> Row:
        cells: tuple[str | Chip, ...] = (
            case.definition.label,
            self._name(type_id, rid),
            Chip(case.label, "bad" if case.disputed else "info"),
            due_chip(due, self._desk.workflows.today) if due else "",
            due.clock.label if due else "",
            due.clock.waits_for if due else "",
        )
        return Row(CasePlace(case.definition.id, type_id, rid).key, cells[: len(columns())])
