"""Numbers with units as offices write them: ``1.2万``, ``￥1,234.50``, ``３亩``, ``85%``."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from jmdesk.core.text import folded

Content = str | int | float | Decimal | bool | date | datetime
"""What a keyboard or a filled cell of a spreadsheet gives."""

_CURRENCY = re.compile(r"^[￥¥]|(?:人民币|RMB|约)")
_THOUSANDS = re.compile(r"(?<=\d)[,'](?=\d{3})|\s+")
_NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d{0,30})?|[+-]?\.\d{1,30}")
_SUFFIX = re.compile(r"[^\d.,\s]*$")
_TEN_THOUSAND = Decimal(10000)

# Suffix → (unit of the field, factor). A suffix equal to the field's own unit needs no entry.
_UNITS: dict[tuple[str, str], Decimal] = {
    ("万", "元"): _TEN_THOUSAND,
    ("万元", "元"): _TEN_THOUSAND,
    ("亿", "元"): Decimal(10**8),
    ("亿元", "元"): Decimal(10**8),
    ("块", "元"): Decimal(1),
    ("元整", "元"): Decimal(1),
    ("万", "万元"): Decimal(1),
    ("元", "万元"): Decimal("0.0001"),
    ("亿", "万元"): _TEN_THOUSAND,
    ("亿元", "万元"): _TEN_THOUSAND,
    ("平方", "平方米"): Decimal(1),
    ("平米", "平方米"): Decimal(1),
    ("㎡", "平方米"): Decimal(1),
    ("m2", "平方米"): Decimal(1),
    ("m²", "平方米"): Decimal(1),
    ("公斤", "千克"): Decimal(1),
    ("kg", "千克"): Decimal(1),
    ("斤", "千克"): Decimal("0.5"),
    ("吨", "千克"): Decimal(1000),
    ("公顷", "亩"): Decimal(15),
    ("口", "人"): Decimal(1),
    ("个", "人"): Decimal(1),
    ("口人", "人"): Decimal(1),
    ("日", "天"): Decimal(1),
}

_KNOWN = {suffix for suffix, _ in _UNITS} | {unit for _, unit in _UNITS} | {"亩", "%"}


class AmountFault(StrEnum):
    """Why a cell is no amount: the code of its problem."""

    NUMBER = "field.number"
    UNIT = "field.wrong_unit"


def read_amount(cell: Content, unit: str) -> Decimal | AmountFault:
    """The exact number in a cell, in ``unit`` (a field's unit; several are separated by ``/``).

    A unit behind the number is converted (``1.2万`` is 12000 in 元); one that cannot be is a fault, never ignored.
    Floats are taken at the 15 digits that a spreadsheet keeps.
    """
    if isinstance(cell, bool | date):
        return AmountFault.NUMBER
    if isinstance(cell, float):
        return Decimal(format(cell, ".15g")) if abs(cell) < 1e30 else AmountFault.NUMBER
    if not isinstance(cell, str):
        number = Decimal(cell)
        return number if number.is_finite() else AmountFault.NUMBER
    plain = _CURRENCY.sub("", _THOUSANDS.sub("", folded(cell)).replace("。", "."))
    found = _SUFFIX.search(plain)
    suffix = found.group() if found else ""
    body = plain.removesuffix(suffix)
    if not _NUMBER.fullmatch(body):
        return AmountFault.NUMBER
    value = Decimal(body)
    if not suffix or suffix in unit.split("/"):
        return value
    factor = _UNITS.get((suffix.lower(), unit))
    if factor is None:
        return AmountFault.UNIT if unit and suffix in _KNOWN else AmountFault.NUMBER
    return value * factor
