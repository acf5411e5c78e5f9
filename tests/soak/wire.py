"""The line between a desk and the city, inside one process: the real HTTP client, the real ASGI application.

Whatever happens to a request is drawn from the seed, the step and the request's own name, never from the order in which
threads run: so a seed plays the same way each time.
"""

from __future__ import annotations

import asyncio
import io
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from starlette.types import ASGIApp, Message
from urllib3 import HTTPHeaderDict, HTTPResponse

Exchange = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


class Died(BaseException):
    """A process ended in the middle of its work: nothing catches this, as nothing catches ``kill -9``."""


@dataclass(frozen=True)
class Sent:
    """One request as it went over the line."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Loop:
    """An event loop in a thread of its own, shared by every application of a run."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def ask(self, app: ASGIApp, sent: Sent) -> Exchange:
        """The application's whole answer."""
        return asyncio.run_coroutine_threadsafe(_ask(app, sent), self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _ask(app: ASGIApp, sent: Sent) -> Exchange:
    parts = urlsplit(sent.path)
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "https",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 443),
    }
    asked = [{"type": "http.request", "body": sent.body, "more_body": False}]
    status, headers, body = 500, dict[str, str](), bytearray()

    async def receive() -> Message:
        return asked.pop() if asked else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, send)
    return status, headers, bytes(body)


FAULTS = ("lost", "answer lost", "doubled", "late", "garbled", "cut", "stale", "portal", "gone quiet")
"""What a bad line does to a request or its answer."""


@dataclass
class Weather:
    """How bad the line is: the chance of each request to meet a fault, and which faults there are."""

    chance: float = 0.0
    faults: tuple[str, ...] = FAULTS


@dataclass
class Air:
    """Everything that was ever said on any line, and what is still under way."""

    late: list[Sent] = field(default_factory=list)
    history: list[Sent] = field(default_factory=list)
    answers: dict[str, list[Exchange]] = field(default_factory=dict)


class Line(BaseAdapter):
    """One desk's line: hands requests to the city and lets the weather have its way with them."""

    def __init__(self, ask: Callable[[Sent], Exchange], air: Air, name: str) -> None:
        super().__init__()
        self.weather = Weather()
        self.turn = ""
        """The seed and the step that is being played."""
        self.step: Callable[[], None] = lambda: None
        """Told before a request leaves and after its answer is there: the desk may die at either."""
        self._ask, self._air, self._name = ask, air, name
        self._asked: Counter[str] = Counter()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Called by ``requests``."""
        parts = urlsplit(str(request.url))
        body = request.body if isinstance(request.body, bytes) else b""
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        sent = Sent(str(request.method), path, dict(request.headers), body)
        self.step()
        status, headers, answer = self._weathered(sent)
        self.step()
        return _response(request, status, headers, answer)

    def close(self) -> None:
        """Nothing is held open."""

    def _weathered(self, sent: Sent) -> Exchange:
        named = f"{sent.method} {sent.path}"
        self._asked[named] += 1
        dice = Random(f"{self.turn}/{self._name}/{named}/{self._asked[named]}")  # noqa: S311 - replayable
        self._air.history.append(sent)
        kind = f"{sent.method} {sent.path.partition('?')[0].rpartition('/')[2]}"
        if dice.random() >= self.weather.chance:
            answer = self._ask(sent)
            self._air.answers.setdefault(kind, []).append(answer)
            return answer
        return self._spoilt(sent, kind, dice)

    def _spoilt(self, sent: Sent, kind: str, dice: Random) -> Exchange:
        match dice.choice(self.weather.faults):
            case "lost":
                raise requests.ConnectionError
            case "late":
                self._air.late.append(sent)
                raise requests.Timeout
            case "answer lost":
                self._ask(sent)
                raise requests.exceptions.ChunkedEncodingError
            case "doubled":
                self._ask(sent)
                return self._ask(sent)
            case "portal":
                return 200, {"content-type": "text/html"}, b"<html>please log in</html>"
            case "gone quiet":
                return 503, {"content-type": "application/problem+json"}, b'{"code":"unavailable"}'
            case "stale" if kind in self._air.answers:
                return dice.choice(self._air.answers[kind])
            case "cut":
                status, headers, body = self._ask(sent)
                return status, headers, body[: dice.randrange(len(body) + 1)]
            case _:
                status, headers, body = self._ask(sent)
                return status, headers, _flipped(body, dice)


def _flipped(body: bytes, dice: Random) -> bytes:
    if not body:
        return body
    at = dice.randrange(len(body))
    return body[:at] + bytes([body[at] ^ (1 << dice.randrange(8))]) + body[at + 1 :]


def _response(
    request: requests.PreparedRequest, status: int, headers: Mapping[str, str], body: bytes
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    response.url = str(request.url)
    response.request = request
    kept = HTTPHeaderDict({name: value for name, value in headers.items() if name.lower() != "content-length"})
    response.raw = HTTPResponse(io.BytesIO(body), headers=kept, status=status, preload_content=False)
    return response
