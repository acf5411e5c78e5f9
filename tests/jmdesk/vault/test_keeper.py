"""The PIN at the counter, with a real keeper process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from jmdesk.core.errors import Environment, Refused
from jmdesk.vault import keeper, people, rotation
from jmdesk.vault.folder import unlock
from jmdesk.vault.keeper import check_pin, dismiss, seconds_of_today, start_keeper, unlock_with_pin, waiting
from tests.jmdesk.vault.conftest import PASSPHRASE, USER, Model

CODE = "4071"


@pytest.fixture
def kept(vault: Path) -> Iterator[Path]:
    """A locked vault whose secrets wait with a keeper."""
    with unlock(vault, PASSPHRASE) as opened:
        start_keeper(opened, CODE, 60)
    yield vault
    dismiss(vault, USER)


def test_the_pin_reopens_the_locked_vault_once(kept: Path, model: Model) -> None:
    assert waiting(kept, USER)
    with unlock_with_pin(kept, CODE, USER) as opened:
        assert (opened.keys, opened.user) == (model.keys, USER)
    assert not waiting(kept, USER)
    with pytest.raises(Refused, match=r"vault\.no_pin"):
        unlock_with_pin(kept, CODE, USER)


def test_three_wrong_pins_and_the_passphrase_is_needed(kept: Path) -> None:
    for left in (2, 1, 0):
        with pytest.raises(Refused, match=r"vault\.wrong_pin") as refused:
            unlock_with_pin(kept, "9999", USER)
        assert refused.value.params == {"left": left}
    with pytest.raises(Refused, match=r"vault\.no_pin"):
        unlock_with_pin(kept, CODE, USER)
    unlock(kept, PASSPHRASE).close()


def test_the_pin_of_one_user_opens_for_nobody_else(kept: Path) -> None:
    with pytest.raises(Refused, match=r"vault\.no_pin"):
        unlock_with_pin(kept, CODE, "u02")
    assert waiting(kept, USER)


def test_a_keeper_whose_time_is_up_is_gone(vault: Path) -> None:
    with unlock(vault, PASSPHRASE) as opened:
        start_keeper(opened, CODE, 1)
    until = monotonic() + 30
    while waiting(vault, USER) and monotonic() < until:
        pass
    with pytest.raises(Refused, match=r"vault\.no_pin"):
        unlock_with_pin(vault, CODE, USER)


def test_a_pin_does_not_open_after_the_key_was_changed(kept: Path) -> None:
    with unlock(kept, PASSPHRASE) as opened:
        fresh = rotation.renewed(opened, lambda file, _key: file.touch())
        people.relabel(fresh, USER, "新名")
    with pytest.raises(Environment, match=r"vault\.damaged_header"):
        unlock_with_pin(kept, CODE, USER)


def test_nothing_of_a_pin_or_a_key_is_written_to_disk(kept: Path, model: Model) -> None:
    for file in kept.iterdir():
        if file.is_file():
            data = file.read_bytes()
            assert CODE.encode() not in data or file.name in ("vault.json", "vault.json.bak")
            assert model.keys.db not in data


@pytest.mark.parametrize("pin", ["", "123", "1234", "9876", "1111", "123456789", "12a4", "１２３９"])
def test_a_pin_that_is_tried_first_is_refused(pin: str) -> None:
    with pytest.raises(Refused, match=r"vault\.bad_pin"):
        check_pin(pin)


def test_a_pin_lasts_to_the_end_of_the_day_in_jiangmen() -> None:
    assert seconds_of_today(datetime(2026, 11, 22, 1, tzinfo=UTC), 10) == 10 * 3600
    assert seconds_of_today(datetime(2026, 11, 22, 15, 59, tzinfo=UTC), 10) == 60


def test_a_weak_pin_leaves_nothing_with_a_keeper(vault: Path) -> None:
    with unlock(vault, PASSPHRASE) as opened, pytest.raises(Refused, match=r"vault\.bad_pin"):
        start_keeper(opened, "1234", 60)
    assert not waiting(vault, USER)


def test_a_program_that_does_not_become_a_keeper_is_told(vault: Path) -> None:
    with unlock(vault, PASSPHRASE) as opened, pytest.raises(Environment, match=r"vault\.no_keeper"):
        start_keeper(opened, CODE, 60, [sys.executable, "-c", "import sys; sys.stdin.read()"])
    assert not waiting(vault, USER)


@pytest.mark.parametrize("answer", [b"*0" + bytes(63), b"+0" + bytes(62), b"+0" + bytes(64)])
def test_an_answer_that_is_no_keeper_s_opens_nothing(
    answer: bytes, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_ask", lambda _address, _question: answer)
    with pytest.raises(Refused, match=r"vault\.wrong_pin") as refused:
        unlock_with_pin(vault, CODE, USER)
    assert refused.value.params == {"left": 0}


@pytest.mark.skipif(sys.platform == "win32", reason="a keeper listens on a pipe there")
def test_a_folder_that_others_may_look_into_is_no_place_for_a_keeper(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "run"
    shared.mkdir(mode=0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(shared))
    with unlock(vault, PASSPHRASE) as opened, pytest.raises(Environment, match=r"vault\.no_keeper"):
        start_keeper(opened, CODE, 60)
    shared.chmod(0o700)
    stranger = shared.stat().st_uid + 1
    monkeypatch.setattr(os, "getuid", lambda: stranger)
    with unlock(vault, PASSPHRASE) as opened, pytest.raises(Environment, match=r"vault\.no_keeper"):
        start_keeper(opened, CODE, 60)
