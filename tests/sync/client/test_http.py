"""The transport against a server that lies, stalls and breaks off."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from jmdesk import version
from jmdesk.core.errors import KnownError, Refused, Unreachable
from jmdesk.core.ids import CountedIds
from sync.client import http
from sync.client.http import HttpTransport, checked_address
from sync.protocol.errors import Problem
from tests.sync.client.hostile import HostileServer, answer

BATCH = "01900000-0000-7000-8000-000000000001"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HostileServer]:
    made = HostileServer(tmp_path)
    yield made
    made.close()


@pytest.fixture
def transport(server: HostileServer) -> Iterator[HttpTransport]:
    made = HttpTransport(server.url, CountedIds(), ca=server.ca)
    yield made
    made.close()


def problem(code: str, status: int = 409, **members: object) -> bytes:
    return answer(status, json.dumps({"code": code, **members}).encode(), kind="application/problem+json")


def failure(transport: HttpTransport) -> KnownError:
    with pytest.raises(KnownError) as error:
        transport.commit(BATCH)
    return error.value


HTML = b"<html><body>\xe8\xaf\xb7\xe7\x99\xbb\xe5\xbd\x95</body></html>"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(answer(200, HTML, kind="text/html; charset=utf-8"), id="a login page with 200"),
        pytest.param(answer(202, HTML, kind="text/html"), id="a page that guesses our status"),
        pytest.param(answer(302, Location="https://127.0.0.1/login"), id="a redirect"),
        pytest.param(answer(307, Location="/login"), id="a redirect that keeps the method"),
        pytest.param(answer(511, b"{}"), id="network authentication required"),
        pytest.param(answer(403, HTML, kind="TEXT/HTML"), id="a blocking page"),
        pytest.param(answer(503, HTML, kind="text/html"), id="an error page of a proxy"),
    ],
)
def test_a_page_in_the_platforms_place_is_told_as_a_portal(
    page: bytes, server: HostileServer, transport: HttpTransport
) -> None:
    server.answers = [page]
    assert failure(transport).code == "sync.captive_portal"
    with pytest.raises(Unreachable, match=r"sync\.captive_portal"):
        transport.changes(0, 10)
    assert len(server.requests) == 2, "no redirect is followed"


@pytest.mark.parametrize("status", [200, 204, 206])
def test_only_201_and_202_mean_that_the_platform_has_a_batch(
    status: int, server: HostileServer, transport: HttpTransport
) -> None:
    server.answers = [answer(status, b"{}")]
    assert failure(transport).code == "sync.unexpected_answer"


@pytest.mark.parametrize("code", list(Problem))
def test_every_problem_of_the_platform_becomes_an_error_of_its_own(
    code: Problem, server: HostileServer, transport: HttpTransport
) -> None:
    server.answers = [problem(code)]
    error = failure(transport)
    assert error.code == f"sync.{code}"
    said = error.message_for_user()
    assert said.text != error.code
    assert said.action


def test_a_problem_tells_which_numbers_are_missing_and_no_more_than_ten(
    server: HostileServer, transport: HttpTransport
) -> None:
    server.answers = [problem("seq_gap", missing=list(range(3, 40)), detail="陈样一", stack="…")]
    error = failure(transport)
    assert error.params["missing"] == "、".join(str(n) for n in range(3, 13))
    assert "陈样一" not in str(error.message_for_user())


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"code":7}', b'{"code":"made_up"}', b"\xff", b'{"code":["seq_gap"]}', b"[" * 100_000]
)
def test_a_problem_that_is_none_is_an_unexpected_answer(
    body: bytes, server: HostileServer, transport: HttpTransport
) -> None:
    server.answers = [answer(400, body, kind="application/problem+json")]
    error = failure(transport)
    assert error.code == "sync.unexpected_answer"
    assert error.params["status"] == 400


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("-1", 0), ("1" * 9, 0)]
)
def test_the_time_to_wait_is_taken_from_the_platform(
    header: str, seconds: int, server: HostileServer, transport: HttpTransport
) -> None:
    server.answers = [answer(429, b"", Retry_After=header)]
    error = failure(transport)
    assert (error.code, error.params["retry_after"]) == ("sync.too_many", seconds)


def test_an_answer_over_its_bound_is_not_read_to_the_end(server: HostileServer, transport: HttpTransport) -> None:
    server.answers = [b"HTTP/1.1 202 -\r\nContent-Length: 9999999999\r\n\r\n" + bytes(5 * 1024 * 1024)]
    assert failure(transport).code == "sync.answer_too_large"


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(b"", id="hung up"),
        pytest.param(b"HTTP/1.1 202 -\r\nContent-Length: 100\r\n\r\nshort", id="body cut"),
        pytest.param(b"HTTP/1.1 202 -\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", id="chunks cut"),
        pytest.param(b"HTTP/1.1 202 -\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="chunks garbled"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="not HTTP"),
    ],
)
def test_a_broken_answer_is_a_line_to_try_again(broken: bytes, server: HostileServer, transport: HttpTransport) -> None:
    server.answers = [broken]
    assert failure(transport).code in {"sync.cut_short", "sync.no_connection"}


def test_a_server_that_says_nothing_is_given_up(
    server: HostileServer, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_SILENCE_SECONDS", 0.2)

    def stall(_head: bytes) -> bytes:
        released.wait(5)
        return b""

    import threading

    released = threading.Event()
    server.answers = [stall]
    assert failure(transport).code == "sync.timeout"
    released.set()


def test_a_server_that_drips_is_given_up(
    server: HostileServer, transport: HttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_WHOLE_SECONDS", -1.0)
    server.answers = [answer(202, b"{}")]
    assert failure(transport).code == "sync.timeout"


def test_a_certificate_of_somebody_else_stops_the_connection(server: HostileServer, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = HostileServer(tmp_path / "other")
    transport = HttpTransport(server.url, CountedIds(), ca=other.ca)
    error = failure(transport)
    assert isinstance(error, Refused)
    assert error.code == "sync.certificate"
    assert server.requests == []
    transport.close()
    other.close()


def test_a_certificate_for_another_name_stops_the_connection(tmp_path: Path) -> None:
    server = HostileServer(tmp_path, host="127.0.0.2")
    transport = HttpTransport(server.url, CountedIds(), ca=server.ca)
    assert failure(transport).code == "sync.certificate"
    transport.close()
    server.close()


def test_without_a_certificate_of_ours_the_systems_store_decides(server: HostileServer) -> None:
    transport = HttpTransport(server.url, CountedIds())
    assert failure(transport).code == "sync.certificate"
    transport.close()


def test_nobody_listening_and_no_name_are_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for url in (f"https://127.0.0.1:{port}", "https://platform.invalid"):
        transport = HttpTransport(url, CountedIds())
        assert failure(transport).code == "sync.no_connection"
        transport.close()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://127.0.0.1:8443",
        "127.0.0.1:8443",
        "https://",
        "https://user:secret@127.0.0.1",
        "https://127.0.0.1:99999",
        "https://127.0.0.1/?q=1",
        "https://127.0.0.1/#top",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_is_not_plain_https_is_refused(address: str) -> None:
    with pytest.raises(Refused, match=r"sync\.bad_address"):
        HttpTransport(address, CountedIds())


def test_an_address_is_taken_as_people_type_it() -> None:
    assert checked_address("  https://platform.example:8443/gateway/ ") == "https://platform.example:8443/gateway"


@pytest.mark.parametrize(
    "ca", ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\0"]
)
def test_a_certificate_file_that_is_none_is_told(ca: str) -> None:
    with pytest.raises(Refused, match=r"sync\.bad_ca"):
        HttpTransport("https://127.0.0.1", CountedIds(), ca=ca)


def test_requests_carry_an_id_the_token_and_a_digest_and_nothing_of_the_computer(
    server: HostileServer, transport: HttpTransport
) -> None:
    server.answers = [answer(201, b'{"state":"announced","n":0}')]
    transport.token = "the-token"
    transport.put_part(BATCH, 0, b"ciphertext")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    digest = base64.b64encode(hashlib.sha256(b"ciphertext").digest()).decode()
    assert lines[0] == f"PUT /v1/batches/{BATCH}/parts/0 HTTP/1.1"
    assert body == b"ciphertext"
    assert headers["content-digest"] == f"sha-256=:{digest}:"
    assert headers["authorization"] == "Bearer the-token"
    assert headers["x-request-id"] == "01900000-0000-7000-8000-000000000001"
    assert headers["user-agent"] == f"jmdesk/{version()}"
    assert headers.keys() <= {
        *("host", "user-agent", "accept-encoding", "content-length", "content-type"),
        *("content-digest", "authorization", "x-request-id", "connection"),
    }


def test_a_whole_batch_is_only_held_where_the_platform_says_so(server: HostileServer, transport: HttpTransport) -> None:
    server.answers = [answer(200, b"welcome"), answer(201, b"custody")]
    with pytest.raises(Unreachable):
        transport.deliver(b"file")
    assert transport.deliver(b"file") == b"custody"
    head, _, body = server.requests[1].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/batches HTTP/1.1")
    assert b"application/vnd.jmdesk.jmb" in head
    assert base64.b64encode(hashlib.sha256(b"file").digest()) in head
    assert body == b"file"


def test_the_environment_does_not_choose_whom_we_trust_or_who_we_are(
    server: HostileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    transport = HttpTransport(server.url, CountedIds(), ca=server.ca)
    server.answers = [answer(200, b"{}")]
    assert transport.trust() == b"{}"
    assert b"Authorization" not in server.requests[0]
    transport.close()


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"token":7}', b'{"token":"a\\nb"}', b"[" * 100_000])
def test_a_session_answer_that_is_none_is_unexpected(
    body: bytes, server: HostileServer, transport: HttpTransport
) -> None:
    server.answers = [answer(201, body)]
    with pytest.raises(Unreachable, match=r"sync\.unexpected_answer"):
        transport.open_session(b"{}")


@pytest.mark.parametrize("body", [b"{}", b'{"state":1,"missing":[]}', b'{"state":"x","missing":["0"]}'])
def test_an_announcement_answer_that_is_none_is_unexpected(
    body: bytes, server: HostileServer, transport: HttpTransport
) -> None:
    server.answers = [answer(201, body)]
    with pytest.raises(Unreachable, match=r"sync\.unexpected_answer"):
        transport.announce(BATCH, b"{}")


def test_a_receipt_that_is_not_there_yet_is_none(server: HostileServer, transport: HttpTransport) -> None:
    server.answers = [answer(202, b"{}"), answer(200, b"reply")]
    assert transport.receipt(BATCH) is None
    assert transport.receipt(BATCH) == b"reply"


def test_errors_tell_no_address_and_no_system_text(server: HostileServer, transport: HttpTransport) -> None:
    server.answers = [b""]
    error = failure(transport)
    assert set(error.params) == {"request_id"}
    assert str(error) == error.code
