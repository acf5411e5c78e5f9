"""Documents as pictures, made in memory and off the GUI thread; nothing of them touches a file.

The format is the one that the document was checked to be: nothing else is ever tried on its bytes.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QImageWriter

from jmdesk.attachments.pdf import draw_page
from jmdesk.core.errors import Refused
from jmdesk.core.media import JPEG, PDF

THUMBNAIL: Final = 192
"""Pixels of a thumbnail's longer side: sharp at twice the size that lists show."""

_QUALITY: Final = 80
_MOST_PIXELS: Final = 16_000_000
_MOST_MIB: Final = 300


def page_picture(media: str, data: bytes, page: int, width: int) -> QImage:
    """A photo, or a page of a paper (from 0), about ``width`` pixels wide and never larger than 16 million pixels.

    ``Refused`` "attachments.cannot_draw" where the bytes cannot be drawn.
    """
    if media == PDF:
        drawn = draw_page(data, page, width)
        return QImage(drawn.pixels, drawn.width, drawn.height, drawn.stride, QImage.Format.Format_RGB32).copy()
    return _photo(media, data, width)


def thumbnail(media: str, data: bytes) -> bytes:
    """A small JPEG of a photo or of a paper's first page. ``Refused`` "attachments.cannot_draw"."""
    picture = page_picture(media, data, 0, THUMBNAIL * 2).scaled(
        QSize(THUMBNAIL, THUMBNAIL),
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    return encoded(picture.convertToFormat(QImage.Format.Format_RGB32), b"jpeg")


def encoded(picture: QImage, kind: bytes) -> bytes:
    """A picture as ``png`` or ``jpeg`` bytes."""
    kept = QByteArray()
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(kind))
    writer.setQuality(_QUALITY if kind == b"jpeg" else -1)
    if not writer.write(picture):
        raise Refused("attachments.cannot_draw")
    return bytes(kept.data())


def _photo(media: str, data: bytes, width: int) -> QImage:
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"jpeg" if media == JPEG else b"png"))
    reader.setDecideFormatFromContent(False)
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    QImageReader.setAllocationLimit(_MOST_MIB)
    size = reader.size()
    if not size.isValid():
        raise Refused("attachments.cannot_draw")
    # The size is told before the photo is turned the right way up: the shorter side is safe for both.
    scale = min(1.0, width / min(size.width(), size.height()), (_MOST_PIXELS / (size.width() * size.height())) ** 0.5)
    if scale < 1:
        reader.setScaledSize(QSize(max(1, round(size.width() * scale)), max(1, round(size.height() * scale))))
    picture = reader.read()
    if picture.isNull():
        raise Refused("attachments.cannot_draw")
    return picture
