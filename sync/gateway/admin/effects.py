"""What a proposal does: each kind says what it is about when it is made, and acts when it is approved.

`prepare` freezes what the proposer saw into the proposal (batches by their ids, a chain by its end), so that the
approver approves that and nothing that came later. `act` looks again and refuses where it is no longer so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from jmdesk.catalogue import uscc
from jmdesk.core.errors import Refused
from sync.gateway.admin.accounts import AccountRole
from sync.gateway.admin.rollover import ROLES, check_destroyable
from sync.gateway.database import Connection, one
from sync.gateway.enrol import Device, checked_regions, checked_roles, end_scope, find_device, free_block
from sync.gateway.held import held_batches, refuse, release
from sync.gateway.requests import RequestState
from sync.protocol.enrolment import EnrolmentRequest
from sync.protocol.envelope import split_envelope


@dataclass(frozen=True, slots=True)
class Matter:
    """What was approved, and when: the proposal's subject, and its detail as it was when it was made."""

    subject: str
    detail: Mapping[str, Any]
    at: datetime


class Effect(ABC):
    """One kind of proposal."""

    kind: str

    @abstractmethod
    def prepare(self, connection: Connection, subject: str) -> dict[str, Any]:
        """What the proposal is about, checked. ``Refused`` where there is nothing to propose."""

    @abstractmethod
    def act(self, connection: Connection, matter: Matter) -> None:
        """Do it. ``Refused`` where it can no longer be done."""


class _Request(Effect):
    """Approves or refuses what a device asked for; the subject is the request's digest."""

    def __init__(self, kind: str, purposes: tuple[str, ...], state: RequestState) -> None:
        self.kind = kind
        self._purposes = purposes
        self._state = state

    def prepare(self, connection: Connection, subject: str) -> dict[str, Any]:
        row = connection.execute(
            "SELECT purpose, device, subject, unit, envelope FROM device_requests"
            " WHERE digest = %s AND state = 'waiting' AND purpose = ANY(%s)",
            (subject, list(self._purposes)),
        ).fetchone()
        if row is None:
            raise Refused("admin.no_request")
        purpose, device, key, unit, envelope = row
        request = msgspec.json.decode(split_envelope(bytes(envelope)).payload, type=EnrolmentRequest)
        chain = {"epoch": request.chain.epoch, "seq": request.chain.seq}
        return {"purpose": purpose, "device": device, "about": key, "unit": unit, "chain": chain}

    def act(self, connection: Connection, matter: Matter) -> None:
        changed = connection.execute(
            "UPDATE device_requests SET state = %s, settled = %s WHERE digest = %s AND state = 'waiting'",
            (self._state.value, matter.at, matter.subject),
        )
        if not changed.rowcount:
            raise Refused("admin.no_request")


class _Device(Effect):
    """Ends a device; the subject is its key id."""

    def prepare(self, connection: Connection, subject: str) -> dict[str, Any]:
        device = self._open(connection, subject)
        return {"unit": device.grant.unit, "epoch": device.grant.epoch}

    def _open(self, connection: Connection, subject: str) -> Device:
        device = find_device(connection, subject)
        if device is None:
            raise Refused("admin.no_device")
        if self._is_closed(device):
            raise Refused("admin.device_closed")
        return device

    def _is_closed(self, device: Device) -> bool:
        return device.grant.revoked


class _Revoke(_Device):
    kind = "revoke"

    def act(self, connection: Connection, matter: Matter) -> None:
        self._open(connection, matter.subject)
        connection.execute("UPDATE devices SET revoked = %s WHERE device = %s", (matter.at, matter.subject))


class _Retire(_Device):
    kind = "retire"

    def act(self, connection: Connection, matter: Matter) -> None:
        self._open(connection, matter.subject)
        connection.execute(
            "UPDATE devices SET retired = %(now)s, (end_epoch, end_seq, end_head) = (SELECT"
            " coalesce(max(epoch), 0), coalesce(max(seq), 0), coalesce(max(digest), '') FROM (SELECT epoch, seq, digest"
            " FROM batches WHERE device = %(device)s AND custody IS NOT NULL ORDER BY epoch DESC, seq DESC LIMIT 1)"
            " AS last) WHERE device = %(device)s",
            {"now": matter.at, "device": matter.subject},
        )

    def _is_closed(self, device: Device) -> bool:
        return device.grant.revoked or device.retired


