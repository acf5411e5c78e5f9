"""Turns what stands in a cell into a value in wire form, the way offices write it. Pure.

A reader takes a raw cell (text, number, date, truth value; "" is empty) and answers the value and, if there is
something to say, a remark: :class:`Remark`. No value with no remark means the cell says nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any

from jmdesk.catalogue import idno
from jmdesk.catalogue.industries import industries
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Field, Value
from jmdesk.core.resources import resource
from jmdesk.core.text import folded
from jmdesk.registers.findings import FindingLevel

Raw = object


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reader has to say about a cell: a code with a text, its level, and parameters."""

    code: str
    level: FindingLevel
    params: Mapping[str, object] = field(default_factory=dict)


Read = tuple[Value | None, Remark | None]
Reader = Callable[[Raw], Read]
NOTHING: Read = (None, None)

_LARGEST_EXACT = 10**15
_SHOWN = 24
_EXCEL_ZERO = date(1899, 12, 30)
_SERIALS = range(10_000, 80_000)
_YEARS = range(1850, 2200)
_UNITS = {"": 1, "元": 1, "块": 1, "圆": 1, "千元": 10**3, "万": 10**4, "万元": 10**4, "亿": 10**8, "亿元": 10**8}


@cache
def words() -> dict[str, Any]:
    """Everyday words for codes, yes and no, nothing and unknown (``resources/registers/words.json``)."""
    loaded: dict[str, Any] = json.loads(resource("registers/words.json").read_text(encoding="utf-8"))
    return loaded


@cache
def _set(name: str) -> frozenset[str]:
    return frozenset(words()[name])


def shown(raw: Raw) -> str:
    """What stood in the cell, short enough for a message."""
    text = plain_text(raw)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


# Full-width forms, odd spaces, zero-width characters, combining marks and compatibility ideographs.
_NEEDS_FOLDING = re.compile(r"[！-～\u3000\xa0\u200b-\u200d\u2060\ufeff\u0300-\u036f\uf900-\ufaff]")


def plain_text(raw: Raw) -> str:
    """A cell as text: whole numbers without ``.0``, dates as ISO, spreadsheet text marks (``'``, ``="…"``) removed."""
    if isinstance(raw, str):
        text = folded(raw) if _NEEDS_FOLDING.search(raw) else raw.strip()
        if text.startswith('="') and text.endswith('"'):
            text = text[2:-1]
        return text.removeprefix("'").strip()
    if isinstance(raw, bool):
        return "是" if raw else "否"
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() and abs(raw) < _LARGEST_EXACT else repr(raw)
    if isinstance(raw, datetime):
        return raw.date().isoformat()
    return raw.isoformat() if isinstance(raw, date) else str(raw)


def _unreadable(raw: Raw, code: str, level: FindingLevel = "warn") -> Read:
    return None, Remark(code, level, {"value": shown(raw)})


def _says_nothing(text: str) -> Read | None:
    if text in _set("nothing"):
        return NOTHING
    if text in _set("unknown"):
        return None, Remark("registers.said_unknown", "warn", {"value": text})
    return None


