"""Taking a document in: told by its bytes, checked, cleaned, and named by the SHA-256 of what is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jmdesk.attachments.content import MOST_BYTES, Content, check_no_archive
from jmdesk.attachments.jpeg import clean_jpeg
from jmdesk.attachments.pdf import read_pdf
from jmdesk.attachments.png import clean_png
from jmdesk.core.errors import Environment, Refused
from jmdesk.core.media import JPEG, PDF, media_type

_PHONE_PHOTOS = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif")


def read_document(path: Path) -> Content:
    """The document in a file. ``Environment`` "attachments.unreadable"; ``Refused`` as `examine`."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise Environment("attachments.unreadable") from error
    return examine(data)


def examine(data: bytes) -> Content:
    """The document that bytes are, ready to be kept.

    A photo is kept without camera data: where it was taken is nobody's business. ``Refused``: "attachments.empty",
    "attachments.too_large", "attachments.kind" (neither JPEG, PNG nor PDF), "attachments.heic", "attachments.damaged",
    "attachments.two_kinds", "attachments.too_many_pixels", "attachments.too_many_pages", "attachments.pdf_locked".
    """
    if not data:
        raise Refused("attachments.empty")
    if len(data) > MOST_BYTES:
        raise Refused("attachments.too_large", limit=MOST_BYTES // (1024 * 1024) + 1)
    media = media_type(data)
    if not media:
        raise Refused("attachments.heic" if data[4:12] in _PHONE_PHOTOS else "attachments.kind")
    original = hashlib.sha256(data).hexdigest()
    if media == PDF:
        check_no_archive(data)
        paper = read_pdf(data)
        return Content(original, original, media, data, pages=paper.pages, scripted=paper.scripted)
    photo = clean_jpeg(data) if media == JPEG else clean_png(data)
    check_no_archive(photo.data)
    digest = hashlib.sha256(photo.data).hexdigest()
    return Content(digest, original, media, photo.data, photo.width, photo.height)
