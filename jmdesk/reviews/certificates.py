"""Certificates of credit households: their text, the signed code that vouches for it, and how it is checked.

The code on the paper (QR) is ``JMC1.<payload>.<signature>`` in base64url without padding. The payload is compact JSON:
``n`` number, ``d`` SHA-256 of the certificate's text, ``k`` the device's key id, ``t`` the day. The signature is the
device's Ed25519 over ``jmdesk-certificate-v1`` and the payload, empty before enrolment: then the paper is provisional.
The text is every character printed on the paper in reading order, NFKC, without white space, so that neither a line
break nor a font makes a difference and every other change does.

A PDF that the program saves bears a second code as its last line, ``%JMP1.…`` in the same form, over all bytes before
it: fonts often give no way back from their glyphs to characters, so that the words of a PDF cannot always be read.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.papers.codes import qr_png
from jmdesk.papers.template import Picture, fill
from jmdesk.records.serials import Serials
from jmdesk.reviews import documents
from jmdesk.reviews.queries import Line

if TYPE_CHECKING:
    from jmdesk.records.writer import Writer
    from jmdesk.reviews.office import Office
    from jmdesk.vault.device import DeviceKeys

TEMPLATE: Final = "review-certificate"
MARK: Final = "JMC1"
FILE_MARK: Final = "JMP1"
_LABELS: Final = {MARK: b"jmdesk-certificate-v1\n", FILE_MARK: b"jmdesk-certificate-file-v1\n"}
_CODE_MM: Final = 38.0
_MOST_CODE: Final = 2000
_CONFIRMED: Final = "confirmed"


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


def text_of(document: bytes) -> str:
    """Every character of a Word document in reading order, as it is compared."""
    import docx
    from docx.oxml.ns import qn

    body = docx.Document(io.BytesIO(document)).element.body
    return plain("".join(str(part.text or "") for part in body.iter(qn("w:t"))))


def plain(text: str) -> str:
    """A text as it is compared: NFKC, nothing but what leaves ink."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Cn", "Co"))


def digest_of(text: str) -> bytes:
    """SHA-256 of a text in the form of ``plain``."""
    return hashlib.sha256(text.encode()).digest()


def code(number: str, text: str, day: date, keys: DeviceKeys | None) -> str:
    """The code for a certificate's text."""
    return _sealed(MARK, number, digest_of(text), day, keys)


def sealed_pdf(data: bytes, number: str, day: date, keys: DeviceKeys | None) -> bytes:
    """A certificate's PDF with the code over its bytes as its last line."""
    return data + f"\n%{_sealed(FILE_MARK, number, hashlib.sha256(data).digest(), day, keys)}\n".encode()


def file_seal(data: bytes) -> tuple[bytes, Sealed] | None:
    """The bytes that a PDF's last line vouches for, and what it says; None without. ``Refused`` as ``read_code``."""
    before, found, last = data.rpartition(f"\n%{FILE_MARK}.".encode())
    if not found or not last.endswith(b"\n"):
        return None
    return before, read_code(f"{FILE_MARK}.{last[:-1].decode('ascii', 'replace')}", FILE_MARK)


def _sealed(mark: str, number: str, digest: bytes, day: date, keys: DeviceKeys | None) -> str:
    values = {"n": number, "d": _b64(digest), "k": keys.keyid if keys else "", "t": day.isoformat()}
    payload = json.dumps(values, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()
    signature = keys.signing.sign(_LABELS[mark] + payload) if keys else b""
    return f"{mark}.{_b64(payload)}.{_b64(signature)}"


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


def issue_certificate(desk: Office, writer: Writer, line: Line, until: date) -> str:
    """Give out the certificate of a decided rating; gives its number. Errors as ``Papers.write``."""
    today = beijing_date(desk.clock.now())
    template, keys = desk.papers.template(TEMPLATE), desk.seal_keys()
    connection = writer.transaction.connection
    number = Serials(connection, desk.number_block).next(template.prefix, line.region, today.year)
    found = writer.transaction.get("R16", line.rating)
    rating = found.values if found else {}
    values: dict[str, object] = {
        "grade": line.grade,
        "valid_to": documents.day_text(until.isoformat()),
        "doc_no": str(rating.get("award_doc_no", "")),
        "org": str(rating.get("award_org", "")),
        "state": _state(line, signed=keys is not None),
        **documents.of_household(desk, line),
    }
    blank = fill(template, {"number": number, "code": "", **values})
    sealed = code(number, text_of(blank), today, keys)
    values["code"] = Picture(qr_png(sealed), _CODE_MM)
    return desk.papers.write(writer, TEMPLATE, "R16", line.rating, values, number=number).paper.number


def _state(line: Line, *, signed: bool) -> str:
    if not signed:
        return "暂定（本机尚未登记到市平台，未签名）"
    return "市平台已确认" if line.sync == _CONFIRMED else "暂定（待市平台回执确认）"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError("no text")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