_AMOUNT = re.compile(r"(约|大约|近|≈)?[¥￥]?(-?\d+(?:\.\d+)?)(万元|万|亿元|亿|千元|元|块|圆)?(整|左右|多)?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_TRAILING = re.compile(r"(?:%|亩|平方米|㎡|斤|公斤|千克|头|只|尾)$")
_NOISE = Decimal("0.000001")
_SEPARATORS = re.compile(r"(?<=\d)[,，'](?=\d{3}(?!\d))|\s+")


def decimal_reader(digits: int, scale: int, *, unit: str = "", money: bool = False) -> Reader:
    """Reads decimals; ``unit`` "万元" multiplies numbers that carry no unit of their own.

    Excel's own rounding noise is cut silently, real excess decimals are rounded with a remark; a number among other
    words is taken with a remark; words alone give no value and a remark.
    """
    factor = _UNITS.get(unit, 1)
    whole = "." + "0" * scale if scale else ""
    largest = min(_LARGEST_EXACT, 10 ** (digits - scale))

    def read(raw: Raw) -> Read:
        if isinstance(raw, float | int) and not isinstance(raw, bool):
            number = raw * factor
            if 0 <= number < largest and number == int(number):
                return f"{int(number)}{whole}", None
            return _exact(Decimal(repr(raw)) * factor, digits, scale, None)
        if not isinstance(raw, str):
            return _unreadable(raw, "registers.not_a_number")
        text = plain_text(raw)
        nothing = _says_nothing(text)
        if nothing is not None:
            return nothing
        found, own, remark = _amount_in(text)
        if not found:
            return None, remark
        return _exact(Decimal(found) * (_UNITS[own] if own and money else factor), digits, scale, remark)

    return read


def _amount_in(text: str) -> tuple[str, str, Remark | None]:
    """The one number of a text, the unit behind it, and what is to be said; "" when there is none or several."""
    bare = _TRAILING.sub("", _SEPARATORS.sub("", text))
    match = _AMOUNT.fullmatch(bare)
    if match is not None:
        about = match[1] or match[4] in {"左右", "多"}
        return match[2], match[3] or "", Remark("registers.number_about", "warn", {"value": text}) if about else None
    found = list(_AMOUNT.finditer(bare))
    if len(found) != 1 or len(_NUMBER.findall(bare)) != 1:
        return "", "", Remark("registers.not_a_number", "warn", {"value": shown(text)})
    number = found[0][2]
    return (
        number,
        found[0][3] or "",
        Remark("registers.number_among_words", "warn", {"value": shown(text), "kept": number + (found[0][3] or "")}),
    )


def _exact(number: Decimal, digits: int, scale: int, remark: Remark | None) -> Read:
    if abs(number) >= Decimal(10) ** (digits - scale):
        return None, Remark("registers.number_too_large", "error", {"value": f"{number:.0f}"[:_SHOWN]})
    rounded = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    if remark is None and abs(rounded - number) > _NOISE:
        remark = Remark("registers.rounded", "warn", {"value": f"{number.normalize():f}", "kept": f"{rounded:f}"})
    return f"{rounded or abs(rounded):f}", remark


_INTEGER = re.compile(r"(-?\d{1,9})(?:\.0+)?(?:人|口|年|天|日|个|户|头)?")


def read_integer(raw: Raw) -> Read:
    """Reads a whole number, with or without a counting word behind it."""
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 10**9:
        return int(raw), None
    text = plain_text(raw)
    if (nothing := _says_nothing(text)) is not None:
        return nothing
    match = _INTEGER.fullmatch(text.replace(" ", ""))
    return (int(match[1]), None) if match else _unreadable(raw, "registers.not_a_whole_number")


_YEAR = re.compile(r"(\d{4})(?:\.0+)?(?:年度?|(?:年|[.\-/]).*)?")


def read_year(raw: Raw) -> Read:
    """Reads a year, also out of a full date."""
    if isinstance(raw, date):
        return raw.year, None
    if isinstance(raw, float) and raw.is_integer() and int(raw) in _SERIALS:
        return (_EXCEL_ZERO + timedelta(days=int(raw))).year, None
    text = plain_text(raw)
    if (nothing := _says_nothing(text)) is not None:
        return nothing
    match = _YEAR.fullmatch(text)
    return (int(match[1]), None) if match and int(match[1]) in _YEARS else _unreadable(raw, "registers.not_a_year")


_CHINESE_DIGITS = {ord(c): str(n) for n, c in enumerate("〇一二三四五六七八九")} | {ord("零"): "0", ord("○"): "0"}
_TENS = re.compile(r"([1-9]?)十([1-9]?)")
_DAY = re.compile(
    r"(\d{4})\s*[.\-/年,，、]\s*(\d{1,2})\s*[.\-/月,，、]\s*(\d{1,2})\s*[日号.]?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?"
)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})\s*[.\-/年]\s*(\d{1,2})\s*月?份?|(\d{4})(\d{2})")


def chinese_numerals(text: str) -> str:
    """Chinese numerals below a hundred, and years digit by digit, as digits: ``二〇二五年十二月`` → ``2025年12月``."""
    plain = text.translate(_CHINESE_DIGITS)
    return _TENS.sub(lambda m: str(int(m[1] or 1) * 10 + int(m[2] or 0)), plain)


def _calendar(year: str, month: str, day: str) -> str | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found.isoformat() if found.year in _YEARS else None


