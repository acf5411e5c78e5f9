"""The ``.jmb`` / ``.jmr`` container: ZIP, STORED only, every byte fixed, written and read front to back.

Neither end seeks and neither holds more than one entry (and the directory of at most some ten thousand names), so a
batch of any size passes through bounded memory. Any ZIP tool can list and extract what the writer writes; the reader
takes nothing else than that. Layout: APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.16.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final, NamedTuple, Protocol

from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.limits import LIMITS, Limits

_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")
_LOCAL_MARK: Final = b"PK\x03\x04"
_CENTRAL_MARK: Final = b"PK\x01\x02"
_END_MARK: Final = b"PK\x05\x06"
_ZIP64_MARKS: Final = (b"PK\x06\x06", b"PK\x06\x07")
_VERSION_NEEDED: Final = 10
_DATE: Final = 0x0021  # 1980-01-01
_ZIP64_SIZE: Final = 0xFFFFFFFF
_FLAG_ENCRYPTED: Final = 0x0001 | 0x0040 | 0x2000
_FLAG_DESCRIPTOR: Final = 0x0008


class ByteSource(Protocol):
    """Anything with ``read(n)``; need not seek."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes, fewer at will, none only at the end."""
        ...


class ByteSink(Protocol):
    """Anything with ``write``; need not seek."""

    def write(self, data: bytes, /) -> object:
        """Takes all of ``data``."""
        ...


class _Entry(NamedTuple):
    name: bytes
    crc: int
    size: int
    offset: int


class ContainerWriter:
    """Writes entries in the order given; the same entries give the same bytes for ever."""

    def __init__(self, sink: ByteSink, limits: Limits = LIMITS) -> None:
        self._sink = sink
        self._limits = limits
        self._entries: list[_Entry] = []
        self._names: set[bytes] = set()
        self._offset = 0

    def _write(self, data: bytes) -> None:
        self._offset += len(data)
        if self._offset > self._limits.container_bytes:
            raise LocalProtocolError("protocol.container_limit", limit=self._limits.container_bytes)
        self._sink.write(data)

    def add(self, name: str, data: bytes) -> None:
        """One entry. Raises `LocalProtocolError` for a name used twice or a container grown over its limit."""
        key = name.encode("ascii")
        if key in self._names:
            raise LocalProtocolError("protocol.container_duplicate")
        entry = _Entry(key, zlib.crc32(data), len(data), self._offset)
        self._entries.append(entry)
        self._names.add(key)
        self._write(
            _LOCAL.pack(_LOCAL_MARK, _VERSION_NEEDED, 0, 0, 0, _DATE, entry.crc, entry.size, entry.size, len(key), 0)
            + key
        )
        self._write(data)

    def finish(self) -> int:
        """Writes the central directory; gives the container's size in bytes."""
        start = self._offset
        for name, crc, size, offset in self._entries:
            head = _CENTRAL.pack(
                _CENTRAL_MARK, 0, _VERSION_NEEDED, 0, 0, 0, _DATE, crc, size, size, len(name), 0, 0, 0, 0, 0, offset
            )
            self._write(head + name)
        count = len(self._entries)
        self._write(_END.pack(_END_MARK, 0, 0, count, count, self._offset - start, start, 0))
        return self._offset


