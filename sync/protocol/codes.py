"""The enrolment code that an administrator prints or reads out: a one-time secret and the root's fingerprint."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """35 characters in 7 groups of 5: version, code id (4), secret (12), root fingerprint (17), check character.

    Alphabet: digits and capital letters without I, L, O, U. Reading forgives case, full-width letters, spaces, hyphens
    and the usual mix-ups (O for 0, I or L for 1). The check character catches every single wrong character and every
    swap of neighbours.
    """

    code_id: str
    """Names the code to the platform; not secret."""
    secret: str = field(repr=False)
    root_prefix: str
    """First 21 hex digits (84 bits) of the root's fingerprint."""

    @classmethod
    def new(cls, random: bytes, root_public: bytes) -> EnrolmentCode:
        """A code from 10 fresh random bytes and the root's raw public key."""
        raise NotImplementedError

    @classmethod
    def parse(cls, text: str) -> EnrolmentCode:
        """What was typed. Raises `LocalProtocolError` (length, character, check, version)."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """The printed form, ``XXXXX-XXXXX-…``."""
        raise NotImplementedError

    @property
    def proof_key(self) -> bytes:
        """32 bytes derived from the secret; the platform stores these, never the code, and only until it is used."""
        raise NotImplementedError
