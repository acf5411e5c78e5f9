"""Token buckets, whose address counts, and how much memory it takes."""

from __future__ import annotations

import ipaddress

import pytest

from sync.gateway.limiter import LOOPBACK, Limiter, Rate, client_address

PROXY = (ipaddress.ip_network("10.1.0.0/16"), *LOOPBACK)


class Watch:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_burst_is_granted_and_then_so_many_a_second() -> None:
    watch = Watch()
    limiter, rate = Limiter(watch), Rate(per_second=2, burst=5)
    assert [limiter.wait("k", "a", rate) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    watch.seconds = 1
    assert [limiter.wait("k", "a", rate) for _ in range(3)] == [0, 0, 1]
    watch.seconds = 1_000
    assert [limiter.wait("k", "a", rate) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_one_s_flood_is_nobody_else_s() -> None:
    limiter, rate = Limiter(Watch()), Rate(1, 1)
    assert [limiter.wait("k", "a", rate) for _ in range(3)] == [0, 1, 1]
    assert limiter.wait("k", "b", rate) == limiter.wait("other", "a", rate) == 0


def test_the_wait_that_is_told_is_enough() -> None:
    watch = Watch()
    limiter, rate = Limiter(watch), Rate(1, 1)
    limiter.wait("k", "a", rate)
    watch.seconds += limiter.wait("k", "a", rate)
    assert limiter.wait("k", "a", rate) == 0


def test_a_million_strangers_do_not_fill_the_memory() -> None:
    limiter, rate = Limiter(Watch(), most=100), Rate(1, 1)
    for number in range(10_000):
        limiter.wait("address", str(number), rate)
    assert len(limiter) == 100


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.5", "", "203.0.113.5"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("127.0.0.1", "", ""),
        ("::1", "", ""),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "198.51.100.1, 10.1.9.9", "198.51.100.1"),
        ("10.1.2.3", "not an address", ""),
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", "", "203.0.113.5"),
        ("", "", ""),
    ],
)
def test_whose_address_counts(peer: str, forwarded: str, found: str) -> None:
    assert client_address(peer, forwarded, PROXY) == found
