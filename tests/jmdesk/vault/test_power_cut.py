"""The power goes at each step of writing a header, and the disk keeps only what it was told to flush."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from jmdesk.core.errors import Environment
from jmdesk.vault import header as module
from jmdesk.vault.header import read_headers, save_header
from tests.jmdesk.vault.conftest import Model


class PowerCut(BaseException):
    """Nothing catches this, as nothing catches a power cut."""


class FailingDisk:
    """The real system calls of ``write_durably``, cut off at the n-th.

    ``torn`` decides what becomes of what was not flushed: bytes written are lost in part, renames are undone.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cut_at: int, *, torn: bool) -> None:
        self.steps: list[str] = []
        self._cut_at = cut_at
        self._torn = torn
        self._unflushed_files: set[Path] = set()
        self._unflushed_renames: list[tuple[Path, bytes | None]] = []
        self._paths: dict[int, Path] = {}
        self._real = {name: getattr(os, name) for name in ("open", "write", "fsync", "replace", "close")}
        for name in self._real:
            monkeypatch.setattr(f"jmdesk.vault.files.os.{name}", getattr(self, name))

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) == self._cut_at:
            raise PowerCut

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        self._step("open")
        handle: int = self._real["open"](path, flags, mode)
        self._paths[handle] = Path(path)
        return handle

    def write(self, handle: int, data: bytes) -> int:
        self._step("write")
        self._unflushed_files.add(self._paths[handle])
        written: int = self._real["write"](handle, data[: max(1, len(data) // 2)])
        return written

    def fsync(self, handle: int) -> None:
        self._step("fsync")
        self._real["fsync"](handle)
        path = self._paths[handle]
        self._unflushed_files.discard(path)
        if path.is_dir():
            self._unflushed_renames.clear()

    def replace(self, source: Path, target: Path) -> None:
        self._step("replace")
        before = target.read_bytes() if target.exists() else None
        self._real["replace"](source, target)
        self._unflushed_renames.append((target, before))

    def close(self, handle: int) -> None:
        self._paths.pop(handle, None)
        self._real["close"](handle)

    def come_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The computer starts again; the disk shows what it has."""
        monkeypatch.undo()
        if not self._torn:
            return
        for target, before in reversed(self._unflushed_renames):
            if before is None:
                target.unlink()
            else:
                target.write_bytes(before)
        for path in self._unflushed_files:
            if path.exists():
                os.truncate(path, path.stat().st_size // 3)


def _count_steps(vault: Path, model: Model) -> int:
    with pytest.MonkeyPatch.context() as monkeypatch:
        disk = FailingDisk(monkeypatch, cut_at=0, torn=False)
        save_header(vault, model.header, model.keys.header_mac)
    assert disk.steps.count("replace") == 2
    assert disk.steps.count("fsync") == 4
    return len(disk.steps)


@pytest.mark.parametrize("torn", [False, True])
def test_a_power_cut_at_any_step_leaves_the_old_header_or_the_new_one(vault: Path, model: Model, torn: bool) -> None:
    changed = msgspec.structs.replace(model.header, regions=("440704",))
    seen = set()
    for cut_at in range(1, _count_steps(vault, model) + 1):
        save_header(vault, model.header, model.keys.header_mac)
        monkeypatch = pytest.MonkeyPatch()
        disk = FailingDisk(monkeypatch, cut_at, torn=torn)
        with pytest.raises(PowerCut):
            save_header(vault, changed, model.keys.header_mac)
        disk.come_back(monkeypatch)
        found = read_headers(vault)
        assert not found.damaged, f"cut at step {cut_at}: {disk.steps}"
        assert all(copy.header in (model.header, changed) for copy in found.copies)
        assert all(copy.authentic(model.keys.header_mac) for copy in found.copies)
        seen.add(found.copies[0].header.regions)
    assert seen == {model.header.regions, changed.regions}


def test_a_write_that_fails_leaves_the_old_header_and_no_litter(
    vault: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_handle: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jmdesk.vault.files.os.write", no_room)
    with pytest.raises(Environment) as error:
        save_header(vault, msgspec.structs.replace(model.header, regions=("440704",)), model.keys.header_mac)
    monkeypatch.undo()
    assert error.value.code == "vault.disk_full"
    assert read_headers(vault).copies[0].header == model.header
    assert not list(vault.glob(".*.tmp"))
    assert {entry.name for entry in vault.iterdir()} >= {module.NAME, module.BACKUP_NAME}
