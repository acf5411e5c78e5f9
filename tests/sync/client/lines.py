"""Transports that misbehave on purpose around a real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from jmdesk.core.errors import Unreachable
from sync.client.transport import Announced, Challenge, Opened, Reply, Transport

T = TypeVar("T")


class Line(Transport):
    """Passes every verb on; remembers the calls. Subclasses break things in ``passed``."""

    def __init__(self, real: Transport) -> None:
        self.real = real
        self.calls: list[str] = []

    def passed(self, verb: str, call: Callable[[], T]) -> T:  # noqa: ARG002 -- for those who choose by verb
        return call()

    def _pass(self, verb: str, call: Callable[[], T]) -> T:
        self.calls.append(verb)
        self.real.token = self.token
        return self.passed(verb, call)

    def trust(self) -> bytes:
        return self._pass("trust", self.real.trust)

    def packages(self) -> tuple[str, ...]:
        return self._pass("packages", self.real.packages)

    def package(self, digest: str) -> bytes:
        return self._pass("package", lambda: self.real.package(digest))

    def enrol(self, request: bytes) -> bytes:
        return self._pass("enrol", lambda: self.real.enrol(request))

    def ask(self, purpose: str, request: bytes) -> Reply:
        return self._pass(f"ask {purpose}", lambda: self.real.ask(purpose, request))

    def challenge(self, device: str) -> Challenge:
        return self._pass("challenge", lambda: self.real.challenge(device))

    def open_session(self, answer: bytes) -> Opened:
        return self._pass("open_session", lambda: self.real.open_session(answer))

    def deliver(self, file: bytes) -> bytes:
        return self._pass("deliver", lambda: self.real.deliver(file))

    def announce(self, batch_id: str, manifest: bytes) -> Announced:
        return self._pass("announce", lambda: self.real.announce(batch_id, manifest))

    def put_part(self, batch_id: str, n: int, ciphertext: bytes) -> None:
        self._pass(f"put_part {n}", lambda: self.real.put_part(batch_id, n, ciphertext))

    def put_attachment(self, batch_id: str, n: int, ciphertext: bytes) -> None:
        self._pass(f"put_attachment {n}", lambda: self.real.put_attachment(batch_id, n, ciphertext))

    def commit(self, batch_id: str) -> bytes:
        return self._pass("commit", lambda: self.real.commit(batch_id))

    def receipt(self, batch_id: str, wait: int = 0) -> bytes | None:
        return self._pass("receipt", lambda: self.real.receipt(batch_id, wait))

    def changes(self, cursor: int, limit: int) -> bytes:
        return self._pass("changes", lambda: self.real.changes(cursor, limit))


class AnswersLost(Line):
    """The first answer to every verb is lost after the platform has acted on it."""

    def __init__(self, real: Transport) -> None:
        super().__init__(real)
        self._lost: set[str] = set()

    def passed(self, verb: str, call: Callable[[], T]) -> T:
        answer = call()
        if verb not in self._lost:
            self._lost.add(verb)
            raise Unreachable("sync.cut_short", request_id="-")
        return answer


class CutAt(Line):
    """The line goes dead before the n-th call, and stays so."""

    def __init__(self, real: Transport, at: int) -> None:
        super().__init__(real)
        self._at = at
        self.arrived: list[str] = []

    def passed(self, verb: str, call: Callable[[], T]) -> T:
        if len(self.calls) >= self._at:
            raise Unreachable("sync.no_connection", request_id="-")
        answer = call()
        self.arrived.append(verb)
        return answer


class Forged(Line):
    """Changes the bytes that one verb brings."""

    def __init__(self, real: Transport, verb: str, forge: Callable[[bytes], bytes]) -> None:
        super().__init__(real)
        self._verb, self._forge = verb, forge

    def passed(self, verb: str, call: Callable[[], T]) -> T:
        answer = call()
        if verb == self._verb and isinstance(answer, bytes):
            return self._forge(answer)  # type: ignore[return-value]
        return answer
