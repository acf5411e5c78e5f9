"""The kinds of bodies that the gateway answers with."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

ENVELOPE = "application/vnd.jmdesk.envelope+json"
REPLY = "application/vnd.jmdesk.jmr"
PROBLEM = "application/problem+json"


def json_answer(body: object, status: int = 200, media_type: str = "application/json") -> Response:
    """An unsigned JSON document."""
    return Response(msgspec.json.encode(body), status, media_type=media_type)


def envelope_answer(envelope: bytes, status: int) -> Response:
    """A signed envelope as it is."""
    return Response(envelope, status, media_type=ENVELOPE)
