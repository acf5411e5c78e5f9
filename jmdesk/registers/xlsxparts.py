"""What the bytes of an ``.xlsx`` say beyond its values: rows hidden by hand or filter, and whether it is safe to open.

The reader of values (calamine) holds a sheet as a full rectangle, so one stray cell in the far corner would ask for
hundreds of gigabytes: the extent is looked at before.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.etree.ElementTree import Element

from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled, never
from jmdesk.registers.stopping import until

MOST_UNPACKED = 3 * 1024**3
MOST_CELLS = 48_000_000
"""A county of 200,000 households in 55 columns; about a gigabyte while it is read."""
_SMALL_PART = 16 * 1024**2
_CHUNK = 4 * 1024**2
_OVERLAP = 512
_NARROW, _SHORT = 78, 100_000

# Cells far to the right (column CA on) or far down (row 100,000 on); the others cannot make a rectangle too large.
_FAR = re.compile(rb'r="(?:([A-Z]{3}|[C-Z][A-Z])(\d+)|([A-Z]{1,3})(\d{6,7}))"')
_LETTERS = re.compile(rb"""\br=["']([A-Z]{1,3})\d""")
_HIDDEN = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\bhidden=["'](?:1|true)["'][^>]*>""")
_ROW_NUMBER = re.compile(rb"""\br=["'](\d+)["']""")


@dataclass(frozen=True, slots=True)
class SheetHints:
    """Rows (from 0) that are hidden, and whether a filter is set."""

    hidden_rows: frozenset[int] = frozenset()
    filtered: bool = False


def inspected(file: BinaryIO, cancelled: Cancelled = never) -> dict[str, SheetHints]:
    """Hints by sheet name. Raises ``Refused`` when the package is no workbook, or too large when unpacked, and
    ``registers.cancelled``.
    """
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as package:
            if sum(info.file_size for info in package.infolist()) > MOST_UNPACKED:
                raise Refused("registers.too_large")
            return {name: _hints(package, part, cancelled) for name, part in _sheet_parts(package).items()}
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, zipfile.zlib.error) as damage:  # type: ignore[attr-defined]
        raise Refused("registers.not_a_workbook") from damage
    finally:
        file.seek(0)


def _sheet_parts(package: zipfile.ZipFile) -> dict[str, str]:
    relations = {
        element.get("Id", ""): element.get("Target", "")
        for element in _parsed(package, "xl/_rels/workbook.xml.rels").iter()
        if element.tag.endswith("}Relationship")
    }
    parts: dict[str, str] = {}
    for element in _parsed(package, "xl/workbook.xml").iter():
        if not element.tag.endswith("}sheet"):
            continue
        target = next((relations.get(value, "") for key, value in element.items() if key.endswith("}id")), "")
        part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if part in package.NameToInfo:
            parts[element.get("name", "")] = part
    return parts


def _parsed(package: zipfile.ZipFile, part: str) -> Element:
    from xml.etree import ElementTree as ET

    if package.getinfo(part).file_size > _SMALL_PART:
        raise Refused("registers.too_large")
    text = package.read(part)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Refused("registers.not_a_workbook")
    try:
        return ET.fromstring(text)  # noqa: S314 - no document type, so no entities
    except ET.ParseError as damage:
        raise Refused("registers.not_a_workbook") from damage


def _chunks(package: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The part in pieces that overlap a little, so that no tag is cut in all of them."""
    tail = b""
    with package.open(part) as stream:
        while piece := stream.read(_CHUNK):
            yield tail + piece
            tail = piece[-_OVERLAP:]


def _hints(package: zipfile.ZipFile, part: str, cancelled: Cancelled) -> SheetHints:
    hidden: set[int] = set()
    filtered = False
    far_right, far_down = _NARROW, _SHORT
    for piece in until(cancelled, _chunks(package, part)):
        chunk = piece.replace(b"'", b'"') if b"r='" in piece else piece
        if b"hidden=" in chunk:
            for tag in _HIDDEN.finditer(chunk):
                number = _ROW_NUMBER.search(tag[0])
                if number:
                    hidden.add(int(number[1]) - 1)
        filtered = filtered or b"<autoFilter" in chunk
        for cell in _FAR.finditer(chunk):
            letters, digits = cell[1] or cell[3], cell[2] or cell[4]
            far_right, far_down = max(far_right, _column(letters)), max(far_down, int(digits))
    if far_right * far_down > MOST_CELLS and far_right == _NARROW:
        far_right = _right_end(package, part)
    if far_right * far_down > MOST_CELLS:
        raise Refused("registers.too_wide", row=far_down, column=far_right)
    return SheetHints(frozenset(hidden), filtered)


def _right_end(package: zipfile.ZipFile, part: str) -> int:
    """The last column that any cell is in; read again, which only sheets of many rows need."""
    letters: set[bytes] = set()
    for piece in _chunks(package, part):
        letters.update(_LETTERS.findall(piece))
    return max(map(_column, letters), default=1)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
