"""``package.v1``: catalogue, rules, regions, calendar and list packages, public and signed by a certified publisher."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from sync.protocol.manifest import Moment, Ordinal, Token
from sync.protocol.suites import Keyring, SigningKey


class PackageKind(StrEnum):
    """What a package brings."""

    CATALOGUE = "catalogue"
    RULES = "rules"
    REGIONS = "regions"
    CALENDAR = "calendar"
    LIST = "list"


class Package(msgspec.Struct, frozen=True):
    """The payload: ``files`` maps plain file names to UTF-8 text; ``effective`` and ``until`` are dates (until may be "").

    ``sequence`` grows with every issue of the same (kind, name) and never goes down on a desk.
    """

    v: int
    kind: PackageKind
    name: Token
    version: Token
    sequence: Ordinal
    effective: str
    until: str
    min_client: Token
    issued: Moment
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class SignedPackage:
    """A verified package and its envelope bytes."""

    package: Package
    envelope: bytes = field(repr=False)


def sign_package(package: Package, key: SigningKey) -> bytes:
    """The envelope of a package, which is also its file."""
    raise NotImplementedError


def open_package(envelope: bytes, keyring: Keyring, *, sequence: int = 0) -> SignedPackage:
    """A package from a certified publisher, not older than ``sequence``."""
    raise NotImplementedError
