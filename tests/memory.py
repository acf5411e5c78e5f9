"""What stands in the memory of a running process (Linux)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path


def found_in(process: int, wanted: Sequence[bytes]) -> list[bytes]:
    """Which byte strings stand in the readable memory of a process."""
    found = set[bytes]()
    for part in _parts(process):
        found |= {sign for sign in wanted if sign in part}
    return sorted(found)


def _parts(process: int) -> Iterator[bytes]:
    with Path(f"/proc/{process}/mem").open("rb", 0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text("utf-8").splitlines():
            place, rights, *_ = line.split()
            if "r" not in rights or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            start, end = (int(part, 16) for part in place.split("-"))
            try:
                memory.seek(start)
                yield memory.read(end - start)
            except (OSError, OverflowError):
                continue


def processes_of(home: Path) -> dict[int, str]:
    """The processes that were started with this folder as their home, with their command lines."""
    named = f"HOME={home}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if named in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found
