"""Which column means what: guessed from the wording, mended by people, remembered per office.

A mapping goes by header texts, not by positions, so one mapping serves every sheet of a workbook and next year's file.
It is plain data: :meth:`Mapping.to_plain` and :func:`from_plain` carry it into the office's settings and back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from typing import Any

from jmdesk.catalogue.forbidden import refused_column
from jmdesk.core.errors import Refused
from jmdesk.registers.cells import Remark, plain_text, reader
from jmdesk.registers.layout import Form, Table
from jmdesk.registers.wording import Meaning, Wording, bare_header, unit_in, wording, year_in

WAN, YUAN = "万元", "元"
_FORMAT = 1
_SAMPLE = 40
_SMALL_INCOME = 300
"""A household does not live on 300 yuan a year: when nearly all amounts are smaller, they are probably 万元."""


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """What one header is read as: ``key`` of the wording ("" for left out), the unit of amounts, and how sure."""

    header: str
    key: str
    unit: str = ""
    certainty: float = 1.0
    own: Meaning | None = field(default=None, compare=False)
    """The meaning itself where it is a city's own field."""

    @property
    def meaning(self) -> Meaning | None:
        """What the column is read as; None for one that is left out."""
        return self.own if self.own is not None and self.own.key == self.key else wording().meanings.get(self.key)


@dataclass(frozen=True, slots=True)
class Mapping:
    """The choices for every header, and what holds for the whole register.

    ``region`` is the village's code (12 digits) or the region that village names are looked for in; ``year`` the year
    of incomes; ``skip_hidden`` leaves hidden and filtered rows out.
    """

    columns: tuple[ColumnChoice, ...]
    region: str = ""
    year: int | None = None
    skip_hidden: bool = False
    skip_sheets: frozenset[str] = frozenset()
    doubts: tuple[str, ...] = field(default=(), compare=False)

    @property
    def by_header(self) -> Map[str, ColumnChoice]:
        """The choices by bare header."""
        return {bare_header(choice.header): choice for choice in self.columns}

    def changed(self, header: str, key: str | None = None, unit: str | None = None) -> Mapping:
        """The mapping with another choice for one header.

        ``Refused`` for a key that does not exist, and for a column that must not be collected.
        """
        forbidden = refused_column(header)
        if key and forbidden is not None:
            raise Refused("registers.column_forbidden", header=header, kind=forbidden.label)
        own = {choice.own.key for choice in self.columns if choice.own is not None}
        if key and key not in wording().meanings and key not in own:
            raise Refused("registers.unknown_column", key=key)
        columns = tuple(
            replace(
                choice,
                key=choice.key if key is None else key,
                unit=choice.unit if unit is None else unit,
                certainty=1.0,
            )
            if choice.header == header
            else choice
            for choice in self.columns
        )
        return replace(self, columns=columns)

    def with_unit(self, unit: str) -> Mapping:
        """The mapping with all amounts read as 元 or as 万元: the unit switch."""
        return replace(
            self,
            columns=tuple(
                replace(choice, unit=unit) if choice.meaning is not None and choice.meaning.is_amount else choice
                for choice in self.columns
            ),
        )

    def to_plain(self) -> dict[str, Any]:
        """The mapping as JSON data, to be remembered for this office."""
        return {
            "format": _FORMAT,
            "columns": [[choice.header, choice.key, choice.unit] for choice in self.columns],
            "region": self.region,
            "year": self.year,
            "skip_hidden": self.skip_hidden,
            "skip_sheets": sorted(self.skip_sheets),
        }