class _Scope(Effect):
    """Gives a device other regions and roles; the subject is its key id, or that of a key before its own.

    At once for what the platform shows and takes, and with its next grant for the device, which asks for one when it
    sees that its own is another. A device whose numbers could meet another's in the new regions gets another block.
    """

    kind = "scope"

    def prepare(self, connection: Connection, subject: str) -> dict[str, Any]:  # noqa: ARG002 - as the others
        raise Refused("admin.scope_missing")

    def prepare_scope(
        self, connection: Connection, subject: str, regions: Sequence[str], roles: Sequence[str]
    ) -> tuple[str, dict[str, Any]]:
        """The device that is meant, and what it has beside what it is to get; what is not named stays."""
        device = self._newest(connection, subject)
        grant = device.grant
        (own,) = one(connection, "SELECT region FROM units WHERE unit = %s", (grant.unit,))
        before = {"regions": sorted(grant.regions), "roles": sorted(grant.roles)}
        wanted = {
            "regions": sorted(checked_regions(regions, own)) if regions else before["regions"],
            "roles": sorted(checked_roles(roles)) if roles else before["roles"],
        }
        if wanted == before:
            raise Refused("admin.scope_same")
        return grant.device, {"unit": grant.unit, "before": before, **wanted}

    def act(self, connection: Connection, matter: Matter) -> None:
        device = self._newest(connection, matter.subject)
        grant, detail = device.grant, matter.detail
        if {"regions": sorted(grant.regions), "roles": sorted(grant.roles)} != detail["before"]:
            raise Refused("admin.scope_changed")
        block = free_block(connection, detail["regions"], matter.at, grant.device)
        if block is None:
            raise Refused("admin.blocks_full")
        end_scope(connection, grant.device, matter.at)
        connection.execute(
            "UPDATE devices SET regions = %s, roles = %s, desk_block = %s WHERE device = %s",
            (detail["regions"], detail["roles"], block, grant.device),
        )
        # Its next request is answered with a new session, and the session says what it is granted now.
        connection.execute("DELETE FROM sessions WHERE device = %s", (grant.device,))

    def _newest(self, connection: Connection, subject: str) -> Device:
        """The device under the newest of its keys: it may have changed them since it was named."""
        device = find_device(connection, subject)
        while device is not None and device.replaced_by:
            device = find_device(connection, device.replaced_by)
        if device is None:
            raise Refused("admin.no_device")
        if device.grant.revoked or device.retired:
            raise Refused("admin.device_closed")
        return device


class _Held(Effect):
    """Decides over held batches: one by its id, or all that a device has now."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def prepare(self, connection: Connection, subject: str) -> dict[str, Any]:
        found = held_batches(connection, subject)
        if not found:
            row = connection.execute(
                "SELECT batch_id::text FROM batches WHERE batch_id::text = %s AND state = 'awaiting_release'",
                (subject,),
            ).fetchone()
            found = [row[0]] if row else []
        if not found:
            raise Refused("admin.not_held")
        return {"batches": found}

    def act(self, connection: Connection, matter: Matter) -> None:
        (release if self.kind == "release" else refuse)(connection, matter.detail["batches"])


class _UnitApproval(Effect):
    """Sets whether new keys of a unit wait for an administrator; the subject is the unit's code."""

    def __init__(self, kind: str, wanted: bool) -> None:
        self.kind = kind
        self._wanted = wanted

    def prepare(self, connection: Connection, subject: str) -> dict[str, Any]:
        row = connection.execute(
            "SELECT name, approve_keys FROM units WHERE unit = %s AND active", (uscc.normalised(subject),)
        ).fetchone()
        if row is None:
            raise Refused("gateway.unit_unknown", unit=subject)
        if row[1] == self._wanted:
            raise Refused("admin.already_so")
        return {"unit_name": row[0]}

    def act(self, connection: Connection, matter: Matter) -> None:
        connection.execute(
            "UPDATE units SET approve_keys = %s WHERE unit = %s", (self._wanted, uscc.normalised(matter.subject))
        )


