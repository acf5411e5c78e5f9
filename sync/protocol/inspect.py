"""What is this file, who signed it, is it whole? The work behind ``jmdesk verify FILE``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sync.protocol.container import ByteSource
from sync.protocol.limits import LIMITS, Limits


class Signature(StrEnum):
    """What can be said about an envelope's signature."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN_KEY = "unknown_key"  # no key of that id and role was given


@dataclass(frozen=True, slots=True)
class EnvelopeReport:
    """One envelope: kind (short payload type), signer, signature, and its plain fields worth showing, in order."""

    kind: str
    signer: str
    signature: Signature
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole file. ``records`` counts lines actually opened; nothing where no private key was given.

    ``problems`` are stable protocol codes; a sound file has none.
    """

    kind: str
    envelopes: tuple[EnvelopeReport, ...]
    parts: int
    attachments: int
    records: int | None
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong and every signature was checked and held."""
        raise NotImplementedError


def inspect_file(source: ByteSource, keys: bytes | None = None, limits: Limits = LIMITS) -> Report:
    """Reads a ``.jmb``, ``.jmr`` or single envelope. ``keys`` is the content of a ``keys.json``; never raises on bad input."""
    raise NotImplementedError
