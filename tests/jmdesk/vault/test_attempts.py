from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.vault import attempts
from jmdesk.vault.attempts import FREE, LONGEST_WAIT, wait_after
from jmdesk.vault.folder import unlock
from tests.jmdesk.vault.conftest import NOW, PASSPHRASE, USER

WRONG = "荔枝湾边两只白鹭"


def fail(vault: Path, clock: FixedClock, code: str = "vault.wrong_passphrase") -> Refused:
    with pytest.raises(Refused) as refused:
        unlock(vault, WRONG, clock=clock)
    assert refused.value.code == code
    return refused.value


def test_the_wait_grows_and_ends() -> None:
    waits = [wait_after(count) for count in range(FREE + 12)]
    assert waits[: FREE + 3] == [0, 0, 0, 10, 20, 40]
    assert waits == sorted(waits)
    assert wait_after(10**6) == LONGEST_WAIT == 900


def test_after_three_failures_even_the_right_passphrase_waits_and_then_opens(vault: Path) -> None:
    clock = FixedClock(NOW)
    for _ in range(FREE):
        fail(vault, clock)
    with pytest.raises(Refused) as refused:
        unlock(vault, PASSPHRASE, clock=clock)
    assert (refused.value.code, refused.value.params) == ("vault.wait", {"seconds": 10, "count": 3})
    clock.advance(seconds=10)
    with unlock(vault, PASSPHRASE, clock=clock) as opened:
        assert opened.failed_attempts == FREE
    with unlock(vault, PASSPHRASE, clock=clock) as opened:
        assert opened.failed_attempts == 0


def test_trying_while_waiting_counts_nothing_and_derives_nothing(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FixedClock(NOW)
    for _ in range(FREE):
        fail(vault, clock)
    monkeypatch.setattr("jmdesk.vault.slots.derive", lambda *_: pytest.fail("derived"))
    for _ in range(3):
        fail(vault, clock, "vault.wait")
    noted = attempts.failures_of(vault, USER)
    assert noted is not None
    assert noted.count == FREE


def test_a_clock_that_was_put_back_makes_no_endless_wait(vault: Path) -> None:
    clock = FixedClock(NOW)
    for _ in range(FREE):
        fail(vault, clock)
    clock.at = NOW - timedelta(days=400)
    fail(vault, clock, "vault.wait")
    clock.advance(seconds=10)
    unlock(vault, PASSPHRASE, clock=clock).close()


@pytest.mark.parametrize("spoiled", [b"", b"[]", b"\xff", b'{"u01":{"count":3,"last":"x"}}', b"x" * 100_000])
def test_a_spoiled_note_keeps_nobody_out(vault: Path, spoiled: bytes) -> None:
    (vault / attempts.NAME).write_bytes(spoiled)
    with unlock(vault, PASSPHRASE, clock=FixedClock(NOW)) as opened:
        assert opened.failed_attempts == 0
