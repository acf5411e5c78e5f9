"""Limits against floods, slow hands and full disks, over real connections."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from jmdesk.core.clock import SystemClock
from sync.gateway.body import Bodies
from sync.gateway.database import OWNER, READ, Role
from sync.gateway.limiter import Rate, Rates
from sync.gateway.listener import Lines
from sync.gateway.server import Running
from sync.gateway.settings import Settings
from sync.gateway.spool import EXPIRES, Quotas, everywhere, expire
from sync.protocol.records import Verdict
from tests.sync.gateway.conftest import Platform
from tests.sync.gateway.desk import Desk, draft, household

STRANGER = {"X-Forwarded-For": "203.0.113.5"}
ELSEWHERE = {"X-Forwarded-For": "198.51.100.7"}


@contextmanager
def beside(platform: Platform, settings: Settings) -> Iterator[Running]:
    """Another gateway on the same platform, with other settings."""
    running = Running(platform.storage, platform.data, ("127.0.0.1", 0), settings=settings)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def closing_gateway(running: Running) -> Iterator[None]:
    try:
        yield
    finally:
        running.stop()


@contextmanager
def at(desk: Desk, running: Running) -> Iterator[Desk]:
    """The desk speaks to another gateway of its platform."""
    before = desk.url
    desk.url = running.address.url
    try:
        yield desk
    finally:
        desk.url = before


@contextmanager
def line_to(url: str, authority: str) -> Iterator[ssl.SSLSocket]:
    """A TLS connection on which a test writes what it likes."""
    host, _, port = url.removeprefix("https://").partition(":")
    context = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection((host, int(port)), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=host) as line,
    ):
        yield line


def test_an_address_that_asks_too_often_is_told_when_to_come_again(platform: Platform) -> None:
    rates = Rates(address=Rate(1, 5), enrol=Rate(1, 2), session=Rate(1, 3))
    desk = platform.stranger()
    with beside(platform, Settings(rates=rates)) as running, at(desk, running):
        for path, most in (("/v1/enrol", 2), ("/v1/session/challenge", 3)):
            told = {"X-Forwarded-For": f"203.0.113.{most}"}
            answers = [desk.call("POST", path, b"{}", headers=told) for _ in range(most + 1)]
            assert [answer.status_code for answer in answers] == [400] * most + [429]
            refused = answers[-1]
            assert (refused.json()["code"], refused.headers["retry-after"]) == ("too_many", "1")
            assert refused.headers["content-type"] == "application/problem+json"
        flood = [desk.call("GET", "/v1/trust", headers=STRANGER).status_code for _ in range(7)]
        assert flood[:5] == [200] * 5
        assert 429 in flood[5:]
        assert desk.call("GET", "/v1/trust", headers=ELSEWHERE).status_code == 200
        assert b'jmdesk_requests_limited_total{limit="enrol"} 1.0' in running.metrics.text()


def test_a_device_that_asks_too_often_waits_and_the_others_do_not(platform: Platform) -> None:
    hasty, calm = platform.desk(), platform.desk()
    with beside(platform, Settings(rates=Rates(device=Rate(1, 4)))) as running, at(hasty, running), at(calm, running):
        assert [hasty.call("GET", "/v1/changes").status_code for _ in range(5)] == [200] * 4 + [429]
        assert calm.call("GET", "/v1/changes").status_code == 200


def test_what_a_desk_says_of_its_address_counts_only_from_a_proxy(platform: Platform) -> None:
    rates = Rates(address=Rate(1, 2))
    desk = platform.stranger()
    with beside(platform, Settings(rates=rates, proxies=())) as running, at(desk, running):
        headers = [{"X-Forwarded-For": f"203.0.113.{n}"} for n in range(4)]
        assert [desk.call("GET", "/v1/trust", headers=h).status_code for h in headers][-1] == 429


def _look(platform: Platform) -> None:
    """The gateway that works is told of what came in through the other."""
    assert platform.running.worker is not None
    platform.running.worker.notify()


@pytest.mark.parametrize("scope", ["device", "unit", "total"])
def test_a_full_spool_takes_no_new_batch_and_forgets_no_old_one(platform: Platform, scope: str) -> None:
    desk = platform.desk()
    first = desk.seal(draft("R05", *household()))
    desk.announce(first)
    second = desk.seal(draft("R05", *household()))
    with beside(platform, Settings(quotas=replace(Quotas(), **{scope: 1}))) as running, at(desk, running):
        answer = desk.announce(second)
        told = answer.json()
        assert (answer.status_code, told["code"], told["scope"], told["limit"]) == (507, "spool_full", scope, 1)
        assert int(answer.headers["retry-after"]) > 0
        assert desk.announce(first).status_code == 200
        assert desk.put(first, 0).status_code == 201
        assert desk.commit(first).status_code == 202
    _look(platform)
    assert desk.verdicts(first)[1][0].verdict is Verdict.ACCEPTED
    desk.send(second)
    assert desk.verdicts(second)[1][0].verdict is Verdict.ACCEPTED


def test_a_batch_that_never_came_in_full_is_let_go_and_may_come_again(platform: Platform) -> None:
    desk = platform.desk()
    batch = desk.seal(draft("R05", *household()))
    desk.announce(batch)
    desk.put(batch, 0)
    database = platform.storage.database
    later = SystemClock().now() + EXPIRES + timedelta(hours=1)
    assert database.run(everywhere(database, Role.INGEST), partial(expire, now=later)) >= 1
    assert desk.call("GET", f"/v1/batches/{batch.id}").json()["state"] == "expired"
    with database.transaction(OWNER) as connection:
        found = connection.execute("SELECT count(*) FROM batch_parts WHERE device = %s", (desk.device,))
        assert found.fetchone() == (0,)
    desk.send(batch)
    assert desk.verdicts(batch)[1][0].verdict is Verdict.ACCEPTED


def _head(desk: Desk, path: str, length: int, method: str = "PUT") -> bytes:
    lines = [
        *(f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {desk.token}"),
        *(f"Content-Length: {length}", "", ""),
    ]
    return "\r\n".join(lines).encode()


def _dribble(line: ssl.SSLSocket, piece: bytes, stop: threading.Event) -> None:
    """A byte at a time, until the other side has had enough."""
    while not stop.wait(0.05):
        try:
            line.send(piece)
        except OSError:
            return


def test_a_body_that_only_dribbles_in_is_cut_off(platform: Platform) -> None:
    desk = platform.desk()
    batch = desk.seal(draft("R05", *household()))
    desk.announce(batch)
    hasty = Settings(bodies=Bodies(grace=1), lines=Lines(linger=0.5))
    with beside(platform, hasty) as running, line_to(running.address.url, platform.authority) as line:
        line.sendall(_head(desk, f"/v1/batches/{batch.id}/parts/0", 4_000))
        stop = threading.Event()
        dribbling = threading.Thread(target=_dribble, args=(line, b"x", stop))
        dribbling.start()
        answer = b""
        with suppress(OSError):
            while piece := line.recv(4096):
                answer += piece
        stop.set()
        dribbling.join()
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"gateway.body_slow" in answer
    desk.send(batch)
    assert desk.verdicts(batch)[1][0].verdict is Verdict.ACCEPTED


def test_a_head_that_only_dribbles_in_is_cut_off(platform: Platform) -> None:
    hasty = Settings(lines=Lines(head=0.5))
    with beside(platform, hasty) as running, line_to(running.address.url, platform.authority) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        stop = threading.Event()
        dribbling = threading.Thread(target=_dribble, args=(line, b"x", stop))
        dribbling.start()
        with suppress(ConnectionError):  # as good an end
            assert line.recv(1) == b""
        stop.set()
        dribbling.join()


def test_one_address_has_so_many_connections_and_no_more(platform: Platform) -> None:
    with beside(platform, Settings(proxies=(), lines=Lines(each=2))) as running:
        url, authority = running.address.url, str(running.address.authority)
        ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        with line_to(url, authority) as one, line_to(url, authority) as two:
            for line in (one, two):
                line.sendall(ask)
                assert line.recv(4096).startswith(b"HTTP/1.1 200")
            assert not _answered(url, authority, ask)
        assert any(_answered(url, authority, ask) for _ in range(20))  # who left makes room


def _answered(url: str, authority: str, ask: bytes) -> bool:
    """Whether a new connection gets an answer, and is not dropped."""
    with suppress(OSError), line_to(url, authority) as line:
        line.sendall(ask)
        return line.recv(4096).startswith(b"HTTP/1.1 200")
    return False


def test_a_connection_that_does_not_read_its_answer_is_dropped(platform: Platform) -> None:
    desk = platform.desk()
    verdicts = desk.exchange(*(draft("R05", *household()) for _ in range(3_000)))
    assert {line.verdict for line in verdicts} == {Verdict.ACCEPTED}
    hasty = Settings(lines=Lines(reading=0.3))
    running = Running(platform.storage, platform.data, ("127.0.0.1", 0), settings=hasty)
    running._listener._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # so that little fills it
    running.start()
    host, _, port = running.address.url.removeprefix("https://").partition(":")
    context = ssl.create_default_context(cafile=platform.authority)
    with closing_gateway(running), socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.settimeout(20)
        plain.connect((host, int(port)))
        with context.wrap_socket(plain, server_hostname=host) as line:
            connections = running._listener.server.server_state.connections
            looked = threading.Event()
            while not connections:
                assert not looked.wait(0.02)
            for _ in range(20):  # one answer alone would fit into the buffers of both ends
                line.sendall(_head(desk, "/v1/changes?cursor=0&limit=20000", 0, "GET"))
            while connections:
                assert not looked.wait(0.05)


def test_a_part_on_its_way_arrives_while_the_gateway_stops(platform: Platform) -> None:
    desk = platform.desk()
    batch = desk.seal(*(draft("R05", *household()) for _ in range(50)))
    desk.announce(batch)
    part = batch.parts[0].ciphertext
    with beside(platform, Settings()) as running:
        with line_to(running.address.url, str(running.address.authority)) as line:
            line.sendall(_head(desk, f"/v1/batches/{batch.id}/parts/0", len(part)) + part[:100])
            state = running._listener.server.server_state
            looked = threading.Event()
            while not state.tasks:
                assert not looked.wait(0.02)
            stopping = threading.Thread(target=running._listener.stop)
            stopping.start()
            while not running._listener.server.should_exit:
                assert not looked.wait(0.02)
            line.sendall(part[100:])
            assert line.recv(4096).startswith(b"HTTP/1.1 201")
        stopping.join()
    assert desk.announce(batch).json()["missing"] == []
    assert desk.commit(batch).status_code == 202
    _look(platform)
    assert desk.verdicts(batch)[0].totals.accepted == 50


def test_a_request_that_waits_for_a_receipt_does_not_hold_up_the_end(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = platform.desk()
    batch = desk.seal(draft("R05", *household()))
    assert platform.running.worker is not None
    monkeypatch.setattr(platform.running.worker._ingest, "process", lambda _: None)
    desk.send(batch)
    with beside(platform, Settings()) as running, at(desk, running):
        answers: list[int] = []
        waiting = threading.Thread(
            target=lambda: answers.append(desk.call("GET", f"/v1/batches/{batch.id}/receipt?wait=20").status_code)
        )
        waiting.start()
        looked = threading.Event()
        while not running.gateway.bell._listeners:
            assert not looked.wait(0.02)
        running._listener.stop()
        waiting.join()
        assert answers == [202]
    monkeypatch.undo()
    platform.running.worker.notify()
    assert desk.verdicts(batch)[0].totals.accepted == 1


def test_the_spool_is_counted_by_what_the_manifest_promised(platform: Platform) -> None:
    desk = platform.desk()
    batch = desk.seal(draft("R05", *household()))
    desk.announce(batch)
    with platform.storage.database.transaction(READ) as connection:
        row = connection.execute("SELECT bytes FROM batches WHERE batch_id = %s", (batch.id,)).fetchone()
    assert row == (sum(len(part.ciphertext) for part in batch.parts),)
