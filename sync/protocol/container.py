"""The ``.jmb`` / ``.jmr`` container: ZIP, STORED only, every byte fixed, written and read front to back in bounded memory."""

from __future__ import annotations

from typing import Protocol

from sync.protocol.limits import LIMITS, Limits


class ByteSource(Protocol):
    """Anything with ``read(n)``; need not seek."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes, fewer only near the end, none at the end."""
        ...


class ByteSink(Protocol):
    """Anything with ``write``; need not seek."""

    def write(self, data: bytes, /) -> object:
        """Takes all of ``data``."""
        ...


class ContainerWriter:
    """Writes entries in the order given; the same entries give the same bytes for ever."""

    def __init__(self, sink: ByteSink, limits: Limits = LIMITS) -> None:
        raise NotImplementedError

    def add(self, name: str, data: bytes) -> None:
        """One entry."""
        raise NotImplementedError

    def finish(self) -> int:
        """Writes the central directory; gives the container's size in bytes."""
        raise NotImplementedError


class ContainerReader:
    """Reads a container front to back, refusing everything that `ContainerWriter` does not write."""

    def __init__(self, source: ByteSource, limits: Limits = LIMITS) -> None:
        raise NotImplementedError

    def read(self, name: str, max_size: int, size: int | None = None) -> bytes:
        """The next entry, which must have this name, at most ``max_size`` bytes and exactly ``size`` where given."""
        raise NotImplementedError

    def finish(self) -> None:
        """Checks the central directory against what was read, and that nothing follows."""
        raise NotImplementedError


def container_size(entries: list[tuple[str, int]]) -> int:
    """Bytes of a container with entries of these names and sizes, before it is written (free space is checked first)."""
    raise NotImplementedError