def read_date(raw: Raw) -> Read:
    """Reads a day: date cells, Excel serial numbers, ``1985.12.31``, ``1985年12月31日``, ``19851231`` and their kin.

    A month without a day is taken as its first day with a remark; a bare year or two-digit year is not guessed.
    """
    if isinstance(raw, datetime):
        return raw.date().isoformat(), None
    if isinstance(raw, date):
        return raw.isoformat(), None
    if isinstance(raw, time | timedelta | bool):
        return _unreadable(raw, "registers.not_a_date")
    if isinstance(raw, float | int) and int(raw) in _SERIALS:
        return (_EXCEL_ZERO + timedelta(days=int(raw))).isoformat(), None
    text = plain_text(raw)
    if (nothing := _says_nothing(text)) is not None:
        return nothing
    if not isinstance(raw, str) and "." in text:
        # 2025.1 as a number may be January or October: Excel dropped the zero.
        return _unreadable(raw, "registers.date_as_number")
    plain = chinese_numerals(text)
    match = _DAY.fullmatch(plain) or _DIGITS.fullmatch(plain)
    if match is not None:
        day = _calendar(*match.groups())
        return (day, None) if day else _unreadable(raw, "registers.not_a_date")
    match = _MONTH.fullmatch(plain)
    first = _calendar(match[1] or match[3], match[2] or match[4], "1") if match else None
    if first is None:
        return _unreadable(raw, "registers.not_a_date")
    return first, Remark("registers.date_without_day", "warn", {"value": shown(raw), "kept": first})


_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[Ee]\+?1\d")


def read_id_number(raw: Raw) -> Read:
    """Reads an identity number; its validity is the catalogue's business.

    A number cell of more than 15 digits has lost its last digits in the file (IEEE 754): it is refused, never mended.
    """
    if isinstance(raw, float | int) and not isinstance(raw, bool):
        if abs(raw) >= _LARGEST_EXACT:
            return None, Remark("registers.id_digits_lost", "error")
        return plain_text(raw), None
    text = plain_text(raw)
    if _SCIENTIFIC.fullmatch(text):
        return None, Remark("registers.id_digits_lost", "error")
    if (nothing := _says_nothing(text)) is not None:
        return nothing
    return idno.normalised(re.sub(r"\.0+$", "", text)), None


_HAN_GAP = re.compile(r"(?<=[\u2e80-\u9fff])\s+(?=[\u2e80-\u9fff])")


def name_reader(size: int) -> Reader:
    """Reads a person's name: spaces between Chinese characters are only there to align columns."""

    def read(raw: Raw) -> Read:
        text = _HAN_GAP.sub("", plain_text(raw))
        if text in _set("nothing"):
            return NOTHING
        if len(text) > size:
            return None, Remark("registers.text_too_long", "error", {"size": size})
        return text, None

    return read


def text_reader(size: int) -> Reader:
    """Reads any text of at most ``size`` characters; longer text is refused rather than cut."""

    def read(raw: Raw) -> Read:
        text = " ".join(plain_text(raw).split())
        if text in _set("nothing"):
            return NOTHING
        if len(text) > size:
            return None, Remark("registers.text_too_long", "error", {"size": size})
        return text, None

    return read


_GROUP = re.compile(r"第?(\d{1,3})(?:村民)?(?:小)?(?:组|队|社)?")


def read_group(raw: Raw) -> Read:
    """Reads a village group in one spelling: ``第三村民小组``, ``3`` and ``3组`` are all ``3组``."""
    text, remark = text_reader(10)(raw)
    if isinstance(text, str) and (match := _GROUP.fullmatch(chinese_numerals(text))):
        return f"{int(match[1])}组", remark
    return text, remark


_PHONE = re.compile(r"\+?[\d\-() ]{7,20}")


def read_phone(raw: Raw) -> Read:
    """Reads a telephone number; of several, the first."""
    text = plain_text(raw)
    if (nothing := _says_nothing(text)) is not None:
        return nothing
    parts = [part.strip() for part in re.split(r"[/、,，;；]|\s{2,}", text) if part.strip()]
    first = re.sub(r"(?<=\d)\s+(?=\d)", "", parts[0]) if parts else ""
    if not _PHONE.fullmatch(first):
        return _unreadable(raw, "registers.not_a_phone")
    if len(parts) > 1:
        return first, Remark("registers.first_phone_kept", "warn", {"value": shown(raw), "kept": first})
    return first, None


