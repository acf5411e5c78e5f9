"""Rate limits: token buckets per address and per device, in memory that is bounded.

A bucket holds ``burst`` tokens and gains ``per_second`` again; a request takes one. With several API processes each
keeps its own buckets: the limits are against floods, not a price list.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_BUCKETS: Final = 20_000
"""Buckets that are kept, some 4 MB; beyond them the one that was asked longest ago goes."""
_IPV6_SITE: Final = 64
LOOPBACK: Final[tuple[Network, ...]] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class Rate:
    """``per_second`` requests for ever, ``burst`` at once."""

    per_second: int
    burst: int


@dataclass(frozen=True, slots=True)
class Rates:
    """How often whom. A county's desks may share one address, so an address may do what many desks do in a morning."""

    address: Rate = Rate(200, 2_000)
    """Everything from one address."""
    enrol: Rate = Rate(1, 30)
    """Enrolment requests from one address: each is a guess at a code."""
    session: Rate = Rate(20, 400)
    """Challenges and session answers from one address: each costs a signature check."""
    page: Rate = Rate(1, 30)
    """The public certificate page, from one address: nobody tries numbers one after the other."""
    device: Rate = Rate(100, 2_000)
    """Everything that a device asks with its token."""


class Limiter:
    """Buckets by kind and whose they are. ``now`` gives seconds of a clock that never goes back. Thread-safe."""

    def __init__(self, now: Callable[[], float], most: int = MOST_BUCKETS) -> None:
        self._now = now
        self._most = most
        self._lock = threading.Lock()
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, kind: str, whose: str, rate: Rate) -> int:
        """Takes a token; 0, or in how many whole seconds there will be one."""
        now, key = self._now(), (kind, whose)
        with self._lock:
            level, at = self._buckets.pop(key, (rate.burst, now))
            level = min(rate.burst, level + (now - at) * rate.per_second)
            granted = level >= 1
            self._buckets[key] = (level - 1 if granted else level, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        return 0 if granted else max(1, round((1 - level) / rate.per_second))


def client_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Who asks: the peer, or whom a trusted proxy says it asks for; "" where a trusted peer names nobody.

    ``forwarded`` is ``X-Forwarded-For``; only the last entry that is no proxy of ours counts, since whoever asks may
    write the others. Of IPv6 the /64 counts: a site has all of it.
    """
    for text in [peer, *reversed(forwarded.split(","))]:
        try:
            address = ipaddress.ip_address(text.strip())
        except ValueError:
            return ""
        if any(address in network for network in trusted):
            continue
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped is not None:
                return str(address.ipv4_mapped)
            return str(ipaddress.ip_network((address, _IPV6_SITE), strict=False))
        return str(address)
    return ""
