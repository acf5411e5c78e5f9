"""Records what a program tells the disk, by strace."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = "openat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,rmdir,lseek"
_LINE = re.compile(r"^(?P<name>\w+)\((?P<args>.*)\)\s+= (?P<result>-?\d+)")
_FD = re.compile(r"^(?:\d+|AT_FDCWD)<(?P<path>[^>]*)>$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Event:
    """One thing told to the disk: ``kind`` write, size, sync, create, rename, remove, mkdir, rmdir, ack."""

    kind: str
    path: str = ""
    offset: int = 0
    data: bytes = b""
    target: str = ""


def record(command: Sequence[str], folder: Path, trace: Path) -> list[Event]:
    """Run a program; what it wrote below ``folder``, and each line it printed as an ``ack``, in order."""
    options = ["-y", "-xx", "-s", "4000000", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(trace)]
    subprocess.run(["strace", *options, *command], check=True, capture_output=True)
    positions: dict[str, int] = {}
    events: list[Event] = []
    with trace.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            found = _LINE.match(line)
            if found is not None and int(found["result"]) >= 0:
                events += _read(found["name"], found["args"], line, positions, str(folder))
    trace.unlink()
    return events


def _read(name: str, args: str, line: str, positions: dict[str, int], folder: str) -> list[Event]:
    texts = [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(args)]
    handle = args.split(", ", 1)[0]
    path = _path_of(handle)
    if name == "write" and handle.startswith("1<"):
        return [Event("ack", data=texts[0])]
    if name in ("rename", "renameat", "renameat2"):
        return _inside(folder, Event("rename", texts[0].decode(), target=texts[1].decode()))
    if name in ("unlink", "unlinkat", "mkdir", "rmdir"):
        kind = "rmdir" if "AT_REMOVEDIR" in args else name
        kind = "remove" if kind.startswith("unlink") else kind
        return _inside(folder, Event(kind, texts[0].decode()))
    if name == "openat":
        opened = texts[0].decode()
        result = line.rsplit("= ", 1)[1].split("<", maxsplit=1)[0].strip()
        positions[result] = 0
        made = _inside(folder, Event("create", opened)) if "O_CREAT" in args else []
        return made + (_inside(folder, Event("size", opened, 0)) if "O_TRUNC" in args else [])
    descriptor = handle.split("<")[0]
    if name == "lseek":
        positions[descriptor] = int(line.rsplit("= ", 1)[1])
        return []
    if name in ("fsync", "fdatasync"):
        return _inside(folder, Event("sync", path))
    if name == "ftruncate":
        return _inside(folder, Event("size", path, int(args.rsplit(", ", 1)[1])))
    offset = int(args.rsplit(", ", 1)[1]) if name == "pwrite64" else positions.get(descriptor, 0)
    if name == "write":
        positions[descriptor] = offset + len(texts[0])
    return _inside(folder, Event("write", path, offset, texts[0]))


def _path_of(handle: str) -> str:
    found = _FD.match(handle)
    if found is None:
        return ""
    path = found["path"]
    return bytes.fromhex(path.replace("\\x", "")).decode() if path.startswith("\\x") else path


def _inside(folder: str, event: Event) -> list[Event]:
    """What is lost in a power cut by nature (shared memory, locks) does not count."""
    inside = event.path.startswith(folder) and not event.path.endswith(("-shm", "/lock"))
    return [event] if inside else []
