"""Writing small files so that a power cut leaves the old one or the new one, and reading them with a bound."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from jmdesk.core.errors import Environment

_FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_BARRED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn what the system says about the disk into what the user can act on.

    ``vault.disk_full``, ``vault.read_only`` (no right to write or read, or a read-only medium), ``vault.disk_error``.
    """
    try:
        yield
    except OSError as error:
        raise disk_error(error) from error


def disk_error(error: OSError) -> Environment:
    """The error as the user is told it; the path stays out, for it may hold a name."""
    if error.errno in _FULL:
        return Environment("vault.disk_full")
    if error.errno in _BARRED:
        return Environment("vault.read_only")
    return Environment("vault.disk_error", reason=errno.errorcode.get(error.errno or 0, "?"))


def write_durably(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path``, whole or not at all: temporary name, flush to disk, rename, flush the folder.

    Readable by its owner alone where the system has permissions. One writer at a time (the vault's lock sees to it).
    Raises ``OSError``; the old file is then untouched.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    # Not O_EXCL: a power cut may have left the name behind. O_NOFOLLOW: nobody redirects a key file by a link.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(temporary, flags, 0o600)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, path)  # noqa: PTH105 -- named as the system call that a power cut can precede
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def shred(path: Path) -> None:
    """Overwrite a file and remove it; nothing when it is gone already. Raises ``OSError``.

    A solid state disk may keep the old blocks all the same: what counts is that they are encrypted.
    """
    try:
        handle = os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return
    try:
        left, block = os.fstat(handle).st_size, bytes(1 << 20)
        while left > 0:
            left -= os.write(handle, block[:left])
        os.fsync(handle)
    finally:
        os.close(handle)
    path.unlink()


def flush_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut; Windows does so by itself and offers no call."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_bounded(path: Path, most: int) -> bytes | None:
    """The bytes of a file; ``None`` when it is missing. ``ValueError`` when it is no plain file or over ``most`` bytes.

    The bound holds while reading, so that a doctored file cannot fill the memory.
    """
    try:
        if path.exists() and not path.is_file():
            raise ValueError("not a plain file")
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except FileNotFoundError:
        return None
    if len(data) > most:
        raise ValueError("file too large")
    return data
