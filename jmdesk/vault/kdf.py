"""Argon2id (RFC 9106): what turns a passphrase into the key that opens a slot."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from jmdesk.core.errors import Environment

KEY_BYTES: Final = 32
SALT_BYTES: Final = 16

_MIB: Final = 1024
_AIM_SECONDS: Final = 0.5
_SHORTEST_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Cost:
    """How dear one guess is: memory in KiB, passes over it, lanes.

    ``FLOOR`` (64 MiB, 3, 4: the second choice of RFC 9106, section 4) is the least the product writes or opens;
    ``CEILING`` is the most, so that a doctored vault cannot make a 4 GB office computer swap.
    """

    memory_kib: int
    passes: int
    lanes: int

    @property
    def within_bounds(self) -> bool:
        """Whether this lies between ``FLOOR`` and ``CEILING``; to be asked before anything is derived."""
        return (
            FLOOR.memory_kib <= self.memory_kib <= CEILING.memory_kib
            and FLOOR.passes <= self.passes <= CEILING.passes
            and FLOOR.lanes <= self.lanes <= CEILING.lanes
        )


FLOOR: Final = Cost(memory_kib=64 * _MIB, passes=3, lanes=4)
CEILING: Final = Cost(memory_kib=256 * _MIB, passes=12, lanes=8)


def derive(secret: bytes, salt: bytes, cost: Cost) -> bytes:
    """The 32-byte key of a secret.

    ``ValueError`` when the cost is out of bounds or the salt is not 16 bytes (nothing has been computed then);
    ``Environment("vault.low_memory")`` when the computer cannot spare the memory.
    """
    if not cost.within_bounds:
        raise ValueError("Argon2id cost out of bounds")
    if len(salt) != SALT_BYTES:
        raise ValueError("Argon2id salt must be 16 bytes")
    try:
        function = Argon2id(
            salt=salt, length=KEY_BYTES, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib
        )
        return function.derive(secret)
    except MemoryError:
        raise Environment("vault.low_memory", mebibytes=cost.memory_kib // _MIB) from None


def seconds(cost: Cost) -> float:
    """How long one derivation takes on this computer, in seconds."""
    start = time.perf_counter()
    derive(b"calibration", bytes(SALT_BYTES), cost)
    return time.perf_counter() - start


def calibrated(measure: Callable[[Cost], float] = seconds) -> Cost:
    """The cost that takes about half a second here, and at any rate 0.2 to 0.8 s where the bounds allow it.

    Memory grows first, up to 256 MiB, for memory is what an attacker's hardware lacks; passes grow only on a machine
    that is through 256 MiB in under 0.2 s. A computer slower than that stays at the floor. ``measure`` gives the
    seconds of one derivation and is called at most twice.
    """
    unit = measure(FLOOR)
    affordable = int(FLOOR.memory_kib * _AIM_SECONDS / unit) // _MIB * _MIB
    memory = min(max(affordable, FLOOR.memory_kib), CEILING.memory_kib)
    passes = FLOOR.passes
    if memory == CEILING.memory_kib:
        taken = measure(Cost(memory, passes, FLOOR.lanes))
        if taken < _SHORTEST_SECONDS:
            passes = min(int(passes * _AIM_SECONDS / taken), CEILING.passes)
    return Cost(memory, passes, FLOOR.lanes)
