"""Checks a certificate from its PDF or from its text: the code is read back, the words are held against it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jmdesk.core.errors import Environment, Refused
from jmdesk.core.seals import Sealed, check, check_signature, code_in, file_seal, plain, read_code

MOST_BYTES: Final = 16 * 1024 * 1024
_MOST_PAGES: Final = 3
_SCALE: Final = 3.0
"""216 dots per inch: some ten dots to a module of the code."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A certificate whose words are what was signed; ``signed`` False for one that no device has signed."""

    number: str
    day: str
    keyid: str
    signed: bool


def verify_file(path: Path, keys: Mapping[str, bytes]) -> Verified:
    """Check a ``.pdf``, or a text file with the certificate's words and its code.

    ``Refused`` as ``certificates.check``, "reviews.no_code" without exactly one code, "reviews.not_readable";
    ``Environment`` "cli.unreadable_file".
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Refused("reviews.not_readable")
        data = path.read_bytes()
    except OSError as error:
        raise Environment("cli.unreadable_file", file=path.name) from error
    if not data.startswith(b"%PDF-"):
        return verified(*_of_text(data), keys)
    text, code = _of_pdf(data)
    found = file_seal(data)
    return verified(text, code, keys) if found is None else _verified_bytes(*found, read_code(code), keys)


def verified(text: str, code: str, keys: Mapping[str, bytes]) -> Verified:
    """Check words against a code. Errors as ``certificates.check``."""
    sealed: Sealed = read_code(code)
    signed = check(sealed, text, keys)
    if plain(sealed.number) not in plain(text):
        raise Refused("reviews.text_changed", number=sealed.number)
    return Verified(sealed.number, sealed.day, sealed.keyid, signed)


def _verified_bytes(data: bytes, over: Sealed, printed: Sealed, keys: Mapping[str, bytes]) -> Verified:
    """Check a PDF by the code over its bytes, which must be of the same certificate and device as the one printed."""
    same = (over.number, over.keyid) == (printed.number, printed.keyid)
    if not same or hashlib.sha256(data).digest() != over.digest:
        raise Refused("reviews.text_changed", number=printed.number)
    signed = check_signature(over, keys) and check_signature(printed, keys)
    return Verified(printed.number, printed.day, printed.keyid, signed)


def read_keys(path: Path) -> dict[str, bytes]:
    """Public keys from a JSON object of key id → base64 of the raw Ed25519 key. ``Refused`` "reviews.bad_keys"."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return {str(keyid): base64.b64decode(value, validate=True) for keyid, value in raw.items()}
    except OSError as error:
        raise Environment("cli.unreadable_file", file=path.name) from error
    except (ValueError, AttributeError, TypeError) as error:
        raise Refused("reviews.bad_keys") from error


def _of_text(data: bytes) -> tuple[str, str]:
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Refused("reviews.not_readable") from None
    coded = [line for line in lines if _holds_code(line)]
    if len(coded) != 1:
        raise Refused("reviews.no_code")
    return "\n".join(line for line in lines if line not in coded), code_in(coded[0])


def _holds_code(text: str) -> bool:
    try:
        return bool(code_in(text))
    except Refused:
        return False


def _of_pdf(data: bytes) -> tuple[str, str]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        raise Refused("reviews.not_readable") from None
    try:
        if not 0 < len(document) <= _MOST_PAGES:
            raise Refused("reviews.not_readable")
        words, codes = [], set[str]()
        for page in document:
            words.append(page.get_textpage().get_text_range())
            codes |= _codes(page.render(scale=_SCALE, grayscale=True))
    finally:
        document.close()
    if len(codes) != 1:
        raise Refused("reviews.no_code")
    return "\n".join(words), codes.pop()


def _codes(bitmap: object) -> set[str]:
    """The codes of certificates on a rendered page (one byte per dot)."""
    import zxingcpp

    width, height, stride = bitmap.width, bitmap.height, bitmap.stride  # type: ignore[attr-defined]
    dots = bytes(bitmap.buffer)  # type: ignore[attr-defined]
    tight = b"".join(dots[row * stride : row * stride + width] for row in range(height))
    grey = memoryview(tight).cast("B", shape=[height, width])
    found = zxingcpp.read_barcodes(grey)
    return {code_in(barcode.text) for barcode in found if _holds_code(barcode.text)}
