"""The administration's HTTP face (ASGI), on a port of its own; JSON in and out. `sync/kit/admin-openapi.yaml`.

A session's token goes into ``Authorization: Bearer``; there are no cookies, so no other page can act in an account's
name. Requests for another host than ours are refused, which keeps a page from reaching us under its own name (DNS
rebinding).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from functools import partial
from http import HTTPStatus
from typing import TypeVar

import msgspec
import psycopg
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jmdesk.core.clock import Clock
from jmdesk.core.errors import Environment, Refused
from sync.gateway.admin.accounts import SESSION_HOURS, Account, AccountRole, Accounts, Locked
from sync.gateway.admin.overview import MOST, VERDICT_DAYS, Overview
from sync.gateway.admin.proposals import Proposals
from sync.gateway.body import read_body
from sync.gateway.database import Database
from sync.gateway.journal import whereabouts
from sync.gateway.media import PROBLEM, json_answer
from sync.gateway.problem import Declined

log = logging.getLogger("jmdesk.gateway.admin")

_SMALL = 64 * 1024
_STATUS = {
    "admin.wrong_passphrase": HTTPStatus.UNAUTHORIZED,
    "admin.no_session": HTTPStatus.UNAUTHORIZED,
    "admin.not_allowed": HTTPStatus.FORBIDDEN,
    "admin.own_proposal": HTTPStatus.FORBIDDEN,
    "admin.locked": HTTPStatus.TOO_MANY_REQUESTS,
    "admin.no_proposal": HTTPStatus.NOT_FOUND,
    "admin.no_device": HTTPStatus.NOT_FOUND,
    "admin.no_request": HTTPStatus.NOT_FOUND,
    "admin.no_alarm": HTTPStatus.NOT_FOUND,
    "admin.not_held": HTTPStatus.NOT_FOUND,
    "admin.no_account": HTTPStatus.NOT_FOUND,
    "gateway.unit_unknown": HTTPStatus.NOT_FOUND,
}
"""Statuses of refusals; the others are 409."""
_Body = TypeVar("_Body", bound=msgspec.Struct)


@dataclass(frozen=True)
class Administration:
    """What the routes work with; ``notify`` tells the worker that a batch was released."""

    accounts: Accounts
    proposals: Proposals
    overview: Overview
    notify: Callable[[], None]


def administration(database: Database, clock: Clock, notify: Callable[[], None]) -> Administration:
    """The services over a database."""
    return Administration(Accounts(database, clock), Proposals(database, clock), Overview(database, clock), notify)


Answer = Callable[[Request], Awaitable[Response]]


async def _guarded(answer: Answer, path: str, request: Request) -> Response:
    """Run a handler; every failure is an answer, and every answer is logged without what it says."""
    request_id = secrets.token_hex(8)
    try:
        response = await answer(request)
    except Declined as declined:
        response = _problem(declined.problem.value, declined.status, request_id)
    except Refused as refused:
        response = _refused(refused, request_id)
    except (psycopg.OperationalError, Environment) as error:
        log.warning("%s unavailable: %s", request_id, whereabouts(error))
        response = _problem("unavailable", HTTPStatus.SERVICE_UNAVAILABLE, request_id)
    except Exception as error:  # noqa: BLE001 - a bug is told as one, without the data that it met
        log.error("%s failed: %s", request_id, whereabouts(error))  # noqa: TRY400 - no traceback: it quotes data
        response = _problem("internal", HTTPStatus.INTERNAL_SERVER_ERROR, request_id)
    response.headers["X-Request-Id"] = request_id
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    log.info("%s %s %s %s", request_id, request.method, path, response.status_code)
    return response


def _refused(refused: Refused, request_id: str) -> Response:
    status = _STATUS.get(refused.code, HTTPStatus.CONFLICT)
    response = _problem(refused.code, status, request_id, str(refused.message_for_user("zh")))
    if isinstance(refused, Locked):
        response.headers["Retry-After"] = str(refused.seconds)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _problem(code: str, status: int, request_id: str, detail: str = "") -> Response:
    body = {
        "type": f"urn:jmdesk:problem:{code}",
        "title": code.rpartition(".")[2].replace("_", " "),
        "status": int(status),
        "code": code,
        "request_id": request_id,
        "detail": detail,
    }
    return json_answer(body, status, PROBLEM)


def _no_such_route(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    code = "malformed" if status == HTTPStatus.METHOD_NOT_ALLOWED else "not_found"
    return _problem(code, status, secrets.token_hex(8))


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


Handler = Callable[[Administration, Account, Request], Awaitable[Response]]
OpenHandler = Callable[[Administration, Request], Awaitable[Response]]


async def _in_session(services: Administration, handler: Handler, request: Request) -> Response:
    return await handler(services, await _account(services, request), request)


async def _account(services: Administration, request: Request) -> Account:
    account = await run_in_threadpool(services.accounts.of_token, _token(request))
    if account is None:
        raise Refused("admin.no_session")
    return account


async def _read(request: Request, kind: type[_Body]) -> _Body:
    try:
        return msgspec.json.decode(await read_body(request, _SMALL), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Refused("admin.malformed") from None


def _count(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Refused("admin.malformed")
    return int(text)


def _limit(request: Request, default: int = 200) -> int:
    return max(1, min(_count(request, "limit", default), MOST))


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    """Name and passphrase."""

    name: str
    passphrase: str


class NewProposal(msgspec.Struct, forbid_unknown_fields=True):
    """What is proposed, about what, and why."""

    kind: str
    subject: str
    reason: str


class NewScope(msgspec.Struct, forbid_unknown_fields=True):
    """Regions and roles that a device is to have; of an empty list it keeps what it has."""

    device: str
    regions: list[str]
    roles: list[str]
    reason: str


class NewAccount(msgspec.Struct, forbid_unknown_fields=True):
    """An account to be; its owner types the passphrase."""

    name: str
    role: AccountRole
    passphrase: str
    reason: str


class Decision(msgspec.Struct, forbid_unknown_fields=True):
    """Why it is decided so."""

    reason: str


class Note(msgspec.Struct, forbid_unknown_fields=True):
    """Which alarm was looked into, and what was found."""

    device: str
    at: str
    note: str


async def open_session(services: Administration, request: Request) -> Response:
    """A token for name and passphrase."""
    given = await _read(request, Credentials)
    token, account = await run_in_threadpool(services.accounts.open_session, given.name, given.passphrase)
    body = {"token": token, "name": account.name, "role": account.role.value, "expires_in": SESSION_HOURS * 3600}
    return json_answer(body, status=201)


async def health(_: Administration, __: Request) -> Response:
    """That it answers."""
    return json_answer({"status": "ok"})


async def close_session(services: Administration, _: Account, request: Request) -> Response:
    """End the session."""
    await run_in_threadpool(services.accounts.close_session, _token(request))
    return json_answer({"status": "ok"})


async def me(_: Administration, account: Account, __: Request) -> Response:
    """Who is asking, and what the account may do."""
    role = account.role
    return json_answer({"name": account.name, "role": role.value, "proposes": role.proposes, "decides": role.decides})


async def devices(services: Administration, _: Account, request: Request) -> Response:
    """Devices."""
    unit = request.query_params.get("unit", "")
    return json_answer({"devices": await run_in_threadpool(services.overview.devices, unit, _limit(request, MOST))})


async def batches(services: Administration, _: Account, request: Request) -> Response:
    """Batches."""
    device, state = request.query_params.get("device", ""), request.query_params.get("state", "")
    found = await run_in_threadpool(services.overview.batches, device, state, _limit(request))
    return json_answer({"batches": found})


async def verdicts(services: Administration, _: Account, request: Request) -> Response:
    """Counts of verdicts."""
    days = _count(request, "days", VERDICT_DAYS)
    return json_answer({"verdicts": await run_in_threadpool(services.overview.verdicts, days, _limit(request, MOST))})


async def waiting(services: Administration, _: Account, request: Request) -> Response:
    """What waits for a person."""
    return json_answer({"waiting": await run_in_threadpool(services.overview.waiting, _limit(request, MOST))})


async def alarms(services: Administration, _: Account, request: Request) -> Response:
    """Chain alarms."""
    all_ = request.query_params.get("all", "") == "1"
    found = await run_in_threadpool(partial(services.overview.alarms, all_=all_, limit=_limit(request)))
    return json_answer({"alarms": found})


async def acknowledge(services: Administration, account: Account, request: Request) -> Response:
    """Note that an alarm was looked into."""
    given = await _read(request, Note)
    await run_in_threadpool(services.overview.acknowledge, account, given.device, given.at, given.note)
    return json_answer({"status": "ok"})


async def proposals(services: Administration, _: Account, request: Request) -> Response:
    """Proposals."""
    state = request.query_params.get("state", "")
    found = await run_in_threadpool(services.proposals.listed, state, _limit(request))
    return json_answer({"proposals": [asdict(proposal) for proposal in found]})


async def propose(services: Administration, account: Account, request: Request) -> Response:
    """Propose something."""
    given = await _read(request, NewProposal)
    made = await run_in_threadpool(services.proposals.propose, account, given.kind, given.subject, given.reason)
    return json_answer(asdict(made), status=201)


async def propose_scope(services: Administration, account: Account, request: Request) -> Response:
    """Propose other regions or roles for a device."""
    given = await _read(request, NewScope)
    made = await run_in_threadpool(
        services.proposals.propose_scope, account, given.device, given.regions, given.roles, given.reason
    )
    return json_answer(asdict(made), status=201)


async def propose_account(services: Administration, account: Account, request: Request) -> Response:
    """Propose an account."""
    given = await _read(request, NewAccount)
    made = await run_in_threadpool(
        services.proposals.propose_account, account, given.name, given.role, given.passphrase, given.reason
    )
    return json_answer(asdict(made), status=201)


async def approve(services: Administration, account: Account, request: Request) -> Response:
    """Approve another account's proposal."""
    given = await _read(request, Decision)
    decided = await run_in_threadpool(services.proposals.approve, account, _number(request), given.reason)
    services.notify()
    return json_answer(asdict(decided))


