"""What headers mean: the wordings of columns that offices use, kept as data in ``resources/registers/columns.json``.

A key names what a column holds: ``R06.id_no`` a catalogue field; ``R08.area_mu:5`` one of several records of a type in
the same row (fish ponds), whose other fields are fixed; ``head.…`` the head of the household; ``region.…`` where it
is; ``consent.…`` the signed authorisation; ``ignore.…`` known and left out on purpose.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Catalogue, Field, Record
from jmdesk.core.resources import resource
from jmdesk.core.text import folded

CODES_SHEET, GUIDE_SHEET = "码表", "填写说明"
SHEETS_OF_TEMPLATES = frozenset({CODES_SHEET, GUIDE_SHEET})
HOUSEHOLD_TYPES = ("R05", "R06", "R07", "R08", "R09", "R10", "R11", "R12", "R13")
_NOT_IN_REGISTERS = frozenset(
    {"household_id", "person_id", "head_person_id", "subject_id", "region_code", "collector_id"}
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one key stands for. ``type`` and ``name`` are catalogue names, or "head", "region", "consent", "ignore"
    with a name of their own; ``slot`` tells records of one type in one row apart.
    """

    key: str
    type: str
    name: str
    slot: str
    label: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    own: Field | None = None
    """The field itself where it is a city's own (``x_…``), which the program's catalogue does not know."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """Code → label of that field's list."""

    @property
    def described(self) -> Field | None:
        """The catalogue field that the column is read as; None for regions, consents and what is left out."""
        if self.own is not None:
            return self.own
        type_ = "R06" if self.type == "head" else self.type
        found = catalogue().types.get(type_)
        return found.by_identifier.get(self.name) if found else None

    @property
    def is_amount(self) -> bool:
        """Whether the unit switch (元 or 万元) concerns it."""
        described = self.described
        return described is not None and described.type.kind == "dec" and described.unit == "元"

    @property
    def is_read(self) -> bool:
        """Whether the column is taken over: not left out, not switched off in the catalogue, not computed."""
        if self.type == "ignore":
            return False
        described = self.described
        return described is None or (described.default_on and described.is_input)


@dataclass(frozen=True)
class Wording:
    """All that is known of headers and of what a register's records need."""

    meanings: Mapping[str, Meaning]
    by_header: Mapping[str, str]
    sections: Mapping[str, str]
    essential: Mapping[str, tuple[str, ...]]
    rights_by_land: Mapping[str, str]
    catalogue: Catalogue = field(default_factory=catalogue, repr=False)
    """By which the values of a register are checked."""
    _remembered: dict[str, tuple[str | None, float]] = field(default_factory=dict, repr=False)

    def meaning_of(self, header: str) -> tuple[str | None, float]:
        """The key that a header most likely means and how sure that is (1 the very wording, 0 no idea).

        ``header`` may join two rows with "/": the section above often tells what a short word below means.
        """
        found = self._remembered.get(header)
        if found is None:
            found = self._meaning(bare_header(header))
            if found[0] is None and (without := bare_header(_BESIDE.sub("", header))):
                found = self._meaning(without)
            if len(self._remembered) < _REMEMBERED:
                self._remembered[header] = found
        return found

    def _meaning(self, plain: str) -> tuple[str | None, float]:
        if plain in self.by_header:
            return self.by_header[plain], 1.0
        section, _, last = plain.rpartition("/")
        type_ = self._section_type(section)
        found = self.by_header.get(last)
        if found is None and section and not last:
            found = self.by_header.get(section)
        if found is not None and type_:
            within = self._within(type_, last)
            return (within or found), (1.0 if within else 0.8)
        if found is not None:
            return found, 0.95
        if type_ and (within := self._within(type_, last)):
            return within, 0.9
        return self._similar(last or section)

    def knows(self, text: object) -> bool:
        """Whether a cell reads like a header."""
        return isinstance(text, str) and 0 < len(text) <= 40 and self.meaning_of(text)[1] >= 0.8

    def _section_type(self, section: str) -> str:
        return next((type_ for word, type_ in self.sections.items() if word in section), "")

    def _within(self, type_: str, word: str) -> str | None:
        """A key of the section's type whose wording is, or ends with, the word: 余额 under 贷款."""
        if not word:
            return None
        candidates = [m for m in self.meanings.values() if m.type == type_]
        for meaning in candidates:
            if word in meaning.headers:
                return meaning.key
        return next((m.key for m in candidates if any(len(word) > 1 and h.endswith(word) for h in m.headers)), None)

    def _similar(self, word: str) -> tuple[str | None, float]:
        """The longest known wording contained in the word; the less of it is left over, the surer."""
        best, sure = None, 0.0
        for header, key in self.by_header.items():
            if len(header) >= 3 and header in word:
                share = len(header) / len(word)
                if share > sure:
                    best, sure = key, share
        return (best, sure * 0.75) if sure >= 0.5 else (None, 0.0)

    def fixed(self, key: str) -> Record:
        """The values that a record always has when it comes from this column."""
        return dict(self.meanings[key].fixed)


