"""Every bound of the protocol in one place: memory and disk are bounded before anything is authenticated (I10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, inclusive; sizes in bytes, times in seconds, the rest are counts.

    A reader may be given tighter limits (a small desk), never looser ones than `LIMITS`: a writer that keeps to
    `LIMITS` is understood everywhere.
    """

    envelope_bytes: int = 4 * MIB
    """One DSSE envelope as it travels (base64 and all)."""
    part_bytes: int = 4 * MIB
    """One part's ciphertext, tag included."""
    raw_part_bytes: int = 16 * MIB
    """One part's NDJSON after decompression."""
    fill_part_bytes: int = 3 * MIB
    """Where our own writer closes a part: even incompressible text then stays under `part_bytes`."""
    records_per_part: int = 1_000
    line_bytes: int = 1 * MIB
    """One NDJSON line without its line feed."""
    parts_per_batch: int = 10_000
    attachments_per_batch: int = 1_000
    attachment_bytes: int = 16 * MIB
    """One attachment's ciphertext, tag included."""
    envelopes_per_reply: int = 1_000
    reply_envelope_bytes: int = 32 * MIB
    """All envelopes of one `.jmr` together: they are held in memory while its parts are read."""
    container_bytes: int = 2 * 1024 * MIB
    """A whole `.jmb` or `.jmr`: half of what FAT32 can hold, and far from ZIP64."""
    recipients: int = 16
    json_depth: int = 32
    """Nesting of arrays and objects."""
    session_seconds: int = 900
    challenge_seconds: int = 120
    clock_skew_seconds: int = 600
    """Beyond this the platform flags the desk's clock; it never blocks work."""


LIMITS: Final = Limits()