def from_plain(plain: Map[str, Any], known: Wording | None = None) -> Mapping:
    """A remembered mapping. Raises ``Refused("registers.mapping_unreadable")`` for anything else."""
    try:
        if plain["format"] != _FORMAT:
            raise Refused("registers.mapping_unreadable")
        meanings = (known or wording()).meanings
        return Mapping(
            tuple(_chosen(meanings, str(h), str(k), str(u)) for h, k, u in plain["columns"]),
            str(plain.get("region", "")),
            plain.get("year") if isinstance(plain.get("year"), int) else None,
            bool(plain.get("skip_hidden", False)),
            frozenset(map(str, plain.get("skip_sheets", ()))),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as damage:
        raise Refused("registers.mapping_unreadable") from damage


def _chosen(meanings: Map[str, Meaning], header: str, key: str, unit: str, certainty: float = 1.0) -> ColumnChoice:
    """A choice; without a meaning where nobody knows the key any more."""
    meaning = meanings.get(key)
    own = meaning if meaning is not None and meaning.own is not None else None
    return ColumnChoice(header, key if meaning is not None else "", unit, certainty, own)


def headers_of(found: Table | Form) -> tuple[str, ...]:
    """The header texts of a table, or the labels of a form with those of its small tables under their section."""
    if isinstance(found, Table):
        return tuple(dict.fromkeys(header for header in found.headers if header))
    labels = [pair.label for pair in found.pairs]
    for table in found.tables:
        labels += [f"{table.section}/{header}" for header in table.headers.values()]
    return tuple(dict.fromkeys(labels))


def fingerprint(found: Iterable[Table | Form]) -> str:
    """A short name for a register's wording: registers of one office that look alike have the same."""
    bare = sorted({bare_header(header) for part in found for header in headers_of(part)})
    return hashlib.sha256("\n".join(bare).encode()).hexdigest()[:16]


def guessed(found: Sequence[Table | Form], remembered: Mapping | None = None, known: Wording | None = None) -> Mapping:
    """The mapping that fits these sheets best; what the office chose before wins over the wording.

    When two headers seem to mean the same, the surer one is taken, at equal certainty the first.
    """
    known = known or wording()
    memory = remembered.by_header if remembered else {}
    choices: dict[str, ColumnChoice] = {}
    for part in found:
        for header in headers_of(part):
            bare = bare_header(header)
            if bare in choices:
                continue
            if bare in memory:
                choices[bare] = replace(memory[bare], header=header)
            else:
                choices[bare] = _guess(header, known, part)
    columns = _without_rivals(list(choices.values()), found)
    texts = (text for part in found for text in (*part.titles, *headers_of(part)))
    year = next((year for text in texts if (year := year_in(text))), None)
    # A year is a fact about this file, not a habit of the office.
    mapping = replace(remembered or Mapping(()), columns=columns, year=year)
    return replace(mapping, doubts=tuple(_doubts(mapping, found, known, memory)))


def _guess(header: str, known: Wording, part: Table | Form) -> ColumnChoice:
    if refused_column(header) is not None:
        return ColumnChoice(header, "")
    key, certainty = known.meaning_of(header)
    if key is None or certainty < 0.5:
        return ColumnChoice(header, "", "", certainty)
    unit = ""
    if known.meanings[key].is_amount:
        titles = part.titles if isinstance(part, Form) else ()
        above = part.unit if isinstance(part, Table) else next((u for t in titles if (u := unit_in(t))), "")
        unit = unit_in(header) or above or YUAN
    return _chosen(known.meanings, header, key, unit, certainty)


def _without_rivals(choices: list[ColumnChoice], found: Sequence[Table | Form]) -> tuple[ColumnChoice, ...]:
    """Of headers on one sheet that mean the same, only the surest keeps its meaning."""
    dropped: set[str] = set()
    for part in found:
        here = {bare_header(h) for h in headers_of(part)}
        best: dict[str, ColumnChoice] = {}
        for choice in choices:
            bare = bare_header(choice.header)
            if not choice.key or choice.key.startswith("ignore.") or bare not in here or bare in dropped:
                continue
            rival = best.get(choice.key)
            if rival is None or choice.certainty > rival.certainty:
                best[choice.key] = choice
                dropped |= {bare_header(rival.header)} if rival else set()
            else:
                dropped.add(bare)
    return tuple(replace(c, key="") if bare_header(c.header) in dropped else c for c in choices)


def _doubts(
    mapping: Mapping, found: Sequence[Table | Form], known: Wording, memory: Map[str, ColumnChoice]
) -> Iterable[str]:
    """Codes of what a person should look at before the import."""
    keys = {choice.key for choice in mapping.columns}
    if not keys & {"R06.person_name", "head.person_name"}:
        yield "registers.no_name_column"
    if not keys & {"R06.id_no", "head.id_no"}:
        yield "registers.no_id_column"
    unsettled = [c for c in mapping.columns if c.unit == YUAN and not unit_in(c.header)]
    if unsettled and not all(bare_header(c.header) in memory for c in unsettled):
        amounts = [a for c in unsettled if known.meanings[c.key].type == "R07" for a in _numbers(c.header, found)]
        if len(amounts) >= 5 and sorted(amounts)[len(amounts) * 9 // 10] < _SMALL_INCOME:
            yield "registers.looks_like_wan"


def _numbers(header: str, found: Sequence[Table | Form]) -> list[float]:
    return [abs(v) for v in samples(header, found) if isinstance(v, int | float) and not isinstance(v, bool) and v]


def samples(header: str, found: Sequence[Table | Form], most: int = _SAMPLE) -> list[object]:
    """The first values under a header, over all sheets."""
    bare, values = bare_header(header), list[object]()
    for part in found:
        for value in _values(bare, part):
            values.append(value)
            if len(values) >= most:
                return values
    return values


def _values(bare: str, part: Table | Form) -> Iterable[object]:
    if isinstance(part, Form):
        yield from (pair.value for pair in part.pairs if bare_header(pair.label) == bare)
        return
    column = next((c for c, header in enumerate(part.headers) if bare_header(header) == bare), None)
    if column is None:
        return
    for _, row, _ in part.data_rows():
        if column < len(row) and row[column] != "":
            yield row[column]


@dataclass(frozen=True, slots=True)
class Echo:
    """What a cell becomes: the text in the file, the value that would be kept ("" for none), and what is to be said."""

    before: str
    after: str
    remark: Remark | None


def echoes(choice: ColumnChoice, found: Sequence[Table | Form], most: int = 5) -> list[Echo]:
    """What the chosen meaning and unit do to the first values of a column: shown beside the unit switch."""
    meaning = choice.meaning
    if meaning is None:
        return [Echo(plain_text(value), "", None) for value in samples(choice.header, found, most)]
    read = reader(meaning.described, choice.unit, meaning.codes) if meaning.described else None
    return [_echo(value, meaning, read) for value in samples(choice.header, found, most)]


def _echo(value: object, meaning: Meaning, read: Any) -> Echo:
    from jmdesk.catalogue.loader import catalogue

    if read is None or meaning.described is None:
        return Echo(plain_text(value), plain_text(value), None)
    kept, remark = read(value)
    described = meaning.described
    if kept is None:
        return Echo(plain_text(value), "", remark)
    codes = catalogue().code_lists.get(described.code_list)
    text = codes.label(kept) if codes and codes.values and isinstance(kept, str) else plain_text(kept)
    text = meaning.codes.get(text, text)
    return Echo(plain_text(value), f"{text} {described.unit}".strip(), remark)
