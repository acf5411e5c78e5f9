"""Keeps the memory of the process that holds a key to itself."""

from __future__ import annotations

import sys


def no_core_dumps() -> None:
    """From now on a crash of this process writes no memory image; where there is no such limit, nothing happens."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
