"""How hard a passphrase is to guess, for the meter beside the field: advice, where ``passphrase`` is the rule."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from jmdesk.core.errors import Refused
from jmdesk.vault.passphrase import check_new_passphrase

STEPS: Final = (3, 6, 8, 10)
"""Powers of ten of guesses at which the level rises, as zxcvbn draws them."""
_PER_CHARACTER: Final = 1.5
"""Guesses (power of ten) that a Chinese character adds: those of a phrase, not of characters drawn at random."""
_LONGEST: Final = 72


@dataclass(frozen=True, slots=True)
class Strength:
    """``level`` 0 (guessed at once) to 4; ``refused`` is the rule that it breaks, if any."""

    level: int
    refused: Refused | None

    @property
    def accepted(self) -> bool:
        """Whether the rule takes it."""
        return self.refused is None


def strength(passphrase: str, known: tuple[str, ...] = ()) -> Strength:
    """The strength of a passphrase. What the rule refuses is never called better than weak (1).

    The part in Latin letters is judged by zxcvbn (Wheeler, USENIX Security 2016), which knows no Chinese; each other
    character counts as a power and a half of ten.
    """
    from zxcvbn import zxcvbn

    refused: Refused | None = None
    try:
        check_new_passphrase(passphrase, known=known)
    except Refused as error:
        refused = error
    folded = unicodedata.normalize("NFKC", passphrase)
    latin = "".join(c if ord(c) < 0x80 else " " for c in folded).strip()[:_LONGEST]
    others = len({c for c in folded if ord(c) >= 0x80})
    power = _PER_CHARACTER * others
    if latin:
        power += zxcvbn(latin, user_inputs=list(known))["guesses_log10"]
    level = sum(power >= step for step in STEPS)
    return Strength(level if refused is None else min(level, 1), refused)
