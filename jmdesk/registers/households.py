"""Rows to households: where one household ends and the next begins, and what its records are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass
from datetime import date

from jmdesk.catalogue.crosschecks import cross_checks
from jmdesk.catalogue.household_checks import check_household
from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.regions import regions
from jmdesk.catalogue.types import Catalogue, Record
from jmdesk.catalogue.validation import validation_of
from jmdesk.registers.building import Building, complete_income, complete_person, reader_of
from jmdesk.registers.cells import Reader, Remark, plain_text
from jmdesk.registers.drafts import HEAD, HouseholdDraft, RecordDraft
from jmdesk.registers.findings import CellRef, Finding, FindingLevel
from jmdesk.registers.layout import Form, Table, group_named
from jmdesk.registers.mapping import ColumnChoice, Mapping
from jmdesk.registers.places import is_village, region_in_title, village_by_code, village_by_name
from jmdesk.registers.sheets import Row
from jmdesk.registers.wording import Meaning, Wording, bare_header, wording

_DEFAULTS = {"household_type": "1", "resident_status": "1", "verify_level": "1"}
_OF_LITTLE_NEWS = frozenset({"crosscheck.child_id"})
"""True of every second household of a register: told, but no reason to look at each."""
_FILLED_LATER = frozenset({"household_id", "person_id", "head_person_id", "subject_id", "collector_id", "is_under14"})
_HEAD_RELATION = "02"
_OF_HEAD = ("person_name", "id_no", "sex")


def drafts(
    found: Iterable[Table | Form], mapping: Mapping, on: date, known: Wording | None = None
) -> Iterator[HouseholdDraft]:
    """Every household of a register, in order, complete with findings; ``on`` is the day of the import.

    A head who appears in two households is refused the second time. ``known``: the wording with the catalogue that
    values are checked by.
    """
    by = (known or wording()).catalogue
    heads: dict[str, CellRef] = {}
    for part in found:
        if part.sheet.name in mapping.skip_sheets:
            continue
        source = _Tables(part, mapping) if isinstance(part, Table) else _Forms(part, mapping)
        region = _region_of(part, mapping)
        for building in source.buildings():
            draft = _finished(building, mapping, region, on, by)
            _once_only(draft, heads)
            yield draft


def _region_of(part: Table | Form, mapping: Mapping) -> str:
    """The region that all households of a sheet share: the mapping's village, else what the titles name."""
    if is_village(mapping.region):
        return mapping.region
    lines = (*part.titles, part.sheet.name)
    named = [code for line in lines if (code := region_in_title(line, mapping.region))]
    return next((code for code in named if is_village(code)), named[0] if named else mapping.region)


def _once_only(draft: HouseholdDraft, heads: dict[str, CellRef]) -> None:
    head = draft.head
    number = str(head.values.get("id_no", "")) if head else ""
    if not head or not number:
        return
    ref = draft.ref(head, "id_no")
    before = heads.setdefault(number, ref)
    if before is not ref:
        draft.findings.append(Finding("registers.head_twice", "error", "证件号码", {"cell": str(before)}, ref))


@dataclass(frozen=True, slots=True)
class _Column:
    """A column that is read: its place, meaning and reader."""

    index: int
    meaning: Meaning
    read: Reader


def _columns(headers: Map[int, str], choices: Map[str, ColumnChoice]) -> list[_Column]:
    columns: list[_Column] = []
    for index, header in headers.items():
        choice = choices.get(bare_header(header))
        meaning = choice.meaning if choice else None
        if choice is None or meaning is None:
            continue
        totals = meaning.type == "R07" and meaning.described is not None and meaning.described.derived == "computed"
        if meaning.is_read or totals:
            columns.append(_Column(index, meaning, reader_of(meaning, choice.unit)))
    return columns


