"""What an accepted document is, the limits it keeps, and how a document that is two things at once is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from jmdesk.core.errors import Refused

MOST_BYTES: Final = 16 * 1024 * 1024 - 16
"""Bytes of one document: the protocol's limit for an attachment, less the tag of its seal."""

MOST_PIXELS: Final = 64_000_000
"""Pixels of one photo: decoded at four bytes each, a quarter of a GiB."""

MOST_SIDE: Final = 20_000
"""Pixels of one side of a photo."""

MOST_PAGES: Final = 300

_FOREIGN: Final = (
    b"PK\x03\x04",
    b"MZ",
    b"\x7fELF",
    b"%PDF-",
    b"Rar!",
    b"7z\xbc\xaf",
    b"<!DOCTYPE",
    b"<html",
    b"<script",
    b"#!",
)
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_END_SIZE: Final = 22
_ZIP_COMMENT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Content:
    """A document as it is kept: ``data`` and its SHA-256, the SHA-256 of the file it came from, and its extent.

    ``width`` and ``height`` are pixels of a photo, ``pages`` those of a PDF, else 0. ``scripted``: a PDF that carries
    scripts or files; nothing here runs or opens them.
    """

    sha256: str
    original_sha256: str
    media: str
    data: bytes = field(repr=False)
    width: int = 0
    height: int = 0
    pages: int = 0
    scripted: bool = False


def check_extent(width: int, height: int) -> None:
    """``Refused`` "attachments.too_many_pixels" for a photo that would not fit into memory when it is shown."""
    if not 0 < width <= MOST_SIDE or not 0 < height <= MOST_SIDE or width * height > MOST_PIXELS:
        raise Refused("attachments.too_many_pixels", million=MOST_PIXELS // 1_000_000)


def check_tail(tail: bytes) -> None:
    """``Refused`` "attachments.two_kinds" when what follows a photo's end begins another kind of file.

    Phones append short films and previews of their own; those are cut off, not refused.
    """
    if tail.lstrip(b"\x00\r\n\t ")[:16].lower().startswith(tuple(mark.lower() for mark in _FOREIGN)):
        raise Refused("attachments.two_kinds")


def check_no_archive(data: bytes) -> None:
    """``Refused`` "attachments.two_kinds" when the file is a ZIP archive, too: one is found from its end."""
    tail = data[-(_ZIP_END_SIZE + _ZIP_COMMENT) :]
    place = tail.find(_ZIP_END)
    while place >= 0:
        comment = int.from_bytes(tail[place + 20 : place + 22], "little")
        if place + _ZIP_END_SIZE + comment <= len(tail) and place + _ZIP_END_SIZE <= len(tail):
            raise Refused("attachments.two_kinds")
        place = tail.find(_ZIP_END, place + 1)
