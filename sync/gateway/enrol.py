"""Enrolment: one-time codes, the grant that answers a desk's request, and what a device was granted."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.regions import regions, significant
from jmdesk.core.clock import Clock, beijing_date
from jmdesk.core.errors import Refused
from sync.gateway.database import OWNER, Access, Connection, Database, Role, one
from sync.gateway.keys import PlatformKeys
from sync.gateway.policy import DEFAULT_ROLES, Grant, county_of
from sync.gateway.problem import Declined
from sync.gateway.requests import (
    Answer,
    Asked,
    RequestState,
    admit,
    answer_request,
    find_request,
    granted,
    keep_request,
    standing_of,
)
from sync.gateway.units import find_unit
from sync.protocol.codes import EnrolmentCode
from sync.protocol.enrolment import NO_CHAIN, ChainEnd, Purpose, SignedRequest, check_proof, open_request
from sync.protocol.errors import Problem, RemoteProtocolError
from sync.protocol.standing import DeviceState
from sync.protocol.suites import JM1, KeyRole, PublicKey

CODE_DAYS = 7
"""How long an enrolment code can be used."""
TRIES = 10
"""After so many wrong proofs a code is dead."""
_FIRST, _SECOND = "ABCDEFGHJKMNPQRSTVWXYZ", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BLOCKS = (*(f"{n:02d}" for n in range(1, 100)), *(first + second for first in _FIRST for second in _SECOND))
"""Desk blocks in the order in which they are given: 99 of digits, then 704 that begin with a letter (no I, L, O, U)."""
_COUNTY_DIGITS = 6


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
    retired: bool = False
    replaced_by: str = ""
    """The key that took this one's place by rotation."""
    desk_block: str = ""
    end: ChainEnd = NO_CHAIN
    """Where a retired or replaced key said that its chain ends."""

    @property
    def state(self) -> DeviceState:
        """Active, retired or revoked; of both the graver."""
        if self.grant.revoked:
            return DeviceState.REVOKED
        return DeviceState.RETIRED if self.retired else DeviceState.ACTIVE

    def must_wait(self, epoch: int, seq: int, digest: str) -> bool:
        """Whether a batch that comes now is held for a person.

        A revoked or retired key's batches are, and those of an epoch that a reopening closed. What a key signed for
        when it was replaced is not: up to the end that it named its chain is as good as before.
        """
        if self.grant.revoked or epoch < self.grant.epoch:
            return True
        if not self.replaced_by:
            return self.retired
        last = (self.end.epoch, self.end.seq)
        return (epoch, seq) > last or ((epoch, seq) == last and digest != self.end.head)


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
        scope = checked_regions(regions_, found.region)
        granted = checked_roles(roles) or DEFAULT_ROLES[found.kind]
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


def checked_roles(wanted: Sequence[str]) -> tuple[str, ...]:
    """Roles of CL-ROLE, each once. ``Refused`` "gateway.role_unknown"."""
    known = catalogue().code_lists["CL-ROLE"].values
    for role in wanted:
        if role not in known:
            raise Refused("gateway.role_unknown", role=role)
    return tuple(dict.fromkeys(wanted))


def checked_regions(wanted: Sequence[str], own: str) -> tuple[str, ...]:
    """Region prefixes inside a unit's own region, which is meant where none is named.

    ``Refused``: "gateway.region_unknown", "gateway.region_outside".
    """
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


def enrol(database: Database, keys: PlatformKeys, clock: Clock, envelope: bytes) -> Answer:
    """The signed grant that answers an enrolment request; the same request again gets the same grant.

    Where the unit's keys need approval, the device's standing until an administrator has approved it.
    ``Declined``: ``malformed``, ``code_invalid``, ``code_unit``, ``not_approved``, ``blocks_full`` (the request stays:
    once there is room, the same bytes are granted).
    """
    signed = read_request(envelope, Purpose.ENROL)
    answer = database.run(Access(Role.API), lambda connection: _enrol(connection, keys, clock.now(), signed))
    if isinstance(answer, Declined):  # raised only now, so that a wrong proof stays counted
        raise answer
    return answer


