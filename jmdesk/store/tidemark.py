"""How far the store had come when something was last said to be saved, noted beside it: what tells of a lost end.

SQLite takes its write-ahead log up to the first frame whose checksum fails. After a crash, a flipped bit or a cut end
would therefore quietly take back all that was saved from there on: such a store is whole, only shorter.

The mark is written into place after each commit and never flushed, for a save may wait for the disk once only. A mark
that a power cut left behind the store proves nothing and harms nothing; one that is ahead of it tells. It is no guard
against somebody who puts the whole folder back: they take the mark along, and the platform finds out.
"""

from __future__ import annotations

import hmac
import os
import struct
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from jmdesk.store import change_log
from jmdesk.store.change_log import Head
from jmdesk.vault.files import read_bounded

SUFFIX: Final = ".mark"
_MAGIC: Final = b"JMMARK1\n"
_FORM: Final = struct.Struct(">8sQQ32s20s")
_MAC_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a store had come: the head of its change log, and how many commits went by without an entry in it."""

    head: Head
    beside: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What was noted: how far, and when (UTC text)."""

    reached: Reached
    at: str

    def missing(self, connection: Connection, found: Reached) -> int | None:
        """``None`` when all of it is in the store, else how many entries of the log are gone at least (may be 0)."""
        gone = self.reached.head.count - found.head.count
        if gone > 0:
            return gone
        same = change_log.hash_at(connection, self.reached.head.count) == self.reached.head.hash
        return None if same and self.reached.beside <= found.beside else 0


class Tidemark:
    """The file of the mark beside one store: a hundred bytes under a MAC of the vault, written in place."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._key = path, key
        self._handle: int | None = None
        self._closing: weakref.finalize[[int], Tidemark] | None = None

    def read(self) -> Mark | None:
        """The mark; ``None`` when there is none, or none of this vault: then nothing is known."""
        try:
            data = read_bounded(self._path, _FORM.size + _MAC_BYTES) or b""
        except (OSError, ValueError):
            return None
        body, mac = data[: _FORM.size], data[_FORM.size :]
        if len(body) != _FORM.size or not hmac.compare_digest(mac, self._mac(body)):
            return None
        magic, count, beside, last, at = _FORM.unpack(body)
        return Mark(Reached(Head(count, last), beside), at.decode("ascii")) if magic == _MAGIC else None

    def write(self, mark: Mark) -> None:
        """Put a mark in the place of the one before, unflushed. A disk that refuses leaves the older one."""
        reached = mark.reached
        body = _FORM.pack(_MAGIC, reached.head.count, reached.beside, reached.head.hash, mark.at.encode("ascii"))
        try:
            handle = self._opened()
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, body + self._mac(body))
        except OSError:
            return  # what it speaks of is committed: a save must not fail for its mark

    def close(self) -> None:
        """Let go of the file; the next mark opens it anew."""
        if self._closing is not None:
            self._closing()
        self._handle = self._closing = None

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")

    def _opened(self) -> int:
        if self._handle is None:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            self._handle = os.open(self._path, flags, 0o600)
            self._closing = weakref.finalize(self, os.close, self._handle)
        return self._handle
