"""The door of the HTTP face: who may come in how often, an answer to every failure, and a line in the log for each.

A request's id is the desk's where it is sane; it goes through the log, the answer and every problem.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import psycopg
from starlette.exceptions import HTTPException

from jmdesk.core.errors import Environment
from jmdesk.core.seals import PAGE
from sync.gateway.journal import event, whereabouts
from sync.gateway.limiter import LOOPBACK, Limiter, Network, Rate, Rates, client_address
from sync.gateway.media import PROBLEM, json_answer
from sync.gateway.metrics import Metrics
from sync.gateway.problem import Declined
from sync.protocol.errors import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

log = logging.getLogger("jmdesk.gateway")

Handler = Callable[["Request"], Awaitable["Response"]]
Told = Callable[[Declined, str], "Response"]

RETRY_SECONDS: Final = 2
_REQUEST_ID: Final = re.compile(r"(?!.*[0-9]{13})[0-9A-Za-z._-]{8,64}")
"""No run of digits as long as an identity number's: an id is for the log."""
_ENROL: Final = frozenset({"/v1/enrol"})
_SESSION: Final = frozenset(
    {
        *("/v1/session", "/v1/session/challenge"),
        *("/v1/devices/self/rotate", "/v1/devices/self/reopen", "/v1/devices/self/retire"),
    }
)
"""Routes that need no token and cost a signature check."""


class Door:
    """One per process. ``trusted`` are proxies: what they say in ``X-Forwarded-For`` is believed."""

    def __init__(
        self,
        rates: Rates | None = None,
        trusted: Sequence[Network] = LOOPBACK,
        metrics: Metrics | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.metrics = metrics or Metrics()
        self._rates = rates or Rates()
        self._trusted = tuple(trusted)
        self._limiter = Limiter(now)

    def check_address(self, request: Request, route: str) -> None:
        """``Declined`` ``too_many`` for an address that asks too often, on the routes without a token sooner."""
        peer = request.client.host if request.client else ""
        address = client_address(peer, request.headers.get("x-forwarded-for", ""), self._trusted)
        if not address:
            return
        self._take("address", address, self._rates.address)
        if route in _ENROL:
            self._take("enrol", address, self._rates.enrol)
        elif route in _SESSION:
            self._take("session", address, self._rates.session)
        elif route.startswith(PAGE):
            self._take("page", address, self._rates.page)

    def check_device(self, device: str) -> None:
        """``Declined`` ``too_many`` for a device that asks too often."""
        self._take("device", device, self._rates.device)

    def _take(self, kind: str, whose: str, rate: Rate) -> None:
        seconds = self._limiter.wait(kind, whose, rate)
        if seconds:
            self.metrics.limited.labels(kind).inc()
            raise Declined(Problem.TOO_MANY, retry_after=seconds)


def guarded(handler: Handler, route: str, door: Callable[[], Door], told: Told | None = None) -> Handler:
    """A handler behind the door: every failure is an answer, every answer is logged, without personal data (I13).

    ``door`` is asked at each request, so that the table of routes can be looked at without a gateway. ``told`` makes
    the answer of a failure from it and the request's id: a problem document where nothing else is said.
    """
    answer = told or problem_answer

    async def through(request: Request) -> Response:
        asked, request_id, started = door(), _request_id(request), time.monotonic()
        with asked.metrics.in_flight.track_inprogress():
            try:
                asked.check_address(request, route)
                response = await handler(request)
            except Declined as declined:
                response = answer(declined, request_id)
            except (psycopg.OperationalError, Environment) as error:
                event(log, logging.WARNING, "unavailable", request=request_id, error=whereabouts(error))
                response = answer(Declined(Problem.UNAVAILABLE), request_id)
            except Exception as error:  # noqa: BLE001 - a bug is told as one, without the data that it met
                event(log, logging.ERROR, "failed", request=request_id, error=whereabouts(error))
                response = answer(Declined(Problem.INTERNAL), request_id)
        response.headers["X-Request-Id"] = request_id
        response.headers["Cache-Control"] = "no-store"
        seconds, method = time.monotonic() - started, request.method
        asked.metrics.answered(method, route, response.status_code, seconds)
        event(
            *(log, logging.INFO, "request"),
            request=request_id,
            method=method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000),
        )
        return response

    return through


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def problem_answer(declined: Declined, request_id: str) -> Response:
    """A problem document; where time cures it, with ``Retry-After``."""
    return retry_after(declined, json_answer(declined.body(request_id), declined.status, PROBLEM))


def retry_after(declined: Declined, response: Response) -> Response:
    """An answer with ``Retry-After`` where time cures the problem."""
    if declined.problem in (Problem.TOO_MANY, Problem.UNAVAILABLE, Problem.SPOOL_FULL):
        response.headers["Retry-After"] = str(declined.detail.get("retry_after", RETRY_SECONDS))
    return response


def no_such_route(request: Request, error: Exception) -> Response:
    """The problem for a path or method that is none."""
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    declined = Declined(Problem.MALFORMED if status == HTTPStatus.METHOD_NOT_ALLOWED else Problem.NOT_FOUND)
    return json_answer({**declined.body(_request_id(request)), "status": status}, status, PROBLEM)