class _Tables:
    """The households of a table."""

    def __init__(self, table: Table, mapping: Mapping) -> None:
        self._table = table
        self._hidden = table.sheet.hidden_rows if mapping.skip_hidden else frozenset[int]()
        headers = {index: header for index, header in enumerate(table.headers) if header}
        self._columns = _columns(headers, mapping.by_header)
        by_place = {column.index: column for column in self._columns}
        self._by_place = [by_place.get(place) for place in range(len(table.headers))]
        self._at = {column.meaning.key: column for column in self._columns}
        self._group = group_named(table.sheet.name)
        self._has_people = bool({"R06.person_name", "R06.relation"} & self._at.keys())

    def buildings(self) -> Iterator[Building]:
        """One after another, each with all its rows."""
        current: Building | None = None
        before: dict[str, str] = {}
        for number, row, group in self._table.data_rows():
            if number in self._hidden:
                continue
            marks = self._marks(row)
            if current is None or self._begins(marks, before):
                if current is not None:
                    yield current
                current, before = Building(self._table.sheet, number), {}
                if "R05.group_no" not in self._at and (named := group or self._group):
                    current.draft.household.values["group_no"] = named
            before |= {key: mark for key, mark in marks.items() if mark}
            self._line(current, number, row)
        if current is not None:
            yield current

    def _marks(self, row: Row) -> dict[str, str]:
        """What tells households apart on a row."""
        return {
            key: plain_text(row[column.index])
            for key in _MARKS
            if (column := self._at.get(key)) is not None and column.index < len(row) and row[column.index] != ""
        }

    def _begins(self, marks: Map[str, str], before: Map[str, str]) -> bool:
        """Whether a row begins a new household: another number, village or head's name, or a head again."""
        if not self._has_people:
            return True
        for key in ("R05.old_household_no", "R05.register_no", "region.village", "head.id_no", "head.person_name"):
            if marks.get(key) and before.get(key) and marks[key] != before[key]:
                return True
            if marks.get(key) and not before.get(key) and key.endswith("_no"):
                return True
        if not self._is_head(marks):
            return False
        same = marks.get("R05.old_household_no")
        return not (same and same == before.get("R05.old_household_no"))

    def _is_head(self, marks: Map[str, str]) -> bool:
        column, relation = self._at.get("R06.relation"), marks.get("R06.relation")
        return bool(column and relation and column.read(relation)[0] in HEAD)

    def _line(self, building: Building, number: int, row: Row) -> None:
        building.begin_line(number)
        # Most cells of a register are empty: they are dropped before anything looks at them.
        filled = [(column, raw) for column, raw in zip(self._by_place, row, strict=False) if raw != "" and column]
        for column, raw in filled:
            value, remark = column.read(raw)
            if value is not None or remark is not None:
                building.take(column.meaning, value, remark, number, column.index)
        building.end_line()


_MARKS = (
    "R05.old_household_no",
    "R05.register_no",
    "region.village",
    "head.id_no",
    "head.person_name",
    "R06.relation",
)


class _Forms:
    """The household of a form."""

    def __init__(self, form: Form, mapping: Mapping) -> None:
        self._form = form
        self._choices = mapping.by_header

    def buildings(self) -> Iterator[Building]:
        """The one household, if the form says anything."""
        form = self._form
        if not form.pairs:
            return
        building = Building(form.sheet, form.pairs[0].row)
        building.begin_line(form.pairs[0].row)
        for pair in form.pairs:
            for column in _columns({pair.column: pair.label}, self._choices):
                value, remark = column.read(pair.value)
                building.take(column.meaning, value, remark, pair.row, pair.column)
        building.end_line()
        for table in form.tables:
            headers = {index: f"{table.section}/{header}" for index, header in table.headers.items()}
            columns = _columns(headers, self._choices)
            for number in table.rows:
                building.begin_line(number)
                for column in columns:
                    raw = form.sheet.cell(number, column.index)
                    if raw != "" and raw is not None:
                        value, remark = column.read(raw)
                        building.take(column.meaning, value, remark, number, column.index)
                building.end_line()
        yield building


def _finished(building: Building, mapping: Mapping, region: str, on: date, by: Catalogue) -> HouseholdDraft:
    draft = building.draft
    _find_head(building)
    for member in draft.members:
        complete_person(draft, member, on)
    complete_income(building, mapping.year or on.year - 1)
    _place(building, mapping, region)
    _fill(draft, mapping.year or on.year - 1, on)
    _validate(draft, on, by)
    _hang_together(draft, on, by)
    return draft


def _find_head(building: Building) -> None:
    """Join what columns about the head say with the head's own row; where no relation is given, find the head."""
    draft, told = building.draft, building.head
    if told.values:
        head = _head_told(draft, told)
        for name in _OF_HEAD:
            if name in told.values and name not in head.values:
                head.values[name], head.cells[name] = told.values[name], told.cells[name]
    if draft.members and not any("relation" in member.values for member in draft.members):
        draft.members[0].values["relation"] = _HEAD_RELATION


def _head_told(draft: HouseholdDraft, told: RecordDraft) -> RecordDraft:
    """The member that the columns about the head mean; made when the register lists nobody like that."""
    name, number = told.values.get("person_name"), told.values.get("id_no")
    for member in draft.members:
        if member.values.get("relation") in HEAD:
            return member
    for member in draft.members:
        same_number = number is not None and member.values.get("id_no") == number
        if same_number or (name is not None and member.values.get("person_name") == name):
            member.values.setdefault("relation", _HEAD_RELATION)
            return member
    head = RecordDraft("R06", {"relation": _HEAD_RELATION}, {}, told.row)
    draft.members.insert(0, head)
    return head