def read_request(envelope: bytes, purpose: Purpose) -> SignedRequest:
    """A device's request for a purpose, signed by its own key. ``Declined`` ``malformed``."""
    try:
        signed = open_request(envelope)
    except RemoteProtocolError as error:
        raise Declined(Problem.MALFORMED, detail_code=error.code) from None
    if signed.request.purpose is not purpose:
        raise Declined(Problem.MALFORMED, detail_code="protocol.purpose")
    return signed


def _enrol(connection: Connection, keys: PlatformKeys, now: datetime, signed: SignedRequest) -> Answer | Declined:
    request = signed.request
    asked: Asked | Declined | None = find_request(connection, signed.digest)
    if asked is None:
        asked = _redeem(connection, now, signed)
    if isinstance(asked, Declined):
        return asked
    scope, roles, region = one(
        connection,
        "SELECT enrol_codes.regions, roles, units.region FROM enrol_codes JOIN units USING (unit) WHERE code_id = %s",
        (request.code_id,),
    )
    block = free_block(connection, scope, now) if asked.state is RequestState.APPROVED else ""
    if block is None:
        return Declined(Problem.BLOCKS_FULL)

    def grant() -> bytes:
        admit(connection, signed, county=county_of(region), regions=scope, roles=roles, desk_block=block, epoch=1)
        return granted(keys, now, signed, regions=scope, roles=roles, desk_block=block, epoch=1)

    return answer_request(
        connection, asked, now, grant, lambda: standing_of(keys, now, request.device, DeviceState.WAITING, (0, 0))
    )


def _redeem(connection: Connection, now: datetime, signed: SignedRequest) -> Asked | Declined:
    """Use up the code of a new request, if its proof holds and the key is nobody's."""
    request = signed.request
    known = connection.execute(
        "SELECT FROM devices WHERE device = %(key)s"
        " UNION ALL SELECT FROM device_requests WHERE device = %(key)s AND state <> 'rejected'",
        {"key": request.device},
    ).fetchone()
    row = connection.execute(
        "SELECT proof_key, unit FROM enrol_codes"
        " WHERE code_id = %s AND used IS NULL AND expires > %s AND tries < %s FOR UPDATE",
        (request.code_id, now, TRIES),
    ).fetchone()
    if known is not None or row is None:
        return Declined(Problem.CODE_INVALID)
    proof_key, unit = row
    if not check_proof(request, bytes(proof_key)):
        connection.execute("UPDATE enrol_codes SET tries = tries + 1 WHERE code_id = %s", (request.code_id,))
        return Declined(Problem.CODE_INVALID)
    if request.unit != unit:
        return Declined(Problem.CODE_UNIT)
    found = connection.execute("SELECT region, approve_keys FROM units WHERE unit = %s AND active", (unit,)).fetchone()
    if found is None:
        return Declined(Problem.CODE_INVALID)
    connection.execute(
        "UPDATE enrol_codes SET used = %s, used_by = %s, proof_key = NULL WHERE code_id = %s",
        (now, request.device, request.code_id),
    )
    return keep_request(connection, signed, subject=request.device, county=county_of(found[0]), waits=found[1], now=now)


def free_block(connection: Connection, scope: Sequence[str], now: datetime, device: str = "") -> str | None:
    """The lowest desk block under which nobody else gave or gives numbers in this scope; ``None`` where there is none.

    Household numbers (village and block) outlive the desk that gave them, on paper too: a block that a desk with
    overlapping regions ever had is handed on only where that desk retired without ever having sent a batch, in an
    earlier year. Numbers of papers and certificates name county, block and year: a block that another desk has in one
    of the counties is taken too, that of a closed one until its year is over. So no two desks ever give the same
    number, nor do they once villages of a county are merged. ``device`` is one that goes on: the block it has comes
    first, and what it and the keys before it did stands in nobody's way.
    """
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('jmdesk-desk-block'))")
    given = [_Given(*row) for row in connection.execute(_GIVEN, {"year": beijing_date(now).year})]
    own = _keys_before(given, device)
    counties = tuple(code[:_COUNTY_DIGITS] for code in scope)
    taken = {
        one.block
        for one in given
        if one.device not in own
        and ((not one.unused and _overlap(one.regions, scope)) or (not one.over and _overlap(one.regions, counties)))
    }
    had = tuple(one.block for one in given if one.device == device and one.current)
    return next((block for block in (*had, *BLOCKS) if block not in taken), None)


