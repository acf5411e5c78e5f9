"""Proposals under four eyes: one account proposes with a reason, another one decides; the database holds it too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.errors import Refused
from sync.gateway.admin import log
from sync.gateway.admin.accounts import ADMIN, Account, AccountRole, create_account, hash_passphrase
from sync.gateway.admin.effects import EFFECTS, SCOPE, Matter
from sync.gateway.database import Connection, Database, one

PROPOSAL_DAYS: Final = 7
"""How long a proposal may wait for its decision."""
_REASON: Final = (4, 500)
_COLUMNS: Final = (
    "id",
    "kind",
    "subject",
    "detail",
    "reason",
    "proposed_by",
    "proposed_at",
    "expires",
    "state",
    "decided_by",
    "decided_at",
    "decision",
)
_SELECT: Final = (
    "SELECT id, kind, subject, detail, reason, proposed_by, proposed_at, expires, state, decided_by, decided_at,"
    " decision FROM proposals"
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it stands; ``state`` is open, approved, rejected, withdrawn or expired."""

    id: int
    kind: str
    subject: str
    detail: dict[str, Any]
    reason: str
    proposed_by: str
    proposed_at: str
    expires: str
    state: str
    decided_by: str
    decided_at: str
    decision: str


class Proposals:
    """Proposing and deciding, for the page and for the command line alike."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def propose(self, by: Account, kind: str, subject: str, reason: str) -> Proposal:
        """Propose something to be decided by another account.

        ``Refused``: ``admin.not_allowed``, ``admin.kind_unknown``, ``admin.reason``, ``admin.proposed_already``, and
        what the kind refuses.
        """
        return self._database.run(ADMIN, lambda connection: self._propose(connection, by, kind, subject, reason))

    def propose_scope(
        self, by: Account, device: str, regions: Sequence[str], roles: Sequence[str], reason: str
    ) -> Proposal:
        """Propose other regions or roles for a device; of what is named empty it keeps what it has.

        ``Refused`` also: ``admin.no_device``, ``admin.device_closed``, ``admin.scope_same``,
        ``gateway.region_unknown``, ``gateway.region_outside``, ``gateway.role_unknown``.
        """
        _must_propose(by)

        def work(connection: Connection) -> Proposal:
            newest, detail = SCOPE.prepare_scope(connection, device, regions, roles)
            return self._propose(connection, by, SCOPE.kind, newest, reason, detail)

        return self._database.run(ADMIN, work)

    def propose_account(self, by: Account, name: str, role: AccountRole, passphrase: str, reason: str) -> Proposal:
        """Propose a new account; its owner types the passphrase, which works once another account approved.

        ``Refused`` also: ``admin.account_name``, ``admin.account_exists``, ``admin.weak_passphrase``.
        """
        _must_propose(by)
        secret, now = hash_passphrase(name, passphrase), self._clock.now()

        def work(connection: Connection) -> Proposal:
            self._expire(connection, now)
            create_account(connection, now, name, role, secret, state="proposed")
            return self._propose(connection, by, "account-add", name, reason)

        return self._database.run(ADMIN, work)

    def approve(self, by: Account, proposal: int, reason: str) -> Proposal:
        """Approve a proposal of another account; it takes effect in the same transaction.

        ``Refused``: ``admin.not_allowed``, ``admin.own_proposal``, ``admin.no_proposal``, ``admin.reason``, and what
        the kind refuses.
        """
        return self._decide(by, proposal, reason, "approved")

    def reject(self, by: Account, proposal: int, reason: str) -> Proposal:
        """Reject a proposal of another account; nothing changes but that. Errors as `approve`."""
        return self._decide(by, proposal, reason, "rejected")

    def withdraw(self, by: Account, proposal: int) -> Proposal:
        """Take one's own open proposal back. ``Refused``: ``admin.not_allowed``, ``admin.no_proposal``."""
        now = self._clock.now()

        def work(connection: Connection) -> Proposal:
            found = _open_proposal(connection, proposal, now)
            if found.proposed_by != by.name:
                raise Refused("admin.not_allowed", role=by.role.value)
            connection.execute(
                "UPDATE proposals SET state = 'withdrawn', decided_at = %s WHERE id = %s", (now, proposal)
            )
            log.append(connection, now, by.name, "withdrawn", found.subject, {"proposal": proposal, "kind": found.kind})
            return _read(connection, proposal)

        return self._database.run(ADMIN, work)

    def listed(self, state: str = "", limit: int = 200) -> list[Proposal]:
        """Proposals, newest first; all of them or those of one state."""
        now = self._clock.now()

        def work(connection: Connection) -> list[Proposal]:
            self._expire(connection, now)
            rows = connection.execute(
                f"{_SELECT} WHERE %s = '' OR state = %s ORDER BY id DESC LIMIT %s", (state, state, limit)
            )
            return [_proposal(row) for row in rows]

        return self._database.run(ADMIN, work)

    def _propose(
        self,
        connection: Connection,
        by: Account,
        kind: str,
        subject: str,
        reason: str,
        detail: dict[str, Any] | None = None,
    ) -> Proposal:
        """``detail``: what it is about, where its kind needs more than a subject to say so."""
        _must_propose(by)
        effect = EFFECTS.get(kind)
        if effect is None:
            raise Refused("admin.kind_unknown", kind=kind[:32])
        reason, now = _checked(reason), self._clock.now()
        self._expire(connection, now)
        detail = effect.prepare(connection, subject) if detail is None else detail
        try:
            with connection.transaction():
                row = one(
                    connection,
                    "INSERT INTO proposals (kind, subject, detail, reason, proposed_by, proposed_at, expires)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
                    (kind, subject, Jsonb(detail), reason, by.name, now, now + timedelta(days=PROPOSAL_DAYS)),
                )
        except UniqueViolation:
            raise Refused("admin.proposed_already") from None
        told = {"proposal": row[0], "kind": kind, "reason": reason, **detail}
        log.append(connection, now, by.name, "proposed", subject, told)
        return _read(connection, row[0])

    def _decide(self, by: Account, proposal: int, reason: str, state: str) -> Proposal:
        if not by.role.decides:
            raise Refused("admin.not_allowed", role=by.role.value)
        reason, now = _checked(reason), self._clock.now()

        def work(connection: Connection) -> Proposal:
            found = _open_proposal(connection, proposal, now)
            if found.proposed_by == by.name:
                raise Refused("admin.own_proposal")
            connection.execute(
                "UPDATE proposals SET state = %s, decided_by = %s, decided_at = %s, decision = %s WHERE id = %s",
                (state, by.name, now, reason, proposal),
            )
            if state == "approved":
                EFFECTS[found.kind].act(connection, Matter(found.subject, found.detail, now))
            told = {"proposal": proposal, "kind": found.kind, "reason": reason, "proposed_by": found.proposed_by}
            log.append(connection, now, by.name, state, found.subject, told)
            return _read(connection, proposal)

        return self._database.run(ADMIN, work)

    def _expire(self, connection: Connection, now: datetime) -> None:
        rows = connection.execute(
            "UPDATE proposals SET state = 'expired', decided_at = %s WHERE state = 'open' AND expires <= %s"
            " RETURNING id, kind, subject",
            (now, now),
        ).fetchall()
        for number, kind, subject in rows:
            log.append(connection, now, "", "expired", subject, {"proposal": number, "kind": kind})


def _must_propose(by: Account) -> None:
    if not by.role.proposes:
        raise Refused("admin.not_allowed", role=by.role.value)


def _checked(reason: str) -> str:
    reason = " ".join(reason.split())
    if not _REASON[0] <= len(reason) <= _REASON[1]:
        raise Refused("admin.reason", least=_REASON[0], most=_REASON[1])
    return reason


def _open_proposal(connection: Connection, number: int, now: datetime) -> Proposal:
    row = connection.execute(
        f"{_SELECT} WHERE id = %s AND state = 'open' AND expires > %s FOR UPDATE", (number, now)
    ).fetchone()
    if row is None:
        raise Refused("admin.no_proposal")
    return _proposal(row)


def _read(connection: Connection, number: int) -> Proposal:
    return _proposal(one(connection, f"{_SELECT} WHERE id = %s", (number,)))


def _proposal(row: Sequence[Any]) -> Proposal:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in ("proposed_at", "expires", "decided_at"):
        values[name] = utc_text(values[name]) if values[name] else ""
    values["decided_by"] = values["decided_by"] or ""
    return Proposal(**values)
