"""What an HTTP answer means: the platform's, a problem of the platform's, or somebody else's altogether."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from jmdesk.core.errors import KnownError, Refused, Unreachable
from sync.protocol.errors import Problem

PROBLEM_TYPE: Final = "application/problem+json"

_PASSING: Final = frozenset({Problem.TOO_MANY, Problem.UNAVAILABLE, Problem.SPOOL_FULL, Problem.INTERNAL})


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer. Header names are lower case; the body is as received and bounded."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    request_id: str

    @property
    def media_type(self) -> str:
        """``application/json`` without parameters, lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class _ProblemBody(msgspec.Struct, frozen=True):
    code: str
    missing: list[int] = []
    detail_code: str = ""


def problem_of(answer: Answer) -> KnownError:
    """What the user is told of an answer that is not the expected one.

    A page that a hotel, an operator or a proxy put in the platform's place is ``sync.captive_portal``: such answers
    are 200 with HTML, a redirect (the platform never redirects), or 511 (RFC 6585).
    """
    if answer.media_type == PROBLEM_TYPE:
        named = _named_problem(answer)
        if named is not None:
            return named
    if (
        300 <= answer.status < 400
        or answer.status == 511
        or answer.media_type in {"text/html", "application/xhtml+xml"}
    ):
        return Unreachable("sync.captive_portal", request_id=answer.request_id)
    if answer.status == 407:
        return Unreachable("sync.proxy_login", request_id=answer.request_id)
    if answer.status == 429:
        return Unreachable("sync.too_many", retry_after=_retry_after(answer), request_id=answer.request_id)
    if answer.status >= 500:
        return Unreachable("sync.unavailable", retry_after=_retry_after(answer), request_id=answer.request_id)
    return Unreachable("sync.unexpected_answer", status=answer.status, request_id=answer.request_id)


def _named_problem(answer: Answer) -> KnownError | None:
    try:
        body = msgspec.json.decode(answer.body, type=_ProblemBody)
        problem = Problem(body.code)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return None
    code = f"sync.{problem}"
    if problem in _PASSING:
        return Unreachable(code, retry_after=_retry_after(answer), request_id=answer.request_id)
    # The members name sequence numbers and stable codes only; both are bounded before anybody sees them.
    missing = "、".join(str(number) for number in body.missing[:10])
    detail = body.detail_code if body.detail_code.isascii() else ""
    return Refused(code, missing=missing, detail=detail[:80], request_id=answer.request_id)


def _retry_after(answer: Answer) -> int:
    """Seconds; 0 for none, and for a date (RFC 9110 allows one, the platform never sends it)."""
    text = answer.headers.get("retry-after", "")
    return int(text) if text.isdecimal() and len(text) < 6 else 0


def json_of(answer: Answer) -> dict[str, object]:
    """The JSON object in an answer. ``Unreachable`` ``sync.unexpected_answer`` for anything else."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unreachable("sync.unexpected_answer", status=answer.status, request_id=answer.request_id)
    return found
