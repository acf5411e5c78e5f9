"""The gateway's log: one JSON object a line, and nothing in it that came out of a record or a request's values.

Our own lines name an event and fields of ours. What libraries log is written without its arguments, and an exception
without its text: only where it happened, since both may quote what they met.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from jmdesk.core.clock import utc_text

Field = str | int | bool | None
_OURS = "jmdesk"


class Event:
    """A log message of ours: what happened, and numbers, codes and ids about it."""

    __slots__ = ("fields", "name")

    def __init__(self, name: str, fields: Mapping[str, Field]) -> None:
        self.name = name
        self.fields = fields

    def __str__(self) -> str:
        return " ".join([self.name, *(f"{name}={value}" for name, value in self.fields.items())])


def event(log: logging.Logger, level: int, name: str, **fields: Field) -> None:
    """Log an event. ``fields`` never hold a value of a record, a name, an address or a token (I13)."""
    if log.isEnabledFor(level):
        log.log(level, Event(name, fields))


def whereabouts(error: BaseException) -> str:
    """Kind and place of an unexpected error, for the log; never its text, which may quote a record."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object: ``at`` (UTC), ``level``, ``logger``, ``event``, and the event's fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": utc_text(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        message: object = record.msg
        if isinstance(message, Event):
            line["event"] = message.name
            line |= message.fields
        elif record.name.partition(".")[0] == _OURS:
            line["event"] = record.getMessage()
        else:
            line["event"] = str(message)[:200] if isinstance(message, str) and not record.exc_info else "exception"
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = whereabouts(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def open_journal(level: str) -> None:
    """Send the log of this process to standard error as JSON lines, from ``level`` (``info``, …) on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
