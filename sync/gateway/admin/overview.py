"""What an operators' page shows: devices, batches, verdicts, what waits for a person, alarms. No record's values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from psycopg.types.json import set_json_loads

from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.errors import Refused
from sync.gateway.admin import log as admin_log
from sync.gateway.admin.accounts import ADMIN, Account
from sync.gateway.database import Connection, Database
from sync.protocol.enrolment import EnrolmentRequest
from sync.protocol.envelope import split_envelope
from sync.protocol.limits import LIMITS
from sync.protocol.states import PlatformBatch

Row = dict[str, Any]

MOST: Final = 1_000
"""Rows of one answer at most."""
VERDICT_DAYS: Final = 7
"""Over how many days verdicts are counted unless asked otherwise; at most a year."""
_MOMENTS: Final = ("created", "ends", "destroyed")
_NOTE: Final = (4, 500)

_DEVICES = """
SELECT device, devices.unit, units.name, devices.regions, roles, desk_block, devices.epoch, client, enrolled, last_seen,
  clock_skew, revoked, retired, coalesce(replaced_by, ''),
  (SELECT count(*) FROM batches b WHERE b.device = devices.device AND b.state = 'announced'),
  (SELECT count(*) FROM batches b WHERE b.device = devices.device AND b.state = 'in_custody'),
  (SELECT count(*) FROM batches b WHERE b.device = devices.device AND b.state = 'awaiting_release'),
  (SELECT count(*) FROM alarms a WHERE a.device = devices.device AND NOT EXISTS
    (SELECT FROM alarm_notes n WHERE (n.county, n.device, n.at) = (a.county, a.device, a.at)))
FROM devices LEFT JOIN units ON units.unit = devices.unit
WHERE %(unit)s = '' OR devices.unit = %(unit)s ORDER BY enrolled DESC, device LIMIT %(limit)s
"""
_BATCHES = """
SELECT batch_id::text, batches.unit, units.name, device, epoch, seq, state, records, parts, courier, announced,
  received, processed, totals, flags
FROM batches LEFT JOIN units ON units.unit = batches.unit
WHERE (%(device)s = '' OR device = %(device)s) AND (%(state)s = '' OR state = %(state)s)
ORDER BY announced DESC, epoch DESC, seq DESC LIMIT %(limit)s
"""
_VERDICTS = """
WITH counted AS (
  SELECT o.county, o.rid, b.unit, (b.processed + interval '8 hours')::date AS day, o.verdict,
    coalesce(o.detail ->> 'code', '') AS code
  FROM batches b JOIN operations o USING (county, device, epoch, seq) WHERE b.processed >= %(since)s
)
SELECT day, counted.unit, units.name, coalesce(r.type, ''), verdict, code, count(*)
FROM counted LEFT JOIN records r ON (r.county, r.rid::text) = (counted.county, counted.rid)
  LEFT JOIN units ON units.unit = counted.unit
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1 DESC, 2, 4, 5, 6 LIMIT %(limit)s
"""
_ALARMS = """
SELECT a.county, a.device, devices.unit, units.name, a.at, a.kind, a.epoch, a.seq, n.account, n.note, n.noted
FROM alarms a LEFT JOIN alarm_notes n USING (county, device, at) LEFT JOIN devices USING (device)
  LEFT JOIN units ON units.unit = devices.unit