def _place(building: Building, mapping: Mapping, region: str) -> None:
    draft, said = building.draft, building.region
    scope = mapping.region
    code = said.get("code")
    village = said.get("village")
    if code is not None:
        found, remark = village_by_code(code[0], scope)
        where = code
    elif village is not None:
        found, remark = _named_village(village[0], said.get("town", ("", 0, 0))[0], region, scope)
        where = village
    elif is_village(region):
        draft.household.values["region_code"] = region
        return
    else:
        ref = draft.ref(draft.household)
        draft.findings.append(Finding("registers.village_missing", "error", "区划代码", {}, ref))
        return
    if remark is not None:
        ref = draft.sheet.ref(where[1], where[2])
        draft.findings.append(Finding(remark.code, remark.level, "行政村", remark.params, ref))
        return
    draft.household.values["region_code"] = found
    draft.household.cells["region_code"] = where[1:]


def _named_village(name: str, town: str, region: str, scope: str) -> tuple[str, Remark | None]:
    """The village that a row names; where all are of one village, another village's name is refused."""
    if is_village(scope):
        elsewhere, _ = village_by_name(name, town, scope[:9])
        if elsewhere and elsewhere != scope:
            params = {"value": name, "region": regions().label(scope)}
            return "", Remark("registers.village_outside", "error", params)
        return scope, None
    within = region if region and not is_village(region) else scope or region[:9]
    return village_by_name(name, town, within)


def _fill(draft: HouseholdDraft, year: int, on: date) -> None:
    """Values that follow from the others or that a register does not carry."""
    home = draft.household.values
    for name, value in _DEFAULTS.items():
        home.setdefault(name, value)
    home.setdefault("collect_date", on.isoformat())
    if draft.members:
        home.setdefault("population", len(draft.members))
    if draft.members and all("is_labor" in member.values for member in draft.members):
        home.setdefault("labor_count", sum(member.values["is_labor"] is True for member in draft.members))
    rights = wording().rights_by_land
    for record in draft.others:
        values = record.values
        if record.type == "R08" and "land_kind" in values:
            values.setdefault("right_type", rights.get(str(values["land_kind"]), rights[""]))
        elif record.type == "R09":
            values.setdefault("qty", "1.00")
        elif record.type == "R10":
            values.setdefault("creditor_type", "9")
            values.setdefault("debt_source", "1")
            if "balance" in values and "amount" not in values:
                values["amount"] = values["balance"]
        elif record.type == "R12":
            values.setdefault("has_contract", False)
            values.setdefault("season", str(year))
        elif record.type == "R13":
            values.setdefault("opt_out", False)


def _validate(draft: HouseholdDraft, on: date, by: Catalogue) -> None:
    """The catalogue's checks of every value; what is essential and missing is an error, the rest a remark."""
    checks, essential = validation_of(by), wording().essential
    missing: list[str] = []
    for record in draft.records:
        type_ = by.types[record.type]
        known = checks.of(record.type).checks
        for name, value in record.values.items():
            problem = known[name](value, record.values, on)
            if problem is not None:
                _add(draft, record, problem, by)
        for described in type_.fields:
            name = described.identifier
            if not described.required or name in record.values or name in _FILLED_LATER or not described.is_input:
                continue
            if name in essential.get(record.type, ()):
                ref = draft.ref(record)
                draft.findings.append(Finding("registers.missing", "error", described.label, {}, ref))
            elif name != "region_code" and described.label not in missing and name != "archive_status":
                missing.append(described.label)
    draft.household.values.setdefault("archive_status", "10" if missing else "20")
    if missing:
        params = {"fields": "、".join(missing)}
        draft.findings.append(Finding("registers.incomplete", "warn", "", params, draft.ref(draft.household)))


def _hang_together(draft: HouseholdDraft, on: date, by: Catalogue) -> None:
    """The catalogue's checks across fields and across the records of the household."""
    records = {str(place): record for place, record in enumerate(draft.records)}
    children: dict[str, dict[str, Record]] = {}
    for place, record in records.items():
        if record is not draft.household:
            children.setdefault(record.type, {})[place] = record.values
    home = draft.household.values
    for found in check_household(cross_checks(), "0", home, children, on):
        _add(draft, records[found.rid], found.problem, by)
    if not draft.members:
        draft.findings.append(Finding("registers.no_head", "error", "户主", {}, draft.ref(draft.household)))


def _add(draft: HouseholdDraft, record: RecordDraft, problem: Problem, by: Catalogue) -> None:
    """A problem of the catalogue's checks as a finding with its cell."""
    described = by.types[record.type].by_identifier.get(problem.field)
    level: FindingLevel = "note" if problem.code in _OF_LITTLE_NEWS else problem.level
    ref = draft.ref(record, problem.field)
    draft.findings.append(Finding(problem.code, level, described.label if described else "", problem.params, ref))
