"""What a document is by its first bytes, never by its name."""

from __future__ import annotations

from typing import Final

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
PDF: Final = "application/pdf"

_BEGINNINGS: Final = ((b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG), (b"%PDF-", PDF))


def media_type(content: bytes) -> str:
    """``image/jpeg``, ``image/png`` or ``application/pdf``; empty for anything else."""
    return next((media for beginning, media in _BEGINNINGS if content.startswith(beginning)), "")
