"""The enrolment code that an administrator prints or reads out: a one-time secret and the root's fingerprint."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from sync.protocol.errors import LocalProtocolError

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BYTES: Final = 10
_VERSION: Final = "1"
_ID, _SECRET, _ROOT = 4, 12, 17
_LENGTH: Final = len(_VERSION) + _ID + _SECRET + _ROOT + 1
_GROUP: Final = 5
_MIXED_UP: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_ROOT_HEX_DIGITS: Final = 21


def _symbols(data: bytes, count: int) -> str:
    bits = int.from_bytes(data, "big") >> (8 * len(data) - 5 * count)
    return "".join(ALPHABET[(bits >> (5 * place)) & 31] for place in reversed(range(count)))


def check_symbol(text: str) -> str:
    """The check character: Horner's rule over GF(32), x^5+x^2+1, so no place weighs as much as its neighbour."""
    value = 0
    for symbol in text:
        value <<= 1
        if value & 32:
            value ^= 0b100101
        value ^= ALPHABET.index(symbol)
    # One more step, so that the check character itself can be swapped with its neighbour only where that shows.
    value <<= 1
    if value & 32:
        value ^= 0b100101
    return ALPHABET[value]


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

    _root_symbols: str = field(repr=False, default="")

    @classmethod
    def new(cls, random: bytes, root_public: bytes) -> EnrolmentCode:
        """A code from 10 fresh random bytes and the root's raw public key."""
        if len(random) != RANDOM_BYTES:
            raise LocalProtocolError("protocol.content_key_size")
        drawn = _symbols(random, _ID + _SECRET)
        return cls._of(drawn + _symbols(hashlib.sha256(root_public).digest(), _ROOT))

    @classmethod
    def _of(cls, body: str) -> EnrolmentCode:
        root = body[_ID + _SECRET :]
        bits = 0
        for symbol in root:
            bits = bits << 5 | ALPHABET.index(symbol)
        prefix = f"{bits >> 1:0{_ROOT_HEX_DIGITS}x}"
        return cls(body[:_ID], body[_ID : _ID + _SECRET], prefix, root)

    @classmethod
    def parse(cls, text: str) -> EnrolmentCode:
        """What was typed. Raises `LocalProtocolError` ``code_length``, ``_symbol``, ``_check`` or ``_version``."""
        typed = unicodedata.normalize("NFKC", text).upper().translate(_MIXED_UP)
        symbols = "".join(c for c in typed if not (c.isspace() or unicodedata.category(c) == "Pd"))
        if any(symbol not in ALPHABET for symbol in symbols):
            raise LocalProtocolError("protocol.code_symbol")
        if len(symbols) != _LENGTH:
            raise LocalProtocolError("protocol.code_length", length=len(symbols), expected=_LENGTH)
        if check_symbol(symbols[:-1]) != symbols[-1]:
            raise LocalProtocolError("protocol.code_check")
        if symbols[0] != _VERSION:
            raise LocalProtocolError("protocol.code_version")
        return cls._of(symbols[1:-1])

    @property
    def text(self) -> str:
        """The printed form, ``XXXXX-XXXXX-…``."""
        body = _VERSION + self.code_id + self.secret + self._root_symbols
        body += check_symbol(body)
        return "-".join(body[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))

    @property
    def proof_key(self) -> bytes:
        """32 bytes derived from the secret; the platform stores these, never the code, and only until it is used."""
        return hmac.digest(b"jmdesk-enrolment-code-v1", f"{self.code_id}{self.secret}".encode(), "sha256")
