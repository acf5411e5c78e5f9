"""Reading a request's body: never more than its limit, never longer than its deadline, digest checked on the way."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect, Request

from sync.gateway.problem import Declined
from sync.protocol.errors import Problem
from sync.protocol.limits import LIMITS


@dataclass(frozen=True, slots=True)
class Bodies:
    """How long a body may take and how large it may be, so that nobody holds a connection for ever."""

    silence: float = 20
    """Seconds of the longest silence within a body."""
    grace: float = 60
    """Seconds before it must keep up with ``slowest``."""
    slowest: int = 8 * 1024
    """Bytes per second."""
    largest: int = LIMITS.container_bytes
    """Bytes of any body, whatever its path allows."""


_USUAL: Final = Bodies()


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, at most ``limit`` bytes; a ``Content-Digest`` (RFC 9530, sha-256) that is given must hold.

    ``Declined``: ``too_large``, ``digest_mismatch``, ``malformed`` (too slow, broken off, or an unusable digest).
    """
    return b"".join([chunk async for chunk in stream_body(request, limit)])


async def stream_body(request: Request, limit: int) -> AsyncIterator[bytes]:
    """As ``read_body``, piece by piece; the digest is known to hold only after the last piece."""
    bodies: Bodies = getattr(request.app.state, "bodies", _USUAL)
    limit = min(limit, bodies.largest)
    expected = _content_digest(request)
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit():
        raise Declined(Problem.MALFORMED)
    if int(announced) > limit:
        raise Declined(Problem.TOO_LARGE, limit=limit)
    digest, size = hashlib.sha256(), 0
    stream = request.stream().__aiter__()
    ends = time.monotonic() + bodies.grace + int(announced) // bodies.slowest
    while True:
        try:
            async with asyncio.timeout(min(bodies.silence, ends - time.monotonic())):
                chunk = await anext(stream, None)
        except (TimeoutError, ClientDisconnect):
            raise Declined(Problem.MALFORMED, detail_code="gateway.body_slow") from None
        if chunk is None:
            break
        size += len(chunk)
        if size > limit:
            raise Declined(Problem.TOO_LARGE, limit=limit)
        digest.update(chunk)
        yield chunk
    if expected is not None and digest.digest() != expected:
        raise Declined(Problem.DIGEST_MISMATCH)


def _content_digest(request: Request) -> bytes | None:
    """The SHA-256 that ``Content-Digest`` names, or nothing where there is no such header."""
    header = request.headers.get("content-digest")
    if header is None:
        return None
    for member in header.split(","):
        name, _, value = member.strip().partition("=")
        if name.lower() == "sha-256" and len(value) > 2 and value[0] == value[-1] == ":":
            try:
                found = base64.b64decode(value[1:-1], validate=True)
            except binascii.Error:
                break
            if len(found) == hashlib.sha256().digest_size:
                return found
    raise Declined(Problem.MALFORMED, detail_code="gateway.content_digest")
