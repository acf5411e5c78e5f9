"""JPEG: walked marker by marker, and written anew with nothing but what it takes to draw the picture.

Camera data (place, time, device, previews), comments and whatever hides behind the end are left out; which way up the
photo is stays, and so does the colour profile. Source: ITU-T T.81 (markers), Exif 2.32 (orientation).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from jmdesk.attachments.content import check_extent, check_tail
from jmdesk.core.errors import Refused

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive Huffman frames: what ordinary decoders draw."""
_OTHER_FRAMES: Final = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_NEEDED: Final = frozenset({*_FRAMES, _SOS, 0xC4, 0xCC, 0xDB, 0xDC, 0xDD})
_PROFILE: Final = b"ICC_PROFILE\0"
_MOST_SCANS: Final = 64
"""A progressive photo has some ten scans; hundreds of them over many pixels only keep a decoder busy."""
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The end of entropy-coded data: neither a stuffed byte, a restart mark nor a fill byte."""
_ORIENTATION: Final = 0x0112
_SHORT: Final = 3


@dataclass(frozen=True, slots=True)
class Photo:
    """A cleaned photo and its extent in pixels as stored (before turning it the right way up)."""

    data: bytes
    width: int
    height: int


def clean_jpeg(data: bytes) -> Photo:
    """The photo without its camera data. ``Refused``: "attachments.damaged", "attachments.too_many_pixels",
    "attachments.two_kinds", "attachments.jpeg_kind" (a lossless or arithmetic-coded one).
    """
    kept, extent, orientation, place, scans = [b"\xff\xd8"], (0, 0), 1, 2, 0
    while True:
        marker, place = _marker(data, place)
        if marker == _EOI:
            break
        body, place = _segment(data, place)
        if marker in _OTHER_FRAMES:
            raise Refused("attachments.jpeg_kind")
        if marker in _FRAMES:
            extent = _extent(body, before=extent)
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            orientation = _orientation(body[6:])
        if _wanted(marker, body):
            kept.append(_written(marker, body))
        if marker == _SOS:
            scans += 1
            end = _MARKER.search(data, place)
            if end is None or scans > _MOST_SCANS or extent == (0, 0):
                raise Refused("attachments.damaged")
            kept.append(data[place : end.start()])
            place = end.start()
    if not scans:
        raise Refused("attachments.damaged")
    check_tail(data[place:])
    if orientation != 1:
        kept.insert(1, _written(0xE1, _exif(orientation)))
    return Photo(b"".join(kept) + b"\xff\xd9", *extent)


def _marker(data: bytes, place: int) -> tuple[int, int]:
    """The marker at a place (fill bytes may precede it) and where its segment begins."""
    if data[place : place + 1] != b"\xff":
        raise Refused("attachments.damaged")
    while data[place : place + 1] == b"\xff":
        place += 1
    if place >= len(data) or data[place] in (0, _SOI):
        raise Refused("attachments.damaged")
    return data[place], place + 1


def _segment(data: bytes, place: int) -> tuple[bytes, int]:
    length = int.from_bytes(data[place : place + 2], "big")
    end = place + length
    if length < 2 or end > len(data):
        raise Refused("attachments.damaged")
    return data[place + 2 : end], end


def _wanted(marker: int, body: bytes) -> bool:
    if marker in _NEEDED:
        return True
    if marker == 0xE2:
        return body.startswith(_PROFILE)
    # Adobe's mark says how colours are coded.
    return marker == 0xEE and body.startswith(b"Adobe")


def _written(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _extent(body: bytes, *, before: tuple[int, int]) -> tuple[int, int]:
    if len(body) < 6 or body[0] != 8 or body[5] not in (1, 3, 4) or before != (0, 0):
        raise Refused("attachments.damaged")
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    check_extent(width, height)
    return width, height


def _orientation(tiff: bytes) -> int:
    """Which way up the photo is (1 to 8), as the camera noted it; 1 where that cannot be read."""
    order = {b"II": "little", b"MM": "big"}.get(tiff[:2])
    if order is None:
        return 1
    little = order == "little"

    def number(place: int, size: int) -> int:
        return int.from_bytes(tiff[place : place + size], "little" if little else "big")

    directory = number(4, 4)
    for index in range(min(number(directory, 2), 64)):
        entry = directory + 2 + index * 12
        if number(entry, 2) == _ORIENTATION and number(entry + 2, 2) == _SHORT:
            found = number(entry + 8, 2)
            return found if 1 <= found <= 8 else 1
    return 1


def _exif(orientation: int) -> bytes:
    """Camera data that says nothing but which way up the photo is."""
    entry = _ORIENTATION.to_bytes(2, "big") + _SHORT.to_bytes(2, "big") + (1).to_bytes(4, "big")
    value = orientation.to_bytes(2, "big") + b"\0\0"
    return b"Exif\0\0MM\0\x2a" + (8).to_bytes(4, "big") + (1).to_bytes(2, "big") + entry + value + bytes(4)
