"""After a lock no process of ours holds a plaintext: the one that held the key is gone, the keeper never had any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.desks import PASSPHRASE, VILLAGE, new_desk

CANARY = "金丝雀村民甲"
HOLD = """
import sys
from pathlib import Path
from jmdesk.desk import Desk
from jmdesk.vault.keeper import start_keeper
desk = Desk.open(Path(sys.argv[1]), sys.argv[2])
assert any(sys.argv[3] in str(one.values) for one in desk.records.find("R06"))
start_keeper(desk.vault, "4071", 60)
print("open", flush=True)
sys.stdin.readline()
desk.close()
"""


def _found_in(process: int, wanted: bytes) -> bool:
    """Whether a byte string stands in the readable memory of a process (Linux)."""
    with Path(f"/proc/{process}/mem").open("rb", 0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text("utf-8").splitlines():
            place, rights, *_ = line.split()
            if "r" not in rights or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            start, end = (int(part, 16) for part in place.split("-"))
            memory.seek(start)
            try:
                if wanted in memory.read(end - start):
                    return True
            except OSError:
                continue
    return False


def _ours(folder: Path) -> list[int]:
    """The keepers that run now, told by their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if b"keep-key" in (entry / "cmdline").read_bytes() and entry.stat().st_uid == folder.stat().st_uid:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


@pytest.mark.long
def test_no_process_of_ours_holds_a_name_or_a_passphrase_after_a_lock(tmp_path: Path) -> None:
    folder = tmp_path / "资料库"
    with new_desk(folder) as desk:
        household = desk.records.create("R05", {"region_code": VILLAGE})
        desk.records.create("R06", {"household_id": household, "person_name": CANARY})
    wanted = (CANARY.encode(), CANARY.encode("utf-16-le"), PASSPHRASE.encode())
    before = set(_ours(tmp_path))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), PASSPHRASE, CANARY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    assert _found_in(holder.pid, CANARY.encode()), "the search must be able to find it"
    holder.communicate("lock\n", timeout=60)
    assert holder.returncode == 0
    (keeper,) = set(_ours(tmp_path)) - before
    try:
        assert not [text for text in wanted if _found_in(keeper, text)]
    finally:
        subprocess.run(["kill", str(keeper)], check=True)
