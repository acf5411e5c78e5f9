"""Change pages: what the platform hands down, sealed to one device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sync.protocol.envelope import PayloadType, open_envelope, sign_envelope
from sync.protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import VERSION, ChangePage, PartEntry, decode_change_page, encode
from sync.protocol.parts import Binding, ContentKey, Label, SealedPart, open_content_key, open_part, pack_lines
from sync.protocol.records import ChangeLine, encode_line, read_changes, split_lines
from sync.protocol.suites import Keyring, OpeningKey, Signer


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
    """Seals change lines into parts and then signs the page over them.

    ``key`` is a fresh content key sealed to the device's X25519 key with the page id as owner.
    """

    def __init__(self, header: PageHeader, key: ContentKey, limits: Limits = LIMITS) -> None:
        self._header = header
        self._key = key
        self._limits = limits
        self._parts: list[PartEntry] = []

    def _lines(self, changes: Iterable[ChangeLine]) -> Iterator[bytes]:
        last = self._header.since
        for index, line in enumerate(changes):
            if not last <= line.cursor <= self._header.until:
                raise LocalProtocolError("protocol.cursor_range", index=index)
            last = line.cursor
            yield encode_line(line)

    def seal(self, changes: Iterable[ChangeLine]) -> Iterator[SealedPart]:
        """The page's parts, one at a time; cursors must not fall. Call once."""
        if self._parts:
            raise LocalProtocolError("protocol.batch_sealed")
        binding = Binding(Label.CHANGE, self._header.page_id, self._header.device)
        for part in pack_lines(self._lines(changes), binding, self._key, limits=self._limits):
            self._parts.append(part.entry)
            yield part

    def sign(self, key: Signer) -> SignedPage:
        """The signed page over everything sealed so far (a page may be empty)."""
        header = self._header
        page = ChangePage(
            v=VERSION,
            suite=key.suite,
            page_id=header.page_id,
            unit=header.unit,
            device=header.device,
            server_epoch=header.server_epoch,
            since=header.since,
            until=header.until,
            more=header.more,
            snapshot=header.snapshot,
            created=header.created,
            records=sum(p.records for p in self._parts),
            raw_bytes=sum(p.raw_size for p in self._parts),
            enc=self._key.encryption,
            parts=tuple(self._parts),
        )
        payload = encode(page)
        try:
            decode_change_page(payload, self._limits)
        except ProtocolError as error:
            raise LocalProtocolError(error.code, **error.params) from error
        return SignedPage(page, sign_envelope(PayloadType.CHANGE_PAGE, payload, key))


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

    ``server_epoch`` empty: any (first pull). A page of another server epoch raises ``protocol.server_epoch``: the
    caller starts over from cursor 0 on purpose, never by accident. Raises `RemoteProtocolError`.
    """
    opened = open_envelope(envelope, PayloadType.CHANGE_PAGE, keyring, limits)
    page = decode_change_page(opened.payload, limits)
    if page.device != device:
        raise RemoteProtocolError("protocol.receipt_other_device")
    if page.unit != unit:
        raise RemoteProtocolError("protocol.receipt_other_unit")
    if server_epoch and page.server_epoch != server_epoch:
        raise RemoteProtocolError("protocol.server_epoch")
    if page.until < cursor:
        raise RemoteProtocolError("protocol.cursor_back", since=page.since, until=page.until, cursor=cursor)
    if page.since != cursor:
        raise RemoteProtocolError("protocol.cursor_gap", since=page.since, cursor=cursor)
    return SignedPage(page, envelope)


class PageOpener:
    """Opens the parts of one page with the device's X25519 key."""

    def __init__(self, page: ChangePage, key: OpeningKey, limits: Limits = LIMITS) -> None:
        self._page = page
        self._limits = limits
        self._binding = Binding(Label.CHANGE, page.page_id, page.device)
        self._key = open_content_key(page.enc, key, page.page_id, page.device)

    def changes(self, entry: PartEntry, ciphertext: bytes) -> list[ChangeLine]:
        """One part's changes, with cursors inside the page's range. Raises `RemoteProtocolError`."""
        raw = open_part(entry, ciphertext, self._binding, self._key, self._limits)
        changes = read_changes(split_lines(raw, entry.records))
        for number, line in enumerate(changes):
            if not self._page.since <= line.cursor <= self._page.until:
                raise RemoteProtocolError("protocol.line", line=number, reason="protocol.cursor_range")
        return changes
