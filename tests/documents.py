"""Invented documents for tests: photos and papers as bytes, and the hostile ones that somebody might hand in."""

from __future__ import annotations

import struct
import zlib

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage, QImageWriter

PLACE = b"N22 15.1 E112 47.2 taken beside the pond"
"""What must never be kept of a photo."""


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 40, height: int = 30, *, seed: int = 1, extra: bytes = b"") -> bytes:
    """An RGB picture; ``extra`` chunks stand before the pixels."""
    rows = b"".join(
        b"\0" + bytes((x * seed + y * 7 + c * 31) % 256 for x in range(width) for c in range(3)) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = png_chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra + pixels + png_chunk(b"IEND", b"")


def jpeg(width: int = 64, height: int = 48, *, seed: int = 1, progressive: bool = False) -> bytes:
    """A photo as a plain encoder writes it."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    for y in range(height):
        for x in range(width):
            image.setPixelColor(x, y, QColor((x * 4 + seed) % 256, (y * 5) % 256, (x + y) % 256))
    kept = QByteArray()
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"jpeg"))
    writer.setProgressiveScanWrite(progressive)
    assert writer.write(image)
    return bytes(kept.data())


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def camera_data(orientation: int = 6) -> bytes:
    """What a phone writes into a photo: which way up, and where it was taken."""
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0) + struct.pack("<HHII", 0x8825, 4, 1, 38)
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 2) + entries + struct.pack("<I", 0) + PLACE
    return segment(0xE1, b"Exif\0\0" + tiff)


def phone_photo(orientation: int = 6) -> bytes:
    """A photo with camera data, an XMP block, a remark, and a short film behind its end."""
    plain = jpeg()
    more = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + PLACE) + segment(0xFE, PLACE)
    return plain[:2] + camera_data(orientation) + more + plain[2:] + b"\0\0\0\x18ftypmp42" + PLACE


def pdf(pages: int = 1, *, words: str = "Shouquan 2026", more: str = "") -> bytes:
    """A paper whose pages carry some words; ``more`` goes into the catalogue (scripts, say)."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(pages))
    bodies = [
        f"<< /Type /Catalog /Pages 2 0 R {more} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n in range(pages):
        text = f"BT /F1 24 Tf 60 700 Td ({words} {n + 1}) Tj ET"
        box = "/MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >>"
        bodies.append(f"<< /Type /Page /Parent 2 0 R {box} /Contents {5 + 2 * n} 0 R >>")
        bodies.append(f"<< /Length {len(text)} >>\nstream\n{text}\nendstream")
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + end.encode()


SCRIPT = "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"
