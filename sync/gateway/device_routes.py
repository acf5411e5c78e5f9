"""The routes under ``/v1/devices/self``: rotation, reopening, retirement, standing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from sync.gateway.body import read_body
from sync.gateway.devices import Devices
from sync.gateway.media import envelope_answer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from sync.gateway.app import Gateway

_SMALL = 64 * 1024


def _devices(gateway: Gateway) -> Devices:
    return Devices(gateway.database, gateway.keys, gateway.clock)


async def rotate(gateway: Gateway, request: Request) -> Response:
    """A request for a new key: 201 its grant, 202 the standing of a key that waits for approval."""
    envelope = await read_body(request, _SMALL)
    answer = await run_in_threadpool(_devices(gateway).rotate, envelope)
    return envelope_answer(answer.envelope, status=201 if answer.granted else 202)


async def reopen(gateway: Gateway, request: Request) -> Response:
    """A request for a new epoch: 202 until an administrator approved it, then 201 with the grant."""
    envelope = await read_body(request, _SMALL)
    answer = await run_in_threadpool(_devices(gateway).reopen, envelope)
    return envelope_answer(answer.envelope, status=201 if answer.granted else 202)


async def retire(gateway: Gateway, request: Request) -> Response:
    """The end of the device that signed it: its standing."""
    envelope = await read_body(request, _SMALL)
    return envelope_answer(await run_in_threadpool(_devices(gateway).retire, envelope), status=201)


async def standing(gateway: Gateway, request: Request) -> Response:
    """The standing of the device that asks."""
    device = await gateway.device(request)
    return envelope_answer(await run_in_threadpool(_devices(gateway).standing, device), status=200)
