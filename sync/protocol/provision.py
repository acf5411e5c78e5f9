"""``provision.v1``: what an administrator puts beside the installer so that a desk starts with its unit filled in."""

from __future__ import annotations

import msgspec

from sync.protocol.enrolment import RegionPrefix
from sync.protocol.envelope import PayloadType, open_envelope, sign_envelope
from sync.protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from sync.protocol.manifest import VERSION, Digest, Moment, Token, UnitCode, encode
from sync.protocol.strict_json import read_json
from sync.protocol.suites import Signer
from sync.protocol.trust import Trust


class Provision(msgspec.Struct, frozen=True):
    """Unit, claimed scope, roles, modules, gateway address and the pinned root; the grant overrides scope and roles."""

    v: int
    unit: UnitCode
    unit_name: str
    regions: tuple[RegionPrefix, ...]
    roles: tuple[Token, ...]
    modules: tuple[Token, ...]
    gateway: str
    root: Digest
    issued: Moment
    expires: Moment


def _read(payload: bytes) -> Provision:
    provision = read_json(payload, Provision)
    if provision.v != VERSION:
        raise RemoteProtocolError("protocol.version", version=provision.v)
    return provision


def sign_provision(provision: Provision, key: Signer) -> bytes:
    """The envelope of a provision. Raises `LocalProtocolError`."""
    payload = encode(provision)
    try:
        _read(payload)
    except ProtocolError as error:
        raise LocalProtocolError(error.code, **error.params) from error
    return sign_envelope(PayloadType.PROVISION, payload, key)


def open_provision(envelope: bytes, trust: Trust, *, now: str) -> Provision:
    """A provision signed by a certified provisioning key, in date, that pins the root of this trust.

    The trust itself must have been opened with a root known by another way (the installer, an enrolment code): a
    provision alone vouches for nothing. Raises `RemoteProtocolError`.
    """
    opened = open_envelope(envelope, PayloadType.PROVISION, trust)
    provision = _read(opened.payload)
    if provision.root != trust.root:
        raise RemoteProtocolError("protocol.trust_root")
    if now >= provision.expires:
        raise RemoteProtocolError("protocol.provision_expired", expires=provision.expires)
    return provision
