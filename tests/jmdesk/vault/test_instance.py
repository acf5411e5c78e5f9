from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from jmdesk.core.errors import Environment
from jmdesk.vault import instance
from jmdesk.vault.instance import locked

HOLDER = """
import sys
from pathlib import Path
from jmdesk.vault.instance import locked
lock = locked(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_program_is_told_that_the_vault_is_in_use(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Environment) as error:
            locked(tmp_path)
        assert error.value.code == "vault.in_use"
        holder.kill()
    locked(tmp_path).release()


def test_the_lock_is_free_again_after_release_and_its_file_stays(tmp_path: Path) -> None:
    first = locked(tmp_path)
    with pytest.raises(Environment, match=r"vault\.in_use"):
        locked(tmp_path)
    first.release()
    first.release()
    locked(tmp_path).release()
    assert (tmp_path / instance.NAME).exists()


def test_a_share_that_knows_no_locks_is_not_taken_for_one_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(_handle: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(instance, "_lock", unsupported)
    with pytest.raises(Environment) as error:
        locked(tmp_path)
    assert error.value.code == "vault.disk_error"
    assert error.value.params == {"reason": "ENOLCK"}
