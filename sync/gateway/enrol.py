"""Enrolment: one-time codes, the grant that answers a desk's request, and what a device was granted."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.regions import regions, significant
from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.errors import Refused
from sync.gateway.database import OWNER, Access, Connection, Database, Role
from sync.gateway.keys import PlatformKeys
from sync.gateway.policy import DEFAULT_ROLES, Grant, county_of
from sync.gateway.problem import Declined
from sync.gateway.units import find_unit
from sync.protocol.codes import EnrolmentCode
from sync.protocol.enrolment import (
    EnrolmentGrant,
    Purpose,
    SignedRequest,
    check_proof,
    open_request,
    sign_grant,
)
from sync.protocol.errors import Problem, RemoteProtocolError
from sync.protocol.suites import JM1, KeyRole, PublicKey

CODE_DAYS = 7
"""How long an enrolment code can be used."""
TRIES = 10
"""After so many wrong proofs a code is dead."""
_BLOCKS = 99


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A fresh enrolment code as the administrator sees it, once."""

    text: str
    unit: str
    unit_name: str
    regions: tuple[str, ...]
    roles: tuple[str, ...]
    expires: datetime


@dataclass(frozen=True)
class Device:
    """An enrolled device: what it was granted, and its public keys."""

    grant: Grant
    public: PublicKey
    kem: PublicKey
    ack_cursor: int = 0


def issue_code(
    database: Database, keys: PlatformKeys, clock: Clock, unit: str, regions_: Sequence[str], roles: Sequence[str]
) -> IssuedCode:
    """A one-time code for a desk of a unit; without regions and roles the unit's own region and its kind's roles.

    ``Refused``: ``gateway.unit_unknown``, ``gateway.region_unknown``, ``gateway.region_outside`` (a region that does
    not lie in the unit's own), ``gateway.role_unknown``.
    """
    expires = clock.now() + timedelta(days=CODE_DAYS)

    def work(connection: Connection) -> IssuedCode:
        found = find_unit(connection, unit)
        scope = _scope(regions_, found.region)
        known = catalogue().code_lists["CL-ROLE"].values
        for role in roles:
            if role not in known:
                raise Refused("gateway.role_unknown", role=role)
        granted = tuple(roles) or DEFAULT_ROLES[found.kind]
        while True:
            code = EnrolmentCode.new(secrets.token_bytes(10), keys.root_public)
            stored = connection.execute(
                "INSERT INTO enrol_codes (code_id, proof_key, unit, regions, roles, expires)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (code.code_id, code.proof_key, found.code, list(scope), list(granted), expires),
            )
            if stored.rowcount:
                return IssuedCode(code.text, found.code, found.name, scope, granted, expires)

    return database.run(OWNER, work)


def _scope(wanted: Sequence[str], own: str) -> tuple[str, ...]:
    if not wanted:
        return (significant(own),)
    scope: list[str] = []
    for code in wanted:
        region = regions().get(code)
        if region is None:
            raise Refused("gateway.region_unknown", region=code)
        if not region.code.startswith(significant(own)):
            raise Refused("gateway.region_outside", region=region.code)
        scope.append(significant(region.code))
    return tuple(sorted(set(scope)))


def enrol(database: Database, keys: PlatformKeys, clock: Clock, envelope: bytes) -> bytes:
    """The signed grant that answers an enrolment request; the same request again gets the same grant.

    ``Declined``: ``malformed``, ``code_invalid``, ``code_unit``.
    """
    try:
        signed = open_request(envelope)
    except RemoteProtocolError as error:
        raise Declined(Problem.MALFORMED, detail_code=error.code) from None
    if signed.request.purpose is not Purpose.ENROL:
        raise Declined(Problem.MALFORMED, detail_code="protocol.purpose")
    answer = database.run(Access(Role.API), lambda connection: _enrol(connection, keys, clock.now(), signed))
    if isinstance(answer, Declined):  # raised only now, so that a wrong proof stays counted
        raise answer
    return answer


