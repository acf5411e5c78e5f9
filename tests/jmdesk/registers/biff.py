"""Writes the smallest ``.xls`` (BIFF8 in an OLE container) that spreadsheet programs accept: text and numbers only.

Written from the published layouts ([MS-XLS] and [MS-CFB]); no library here writes this format.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def write_xls(path: Path, sheet: str, rows: Sequence[Sequence[str | float]]) -> None:
    """One sheet of text and numbers; "" leaves a cell out."""
    path.write_bytes(_container(_workbook(sheet, rows)))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _text(text: str, width: str) -> bytes:
    return struct.pack(f"<{width}B", len(text), 1) + text.encode("utf-16-le")


def _bof(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _workbook(sheet: str, rows: Sequence[Sequence[str | float]]) -> bytes:
    name = _text(sheet, "B")
    start = len(_bof(5)) + 4 + 6 + len(name) + 4
    globals_ = _bof(5) + _record(0x0085, struct.pack("<IBB", start, 0, 0) + name) + _record(0x000A, b"")
    width = max((len(row) for row in rows), default=0)
    body = _bof(0x10) + _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            place = struct.pack("<HHH", number, column, 0)
            if isinstance(value, str):
                if value:
                    body += _record(0x0204, place + _text(value, "H"))
            else:
                body += _record(0x0203, place + struct.pack("<d", value))
    return globals_ + body + _record(0x000A, b"")


def _container(stream: bytes) -> bytes:
    """A compound file with the one stream "Workbook", long enough to live in ordinary sectors."""
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    sectors = len(stream) // _SECTOR
    tables = -(-(sectors + 1) // 127)
    fat = [_FAT] * tables + [_END]
    fat += [tables + 2 + place for place in range(sectors - 1)] + [_END]
    fat += [_FREE] * (tables * 128 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, tables, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", *range(tables), *[_FREE] * (109 - tables))
    directory = _entry("Root Entry", 5, 1, _END, 0) + _entry("Workbook", 2, _FREE, tables + 1, len(stream))
    directory += (struct.pack("<64xHBBIII36xIII", 0, 0, 0, _FREE, _FREE, _FREE, 0, 0, 0)) * 2
    return header + struct.pack(f"<{len(fat)}I", *fat) + directory + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    tail = struct.pack("<HBBIII36xIII", len(encoded), kind, 1, _FREE, _FREE, child, start, size, 0)
    return encoded.ljust(64, b"\0") + tail
