"""The life of a device after enrolment: a new key, a new epoch of its chain, its end, and what it may know of itself.

A request is its own proof (its key, or the key that it replaces, signed it), so none of them needs a session: whoever
lost an answer together with the old key's right to sessions asks again with the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from jmdesk.core.clock import Clock
from sync.gateway.database import Access, Connection, Database, Role
from sync.gateway.enrol import Device, end_scope, find_device, free_block, read_request, refuse_closed
from sync.gateway.keys import PlatformKeys
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
    settle,
    standing_of,
)
from sync.protocol.enrolment import ChainEnd, Purpose, SignedRequest, check_endorsement
from sync.protocol.errors import Problem
from sync.protocol.standing import DeviceState


class Devices:
    """What devices may ask about themselves."""

    def __init__(self, database: Database, keys: PlatformKeys, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    def rotate(self, envelope: bytes) -> Answer:
        """A new key in the place of one that endorses it; the old one gets no session any more.

        ``Declined``: ``malformed``, ``device_unknown``, ``unauthenticated`` (the old key did not endorse it),
        ``device_revoked``, ``device_retired``, ``not_yours`` (another unit), ``not_approved``.
        """
        signed = read_request(envelope, Purpose.ROTATE)
        return self._asked(signed, signed.request.previous, self._rotate)

    def reopen(self, envelope: bytes) -> Answer:
        """A new epoch for a device whose chain broke (a restored vault), once an administrator approved it.

        ``Declined``: ``malformed``, ``device_unknown``, ``device_revoked``, ``device_retired``, ``not_yours``,
        ``not_approved``, ``blocks_full`` (the request stays).
        """
        signed = read_request(envelope, Purpose.REOPEN)
        return self._asked(signed, signed.request.device, self._reopen)

    def retire(self, envelope: bytes) -> bytes:
        """End a device at once, and its standing; what comes later is held for a person.

        ``Declined``: ``malformed``, ``device_unknown``, ``not_yours``.
        """
        signed = read_request(envelope, Purpose.RETIRE)
        return self._asked(signed, signed.request.device, self._retire).envelope

    def standing(self, device: Device) -> bytes:
        """How the platform regards a device, and its last batch in custody."""
        return self._database.run(
            device.grant.access(Role.API), lambda connection: self._standing(connection, device, device.state)
        )

    def _asked(
        self,
        signed: SignedRequest,
        subject: str,
        work: Callable[[Connection, datetime, SignedRequest, Device], Answer | Declined],
    ) -> Answer:
        """Run one request about an enrolled key in the rows that this key may see, the key's row locked."""
        now = self._clock.now()
        found = self._database.run(Access(Role.API), lambda connection: find_device(connection, subject))
        if found is None:
            raise Declined(Problem.DEVICE_UNKNOWN)

        def locked(connection: Connection) -> Answer | Declined:
            connection.execute("SELECT FROM devices WHERE device = %s FOR UPDATE", (subject,))
            device = find_device(connection, subject)
            return work(connection, now, signed, device) if device else Declined(Problem.DEVICE_UNKNOWN)

        answer = self._database.run(found.grant.access(Role.API), locked)
        if isinstance(answer, Declined):
            raise answer
        return answer

    def _rotate(self, connection: Connection, now: datetime, signed: SignedRequest, old: Device) -> Answer | Declined:
        if not check_endorsement(signed.request, old.public):
            return Declined(Problem.UNAUTHENTICATED)
        asked = find_request(connection, signed.digest)
        if asked is None:
            _refuse_other_unit(signed, old)
            refuse_closed(old)
            if find_device(connection, signed.request.device) is not None:
                return Declined(Problem.MALFORMED, detail_code="gateway.key_used")
            asked = _keep(connection, signed, old, now, waits=_waits(connection, old))
        elif asked.state is RequestState.APPROVED:
            refuse_closed(old)

        def grant() -> bytes:
            epoch = old.grant.epoch + 1
            admit(
                connection,
                signed,
                county=old.grant.county,
                regions=old.grant.regions,
                roles=old.grant.roles,
                desk_block=old.desk_block,
                epoch=epoch,
                ack_cursor=old.ack_cursor,
            )
            _end(connection, old, signed.request.chain, now, replaced_by=signed.request.device)
            connection.execute("DELETE FROM sessions WHERE device = %s", (old.grant.device,))
            return self._granted(now, signed, old, epoch)

        return answer_request(
            connection,
            asked,
            now,
            grant,
            lambda: standing_of(self._keys, now, signed.request.device, DeviceState.WAITING, (0, 0)),
        )

    def _reopen(
        self, connection: Connection, now: datetime, signed: SignedRequest, device: Device
    ) -> Answer | Declined:
        asked = find_request(connection, signed.digest)
        if asked is None or asked.state is RequestState.APPROVED:
            _refuse_other_unit(signed, device)
            refuse_closed(device)
        asked = asked or _keep(connection, signed, device, now, waits=True)
        block = free_block(connection, device.grant.regions, now) if asked.state is RequestState.APPROVED else ""
        if block is None:
            return Declined(Problem.BLOCKS_FULL)

        def grant() -> bytes:
            epoch = device.grant.epoch + 1
            # Its store may be older than the numbers that it gave: it goes on with numbers of another block.
            end_scope(connection, device.grant.device, now)
            connection.execute(
                "UPDATE devices SET epoch = %s, desk_block = %s WHERE device = %s", (epoch, block, device.grant.device)
            )
            return self._granted(now, signed, replace(device, desk_block=block), epoch)

        return answer_request(
            connection, asked, now, grant, lambda: self._standing(connection, device, DeviceState.WAITING)
        )

    def _retire(
        self, connection: Connection, now: datetime, signed: SignedRequest, device: Device
    ) -> Answer | Declined:
        asked = find_request(connection, signed.digest)
        if asked is None:
            _refuse_other_unit(signed, device)
            asked = _keep(connection, signed, device, now, waits=False)
            _drop_open_requests(connection, device, signed, now)
            if not device.retired:
                _end(connection, device, signed.request.chain, now)
        state = DeviceState.REVOKED if device.grant.revoked else DeviceState.RETIRED
        standing = self._standing(connection, device, state)
        settle(connection, asked, standing, now)
        return Answer(standing, granted=True)

    def _granted(self, now: datetime, signed: SignedRequest, device: Device, epoch: int) -> bytes:
        return granted(
            self._keys,
            now,
            signed,
            regions=device.grant.regions,
            roles=device.grant.roles,
            desk_block=device.desk_block,
            epoch=epoch,
        )

    def _standing(self, connection: Connection, device: Device, state: DeviceState) -> bytes:
        if state is DeviceState.ACTIVE and _is_waiting(connection, device):
            state = DeviceState.WAITING
        end = last_in_custody(connection, device)
        return standing_of(self._keys, self._clock.now(), device.grant.device, state, end)


