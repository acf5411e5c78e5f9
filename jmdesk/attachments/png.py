"""PNG: walked chunk by chunk, unpacked once to see that it holds what it promises, and written without remarks.

Texts, times, camera data and animation are left out. Source: PNG specification, 3rd edition (chunks, Adam7).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from jmdesk.attachments.content import check_extent, check_tail
from jmdesk.attachments.jpeg import Photo
from jmdesk.core.errors import Refused

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CRITICAL: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_KEPT: Final = _CRITICAL | {b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"sBIT"}
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_ADAM7: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column, first row, column step, row step of each pass."""
_AT_ONCE: Final = 1024 * 1024


def clean_png(data: bytes) -> Photo:
    """The picture without its remarks. ``Refused``: "attachments.damaged", "attachments.too_many_pixels",
    "attachments.two_kinds".
    """
    kept, packed = [_SIGNATURE], list[bytes]()
    header = b""
    for kind, body, end in _chunks(data):
        if kind == b"IHDR":
            if header or len(body) != 13:
                raise Refused("attachments.damaged")
            header = body
            check_extent(int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big"))
        elif not header or (kind[0] < ord("a") and kind not in _CRITICAL):
            raise Refused("attachments.damaged")
        if kind in _KEPT:
            kept.append(_chunk(kind, body))
        if kind == b"IDAT":
            packed.append(body)
        if kind == b"IEND":
            check_tail(data[end:])
            break
    else:
        raise Refused("attachments.damaged")
    _check_pixels(packed, _raw_size(header))
    return Photo(b"".join(kept), int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big"))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Kind, body and end of each chunk, its check sum held."""
    place = len(_SIGNATURE)
    while place < len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        end = place + 12 + length
        if end > len(data) or not kind.isalpha():
            raise Refused("attachments.damaged")
        body = data[place + 8 : end - 4]
        if zlib.crc32(kind + body) != int.from_bytes(data[end - 4 : end], "big"):
            raise Refused("attachments.damaged")
        yield kind, body, end
        place = end


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _raw_size(header: bytes) -> int:
    """Bytes of the unpacked picture, filter bytes included."""
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    depth, colour, compression, filtering, interlace = header[8:13]
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise Refused("attachments.damaged")
    bits = depth * _CHANNELS[colour]

    def lines(wide: int, high: int) -> int:
        return high * (1 + (wide * bits + 7) // 8) if wide else 0

    if not interlace:
        return lines(width, height)
    return sum(
        lines(-(-(width - left) // across) if width > left else 0, -(-(height - top) // down) if height > top else 0)
        for left, top, across, down in _ADAM7
    )


def _check_pixels(packed: list[bytes], promised: int) -> None:
    """Unpack without keeping anything: never more than was promised, and no less."""
    unpacker, size = zlib.decompressobj(), 0
    try:
        for body in packed:
            piece = body
            while piece and not unpacker.eof:
                size += len(unpacker.decompress(piece, _AT_ONCE))
                if size > promised:
                    raise Refused("attachments.damaged")
                piece = unpacker.unconsumed_tail
    except zlib.error:
        raise Refused("attachments.damaged") from None
    if size != promised:
        raise Refused("attachments.damaged")
