"""The routes under ``/v1/packages``: what is published, and each signed envelope."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool

from sync.gateway.database import Access, Connection, Role
from sync.gateway.media import envelope_answer, json_answer
from sync.gateway.packages import envelope_of, published
from sync.gateway.problem import Declined
from sync.protocol.errors import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from sync.gateway.app import Gateway

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


async def list_packages(gateway: Gateway, request: Request) -> Response:
    """What is published, in the order in which it can be taken. Unsigned: it says what to ask for, and no more."""
    await gateway.device(request)
    found = await run_in_threadpool(gateway.database.run, Access(Role.API), published)
    named = [
        {"digest": p.digest, "kind": p.kind, "name": p.name, "version": p.version, "sequence": p.sequence}
        for p in found
    ]
    return json_answer({"packages": named})


async def get_package(gateway: Gateway, request: Request) -> Response:
    """The envelope of a published package, by the SHA-256 of its bytes."""
    await gateway.device(request)
    digest = str(request.path_params["digest"])

    def work(connection: Connection) -> bytes:
        try:
            return envelope_of(connection, digest)
        except LookupError:
            raise Declined(Problem.NOT_FOUND) from None

    if not _DIGEST.fullmatch(digest):
        raise Declined(Problem.NOT_FOUND)
    return envelope_answer(await run_in_threadpool(gateway.database.run, Access(Role.API), work), status=200)
