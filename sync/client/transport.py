"""What the desk asks of the platform, one verb each, whatever carries it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Challenge:
    """A nonce to sign (hex of 32 bytes), and which history the platform is in."""

    nonce: str
    server_epoch: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A session: its bearer token, and the platform's hints which trust document is its newest (0: none given), which
    history it is in, and what this device is granted now (`scope_digest`; empty: none given).
    """

    token: str
    trust_version: int = 0
    server_epoch: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Announced:
    """What the platform has of an announced batch: its state there, and the parts and attachments it still lacks."""

    state: str
    missing: tuple[int, ...]
    missing_attachments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request of this device about itself: a signed envelope.

    ``due``: what was asked for (a grant, or the standing of a retired device); else the standing of one that waits.
    """

    envelope: bytes
    due: bool


class Transport(ABC):
    """One attempt at each verb. Every verb may be repeated: the platform answers the same bytes the same way.

    Bytes come back as received; nothing is verified here. Errors: ``Unreachable`` (``sync.…``: try again later, nothing
    is lost) and ``Refused`` (the platform's stable problem codes as ``sync.<code>``), both unsigned: they pause and
    tell, they never change state.
    """

    token: str = ""
    """The session's bearer token; empty before `open_session`'s answer has been put here."""

    @abstractmethod
    def trust(self) -> bytes:
        """The platform's current trust document, an envelope."""

    @abstractmethod
    def enrol(self, request: bytes) -> bytes:
        """The grant that answers an enrolment request."""

    @abstractmethod
    def ask(self, purpose: str, request: bytes) -> Reply:
        """The answer to a request to ``rotate``, ``reopen`` or ``retire``; it needs no session."""

    @abstractmethod
    def challenge(self, device: str) -> Challenge:
        """A fresh nonce for a device."""

    @abstractmethod
    def open_session(self, answer: bytes) -> Opened:
        """The session that an answered challenge earns."""

    @abstractmethod
    def deliver(self, file: bytes) -> bytes:
        """Hand over a whole batch file (``.jmb``) in one go: its custody receipt."""

    @abstractmethod
    def announce(self, batch_id: str, manifest: bytes) -> Announced:
        """Hand over a batch's manifest envelope."""

    @abstractmethod
    def put_part(self, batch_id: str, n: int, ciphertext: bytes) -> None:
        """Hand over one part."""

    @abstractmethod
    def put_attachment(self, batch_id: str, n: int, ciphertext: bytes) -> None:
        """Hand over one attachment."""

    @abstractmethod
    def commit(self, batch_id: str) -> bytes:
        """Ask for the custody receipt of a batch whose parts are all there."""

    @abstractmethod
    def receipt(self, batch_id: str, wait: int = 0) -> bytes | None:
        """The reply (``.jmr``) with a batch's receipts and verdicts; ``None`` while the platform is at work on it.

        ``wait``: seconds (0 to 20) that the platform may hold the answer back until it is through.
        """

    @abstractmethod
    def packages(self) -> tuple[str, ...]:
        """The published packages by the SHA-256 of their envelopes, in the order in which they can be taken."""

    @abstractmethod
    def package(self, digest: str) -> bytes:
        """The envelope of a published package."""

    @abstractmethod
    def changes(self, cursor: int, limit: int) -> bytes:
        """The reply (``.jmr``) with the change page after a cursor, of about ``limit`` records."""
