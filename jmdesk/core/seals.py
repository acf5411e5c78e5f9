"""The codes on certificates: what they say, how they are signed, how they are checked, on a desk and at the platform.

The code on the paper (QR) is ``JMC1.<payload>.<signature>`` in base64url without padding. The payload is compact JSON:
``n`` number, ``d`` SHA-256 of the certificate's text, ``k`` the device's key id, ``t`` the day. The signature is the
device's Ed25519 over ``jmdesk-certificate-v1`` and the payload, empty before enrolment: then the paper is provisional.
The text is every character printed on the paper in reading order, NFKC, without white space, so that neither a line
break nor a font makes a difference and every other change does.

A desk that knows its platform prints the code as the address of the platform's public page with the code in it, so
that any telephone opens the page; who reads the code takes it out of the address (``code_in``).

A PDF that the program saves bears a second code as its last line, ``%JMP1.…`` in the same form, over all bytes before
it: fonts often give no way back from their glyphs to characters, so that the words of a PDF cannot always be read.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jmdesk.core.errors import Refused

MARK: Final = "JMC1"
FILE_MARK: Final = "JMP1"
PAGE: Final = "/certificates"
"""Where the platform's public page is, beside the rest of its address."""
_LABELS: Final = {MARK: b"jmdesk-certificate-v1\n", FILE_MARK: b"jmdesk-certificate-file-v1\n"}
_CODE: Final = re.compile(r"(?<![A-Za-z0-9_-])JMC1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_MOST_CODE: Final = 2000
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32: no letter that a person takes for a digit, nor the other way round."""
_FORGIVEN: Final = str.maketrans("ILO", "110", " -　")
CHECK_LENGTH: Final = 8

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the code of a certificate says. ``signature`` is empty before the desk was enrolled."""

    mark: str
    number: str
    digest: bytes
    keyid: str
    day: str
    payload: bytes
    signature: bytes

    @property
    def is_signed(self) -> bool:
        """Whether a device has signed it."""
        return bool(self.signature)


def plain(text: str) -> str:
    """A text as it is compared: NFKC, nothing but what leaves ink."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Cn", "Co"))


def digest_of(text: str) -> bytes:
    """SHA-256 of a text in the form of ``plain``."""
    return hashlib.sha256(text.encode()).digest()


def seal(mark: str, number: str, digest: bytes, day: date, signer: tuple[str, Sign] | None) -> str:
    """The code over a digest; ``signer`` is a device's key id and its signature, nobody before enrolment."""
    values = {"n": number, "d": _b64(digest), "k": signer[0] if signer else "", "t": day.isoformat()}
    payload = json.dumps(values, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()
    signature = signer[1](_LABELS[mark] + payload) if signer else b""
    return f"{mark}.{_b64(payload)}.{_b64(signature)}"


def check_digits(number: str, rid: str) -> str:
    """What a certificate prints for whoever types instead of scanning: 8 characters, ``XXXX-XXXX``.

    They follow from the number and from the id of its record, which never leaves the offices: whoever knows them has
    the paper in hand. 40 bits.
    """
    drawn = int.from_bytes(hashlib.sha256(f"jmdesk-certificate-check-v1|{number}|{rid}".encode()).digest()[:5], "big")
    text = "".join(_DIGITS[drawn >> 5 * place & 31] for place in reversed(range(CHECK_LENGTH)))
    return f"{text[:4]}-{text[4:]}"


def plain_check(text: str) -> str:
    """Check digits as they are compared: capital letters, no hyphen; I and L for 1, O for 0."""
    return unicodedata.normalize("NFKC", text).upper().translate(_FORGIVEN)


def page_of(platform: str, number: str, sealed: str = "") -> str:
    """The address of the platform's public page for a certificate; with its code, what the QR says."""
    code = f"?code={sealed}" if sealed else ""
    return f"{platform.rstrip('/')}{PAGE}/{quote(number, safe='')}{code}"


def code_in(text: str) -> str:
    """The one code in a text or an address. ``Refused`` "reviews.no_code" where there is none, or more than one."""
    found = set(_CODE.findall(text)) if len(text) <= _MOST_CODE else set()
    if len(found) != 1:
        raise Refused("reviews.no_code")
    return str(found.pop())


def read_code(text: str, mark: str = MARK) -> Sealed:
    """What a code says, nothing checked yet. ``Refused`` "reviews.no_code" for anything else."""
    if len(text) > _MOST_CODE or not text.strip().startswith(f"{mark}."):
        raise Refused("reviews.no_code")
    try:
        _, payload, signature = text.strip().split(".")
        raw = _unb64(payload)
        values = json.loads(raw)
        digest, name = _unb64(values["d"]), str(values["n"])
        return Sealed(mark, name, digest, str(values["k"]), str(values["t"]), raw, _unb64(signature))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("reviews.no_code") from error


def file_seal(data: bytes) -> tuple[bytes, Sealed] | None:
    """The bytes that a PDF's last line vouches for, and what it says; None without. ``Refused`` as ``read_code``."""
    before, found, last = data.rpartition(f"\n%{FILE_MARK}.".encode())
    if not found or not last.endswith(b"\n"):
        return None
    return before, read_code(f"{FILE_MARK}.{last[:-1].decode('ascii', 'replace')}", FILE_MARK)


def check(sealed: Sealed, text: str, keys: Mapping[str, bytes]) -> bool:
    """Whether a text is what a device signed: True, or False for one that nobody signed yet (provisional).

    ``keys``: raw Ed25519 public keys by key id. ``Refused``: "reviews.text_changed", "reviews.unknown_key",
    "reviews.bad_signature".
    """
    if digest_of(plain(text)) != sealed.digest:
        raise Refused("reviews.text_changed", number=sealed.number)
    return check_signature(sealed, keys)


def check_signature(sealed: Sealed, keys: Mapping[str, bytes]) -> bool:
    """Whether a device signed a code: True, or False where nobody has. ``Refused`` as ``check``."""
    if not sealed.is_signed and not sealed.keyid:
        return False
    key = keys.get(sealed.keyid)
    if key is None:
        raise Refused("reviews.unknown_key", key=sealed.keyid)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(sealed.signature, _LABELS[sealed.mark] + sealed.payload)
    except (InvalidSignature, ValueError):
        raise Refused("reviews.bad_signature", number=sealed.number) from None
    return True


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError("no text")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
