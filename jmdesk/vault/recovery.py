"""The printed recovery code: a second way in for one user, made once, shown once, spent when used."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from jmdesk.core.clock import Clock
from jmdesk.core.errors import Refused
from jmdesk.vault import people, slots
from jmdesk.vault.folder import Unlocked, unlock
from jmdesk.vault.kdf import FLOOR, Cost
from jmdesk.vault.slots import Owner

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L, O or U, which are read for one another."""
DATA: Final = 24
"""Characters of five random bits each: 120 bits, so the cheapest key derivation will do."""
GROUP: Final = 5

_ALIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new_code() -> str:
    """A fresh code with its check character, in groups of five: ``7K3QM-…``."""
    drawn = int.from_bytes(os.urandom(DATA * 5 // 8))
    body = "".join(ALPHABET[drawn >> 5 * place & 31] for place in range(DATA))
    return grouped(body + _check(body))


def grouped(code: str) -> str:
    """A code as it is printed."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def read_code(typed: str) -> str:
    """The code that was typed, in any case, with any dashes and spaces, O for 0 and I or L for 1.

    ``Refused("vault.bad_recovery_code")`` when it is not whole or its check character does not fit.
    """
    if len(typed) > 200:
        raise Refused("vault.bad_recovery_code")
    code = "".join(c for c in typed.upper() if c.isalnum()).translate(_ALIKE)
    if len(code) != DATA + 1 or any(c not in ALPHABET for c in code) or _check(code[:DATA]) != code[DATA]:
        raise Refused("vault.bad_recovery_code")
    return code


def give_code(vault: Unlocked, created: str) -> tuple[Unlocked, str]:
    """A new code for the user at the desk, in place of an earlier one; it is nowhere but in the answer."""
    code = new_code()
    owner = Owner(vault.user, created)
    slot = slots.guarded_slot(vault.header.place, owner, read_code(code), vault.secrets, FLOOR, slots.RECOVERY)
    return people.put_slot(vault, slot), code


def unlock_with_code(
    path: Path, typed: str, new: str, user: str | None = None, *, clock: Clock, created: str, cost: Cost | None = None
) -> Unlocked:
    """Open a vault with a recovery code and give the user a new passphrase; the code is spent then.

    ``Refused``: "vault.bad_recovery_code", "vault.wrong_recovery_code", and those of ``unlock`` and of new
    passphrases; the code then stays good.
    """
    code = read_code(typed)
    try:
        vault = unlock(path, code, user, kind=slots.RECOVERY, clock=clock)
    except Refused as error:
        if error.code == "vault.wrong_passphrase":
            raise Refused("vault.wrong_recovery_code") from None
        raise
    try:
        changed = people.set_passphrase(vault, Owner(vault.user, created), new, cost=cost)
        return people.drop_slot(changed, slots.RECOVERY, vault.user)
    except BaseException:
        vault.close()
        raise


def _check(body: str) -> str:
    return ALPHABET[hashlib.sha256(f"jmdesk-recovery-v1:{body}".encode()).digest()[0] & 31]
