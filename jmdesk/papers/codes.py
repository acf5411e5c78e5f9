"""Codes on paper that a scanner or a phone reads back: QR codes as PNG."""

from __future__ import annotations

import io


def qr_png(text: str, *, module_px: int = 6) -> bytes:
    """A QR code (error correction M, quiet zone of four modules) as PNG."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=module_px, border=4)
    return out.getvalue()
