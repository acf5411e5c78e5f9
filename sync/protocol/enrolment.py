"""Enrolment, key rotation and reopening: the desk asks with its own key, the platform grants with its."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from sync.protocol.codes import EnrolmentCode
from sync.protocol.manifest import Count, Digest, KeyId, Moment, Ordinal, Token, UnitCode
from sync.protocol.suites import Keyring, PublicKey, SigningKey


class Purpose(StrEnum):
    """Why a desk asks."""

    ENROL = "enrol"
    ROTATE = "rotate"
    REOPEN = "reopen"


class ChainEnd(msgspec.Struct, frozen=True):
    """Where the desk believes its chain ends; all zero where it has none."""

    epoch: Count
    seq: Count
    head: Digest


class EnrolmentRequest(msgspec.Struct, frozen=True):
    """The payload. ``public`` comes first at a fixed position: it is the device key that signs it.

    enrol: ``code_id`` and ``proof`` · rotate: ``previous`` and ``endorsement`` (the old key's signature over the new
    keys) · reopen: ``chain``. Members that do not belong to the purpose are empty.
    """

    public: Digest
    v: int
    suite: Token
    purpose: Purpose
    device: KeyId
    kem_public: Digest
    unit: UnitCode
    code_id: Token
    proof: str
    previous: str
    endorsement: str
    chain: ChainEnd
    client: Token
    created: Moment


class EnrolmentGrant(msgspec.Struct, frozen=True):
    """The platform's answer; it overrides whatever the desk claimed. ``request`` is the digest of the request's payload.

    ``regions`` are prefixes of 12-digit region codes; ``desk_block`` two digits; ``epoch`` is the chain epoch in which
    the desk now starts at seq 1.
    """

    v: int
    suite: Token
    request: Digest
    device: KeyId
    kem: KeyId
    unit: UnitCode
    regions: tuple[str, ...]
    roles: tuple[Token, ...]
    modules: tuple[Token, ...]
    desk_block: str
    epoch: Ordinal
    server_epoch: Token
    trust_version: Ordinal
    granted: Moment


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request and its envelope; ``digest`` is what the grant answers."""

    request: EnrolmentRequest
    envelope: bytes = field(repr=False)
    digest: str
    device: PublicKey
    kem: PublicKey


def request_enrolment(
    device: SigningKey, kem: PublicKey, code: EnrolmentCode, *, unit: str, client: str, created: str
) -> SignedRequest:
    """First enrolment with a one-time code; the secret itself never travels."""
    raise NotImplementedError


def request_rotation(
    device: SigningKey, kem: PublicKey, previous: SigningKey, *, unit: str, chain: ChainEnd, client: str, created: str
) -> SignedRequest:
    """A new key, endorsed by the one it replaces."""
    raise NotImplementedError


def request_reopen(
    device: SigningKey, kem: PublicKey, *, unit: str, chain: ChainEnd, client: str, created: str
) -> SignedRequest:
    """A new chain epoch after a restore, to be approved by an administrator."""
    raise NotImplementedError


def open_request(envelope: bytes) -> SignedRequest:
    """A request whose own key signed it. Who may enrol is decided by `check_proof` or `check_endorsement`."""
    raise NotImplementedError


def check_proof(request: EnrolmentRequest, proof_key: bytes) -> bool:
    """Whether the request was made by someone who holds the code of ``request.code_id``."""
    raise NotImplementedError


def check_endorsement(request: EnrolmentRequest, previous: PublicKey) -> bool:
    """Whether the old key signed for the new ones."""
    raise NotImplementedError


def sign_grant(grant: EnrolmentGrant, key: SigningKey) -> bytes:
    """The envelope of a grant."""
    raise NotImplementedError


def open_grant(envelope: bytes, keyring: Keyring, request: SignedRequest) -> EnrolmentGrant:
    """A grant that answers exactly this request."""
    raise NotImplementedError