async def reject(services: Administration, account: Account, request: Request) -> Response:
    """Reject another account's proposal."""
    given = await _read(request, Decision)
    return json_answer(
        asdict(await run_in_threadpool(services.proposals.reject, account, _number(request), given.reason))
    )


async def withdraw(services: Administration, account: Account, request: Request) -> Response:
    """Take one's own proposal back."""
    return json_answer(asdict(await run_in_threadpool(services.proposals.withdraw, account, _number(request))))


async def entries(services: Administration, _: Account, request: Request) -> Response:
    """The log."""
    before = _count(request, "before", 0)
    return json_answer({"entries": await run_in_threadpool(services.overview.log, before, _limit(request))})


async def check_log(services: Administration, _: Account, __: Request) -> Response:
    """Whether the log's chain holds."""
    return json_answer(asdict(await run_in_threadpool(services.overview.check_log)))


def _number(request: Request) -> int:
    text = str(request.path_params["id"])
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Refused("admin.no_proposal")
    return int(text)


OPEN_ROUTES: list[tuple[str, str, OpenHandler]] = [
    ("POST", "/v1/session", open_session),
    ("GET", "/healthz", health),
]
"""Method, path and handler of what needs no session."""
ROUTES: list[tuple[str, str, Handler]] = [
    ("DELETE", "/v1/session", close_session),
    ("GET", "/v1/me", me),
    ("GET", "/v1/devices", devices),
    ("GET", "/v1/batches", batches),
    ("GET", "/v1/verdicts", verdicts),
    ("GET", "/v1/waiting", waiting),
    ("GET", "/v1/alarms", alarms),
    ("POST", "/v1/alarms/acknowledge", acknowledge),
    ("GET", "/v1/proposals", proposals),
    ("POST", "/v1/proposals", propose),
    ("POST", "/v1/proposals/{id}/approve", approve),
    ("POST", "/v1/proposals/{id}/reject", reject),
    ("POST", "/v1/proposals/{id}/withdraw", withdraw),
    ("POST", "/v1/devices/scope", propose_scope),
    ("POST", "/v1/accounts", propose_account),
    ("GET", "/v1/log", entries),
    ("GET", "/v1/log/check", check_log),
]
"""Method, path and handler of what an account asks."""


def build_admin_app(services: Administration, hosts: list[str]) -> Starlette:
    """The ASGI application; ``hosts`` are the names under which it may be asked."""
    table: list[tuple[str, str, Answer]] = [
        *((method, path, partial(handler, services)) for method, path, handler in OPEN_ROUTES),
        *((method, path, partial(_in_session, services, handler)) for method, path, handler in ROUTES),
    ]
    routes = [Route(path, partial(_guarded, answer, path), methods=[method]) for method, path, answer in table]
    guard = Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    return Starlette(routes=routes, middleware=[guard], exception_handlers={HTTPException: _no_such_route})
