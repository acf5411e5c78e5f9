"""Collects the cells of one household into records: which record a cell belongs to, and what remarks it earns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from jmdesk.catalogue import idno
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Value
from jmdesk.registers.cells import Reader, Remark, read_date, reader, text_reader
from jmdesk.registers.drafts import HouseholdDraft, RecordDraft
from jmdesk.registers.findings import Finding
from jmdesk.registers.sheets import Sheet
from jmdesk.registers.wording import Meaning

_SINGLE = frozenset({"R05", "R07"})
_TOTALS = frozenset({"income_total", "exp_total", "net_income"})
_ID_TYPES = {"": "111"}
_HONG_KONG = "516"


def reader_of(meaning: Meaning, unit: str) -> Reader:
    """How the cells of a column are read."""
    if meaning.described is not None:
        return reader(meaning.described, unit, meaning.codes)
    if meaning.key == "consent.date":
        return read_date
    return text_reader(60)


class Building:
    """One household while its rows are read."""

    def __init__(self, sheet: Sheet, row: int) -> None:
        self.draft = HouseholdDraft(sheet, [], RecordDraft("R05", {}, {}, row))
        self.income = RecordDraft("R07", {}, {}, row)
        self.head = RecordDraft("R06", {}, {}, row)
        self.region: dict[str, tuple[str, int, int]] = {}
        self.totals: dict[str, tuple[str, int, int]] = {}
        self._person = RecordDraft("R06", {}, {}, row)
        self._line: dict[tuple[str, str], RecordDraft] = {}

    def begin_line(self, row: int) -> None:
        """A new row of the register begins."""
        self.draft.rows.append(row)
        self._person = RecordDraft("R06", {}, {}, row)
        self._line = {}

    def take(self, meaning: Meaning, value: Value | None, remark: Remark | None, row: int, column: int) -> None:
        """One cell of the current row, already read."""
        if remark is not None:
            ref = self.draft.sheet.ref(row, column)
            self.draft.findings.append(Finding(remark.code, remark.level, meaning.label, remark.params, ref))
        if value is None:
            return
        type_ = meaning.type
        if type_ == "R06":
            self._set(self._person, meaning.name, value, row, column)
        elif type_ == "R05":
            self._once(self.draft.household, meaning, value, row, column)
        elif type_ == "R07":
            if meaning.name in _TOTALS:
                self.totals.setdefault(meaning.name, (str(value), row, column))
            else:
                self._once(self.income, meaning, value, row, column)
        elif type_ == "head":
            self._once(self.head, meaning, value, row, column)
        elif type_ == "region":
            self.region.setdefault(meaning.name, (str(value), row, column))
        elif type_ == "consent":
            self._consent(meaning.name, str(value))
        else:
            self._slot(meaning, value, row, column)

    def _set(self, record: RecordDraft, name: str, value: Value, row: int, column: int) -> None:
        record.values[name] = value
        record.cells[name] = (row, column)

    def _once(self, record: RecordDraft, meaning: Meaning, value: Value, row: int, column: int) -> None:
        """The first row's value counts; a later row that says something else earns a remark."""
        before = record.values.get(meaning.name)
        if before is None:
            self._set(record, meaning.name, value, row, column)
        elif before != value:
            ref = self.draft.sheet.ref(row, column)
            self.draft.findings.append(Finding("registers.two_values", "warn", meaning.label, {}, ref))

    def _consent(self, name: str, value: str) -> None:
        consent = self.draft.consent
        if name == "date":
            consent.signed_on = consent.signed_on or value
        else:
            consent.number = consent.number or value

    def _slot(self, meaning: Meaning, value: Value, row: int, column: int) -> None:
        record = self._line.get((meaning.type, meaning.slot))
        if record is None:
            record = RecordDraft(meaning.type, dict(meaning.fixed), {}, row, meaning.slot)
            self._line[meaning.type, meaning.slot] = record
        self._set(record, meaning.name, value, row, column)

    def end_line(self) -> None:
        """The row is over: its person and its records join the household."""
        if "person_name" in self._person.values or "id_no" in self._person.values:
            self.draft.members.append(self._person)
        for record in self._line.values():
            if _says_something(record) and not any(_same(record, known) for known in self.draft.others):
                self.draft.others.append(record)


def _says_something(record: RecordDraft) -> bool:
    """Whether a record holds more than zeros and noes; a register prints those where there is nothing."""
    said = [value for name, value in record.values.items() if name in record.cells]
    return any(value is not False and not (isinstance(value, str) and _is_zero(value)) for value in said)


def _is_zero(text: str) -> bool:
    return not text.strip("0.-") and any(c == "0" for c in text) and ("." in text or text == "0")


def _same(record: RecordDraft, known: RecordDraft) -> bool:
    return record.type == known.type and record.slot == known.slot and record.values == known.values


def complete_person(draft: HouseholdDraft, person: RecordDraft, on: date) -> None:
    """Fill in what an identity number says: kind of document, sex, birth date; remark where the register differs."""
    values = person.values
    number = values.get("id_no")
    if not isinstance(number, str):
        return
    verdict = idno.check(number, on)
    if "id_type" not in values:
        looks_foreign = len(number) in {9, 11} and number[:1] in {"H", "M"} and number[1:].isdigit()
        values["id_type"] = _HONG_KONG if looks_foreign else _ID_TYPES[""]
    if verdict.verdict == "error":
        return
    for name, said in (("sex", verdict.sex), ("birth_date", verdict.birth_date)):
        if not said:
            continue
        text = said if isinstance(said, str) else said.isoformat()
        before = values.get(name)
        if before is not None and before != text and not _only_month(name, before, text):
            label = catalogue().types["R06"].by_identifier[name].label
            draft.findings.append(Finding("registers.differs_from_id", "warn", label, {}, draft.ref(person, name)))
        values[name] = text


def _only_month(name: str, before: Value, text: str) -> bool:
    """A register that gives only the month of birth does not differ from the full date."""
    return name == "birth_date" and isinstance(before, str) and before.endswith("-01") and before[:7] == text[:7]


def complete_income(building: Building, year: int) -> None:
    """Year and evidence of the incomes; a bare total is kept as other income, a differing total earns a remark."""
    record, draft = building.income, building.draft
    parts = {name: Decimal(str(v)) for name, v in record.values.items() if name.startswith("income_")}
    total = building.totals.get("income_total")
    if total is not None:
        said, row, column = total
        ref = draft.sheet.ref(row, column)
        if not parts and Decimal(said):
            record.values["income_other"] = said
            record.cells["income_other"] = (row, column)
            draft.findings.append(Finding("registers.only_total", "warn", "总收入", {}, ref))
        elif parts and sum(parts.values()) != Decimal(said):
            params = {"said": said, "sum": f"{sum(parts.values()):f}"}
            draft.findings.append(Finding("registers.total_differs", "warn", "总收入", params, ref))
    spent = building.totals.get("exp_total")
    if spent is not None and "exp_living" not in record.values and "cost_production" not in record.values:
        record.values["exp_living"], record.cells["exp_living"] = spent[0], spent[1:]
    if any(name != "year" for name in record.values):
        record.values.setdefault("year", year)
        record.values.setdefault("evidence_level", "1")
        draft.others.insert(0, record)