def read_yes_no(raw: Raw) -> Read:
    """Reads yes and no in the ways registers tick them."""
    if isinstance(raw, bool):
        return raw, None
    text = plain_text(raw).upper()
    if text in _set("yes"):
        return True, None
    if text in _set("no"):
        return False, None
    if (nothing := _says_nothing(text)) is not None:
        return nothing
    return _unreadable(raw, "registers.not_yes_no", "error")


_BRACKETS = re.compile(r"[（(].*?[)）]")
_CODE_FIRST = re.compile(r"([0-9A-Za-z]{1,6})[\s.、\-:：_](.+)")


@cache
def code_words(code_list: str) -> Mapping[str, str]:
    """Every word that stands for a code of a list: code, label, label without brackets, everyday words."""
    labels = dict(catalogue().code_lists[code_list].values)
    if code_list == "CL-IND":
        labels |= {c: entry.name for c, entry in industries().by_code.items() if entry.level == "class"} | labels
    return _words_of(labels) | {_word(word): code for word, code in words()["codes"].get(code_list, {}).items()}


def _words_of(labels: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, label in labels.items():
        for word in (code, label, _BRACKETS.sub("", label), code.lstrip("0")):
            if word:
                found.setdefault(_word(word), code)
    return found


@cache
def _all_words() -> frozenset[str]:
    lists = {f.code_list for t in catalogue().types.values() for f in t.fields if f.type.kind in {"code", "char"}}
    filled = [name for name in lists if name and catalogue().code_lists[name].values]
    return frozenset(word for name in filled for word in code_words(name) if not word.isascii())


def is_word(text: str) -> bool:
    """Whether a text is a label of a code or an everyday word for one, and so may well be a value."""
    return _word(folded(text)) in _all_words()


def _word(text: str) -> str:
    return re.sub(r"\s+", "", text).upper()


def code_reader(code_list: str, own: Mapping[str, str] | None = None) -> Reader:
    """Reads a code by code, label or everyday word; ``1 一般农户`` as the import template's lists write it, too.

    ``own``: code → label of a list that the program does not bring with it.
    """
    known = code_words(code_list) if own is None else _words_of(own)

    def read(raw: Raw) -> Read:
        text = plain_text(raw)
        found = known.get(_word(text))
        if found is None and (match := _CODE_FIRST.fullmatch(text)):
            code = known.get(_word(match[1]))
            found = code if code is not None and known.get(_word(match[2])) == code else None
        if found is None and (bare := _BRACKETS.sub("", text)) != text and bare:
            found = known.get(_word(bare))
        if found is not None:
            return (found, None) if found else NOTHING
        if text in _set("nothing"):
            return NOTHING
        return _unreadable(raw, "registers.unknown_code", "error")

    return read


_REPEATING = frozenset({"code", "bool", "year"})
"""Kinds of fields in whose columns the same few cells come again and again: their readers remember."""


def reader(described: Field, unit: str = "", own: Mapping[str, str] | None = None) -> Reader:
    """The reader of a catalogue field. ``unit`` "万元" for amounts that an office writes so.

    ``own``: code → label where a city's own field has a list of its own.
    """
    read = code_reader(described.code_list, own) if own else _reader(described, unit)
    if described.type.kind in _REPEATING or described.code_list == "CL-IND" or read in {read_group, read_date}:
        return lru_cache(maxsize=2048, typed=True)(read)
    return read


def _reader(described: Field, unit: str) -> Reader:
    if described.identifier in _BY_NAME:
        return _BY_NAME[described.identifier]
    if described.identifier == "person_name":
        return name_reader(described.type.size)
    codes = catalogue().code_lists.get(described.code_list)
    if codes is not None and codes.values:
        return code_reader(described.code_list)
    kind = described.type.kind
    if kind == "dec":
        money = described.unit in {"元", "万元"}
        return decimal_reader(described.type.size, described.type.scale, unit=unit if money else "", money=money)
    return _BY_KIND.get(kind) or text_reader(described.type.size or 100)


_BY_NAME: dict[str, Reader] = {"id_no": read_id_number, "group_no": read_group, "phone": read_phone}
_BY_KIND: dict[str, Reader] = {"int": read_integer, "year": read_year, "date": read_date, "bool": read_yes_no}
