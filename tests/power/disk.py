"""The disks that a power cut may leave, made in memory from what a program told the disk.

What a file was told to flush is there. Of what came after, each write is there, missing, or torn at a sector. Names
change in order, as journalling file systems have it: all up to the last flush of a folder hold, and any number of
those after it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.power.recorder import Event

SECTOR: Final = 512


@dataclass
class File:
    """A file's bytes as flushed, and what was told since."""

    flushed: bytes = b""
    since: list[Event] = field(default_factory=list)

    def flush(self) -> None:
        if self.since:
            data = bytearray(self.flushed)
            for event in self.since:
                _apply(data, event)
            self.flushed = bytes(data)
            self.since.clear()

    def left(self, chance: random.Random, losing: float) -> bytes:
        """What may be left of it: each write since the flush is lost with this chance, and half as often torn."""
        if not self.since:
            return self.flushed
        data = bytearray(self.flushed)
        for event in self.since:
            fate = chance.random()
            if fate < losing:
                continue
            torn = event.kind == "write" and len(event.data) > SECTOR and fate < losing * 1.5
            _apply(data, event, chance.randrange(1, -(-len(event.data) // SECTOR)) * SECTOR if torn else None)
        return bytes(data)


def _apply(data: bytearray, event: Event, most: int | None = None) -> None:
    if event.kind == "size":
        data[event.offset :] = bytes(max(0, event.offset - len(data)))
        return
    data.extend(bytes(max(0, event.offset - len(data))))
    written = event.data[:most]
    data[event.offset : event.offset + len(written)] = written


Names = dict[str, File | None]
"""Every name on the disk; a folder has no file."""


class Disk:
    """A disk while a program runs: told of one event after the other, asked what a power cut would leave."""

    def __init__(self, folder: Path) -> None:
        """Begin with what lies in a folder, all of it flushed."""
        self._now: Names = {}
        for place in sorted(folder.rglob("*")):
            name = place.relative_to(folder).as_posix()
            self._now[name] = None if place.is_dir() else File(place.read_bytes())
        self._flushed: Names = dict(self._now)
        self._since: list[tuple[Event, File | None]] = []

    def tell(self, event: Event) -> None:
        """The next event, its path relative to the folder."""
        match event.kind:
            case "write" | "size":
                file = self._now.get(event.path)
                if file is not None:
                    file.since.append(event)
            case "sync":
                self._flush(event.path)
            case "create" if event.path in self._now:
                pass
            case "create" | "rename" | "remove" | "mkdir" | "rmdir":
                change = (event, File() if event.kind == "create" else None)
                _rename(self._now, *change)
                self._since.append(change)

    def _flush(self, path: str) -> None:
        file = self._now.get(path)
        if file is not None:
            file.flush()
        elif path in self._now or not path:
            for change in self._since:
                _rename(self._flushed, *change)
            self._since.clear()

    def left(self, chance: random.Random) -> dict[str, bytes | None]:
        """One disk that may be left now: content by name, ``None`` for a folder."""
        losing = chance.choice((0.0, 0.3, 0.7, 1.0))
        names = dict(self._flushed)
        for change in self._since[: chance.choice((0, len(self._since), chance.randint(0, len(self._since))))]:
            _rename(names, *change)
        return {name: None if file is None else file.left(chance, losing) for name, file in names.items()}


def _rename(names: Names, event: Event, made: File | None) -> None:
    if event.kind in ("create", "mkdir"):
        names.setdefault(event.path, made)
        return
    inside = f"{event.path}/"
    moved = [name for name in names if name == event.path or name.startswith(inside)]
    files = {name: names.pop(name) for name in moved}
    if event.kind == "rename":
        names.update({event.target + name[len(event.path) :]: file for name, file in files.items()})


def lay_out(left: dict[str, bytes | None], target: Path) -> None:
    """Write a disk that was left into an empty folder."""
    target.mkdir()
    for name, data in left.items():
        place = target / name
        if data is None:
            place.mkdir(exist_ok=True, parents=True)
        elif place.parent.is_dir():
            place.write_bytes(data)


def relative(events: Sequence[Event], folder: Path) -> list[Event]:
    """The events with paths relative to a folder."""

    def within(path: str) -> str:
        return "" if not path or path == str(folder) else Path(path).relative_to(folder).as_posix()

    return [Event(e.kind, within(e.path), e.offset, e.data, within(e.target)) for e in events]
