"""Leave to hand out a list unmasked: asked for with a reason, given by a second person, good once and for a week."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from jmdesk.core.clock import from_utc_text
from jmdesk.core.errors import Refused
from jmdesk.store.store import Connection, get_setting, set_setting

VALID: Final = timedelta(days=7)
_LIST: Final = "exports.requests"
_KEPT: Final = 50


class Request(msgspec.Struct, frozen=True):
    """One request: for a type, by whom, when, why; who approved it and when; whether it was used."""

    id: str
    type: str
    asker: str
    at: str
    reason: str
    approver: str = ""
    approved: str = ""
    used: bool = False

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be approved or used."""
        return not self.used and now - from_utc_text(self.approved or self.at) <= VALID


def read(connection: Connection) -> list[Request]:
    """Every request that is remembered, the newest first."""
    text = get_setting(connection, _LIST)
    return msgspec.json.decode(text, type=list[Request]) if text else []


def put(connection: Connection, request: Request) -> None:
    """Remember a request as it is now."""
    others = [one for one in read(connection) if one.id != request.id]
    set_setting(connection, _LIST, msgspec.json.encode([request, *others][:_KEPT]).decode())


def find(connection: Connection, request: str, now: datetime) -> Request:
    """An open request. ``Refused`` "exports.no_request"."""
    found = next((one for one in read(connection) if one.id == request and one.is_open(now)), None)
    if found is None:
        raise Refused("exports.no_request")
    return found
