"""One program per vault: a lock that the system itself releases when the program ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Final

from jmdesk.core.errors import Environment
from jmdesk.vault.files import disk_error, disk_errors

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

NAME: Final = "lock"

# What the systems say when somebody else has the lock; a share without locks says something else.
_HELD: Final = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK})


class InstanceLock:
    """The exclusive right to one vault folder, held until ``release`` or the end of the process."""

    def __init__(self, handle: int) -> None:
        self._handle: int | None = handle

    def release(self) -> None:
        """Let others in. The file stays: removing it would let two programs lock two files of one name."""
        if self._handle is not None:
            handle, self._handle = self._handle, None
            os.close(handle)


def locked(folder: Path) -> InstanceLock:
    """Take the vault folder for this program.

    ``Environment("vault.in_use")`` when another program has it, on this computer or (where the share supports locks) on
    another; ``Environment`` as ``disk_errors`` says when the lock file cannot be written.
    """
    with disk_errors():
        handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        _lock(handle)
    except OSError as error:
        os.close(handle)
        if error.errno in _HELD:
            raise Environment("vault.in_use") from None
        raise disk_error(error) from error
    return InstanceLock(handle)


def _lock(handle: int) -> None:
    """Lock without waiting; ``OSError`` when somebody has it."""
    if sys.platform == "win32":
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