def _enrol(connection: Connection, keys: PlatformKeys, now: datetime, signed: SignedRequest) -> bytes | Declined:
    request = signed.request
    before = connection.execute(
        "SELECT request_digest, granted FROM devices WHERE device = %s", (request.device,)
    ).fetchone()
    if before is not None:
        same = hmac.compare_digest(before[0], signed.digest)
        return bytes(before[1]) if same else Declined(Problem.CODE_INVALID)
    row = connection.execute(
        "SELECT proof_key, unit, regions, roles FROM enrol_codes"
        " WHERE code_id = %s AND used IS NULL AND expires > %s AND tries < %s FOR UPDATE",
        (request.code_id, now, TRIES),
    ).fetchone()
    if row is None:
        return Declined(Problem.CODE_INVALID)
    proof_key, unit, scope, roles = row
    if not check_proof(request, bytes(proof_key)):
        connection.execute("UPDATE enrol_codes SET tries = tries + 1 WHERE code_id = %s", (request.code_id,))
        return Declined(Problem.CODE_INVALID)
    if request.unit != unit:
        return Declined(Problem.CODE_UNIT)
    region = connection.execute("SELECT region FROM units WHERE unit = %s AND active", (unit,)).fetchone()
    if region is None:
        return Declined(Problem.CODE_INVALID)
    county = county_of(region[0])
    block = _free_block(connection, scope)
    if block is None:
        return Declined(Problem.UNAVAILABLE)
    grant = EnrolmentGrant(
        v=1,
        suite=request.suite,
        request=signed.digest,
        device=signed.device.keyid,
        kem=signed.kem.keyid,
        unit=unit,
        regions=tuple(scope),
        roles=tuple(roles),
        modules=(),
        desk_block=block,
        epoch=1,
        server_epoch=keys.server_epoch,
        trust_version=keys.trust.document.version,
        granted=utc_text(now),
    )
    granted = sign_grant(grant, keys.signing)
    connection.execute(
        "INSERT INTO devices (device, public, kem_public, suite, unit, county, regions, roles, desk_block, client,"
        " request_digest, granted) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(signed.device.keyid, signed.device.public, signed.kem.public, signed.device.suite, unit, county),
            *(scope, roles, block, request.client, signed.digest, granted),
        ),
    )
    connection.execute(
        "UPDATE enrol_codes SET used = %s, used_by = %s, proof_key = NULL WHERE code_id = %s",
        (now, signed.device.keyid, request.code_id),
    )
    return granted


def _free_block(connection: Connection, scope: Sequence[str]) -> str | None:
    """The lowest desk block that no desk with overlapping regions has, so that their household numbers never meet."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('jmdesk-desk-block'))")
    taken = {
        block
        for block, theirs in connection.execute("SELECT desk_block, regions FROM devices")
        if any(a.startswith(b) or b.startswith(a) for a in theirs for b in scope)
    }
    return next((f"{n:02d}" for n in range(1, _BLOCKS + 1) if f"{n:02d}" not in taken), None)


def find_device(connection: Connection, device: str) -> Device | None:
    """An enrolled device by its key id."""
    row = connection.execute(
        "SELECT public, kem_public, suite, unit, county, regions, roles, epoch, revoked IS NOT NULL, ack_cursor"
        " FROM devices WHERE device = %s",
        (device,),
    ).fetchone()
    if row is None:
        return None
    public, kem, suite, unit, county, scope, roles, epoch, revoked, ack_cursor = row
    return Device(
        Grant(device, unit, county, tuple(scope), tuple(roles), epoch, revoked),
        PublicKey(KeyRole.DEVICE, bytes(public), suite or JM1),
        PublicKey(KeyRole.DEVICE_KEM, bytes(kem), suite or JM1),
        ack_cursor,
    )
