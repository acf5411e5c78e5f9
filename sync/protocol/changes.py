"""Change pages: what the platform hands down, sealed to one device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import ChangePage, PartEntry
from sync.protocol.parts import ContentKey, SealedPart
from sync.protocol.records import ChangeLine
from sync.protocol.suites import Keyring, OpeningKey, SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHeader:
    """Everything that a change page says and that building it does not compute."""

    page_id: str
    unit: str
    device: str
    server_epoch: str
    since: int
    until: int
    more: bool
    snapshot: bool
    created: str


@dataclass(frozen=True, slots=True)
class SignedPage:
    """A change page manifest and its envelope bytes."""

    page: ChangePage
    envelope: bytes = field(repr=False)


class PageBuilder:
    """Seals change lines into parts and then signs the page over them."""

    def __init__(self, header: PageHeader, key: ContentKey, limits: Limits = LIMITS) -> None:
        raise NotImplementedError

    def seal(self, changes: Iterable[ChangeLine]) -> Iterator[SealedPart]:
        """The page's parts, one at a time."""
        raise NotImplementedError

    def sign(self, key: SigningKey) -> SignedPage:
        """The signed page over everything sealed so far (a page may be empty)."""
        raise NotImplementedError


def open_page(
    envelope: bytes,
    keyring: Keyring,
    *,
    device: str,
    unit: str,
    server_epoch: str,
    cursor: int,
    limits: Limits = LIMITS,
) -> SignedPage:
    """A page for this device and unit that continues exactly at ``cursor`` and never goes back (I12).

    ``server_epoch`` empty: any. Raises `RemoteProtocolError`.
    """
    raise NotImplementedError


class PageOpener:
    """Opens the parts of one page with the device's X25519 key."""

    def __init__(self, page: ChangePage, key: OpeningKey, limits: Limits = LIMITS) -> None:
        raise NotImplementedError

    def changes(self, entry: PartEntry, ciphertext: bytes) -> list[ChangeLine]:
        """One part's changes, with cursors inside the page's range."""
        raise NotImplementedError
