"""``provision.v1``: what an administrator puts beside the installer so that a desk starts with its unit filled in."""

from __future__ import annotations

import msgspec

from sync.protocol.manifest import Digest, Moment, Token, UnitCode
from sync.protocol.suites import SigningKey
from sync.protocol.trust import Trust


class Provision(msgspec.Struct, frozen=True):
    """Unit, claimed scope, roles, modules, gateway address and the pinned root; the grant overrides scope and roles."""

    v: int
    unit: UnitCode
    unit_name: str
    regions: tuple[str, ...]
    roles: tuple[Token, ...]
    modules: tuple[Token, ...]
    gateway: str
    root: Digest
    issued: Moment
    expires: Moment


def sign_provision(provision: Provision, key: SigningKey) -> bytes:
    """The envelope of a provision."""
    raise NotImplementedError


def open_provision(envelope: bytes, trust: Trust, *, now: str) -> Provision:
    """A provision signed by a certified provisioning key, in date, that pins the root of this trust."""
    raise NotImplementedError
