"""Codes on paper that a scanner or a phone reads back: QR codes as PNG."""

from __future__ import annotations

import io
from typing import Final

from jmdesk.core.seals import page_of
from jmdesk.papers.template import Picture

CODE_MM: Final = 38.0


def qr_png(text: str, *, module_px: int = 6) -> bytes:
    """A QR code (error correction M, quiet zone of four modules) as PNG."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=module_px, border=4)
    return out.getvalue()


def certificate_code(platform: str, number: str, sealed: str = "") -> Picture:
    """What a certificate or plaque bears to be checked: the platform's public page, with its signed code if it has one.

    Before the platform's address is known: the code alone, else the number.
    """
    return Picture(qr_png(page_of(platform, number, sealed) if platform else sealed or number), CODE_MM)