class ContainerReader:
    """Reads a container front to back, refusing everything that `ContainerWriter` does not write.

    Every refusal is a `RemoteProtocolError` with a ``protocol.container_*`` code of its own.
    """

    def __init__(self, source: ByteSource, limits: Limits = LIMITS) -> None:
        self._source = source
        self._limits = limits
        self._entries: list[_Entry] = []
        self._names: set[bytes] = set()
        self._offset = 0

    def _take(self, size: int) -> bytes:
        if self._offset + size > self._limits.container_bytes:
            raise RemoteProtocolError("protocol.container_limit", limit=self._limits.container_bytes)
        pieces: list[bytes] = []
        missing = size
        while missing:
            piece = self._source.read(missing)
            if not piece:
                raise RemoteProtocolError("protocol.container_truncated", offset=self._offset + size - missing)
            pieces.append(piece)
            missing -= len(piece)
        self._offset += size
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read(self, name: str, max_size: int, size: int | None = None) -> bytes:
        """The next entry, which must have this name, at most ``max_size`` bytes and exactly ``size`` where given."""
        offset = self._offset
        mark = self._take(4)
        if mark != _LOCAL_MARK:
            raise RemoteProtocolError(_wrong_mark(mark, first=offset == 0), entry=name)
        fields = _LOCAL.unpack(mark + self._take(_LOCAL.size - 4))
        _, version, flags, method, time, date, crc, packed, plain, name_size, extra_size = fields
        _check_common(version, flags, method, time, date)
        if extra_size:
            raise RemoteProtocolError("protocol.container_extra")
        _check_sizes(packed, plain)
        self._check_name(self._take(min(name_size, 64)), name)
        if plain > max_size:
            raise RemoteProtocolError("protocol.container_entry_limit", entry=name, size=plain, limit=max_size)
        if size is not None and plain != size:
            raise RemoteProtocolError("protocol.container_entry_size", entry=name, size=plain, expected=size)
        data = self._take(plain)
        if zlib.crc32(data) != crc:
            raise RemoteProtocolError("protocol.container_crc", entry=name)
        self._entries.append(_Entry(name.encode(), crc, plain, offset))
        self._names.add(name.encode())
        return data

    def _check_name(self, found: bytes, expected: str) -> None:
        if found == expected.encode():
            return
        code = "protocol.container_duplicate" if found in self._names else "protocol.container_name"
        raise RemoteProtocolError(code, entry=expected)

    def finish(self) -> None:
        """Checks the central directory against what was read, and that nothing follows."""
        start = self._offset
        for entry in self._entries:
            self._check_directory_entry(entry)
        directory_size = self._offset - start
        mark = self._take(4)
        if mark == _CENTRAL_MARK:
            raise RemoteProtocolError("protocol.container_directory")
        if mark != _END_MARK:
            raise RemoteProtocolError(_wrong_mark(mark, first=False), entry="end")
        count = len(self._entries)
        end = _END.unpack(mark + self._take(_END.size - 4))
        if end[7]:
            raise RemoteProtocolError("protocol.container_comment")
        if end[1:7] != (0, 0, count, count, directory_size, start):
            raise RemoteProtocolError("protocol.container_end")
        if self._source.read(1):
            raise RemoteProtocolError("protocol.container_trailing")

    def _check_directory_entry(self, entry: _Entry) -> None:
        mark = self._take(4)
        if mark == _LOCAL_MARK:
            raise RemoteProtocolError("protocol.container_unlisted")
        if mark != _CENTRAL_MARK:
            raise RemoteProtocolError(_wrong_mark(mark, first=False), entry=entry.name.decode())
        (_, made_by, version, flags, method, time, date, crc, packed, plain, name_size, extra_size, comment_size) = (
            _CENTRAL.unpack(mark + (rest := self._take(_CENTRAL.size - 4)))[:13]
        )
        disk, internal, external, offset = struct.unpack("<HHII", rest[-12:])
        _check_common(version, flags, method, time, date)
        if made_by:
            raise RemoteProtocolError("protocol.container_made_by")
        if extra_size:
            raise RemoteProtocolError("protocol.container_extra")
        if comment_size:
            raise RemoteProtocolError("protocol.container_comment")
        if disk or internal or external:
            raise RemoteProtocolError("protocol.container_attributes")
        _check_sizes(packed, plain)
        if (crc, plain) != (entry.crc, entry.size):
            raise RemoteProtocolError("protocol.container_directory_size", entry=entry.name.decode())
        if offset != entry.offset:
            raise RemoteProtocolError("protocol.container_overlap", entry=entry.name.decode())
        if self._take(name_size) != entry.name:
            raise RemoteProtocolError("protocol.container_directory", entry=entry.name.decode())


def _wrong_mark(mark: bytes, *, first: bool) -> str:
    if first:
        return "protocol.container_not_zip"
    if mark in _ZIP64_MARKS:
        return "protocol.container_zip64"
    if mark in (_CENTRAL_MARK, _END_MARK):
        return "protocol.container_missing"
    return "protocol.container_garbage"


def _check_common(version: int, flags: int, method: int, time: int, date: int) -> None:
    if flags & _FLAG_ENCRYPTED:
        raise RemoteProtocolError("protocol.container_encrypted")
    if flags & _FLAG_DESCRIPTOR:
        raise RemoteProtocolError("protocol.container_descriptor")
    if flags:
        raise RemoteProtocolError("protocol.container_flags")
    if method:
        raise RemoteProtocolError("protocol.container_compressed")
    if version != _VERSION_NEEDED:
        raise RemoteProtocolError("protocol.container_version")
    if (time, date) != (0, _DATE):
        raise RemoteProtocolError("protocol.container_time")


def _check_sizes(packed: int, plain: int) -> None:
    if _ZIP64_SIZE in (packed, plain):
        raise RemoteProtocolError("protocol.container_zip64")
    if packed != plain:
        raise RemoteProtocolError("protocol.container_size_mismatch")


def container_size(entries: list[tuple[str, int]]) -> int:
    """Bytes of a container with entries of these (name, size), before it is written: free space is checked first."""
    names = sum(len(name) for name, _ in entries)
    return _END.size + len(entries) * (_LOCAL.size + _CENTRAL.size) + 2 * names + sum(size for _, size in entries)
