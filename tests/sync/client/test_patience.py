from __future__ import annotations

import pytest

from jmdesk.core.errors import Refused, Unreachable
from sync.client.patience import PASSING, Patience
from sync.client.steering import Steering, Stopped


class Server:
    """Fails a number of times, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def patience(waits: list[float], share: float = 1.0, **options: int) -> Patience:
    steering = Steering(wait=waits.append)
    return Patience(steering, uniform=lambda low, high: low + (high - low) * share, **options)


def passing(code: str = "sync.unavailable", **params: object) -> Unreachable:
    return Unreachable(code, request_id="-", **params)


@pytest.mark.parametrize("code", sorted(PASSING))
def test_what_may_pass_is_tried_again(code: str) -> None:
    server = Server(passing(code), passing(code))
    assert patience([]).run(server) == "answer"
    assert server.calls == 3


def test_waits_grow_twofold_from_one_second_and_end_at_twenty() -> None:
    waits: list[float] = []
    with pytest.raises(Unreachable):
        patience(waits, attempts=8).run(Server(*(passing() for _ in range(8))))
    assert sum(waits) == pytest.approx(1 + 2 + 4 + 8 + 16 + 20 + 20)


def test_jitter_is_full_so_that_desks_do_not_come_back_in_step() -> None:
    for share in (0.0, 0.25, 1.0):
        waits: list[float] = []
        patience(waits, share).run(Server(passing()))
        assert sum(waits) == pytest.approx(share)


def test_a_time_that_the_platform_names_is_kept_and_jittered() -> None:
    waits: list[float] = []
    patience(waits, 0.5).run(Server(passing("sync.too_many", retry_after=7)))
    assert sum(waits) == pytest.approx(7.5)


def test_a_platform_that_asks_for_long_is_told_to_the_user_instead() -> None:
    server, waits = Server(passing("sync.too_many", retry_after=600)), list[float]()
    with pytest.raises(Unreachable, match=r"sync\.too_many"):
        patience(waits).run(server)
    assert (server.calls, waits) == (1, [])


@pytest.mark.parametrize(
    "error", [passing("sync.captive_portal"), passing("sync.unexpected_answer"), Refused("sync.seq_gap")]
)
def test_what_will_not_pass_is_told_at_once(error: Exception) -> None:
    server = Server(error)
    with pytest.raises(type(error)):
        patience([]).run(server)
    assert server.calls == 1


def test_the_last_error_is_told_after_four_tries() -> None:
    server = Server(*(passing(code) for code in ("sync.timeout", "sync.timeout", "sync.timeout", "sync.internal")))
    with pytest.raises(Unreachable, match=r"sync\.internal"):
        patience([]).run(server)
    assert server.calls == 4


def test_waiting_can_be_stopped_at_once() -> None:
    waits: list[float] = []
    steering = Steering(cancelled=lambda: len(waits) >= 3, wait=waits.append)
    with pytest.raises(Stopped):
        Patience(steering, uniform=lambda _low, high: high).run(Server(passing("sync.too_many", retry_after=50)))
    assert len(waits) == 3
    assert max(waits) <= 0.1
