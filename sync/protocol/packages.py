"""``package.v1``: catalogue, rules, regions, calendar and list packages, public and signed by a certified publisher."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from sync.protocol.envelope import PayloadType, open_envelope, sign_envelope
from sync.protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from sync.protocol.manifest import VERSION, Moment, Ordinal, Token, encode
from sync.protocol.strict_json import read_json
from sync.protocol.suites import Keyring, Signer

Date = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-[01]\d-[0-3]\d\Z")]
OptionalDate = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-[01]\d-[0-3]\d)?\Z")]
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class PackageKind(StrEnum):
    """What a package brings."""

    CATALOGUE = "catalogue"
    RULES = "rules"
    REGIONS = "regions"
    CALENDAR = "calendar"
    LIST = "list"


class Package(msgspec.Struct, frozen=True):
    """The payload: ``files`` maps plain file names to text; ``effective`` and ``until`` are dates (until may be "").

    ``sequence`` grows with every issue of the same (kind, name) and never goes down on a desk.
    """

    v: int
    kind: PackageKind
    name: Token
    version: Token
    sequence: Ordinal
    effective: Date
    until: OptionalDate
    min_client: Token
    issued: Moment
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class SignedPackage:
    """A verified package and its envelope bytes."""

    package: Package
    envelope: bytes = field(repr=False)


def _read(payload: bytes) -> Package:
    package = read_json(payload, Package)
    if package.v != VERSION:
        raise RemoteProtocolError("protocol.version", version=package.v)
    if not package.files or not all(_FILE_NAME.fullmatch(name) for name in package.files):
        raise RemoteProtocolError("protocol.package_files")
    if package.until and package.until < package.effective:
        raise RemoteProtocolError("protocol.package_dates")
    return package


def sign_package(package: Package, key: Signer) -> bytes:
    """The envelope of a package, which is also its file. Raises `LocalProtocolError`."""
    payload = encode(package)
    try:
        _read(payload)
    except ProtocolError as error:
        raise LocalProtocolError(error.code, **error.params) from error
    return sign_envelope(PayloadType.PACKAGE, payload, key)


def open_package(envelope: bytes, keyring: Keyring, *, sequence: int = 0) -> SignedPackage:
    """A package from a certified publisher, not older than ``sequence``. Raises `RemoteProtocolError`."""
    opened = open_envelope(envelope, PayloadType.PACKAGE, keyring)
    package = _read(opened.payload)
    if package.sequence < sequence:
        raise RemoteProtocolError("protocol.package_rollback", sequence=package.sequence, current=sequence)
    return SignedPackage(package, envelope)
