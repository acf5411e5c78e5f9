"""One gzip member (RFC 1952) of fixed header bytes, and a reader that never inflates more than it was told to."""

from __future__ import annotations

import struct
from typing import Final, cast

from isal import isal_zlib

from sync.protocol.errors import RemoteProtocolError

HEADER: Final = bytes.fromhex("1f8b08000000000000ff")
"""Magic, deflate, no flags, mtime 0, no extra flags, system unknown."""
_TRAILER: Final = struct.Struct("<II")
_RAW_DEFLATE: Final = -15
# ISA-L's own default. Its level 3 takes five times as long and leaves lines a tenth larger (0.114 of them to 0.103).
_LEVEL: Final = 2
# The library's stub declares its exception class as an instance.
_IsalError: Final = cast(type[Exception], isal_zlib.error)


def compress(raw: bytes) -> bytes:
    """One member: `HEADER`, deflate, CRC-32, length."""
    deflate = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW_DEFLATE)
    body = deflate.compress(raw) + deflate.flush()
    return b"".join((HEADER, body, _TRAILER.pack(isal_zlib.crc32(raw), len(raw) & 0xFFFFFFFF)))


def decompress(member: bytes, size: int) -> bytes:
    """Exactly ``size`` bytes from exactly one member; memory stays within ``size`` whatever the input claims.

    The first eight header bytes are fixed; XFL and OS are the compressor's own. Raises `RemoteProtocolError`
    ``protocol.gzip_header``, ``gzip_deflate``, ``gzip_size``, ``gzip_members``, ``gzip_check``.
    """
    if len(member) < len(HEADER) + _TRAILER.size or member[:8] != HEADER[:8]:
        raise RemoteProtocolError("protocol.gzip_header")
    inflate = isal_zlib.decompressobj(_RAW_DEFLATE)
    try:
        raw = inflate.decompress(memoryview(member)[len(HEADER) :], size + 1)
    except _IsalError as error:
        raise RemoteProtocolError("protocol.gzip_deflate") from error
    if len(raw) != size:
        raise RemoteProtocolError("protocol.gzip_size", size=size)
    if not inflate.eof:
        raise RemoteProtocolError("protocol.gzip_deflate")
    rest = inflate.unused_data
    if len(rest) != _TRAILER.size:
        raise RemoteProtocolError("protocol.gzip_members")
    if _TRAILER.unpack(rest) != (isal_zlib.crc32(raw), size):
        raise RemoteProtocolError("protocol.gzip_check")
    return raw
