"""The gateway's HTTP face (ASGI): every route of the protocol's first cut.

Bodies, so that the desk's side can be written from this page alone. An *envelope* is the DSSE JSON itself, never
wrapped; a *reply* is a ``.jmr`` container, as on a stick.

- ``POST /v1/enrol``: enrolment-request envelope → 201 enrolment-grant envelope, 202 device-standing envelope
- ``GET /v1/trust`` → 200 trust envelope
- ``POST /v1/session/challenge``: ``{"device": keyid}`` → 201 ``{"nonce", "server_epoch", "expires_in"}``
- ``POST /v1/session``: session envelope → 201
  ``{"token", "expires_in", "server_epoch", "server_time", "trust_version", "scope"}``
- ``PUT /v1/batches/{id}/manifest``: batch-manifest envelope → 201 new, 200 known:
  ``{"state", "missing": [n], "missing_attachments": [n]}``
- ``PUT /v1/batches/{id}/parts/{n}``: ciphertext with ``Content-Digest`` → 201 new, 200 known: ``{"state", "n"}``
- ``PUT /v1/batches/{id}/attachments/{n}``: likewise
- ``POST /v1/batches/{id}/commit`` → 202 custody-receipt envelope
- ``GET /v1/batches/{id}`` → 200 ``{"batch_id", "state", "missing", "missing_attachments", "received", "processed",
  "totals"}``
- ``GET /v1/batches/{id}/receipt?wait=`` → 200 reply (custody, processing with verdicts); 202 custody envelope while it
  is not processed, after ``wait`` seconds (0 to 20)
- ``POST /v1/batches``: a whole ``.jmb`` → 201 custody-receipt envelope (one request for all steps)
- ``GET /v1/changes?cursor=&limit=`` → 200 reply with one change page
- ``POST /v1/devices/self/rotate``, ``/reopen``: enrolment-request envelope → 201 enrolment-grant envelope,
  202 device-standing envelope while it waits; ``/retire`` → 201 device-standing envelope
- ``GET /v1/devices/self`` → 200 device-standing envelope
- ``GET /v1/packages`` → 200 ``{"packages": [{"digest", "kind", "name", "version", "sequence"}]}``
- ``GET /v1/packages/{digest}`` → 200 package envelope
- ``GET /healthz``, ``GET /readyz`` → 200 ``{"status": "ok"}``
- the public certificate page, for people: ``public_pages``

``Authorization: Bearer`` goes with everything but enrolment, the requests under ``/v1/devices/self``, trust,
sessions and health. Errors are
``application/problem+json`` with ``code`` from ``sync.protocol.errors.Problem``. ``X-Request-Id`` is taken over from
the desk where it is sane, and always answered.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.ids import Ids
from sync.gateway.attachments import put_attachment
from sync.gateway.batches import Batches
from sync.gateway.bell import Bell, heard
from sync.gateway.body import read_body, stream_body
from sync.gateway.changes import DEFAULT_LIMIT, change_page
from sync.gateway.database import Database
from sync.gateway.device_routes import reopen, retire, rotate, standing
from sync.gateway.door import Door, guarded, no_such_route
from sync.gateway.enrol import Device, enrol
from sync.gateway.keys import PlatformKeys
from sync.gateway.media import REPLY, envelope_answer, json_answer
from sync.gateway.package_routes import get_package, list_packages
from sync.gateway.paths import batch_named, number_named
from sync.gateway.precedence import Precedence
from sync.gateway.problem import Declined
from sync.gateway.public_pages import page_routes
from sync.gateway.readiness import OK, Readiness
from sync.gateway.receipts import receipt_reply
from sync.gateway.sessions import challenge, device_of, open_session
from sync.gateway.spool import Quotas
from sync.protocol.errors import Problem
from sync.protocol.limits import LIMITS

_SMALL = 64 * 1024
_SMALL_FILE = 1024 * 1024
"""Bytes of a batch file that are kept in memory until it is there."""
_LONGEST_WAIT = 20
"""Seconds that a request for a receipt may wait for it."""
_LOOK_AFTER = 1.0
"""Seconds until a request for a receipt looks by itself whether it is there; each further time takes twice as long."""


@dataclass(frozen=True)
class Gateway:
    """What the routes work with. ``notify`` tells the worker of a batch in custody, ``bell`` rings when one is done."""

    database: Database
    keys: PlatformKeys
    clock: Clock
    ids: Ids
    notify: Callable[[], None]
    bell: Bell
    door: Door = field(default_factory=Door)
    quotas: Quotas = field(default_factory=Quotas)
    readiness: Readiness | None = None
    precedence: Precedence = field(default_factory=Precedence)

    @property
    def batches(self) -> Batches:
        """Taking batches in."""
        return Batches(self.database, self.keys, self.clock, self.quotas)

    async def device(self, request: Request) -> Device:
        """The device whose token came with the request."""
        token = request.headers.get("authorization", "")
        device = await run_in_threadpool(device_of, self.database, self.clock, token)
        self.door.check_device(device.grant.device)
        return device


def build_app(gateway: Gateway) -> Starlette:
    """The ASGI application over a gateway."""
    table: list[tuple[str, str, Callable[[Gateway, Request], Awaitable[Response]]]] = [
        ("POST", "/v1/enrol", _enrol),
        ("GET", "/v1/trust", _trust),
        ("POST", "/v1/session/challenge", _challenge),
        ("POST", "/v1/session", _session),
        ("PUT", "/v1/batches/{batch}/manifest", _put_manifest),
        ("PUT", "/v1/batches/{batch}/parts/{n}", _put_part),
        ("PUT", "/v1/batches/{batch}/attachments/{n}", put_attachment),
        ("POST", "/v1/batches/{batch}/commit", _commit),
        ("GET", "/v1/batches/{batch}", _status),
        ("GET", "/v1/batches/{batch}/receipt", _receipt),
        ("POST", "/v1/batches", _post_file),
        ("GET", "/v1/changes", _changes),
        ("POST", "/v1/devices/self/rotate", rotate),
        ("POST", "/v1/devices/self/reopen", reopen),
        ("POST", "/v1/devices/self/retire", retire),
        ("GET", "/v1/devices/self", standing),
        ("GET", "/v1/packages", list_packages),
        ("GET", "/v1/packages/{digest}", get_package),
        ("GET", "/healthz", _health),
        ("GET", "/readyz", _ready),
    ]
    routes = [
        Route(path, guarded(partial(handler, gateway), path, lambda: gateway.door), methods=[method])
        for method, path, handler in table
    ]
    return Starlette(routes=[*routes, *page_routes(gateway)], exception_handlers={HTTPException: no_such_route})


def _count(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(2**53))):
        raise Declined(Problem.MALFORMED)
    return int(text)


async def _enrol(gateway: Gateway, request: Request) -> Response:
    envelope = await read_body(request, _SMALL)
    answer = await run_in_threadpool(enrol, gateway.database, gateway.keys, gateway.clock, envelope)
    return envelope_answer(answer.envelope, status=201 if answer.granted else 202)


async def _trust(gateway: Gateway, _: Request) -> Response:
    return envelope_answer(gateway.keys.trust.envelope, status=200)


class _ChallengeBody(msgspec.Struct):
    device: str


async def _challenge(gateway: Gateway, request: Request) -> Response:
    try:
        body = msgspec.json.decode(await read_body(request, _SMALL), type=_ChallengeBody)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Declined(Problem.MALFORMED) from None
    made = await run_in_threadpool(challenge, gateway.database, gateway.keys, gateway.clock, body.device)
    return json_answer(
        {"nonce": made.nonce, "server_epoch": made.server_epoch, "expires_in": LIMITS.challenge_seconds}, status=201
    )


async def _session(gateway: Gateway, request: Request) -> Response:
    envelope = await read_body(request, _SMALL)
    client = request.headers.get("user-agent", "")
    opened = await run_in_threadpool(open_session, gateway.database, gateway.keys, gateway.clock, envelope, client)
    return json_answer(
        {
            "token": opened.token,
            "expires_in": LIMITS.session_seconds,
            "server_epoch": gateway.keys.server_epoch,
            "server_time": utc_text(gateway.clock.now()),
            "trust_version": gateway.keys.trust.document.version,
            "scope": opened.scope,
        },
        status=201,
    )


async def _put_manifest(gateway: Gateway, request: Request) -> Response:
    device, batch_id = await gateway.device(request), batch_named(request)
    envelope = await read_body(request, LIMITS.envelope_bytes)
    with gateway.precedence.handing_over():
        taken = await run_in_threadpool(gateway.batches.announce, device, envelope, batch_id=batch_id)
    return json_answer(
        {
            "state": taken.state.value,
            "missing": taken.missing,
            "missing_attachments": taken.missing_attachments,
        },
        status=201 if taken.fresh else 200,
    )


async def _put_part(gateway: Gateway, request: Request) -> Response:
    device, batch_id = await gateway.device(request), batch_named(request)
    n = number_named(request, LIMITS.parts_per_batch)
    ciphertext = await read_body(request, LIMITS.part_bytes)
    with gateway.precedence.handing_over():
        taken = await run_in_threadpool(gateway.batches.put_part, device, batch_id, n, ciphertext)
    return json_answer({"state": taken.state.value, "n": n}, status=201 if taken.fresh else 200)


async def _commit(gateway: Gateway, request: Request) -> Response:
    device, batch_id = await gateway.device(request), batch_named(request)
    with gateway.precedence.handing_over():
        custody = await run_in_threadpool(gateway.batches.commit, device, batch_id)
    gateway.notify()
    return envelope_answer(custody, status=202)


async def _status(gateway: Gateway, request: Request) -> Response:
    device, batch_id = await gateway.device(request), batch_named(request)
    return json_answer(await run_in_threadpool(gateway.batches.status, device, batch_id))


async def _receipt(gateway: Gateway, request: Request) -> Response:
    device, batch_id = await gateway.device(request), batch_named(request)
    patience = time.monotonic() + min(_count(request, "wait", 0), _LONGEST_WAIT)
    key, custody = await run_in_threadpool(gateway.batches.in_custody, device, batch_id)
    with gateway.bell.listening(key) as event:
        pause = _LOOK_AFTER
        while True:
            reply = await run_in_threadpool(
                receipt_reply, gateway.database, gateway.keys, gateway.clock, gateway.ids, device, key
            )
            left = patience - time.monotonic()
            if reply is not None or left <= 0 or gateway.bell.silent:
                break
            # Another process may be the one that works: then no bell rings here.
            await heard(event, min(left, pause))
            pause *= 2
    if reply is not None:
        return Response(reply, 200, media_type=REPLY)
    response = envelope_answer(custody, status=202)
    response.headers["Retry-After"] = "1"
    return response


async def _post_file(gateway: Gateway, request: Request) -> Response:
    device = await gateway.device(request)
    with tempfile.SpooledTemporaryFile(_SMALL_FILE) as file:  # sealed bytes only
        async for chunk in stream_body(request, LIMITS.container_bytes):
            await run_in_threadpool(file.write, chunk)
        file.seek(0)
        with gateway.precedence.handing_over():
            _, custody = await run_in_threadpool(gateway.batches.take_file, device, file)
    gateway.notify()
    return envelope_answer(custody, status=201)


async def _changes(gateway: Gateway, request: Request) -> Response:
    device = await gateway.device(request)
    reply = await run_in_threadpool(
        lambda: change_page(
            *(gateway.database, gateway.keys, gateway.clock, gateway.ids, device),
            cursor=_count(request, "cursor", 0),
            limit=_count(request, "limit", DEFAULT_LIMIT),
            snapshot=request.query_params.get("snapshot") == "1",
        )
    )
    return Response(reply, 200, media_type=REPLY)


async def _health(_: Gateway, __: Request) -> Response:
    return json_answer({"status": "ok"})


async def _ready(gateway: Gateway, _: Request) -> Response:
    readiness = gateway.readiness or Readiness(gateway.database, gateway.clock)
    checks = await run_in_threadpool(readiness.look)
    if any(found != OK for found in checks.values()):  # which of them, the operators' port says
        raise Declined(Problem.UNAVAILABLE)
    return json_answer({"status": OK})
