"""The HTTP face: problems with codes, limits while streaming, deadlines, ids, and no personal data in the log."""

from __future__ import annotations

import base64
import hashlib
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.gateway.listener import Lines
from sync.gateway.problem import STATUS
from sync.gateway.server import Running
from sync.gateway.settings import Settings
from sync.protocol.errors import Problem
from sync.protocol.limits import LIMITS
from tests.sync.gateway.conftest import Platform
from tests.sync.gateway.desk import draft, household, person


def test_health_and_readiness_need_no_session(platform: Platform) -> None:
    desk = platform.stranger()
    assert desk.call("GET", "/healthz").json() == {"status": "ok"}
    assert desk.call("GET", "/readyz").json() == {"status": "ok"}


def test_every_problem_has_a_status() -> None:
    assert STATUS.keys() == set(Problem)


def test_unknown_routes_and_methods_are_problems_too(platform: Platform) -> None:
    desk = platform.desk()
    for method, path, status in [
        ("GET", "/v2/nothing", 404),
        ("DELETE", "/v1/trust", 405),
        ("GET", "/v1/batches/not-a-uuid", 404),
        ("GET", "/v1/batches/01900000-0000-7000-8000-00000000beef", 404),
        ("GET", "/v1/changes?cursor=-1", 400),
        ("GET", "/v1/changes?cursor=x", 400),
        ("GET", "/v1/changes?cursor=999999999999", 409),
    ]:
        answer = desk.call(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_a_request_keeps_its_id_and_a_strange_one_is_replaced(platform: Platform) -> None:
    desk = platform.stranger()
    assert desk.call("GET", "/healthz", headers={"X-Request-Id": "desk-0001"}).headers["x-request-id"] == "desk-0001"
    replaced = desk.call("GET", "/healthz", headers={"X-Request-Id": "a b<script>"}).headers["x-request-id"]
    assert replaced.isalnum()
    problem = desk.call("GET", "/v1/changes", headers={"X-Request-Id": "desk-0002"}).json()
    assert problem["request_id"] == "desk-0002"


def test_what_is_too_large_is_refused_before_it_is_read(platform: Platform) -> None:
    desk = platform.desk()
    batch = desk.seal(draft("R05", *household()))
    desk.announce(batch)
    answer = desk.put(batch, 0, bytes(LIMITS.part_bytes + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_without_a_length_is_cut_off_at_the_limit(platform: Platform) -> None:
    desk = platform.desk()
    batch = desk.seal(draft("R05", *household()))
    desk.announce(batch)

    def endless() -> Iterator[bytes]:
        for _ in range(LIMITS.part_bytes // 65_536 + 2):
            yield bytes(65_536)

    url = f"{desk.url}/v1/batches/{batch.id}/parts/0"
    answer = desk.http.put(url, data=endless(), headers={"Authorization": f"Bearer {desk.token}"}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_content_digest_must_hold(platform: Platform) -> None:
    desk = platform.desk()
    batch = desk.seal(draft("R05", *household()))
    desk.announce(batch)
    path, body = f"/v1/batches/{batch.id}/parts/0", batch.parts[0].ciphertext
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    for header, code in [
        (f"sha-256=:{other}:", "digest_mismatch"),
        ("sha-256=:@@:", "malformed"),
        ("md5=:AAAA:", "malformed"),
        ("", "malformed"),
    ]:
        answer = desk.call("PUT", path, body, headers={"Content-Digest": header})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert desk.call("GET", f"/v1/batches/{batch.id}").json()["missing"] == [0]


def test_nothing_of_a_record_stands_in_the_log(platform: Platform, caplog: pytest.LogCaptureFixture) -> None:
    desk = platform.desk()
    secret = "样例张三丰"
    with caplog.at_level(logging.DEBUG):
        rid, values = household(address=secret)
        member, named = person(rid, person_name=secret, sex="坏")
        desk.exchange(draft("R05", rid, values), draft("R06", member, named))
        desk.pull()
    assert "method=PUT route=/v1/batches/{batch}/manifest status=201" in caplog.text
    assert secret not in caplog.text
    assert rid not in caplog.text
    assert desk.token not in caplog.text


def test_a_bug_is_answered_as_one_and_logged_without_its_text(
    platform: Platform, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> bytes:
        raise ZeroDivisionError("样例张三丰")

    monkeypatch.setattr("sync.gateway.app.change_page", broken)
    answer = platform.desk().call("GET", "/v1/changes")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "ZeroDivisionError at test_http.py" in caplog.text
    assert "样例张三丰" not in caplog.text + answer.text


def test_a_connection_that_says_nothing_is_closed(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform.running._listener.server.config.http_protocol_class, "lines", Lines(head=0.2))
    host, _, port = platform.url.removeprefix("https://").partition(":")
    context = ssl.create_default_context(cafile=platform.authority)
    for head in (b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow:"):
        with (
            socket.create_connection((host, int(port)), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname=host) as line,
        ):
            line.sendall(head)
            assert line.recv(1) == b""


def test_stopping_while_a_connection_is_being_closed_ends_quietly(platform: Platform) -> None:
    other = Running(platform.storage, platform.data, ("127.0.0.1", 0), settings=Settings(lines=Lines(head=0.1)))
    other.start()
    host, _, port = other.address.url.removeprefix("https://").partition(":")
    context = ssl.create_default_context(cafile=str(other.address.authority))
    looked = threading.Event()
    with (
        socket.create_connection((host, int(port)), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=host),
    ):
        # The desk does not answer the goodbye of the server, whose transport stays half closed.
        connections = other._listener.server.server_state.connections
        while not any(found.transport.is_closing() for found in tuple(connections)):
            assert not looked.wait(0.02)
        other.stop()
    thread = other._listener._thread
    assert thread is not None
    assert not thread.is_alive()


def test_the_certificate_is_the_authority_s_and_nobody_else_s(platform: Platform) -> None:
    host, _, port = platform.url.removeprefix("https://").partition(":")
    stranger = ssl.create_default_context()
    with socket.create_connection((host, int(port)), timeout=20) as plain:  # noqa: SIM117 - what fails is the inner one
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.wrap_socket(plain, server_hostname=host)
    key = Path(platform.authority).with_name("server.key")
    assert key.stat().st_mode & 0o077 == 0