def last_in_custody(connection: Connection, device: Device) -> tuple[int, int]:
    """Epoch and seq of the last batch that the platform signed for; (0, 0) for none."""
    row = connection.execute(
        "SELECT epoch, seq FROM batches WHERE county = %s AND device = %s AND custody IS NOT NULL"
        " ORDER BY epoch DESC, seq DESC LIMIT 1",
        (device.grant.county, device.grant.device),
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def _refuse_other_unit(signed: SignedRequest, device: Device) -> None:
    """A request must be for the unit that the device was enrolled for; all but a rotation for its own keys too."""
    request = signed.request
    if request.unit != device.grant.unit:
        raise Declined(Problem.NOT_YOURS)
    if request.purpose is not Purpose.ROTATE and signed.kem.public != device.kem.public:
        raise Declined(Problem.MALFORMED, detail_code="gateway.key_other")


def _keep(connection: Connection, signed: SignedRequest, device: Device, now: datetime, *, waits: bool) -> Asked:
    return keep_request(
        connection, signed, subject=device.grant.device, county=device.grant.county, waits=waits, now=now
    )


def _end(connection: Connection, device: Device, chain: ChainEnd, now: datetime, replaced_by: str = "") -> None:
    connection.execute(
        "UPDATE devices SET retired = %s, replaced_by = nullif(%s, ''), end_epoch = %s, end_seq = %s, end_head = %s"
        " WHERE device = %s",
        (now, replaced_by, chain.epoch, chain.seq, chain.head, device.grant.device),
    )


def _drop_open_requests(connection: Connection, device: Device, signed: SignedRequest, now: datetime) -> None:
    """What a key asked for before it ended itself is not granted any more."""
    connection.execute(
        "UPDATE device_requests SET state = %s, settled = %s"
        " WHERE subject = %s AND digest <> %s AND state IN ('waiting', 'approved')",
        (RequestState.REPLACED.value, now, device.grant.device, signed.digest),
    )


def _waits(connection: Connection, device: Device) -> bool:
    """Whether new keys of the device's unit need an administrator's approval."""
    row = connection.execute("SELECT approve_keys FROM units WHERE unit = %s", (device.grant.unit,)).fetchone()
    return bool(row and row[0])


def _is_waiting(connection: Connection, device: Device) -> bool:
    row = connection.execute(
        "SELECT FROM device_requests WHERE subject = %s AND state IN ('waiting', 'approved')", (device.grant.device,)
    ).fetchone()
    return row is not None
