"""After a lock no process of ours holds a plaintext: the one that held the key is gone, the keeper never had any."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desks import PASSPHRASE, VILLAGE, new_desk
from tests.memory import found_in, processes_of

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


@pytest.mark.long
def test_no_process_of_ours_holds_a_name_or_a_passphrase_after_a_lock(tmp_path: Path) -> None:
    folder = tmp_path / "资料库"
    with new_desk(folder) as desk:
        household = desk.records.create("R05", {"region_code": VILLAGE})
        desk.records.create("R06", {"household_id": household, "person_name": CANARY})
    wanted = (CANARY.encode(), CANARY.encode("utf-16-le"), PASSPHRASE.encode())
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), PASSPHRASE, CANARY],
        env={**os.environ, "HOME": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    assert found_in(holder.pid, [CANARY.encode()]), "the search must be able to find it"
    holder.communicate("lock\n", timeout=60)
    assert holder.returncode == 0
    ((keeper, command),) = processes_of(tmp_path).items()
    assert "keep-key" in command
    try:
        assert found_in(keeper, wanted) == []
    finally:
        subprocess.run(["kill", str(keeper)], check=True)
