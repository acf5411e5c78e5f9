"""The one way to hand out a list: who may, what for, how it is masked and marked, written down with its digest."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import msgspec

from jmdesk.audit.service import Audit
from jmdesk.catalogue.types import Record, RecordType
from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Refused
from jmdesk.core.ids import Ids
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.exports import approval
from jmdesk.exports.approval import Request
from jmdesk.exports.rows import cells, exported_fields
from jmdesk.exports.sheet import Cell, Mark, Sheet, comma_separated, workbook
from jmdesk.permissions.four_eyes import four_eyes
from jmdesk.permissions.guard import Guard
from jmdesk.records.workplace import Workplace
from jmdesk.store import reading
from jmdesk.store.reading import Filter
from jmdesk.store.stored import Stored
from jmdesk.vault.files import disk_errors, write_durably

MOST_ROWS: Final = 100_000
SHORTEST_PASSWORD: Final = 10
MASKED: Final = "已遮蔽"
_PAGE: Final = 500
_NAMES: Final = {"R05": "household_id", "R06": "person_name", "R20": "ent_name"}
"""What a reference to a type is shown as."""


class ExportDesk(Workplace, Protocol):
    """The open desk that hands something out."""

    @property
    def actor(self) -> str: ...
    @property
    def unit_name(self) -> str: ...
    @property
    def mark(self) -> str: ...
    @property
    def guard(self) -> Guard: ...
    @property
    def ids(self) -> Ids: ...
    @property
    def audit(self) -> Audit: ...


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: a type, which records, what for; ``request`` names the approval of an unmasked list and
    ``password`` is what opens it.
    """

    type: str
    purpose: str
    wanted: Filter | None = None
    request: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was handed out: where, how many rows, its SHA-256 in hex."""

    file: Path
    rows: int
    sha256: str


class Exports:
    """Lists of one desk as files."""

    def __init__(self, desk: ExportDesk) -> None:
        self._desk = desk

    def records(self, order: Order, file: Path, progress: Progress = silent, cancelled: Cancelled = never) -> Exported:
        """Write records of one type to ``file`` (``.xlsx`` or ``.csv``), as the user may see them.

        Identity numbers, phones and addresses are masked and S4 values withheld, unless ``order.request`` was approved
        by a second person: then the file is an encrypted workbook. ``Refused``: "permissions.…",
        "exports.purpose_needed", "exports.format", "exports.too_many", "exports.nothing", "exports.no_request",
        "exports.not_approved", "exports.password_short", "store.cancelled"; ``Environment`` as ``disk_errors``.
        """
        desk = self._desk
        record_type = desk.records.type(order.type)
        desk.guard.require("export", record_type.id)
        request = self._approved(order, record_type) if order.request else None
        _check(order, file, plain=request is not None)
        sheet = self._sheet(record_type, order, progress, cancelled, plain=request is not None)
        scope = f"未遮蔽(批准人 {self._name(request.approver)})" if request is not None else MASKED
        told: Record = {"masked": request is None}
        if request is not None:
            told["request"] = request.id
            self._put(msgspec.structs.replace(request, used=True))
        return self.write(sheet, file, order.purpose, record_type.id, scope=scope, told=told, password=order.password)

    def write(
        self,
        sheet: Sheet,
        file: Path,
        purpose: str,
        type_id: str,
        *,
        scope: str = MASKED,
        told: Record | None = None,
        password: str = "",
    ) -> Exported:
        """Write any list, marked, and note it in the audit trail before it is there; the caller has asked who may.

        ``Refused``: "exports.purpose_needed", "exports.format"; ``Environment`` as ``disk_errors``.
        """
        _check_form(purpose, file)
        desk = self._desk
        at = utc_text(desk.clock.now())
        scope = f"{desk.mark}　{scope}" if desk.mark else scope
        mark = Mark(self._name(desk.actor), desk.unit_name, at, purpose.strip(), scope)
        data = comma_separated(sheet, mark) if file.suffix.lower() == ".csv" else workbook(sheet, mark)
        if password:
            data = _encrypted(data, password)
        digest = hashlib.sha256(data).hexdigest()
        note: Record = {"sha256": digest, "rows": len(sheet.rows), "format": file.suffix.lower()[1:], **(told or {})}
        # The line first: a file that nobody knows of must not exist, one that failed to be written does no harm.
        desk.audit.note("export", type_id, "", note, reason=purpose.strip())
        with disk_errors():
            write_durably(file, data)
        return Exported(file, len(sheet.rows), digest)

    # -- unmasked --------------------------------------------------------------------------------------------------

    def ask(self, type_id: str, reason: str) -> Request:
        """Ask for leave to hand out a type unmasked. ``Refused``: "permissions.…", "exports.purpose_needed"."""
        desk = self._desk
        desk.guard.require("export", desk.records.type(type_id).id)
        if not reason.strip():
            raise Refused("exports.purpose_needed")
        request = Request(desk.ids.new(), type_id, desk.actor, utc_text(desk.clock.now()), reason.strip())
        self._put(request)
        desk.audit.note("export", type_id, "", {"request": request.id, "step": "asked"}, reason=reason.strip())
        return request

    def approve(self, request: str) -> Request:
        """Give that leave, as a second person who may see and hand out the type.

        ``Refused``: "exports.no_request", "permissions.four_eyes", "permissions.action".
        """
        desk = self._desk
        with desk.store.reading() as connection:
            found = approval.find(connection, request, desk.clock.now())
        four_eyes(found.asker, desk.actor)
        for action in ("export", "reveal"):
            desk.guard.require(action, found.type)
        given = msgspec.structs.replace(found, approver=desk.actor, approved=utc_text(desk.clock.now()))
        self._put(given)
        desk.audit.note("export", found.type, "", {"request": request, "step": "approved"}, reason=found.reason)
        return given

    def requests(self) -> list[Request]:
        """Requests that can still be approved or used, the newest first."""
        now = self._desk.clock.now()
        with self._desk.store.reading() as connection:
            return [one for one in approval.read(connection) if one.is_open(now)]

    def waiting(self) -> int:
        """How many requests of others the user might approve."""
        may = self._desk.guard.may
        return sum(
            not one.approved and one.asker != self._desk.actor and may("export", one.type) and may("reveal", one.type)
            for one in self.requests()
        )

    def _approved(self, order: Order, record_type: RecordType) -> Request:
        desk = self._desk
        with desk.store.reading() as connection:
            found = approval.find(connection, order.request, desk.clock.now())
        if not found.approved or found.type != record_type.id or found.asker != desk.actor:
            raise Refused("exports.not_approved")
        return found

    def _put(self, request: Request) -> None:
        with self._desk.store.beside() as connection:
            approval.put(connection, request)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _sheet(
        self, record_type: RecordType, order: Order, progress: Progress, cancelled: Cancelled, *, plain: bool
    ) -> Sheet:
        desk = self._desk
        total = desk.records.count(record_type.id, order.wanted)
        if total > MOST_ROWS:
            raise Refused("exports.too_many", most=MOST_ROWS)
        fields = exported_fields(record_type, desk.guard.hidden(record_type.id))
        rows: list[Sequence[Cell]] = []
        for offset in range(0, total, _PAGE):
            if cancelled():
                raise Refused("store.cancelled")
            found = desk.records.find(record_type.id, order.wanted, order="rid", limit=_PAGE, offset=offset)
            names, waiting = self._named(record_type, found), self._waiting(found)
            rows += [cells(desk.catalogue, fields, one, names, waiting.get(one.rid, ()), plain=plain) for one in found]
            progress(len(rows), total)
        if not rows:
            raise Refused("exports.nothing")
        return Sheet(record_type.label, tuple(_heading(f.label, f.unit) for f in fields), rows)

    def _named(self, record_type: RecordType, found: Sequence[Stored]) -> dict[str, str]:
        """What the references of these records lead to."""
        names: dict[str, str] = {}
        for field in record_type.fields:
            shown = _NAMES.get(field.type.target or "") if field.type.kind == "ref" else None
            if shown is None:
                continue
            rids = [str(one.values[field.identifier]) for one in found if field.identifier in one.values]
            with self._desk.store.reading() as connection:
                for one in reading.find(connection, field.type.target or "", Filter(rids=sorted(set(rids)))):
                    names[one.rid] = str(one.values.get(shown, ""))
        return names

    def _waiting(self, found: Sequence[Stored]) -> dict[str, list[str]]:
        waiting: dict[str, list[str]] = {}
        with self._desk.store.reading() as connection:
            rids = {one.rid for one in found}
            for entry in reading.sealed(connection):
                if entry.rid in rids:
                    waiting.setdefault(entry.rid, []).append(entry.field)
        return waiting

    def _name(self, user: str) -> str:
        with self._desk.store.reading() as connection:
            found = reading.get(connection, "R02", user)
        return str(found.values.get("user_name", "")) if found else ""


def _check(order: Order, file: Path, *, plain: bool) -> None:
    _check_form(order.purpose, file)
    if plain and file.suffix.lower() != ".xlsx":
        raise Refused("exports.format")
    if plain and len(order.password) < SHORTEST_PASSWORD:
        raise Refused("exports.password_short", least=SHORTEST_PASSWORD)


def _check_form(purpose: str, file: Path) -> None:
    if not purpose.strip():
        raise Refused("exports.purpose_needed")
    if file.suffix.lower() not in (".xlsx", ".csv"):
        raise Refused("exports.format")


def _encrypted(data: bytes, password: str) -> bytes:
    """The workbook under a password, as office programs encrypt (ECMA-376 agile, AES-256)."""
    from msoffcrypto.format.ooxml import OOXMLFile

    out = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt(password, out)
    return out.getvalue()


def _heading(label: str, unit: str) -> str:
    return f"{label}({unit})" if unit else label