class _AccountAdd(Effect):
    """Lets an account in that was entered with its passphrase beside the proposal; the subject is its name."""

    kind = "account-add"

    def prepare(self, connection: Connection, subject: str) -> dict[str, Any]:
        row = connection.execute(
            "SELECT role FROM admin_accounts WHERE name = %s AND state = 'proposed'", (subject,)
        ).fetchone()
        if row is None:
            raise Refused("admin.no_account", name=subject[:32])
        return {"role": row[0]}

    def act(self, connection: Connection, matter: Matter) -> None:
        changed = connection.execute(
            "UPDATE admin_accounts SET state = 'active' WHERE name = %s AND state = 'proposed' AND role = %s",
            (matter.subject, matter.detail["role"]),
        )
        if not changed.rowcount:
            raise Refused("admin.no_account", name=matter.subject)


class _AccountDisable(Effect):
    """Shuts an account out for good; the subject is its name."""

    kind = "account-disable"

    def prepare(self, connection: Connection, subject: str) -> dict[str, Any]:
        row = connection.execute(
            "SELECT role FROM admin_accounts WHERE name = %s AND state = 'active'", (subject,)
        ).fetchone()
        if row is None:
            raise Refused("admin.no_account", name=subject[:32])
        return {"role": row[0]}

    def act(self, connection: Connection, matter: Matter) -> None:
        connection.execute("UPDATE admin_accounts SET state = 'disabled' WHERE name = %s", (matter.subject,))
        connection.execute("DELETE FROM admin_sessions WHERE account = %s", (matter.subject,))
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE role = 'approver'), count(*) FROM admin_accounts"
            " WHERE state = 'active' AND role <> %s",
            (AccountRole.AUDITOR.value,),
        ).fetchone()
        if row is None or row[0] < 1 or row[1] < 2:
            raise Refused("admin.last_accounts")


class _PlatformKey(Effect):
    """Allows a new key for the platform, which is then made at the server with the offline root.

    The subject is ``platform`` for the key that signs, ``recipient`` for the one that opens batches.
    """

    kind = "platform-key"

    def prepare(self, connection: Connection, subject: str) -> dict[str, Any]:
        row = connection.execute("SELECT max(version) FROM trust").fetchone()
        if subject not in ROLES or row is None:
            raise Refused("admin.no_key")
        return {"trust_version": row[0]}

    def act(self, connection: Connection, matter: Matter) -> None:
        """Nothing yet: the root is not here."""


class _KeyDestroy(Effect):
    """Allows that an old opening key is destroyed, which is then done at the server; the subject is its id."""

    kind = "key-destroy"

    def prepare(self, connection: Connection, subject: str) -> dict[str, Any]:
        check_destroyable(connection, subject)
        return {}

    def act(self, connection: Connection, matter: Matter) -> None:
        """Nothing yet: the key is not here."""
        check_destroyable(connection, matter.subject)


SCOPE: Final = _Scope()

EFFECTS: Final[Mapping[str, Effect]] = {
    effect.kind: effect
    for effect in (
        _Request("key", ("enrol", "rotate"), RequestState.APPROVED),
        _Request("key-refuse", ("enrol", "rotate"), RequestState.REJECTED),
        _Request("reopen", ("reopen",), RequestState.APPROVED),
        _Request("reopen-refuse", ("reopen",), RequestState.REJECTED),
        _Revoke(),
        _Retire(),
        SCOPE,
        _Held("release"),
        _Held("refuse"),
        _UnitApproval("unit-approval-on", wanted=True),
        _UnitApproval("unit-approval-off", wanted=False),
        _AccountAdd(),
        _AccountDisable(),
        _PlatformKey(),
        _KeyDestroy(),
    )
}
"""Every kind of proposal."""