_REMEMBERED = 20_000
_BESIDE = re.compile(r"[（(][^（()）]*[)）]|\d{4}年度?|上年度?|本年度?|去年|全年")
_UNIT = re.compile(r"\((?:单位[:：]?)?(元|万元|亩|千克|公斤|斤|%|人|年|天|平方米|㎡|个|户)\)|单位[:：](?:元|万元)")
_NOISE = re.compile(r"[\s:：*＊、，,。.;；\"'“”_\-]+")


@lru_cache(maxsize=4096)
def bare_header(text: str) -> str:
    """A header without units, spaces, line breaks and punctuation: ``贷款余额（万元）`` → ``贷款余额``."""
    return _NOISE.sub("", _UNIT.sub("", folded(text).replace("（", "(").replace("）", ")")))


_YEAR = re.compile(r"(20\d\d)年度?")


def year_in(text: str) -> int | None:
    """The year that a header or title about incomes names (``2025年度家庭收支``); None for others."""
    match = _YEAR.search(folded(text)) if re.search(r"收入|收支|支出", text) else None
    return int(match[1]) if match else None


def unit_in(text: str) -> str:
    """The money unit that a header or a title line names: "元", "万元" or ""."""
    plain = folded(text).replace(" ", "")
    if re.search(r"万元", plain):
        return "万元"
    return "元" if re.search(r"[(（:：]元|元[)）]$|单位[:：]?元", plain) else ""


@cache
def wording() -> Wording:
    """The wording that ships with this program; the catalogue's own labels are part of it."""
    loaded: dict[str, Any] = json.loads(resource("registers/columns.json").read_text(encoding="utf-8"))
    meanings: dict[str, Meaning] = {}
    by_header: dict[str, str] = {}
    for entry in loaded["columns"]:
        meaning = _meaning(entry)
        meanings[meaning.key] = meaning
        for header in meaning.headers:
            by_header.setdefault(header, meaning.key)
    for type_id in HOUSEHOLD_TYPES:
        for described in catalogue().types[type_id].fields:
            key = f"{type_id}.{described.identifier}"
            if described.identifier in _NOT_IN_REGISTERS or not described.is_input:
                continue
            label = bare_header(described.label)
            meanings.setdefault(key, Meaning(key, type_id, described.identifier, "", described.label, {}, (label,)))
            by_header.setdefault(label, key)
    return Wording(
        meanings,
        by_header,
        loaded["sections"],
        {type_: tuple(fields) for type_, fields in loaded["essential"].items()},
        loaded["rights_by_land"],
    )


def wording_of(catalogue_: Catalogue) -> Wording:
    """The wording for a desk's catalogue: what ships, and the labels of the city's own fields.

    A label that the program knows keeps the program's meaning.
    """
    shipped = wording()
    fresh = [
        _own_meaning(described, catalogue_)
        for type_id in HOUSEHOLD_TYPES
        for described in catalogue_.types[type_id].fields
        if described.identifier.startswith("x_") and described.is_input
    ]
    if not fresh:
        return shipped if catalogue_ is catalogue() else replace(shipped, catalogue=catalogue_)
    by_header = {header: meaning.key for meaning in reversed(fresh) for header in meaning.headers}
    return replace(
        shipped,
        meanings={**shipped.meanings, **{meaning.key: meaning for meaning in fresh}},
        by_header={**by_header, **shipped.by_header},
        catalogue=catalogue_,
        _remembered={},
    )


def _own_meaning(described: Field, catalogue_: Catalogue) -> Meaning:
    key = f"{described.record_id}.{described.identifier}"
    headers = dict.fromkeys(bare_header(text) for text in (described.label, f"{described.label}({described.unit})"))
    codes = catalogue_.code_lists.get(described.code_list)
    values = dict(codes.values) if codes is not None else {}
    return Meaning(
        key, described.record_id, described.identifier, "", described.label, {}, tuple(headers), described, values
    )


def _meaning(entry: Mapping[str, Any]) -> Meaning:
    key: str = entry["key"]
    name, _, slot = key.partition(":")
    type_, _, field_ = name.partition(".")
    headers = tuple(bare_header(header) for header in entry["headers"])
    type_label = catalogue().types.get(type_)
    described = type_label.by_identifier.get(field_) if type_label else None
    label = described.label if described and not slot else entry["headers"][0]
    return Meaning(key, type_, field_, slot, label, entry.get("fixed", {}), headers)