def end_scope(connection: Connection, device: str, now: datetime) -> None:
    """Remember what a device is granted, before it is granted something else: the numbers that it gave outlive it."""
    connection.execute(
        "INSERT INTO former_scopes (device, regions, desk_block, ended)"
        " SELECT device, regions, desk_block, %s FROM devices WHERE device = %s",
        (now, device),
    )


@dataclass(frozen=True, slots=True)
class _Given:
    """A block that a device has or had, and where. ``unused``: never; ``over``: not since the year began."""

    device: str
    replaced_by: str
    block: str
    regions: tuple[str, ...]
    unused: bool
    over: bool
    current: bool


_GIVEN: Final = """
SELECT device, coalesce(replaced_by, ''), desk_block, regions,
  retired IS NOT NULL AND replaced_by IS NULL AND epoch = 1 AND end_seq = 0 AND ended < %(year)s,
  coalesce(ended < %(year)s, false), true
FROM devices, LATERAL (SELECT extract(year FROM least(retired, revoked) AT TIME ZONE 'Asia/Shanghai') AS ended) AS y
UNION ALL
SELECT device, '', desk_block, regions, false, extract(year FROM ended AT TIME ZONE 'Asia/Shanghai') < %(year)s, false
FROM former_scopes
"""


def _keys_before(given: Sequence[_Given], device: str) -> set[str]:
    """A device with the keys that it took the place of, one after the other."""
    before = {one.replaced_by: one.device for one in given if one.replaced_by}
    keys: set[str] = set()
    while device and device not in keys:
        keys.add(device)
        device = before.get(device, "")
    return keys


def _overlap(these: Sequence[str], those: Sequence[str]) -> bool:
    return any(x.startswith(y) or y.startswith(x) for x in these for y in those)


def find_device(connection: Connection, device: str) -> Device | None:
    """An enrolled device by its key id."""
    row = connection.execute(
        # What took the place of regions in its scope belongs to it: who worked for a village goes on after a merger.
        "SELECT public, kem_public, suite, unit, county, regions || ARRAY(SELECT DISTINCT moved.new"
        " FROM region_moves AS moved, unnest(devices.regions) AS prefix"
        " WHERE starts_with(moved.old, prefix) AND NOT starts_with(moved.new, prefix)"
        " AND moved.effective <= (now() AT TIME ZONE 'Asia/Shanghai')::date::text"
        " AND (moved.until = '' OR moved.until > (now() AT TIME ZONE 'Asia/Shanghai')::date::text)),"
        " roles, epoch, revoked IS NOT NULL, ack_cursor,"
        " retired IS NOT NULL, coalesce(replaced_by, ''), desk_block, end_epoch, end_seq, end_head"
        " FROM devices WHERE device = %s",
        (device,),
    ).fetchone()
    if row is None:
        return None
    public, kem, suite, unit, county, scope, roles, epoch, revoked, ack_cursor, retired, replaced_by, block, *end = row
    return Device(
        Grant(device, unit, county, tuple(dict.fromkeys(scope)), tuple(roles), epoch, revoked),
        PublicKey(KeyRole.DEVICE, bytes(public), suite or JM1),
        PublicKey(KeyRole.DEVICE_KEM, bytes(kem), suite or JM1),
        ack_cursor,
        retired,
        replaced_by,
        block,
        ChainEnd(*end),
    )


def refuse_closed(device: Device) -> None:
    """``Declined`` where a device is closed: ``device_revoked``, ``device_retired``."""
    if device.state is DeviceState.REVOKED:
        raise Declined(Problem.DEVICE_REVOKED)
    if device.state is DeviceState.RETIRED:
        raise Declined(Problem.DEVICE_RETIRED)