WHERE %(all)s OR n.account IS NULL ORDER BY a.at DESC LIMIT %(limit)s
"""


class Overview:
    """Read-only views, and the acknowledgement of alarms."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def devices(self, unit: str = "", limit: int = MOST) -> list[Row]:
        """Every device: state, program, backlog by kind, last contact, clock skew in seconds (ahead is positive)."""
        return [_device(row) for row in self._rows(_DEVICES, unit=unit, limit=limit)]

    def batches(self, device: str = "", state: str = "", limit: int = 200) -> list[Row]:
        """Batches, the last announced first; of one device or in one state. ``Refused`` ``admin.state_unknown``."""
        if state not in ("", *(known.value for known in PlatformBatch)):
            raise Refused("admin.state_unknown", state=state[:32])
        return [_batch(row) for row in self._rows(_BATCHES, device=device, state=state, limit=limit)]

    def verdicts(self, days: int = VERDICT_DAYS, limit: int = MOST) -> list[Row]:
        """How many verdicts of which kind and code, by Beijing day, unit and record type ("" where none was made)."""
        since = self._clock.now() - timedelta(days=max(1, min(days, 366)))
        names = ("day", "unit", "unit_name", "type", "verdict", "code", "count")
        rows = self._rows(_VERDICTS, since=since, limit=limit)
        return [dict(zip(names, (row[0].isoformat(), row[1], row[2] or "", *row[3:]), strict=True)) for row in rows]

    def waiting(self, limit: int = MOST) -> list[Row]:
        """What waits for a person: requests of devices (new keys, reopenings), and devices with held batches."""
        requests = self._rows(
            "SELECT digest, purpose, device, subject, unit, received, envelope FROM device_requests"
            " WHERE state = 'waiting' ORDER BY received LIMIT %(limit)s",
            limit=limit,
        )
        held = self._rows(
            "SELECT device, unit, count(*), sum(records), min(received) FROM batches"
            " WHERE state = 'awaiting_release' GROUP BY 1, 2 ORDER BY 5 LIMIT %(limit)s",
            limit=limit,
        )
        return [_request(row) for row in requests] + [_held(row) for row in held]

    def platform_keys(self) -> list[Row]:
        """The platform's keys: id, role, since when, and of opening keys since when they ended and were destroyed."""
        query = "SELECT kid, role, created, ends, destroyed FROM platform_keys ORDER BY role, created"
        return [
            {"key": kid, "role": role}
            | {name: utc_text(at) if at else "" for name, at in zip(_MOMENTS, times, strict=True)}
            for kid, role, *times in self._rows(query)
        ]

    def alarms(self, *, all_: bool = False, limit: int = MOST) -> list[Row]:
        """Chain alarms that nobody acknowledged yet, or all of them; the newest first."""
        return [_alarm(row) for row in self._rows(_ALARMS, all=all_, limit=limit)]

    def acknowledge(self, by: Account, device: str, at: str, note: str) -> None:
        """Note that somebody looked into an alarm of a device, named by its time as `alarms` gives it.

        ``Refused``: ``admin.not_allowed``, ``admin.reason``, ``admin.no_alarm``.
        """
        note, now = " ".join(note.split()), self._clock.now()
        if not by.role.proposes:
            raise Refused("admin.not_allowed", role=by.role.value)
        if not _NOTE[0] <= len(note) <= _NOTE[1]:
            raise Refused("admin.reason", least=_NOTE[0], most=_NOTE[1])
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            raise Refused("admin.no_alarm") from None

        def work(connection: Connection) -> None:
            noted = connection.execute(
                "INSERT INTO alarm_notes (county, device, at, account, note, noted)"
                " SELECT county, device, at, %s, %s, %s FROM alarms WHERE device = %s AND at = %s"
                " ON CONFLICT DO NOTHING",
                (by.name, note, now, device, moment),
            )
            if not noted.rowcount:
                raise Refused("admin.no_alarm")
            admin_log.append(connection, now, by.name, "alarm-acknowledged", device, {"at": at, "note": note})

        self._database.run(ADMIN, work)

    def log(self, before: int = 0, limit: int = 200) -> list[Row]:
        """Entries of the administration's log, newest first."""
        return self._database.run(ADMIN, lambda connection: admin_log.entries(connection, before=before, limit=limit))

    def check_log(self) -> admin_log.LogCheck:
        """Whether the log's chain holds."""
        return self._database.run(ADMIN, admin_log.verify)

    def _rows(self, query: str, **parameters: object) -> Sequence[tuple[Any, ...]]:
        def work(connection: Connection) -> Sequence[tuple[Any, ...]]:
            set_json_loads(msgspec.json.decode, connection)
            return connection.execute(query.encode(), parameters, prepare=False).fetchall()

        return self._database.run(ADMIN, work)


def _moment(at: datetime | None) -> str:
    return utc_text(at) if at else ""


def _device(row: tuple[Any, ...]) -> Row:
    device, unit, name, scope, roles, block, epoch, client, enrolled, seen, skew, revoked, retired, next_, *counts = row
    uploading, in_custody, held, alarms = counts
    return {
        "device": device,
        "unit": unit,
        "unit_name": name or "",
        "state": "revoked" if revoked else "retired" if retired else "active",
        "replaced_by": next_,
        "regions": scope,
        "roles": roles,
        "desk_block": block,
        "epoch": epoch,
        "client": client,
        "enrolled": utc_text(enrolled),
        "last_seen": _moment(seen),
        "clock_skew": skew or 0,
        "clock_wrong": abs(skew or 0) > LIMITS.clock_skew_seconds,
        "backlog": {"uploading": uploading, "in_custody": in_custody, "awaiting_release": held},
        "alarms": alarms,
    }


def _batch(row: tuple[Any, ...]) -> Row:
    batch_id, unit, name, device, epoch, seq, state, records, parts, courier, announced, received, processed, *rest = (
        row
    )
    totals, flags = rest
    return {
        "batch_id": batch_id,
        "unit": unit,
        "unit_name": name or "",
        "device": device,
        "epoch": epoch,
        "seq": seq,
        "state": state,
        "records": records,
        "parts": parts,
        "courier": courier,
        "announced": utc_text(announced),
        "received": _moment(received),
        "processed": _moment(processed),
        "totals": totals or {},
        "flags": flags,
    }


def _request(row: tuple[Any, ...]) -> Row:
    digest, purpose, device, subject, unit, received, envelope = row
    request = msgspec.json.decode(split_envelope(bytes(envelope)).payload, type=EnrolmentRequest)
    return {
        "kind": "reopen" if purpose == "reopen" else "key",
        "subject": digest,
        "purpose": purpose,
        "device": device,
        "about": subject,
        "unit": unit,
        "since": utc_text(received),
        "client": request.client,
        "chain": {"epoch": request.chain.epoch, "seq": request.chain.seq},
        "batches": 0,
        "records": 0,
    }


def _held(row: tuple[Any, ...]) -> Row:
    device, unit, batches, records, since = row
    return {
        "kind": "release",
        "subject": device,
        "purpose": "held",
        "device": device,
        "about": device,
        "unit": unit,
        "since": _moment(since),
        "client": "",
        "chain": {"epoch": 0, "seq": 0},
        "batches": batches,
        "records": int(records),
    }


def _alarm(row: tuple[Any, ...]) -> Row:
    county, device, unit, name, at, kind, epoch, seq, account, note, noted = row
    return {
        "county": county,
        "device": device,
        "unit": unit or "",
        "unit_name": name or "",
        "at": at.isoformat(),
        "kind": kind,
        "epoch": epoch,
        "seq": seq,
        "acknowledged_by": account or "",
        "note": note or "",
        "acknowledged": _moment(noted),
    }
