"""The transport over HTTPS: the one file that knows requests, paths and status codes."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
import ssl
import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final, Self, TypeGuard
from urllib.parse import urlsplit

import requests
import truststore
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from jmdesk import version
from jmdesk.core.errors import Refused, Unreachable
from sync.client.answers import Answer, json_of, problem_of
from sync.client.transport import Announced, Challenge, Opened, Reply, Transport
from sync.protocol.limits import LIMITS

if TYPE_CHECKING:
    from urllib3 import ProxyManager

    from jmdesk.core.ids import Ids

ENVELOPE_TYPE: Final = "application/vnd.jmdesk.envelope+json"
BYTES_TYPE: Final = "application/octet-stream"
FILE_TYPE: Final = "application/vnd.jmdesk.jmb"
JSON_TYPE: Final = "application/json"

_CONNECT_SECONDS: Final = 10.0
_SILENCE_SECONDS: Final = 30.0
_WHOLE_SECONDS: Final = 180.0
_CHUNK: Final = 256 * 1024
_CONNECTIONS: Final = 4
_MOST_REPLY: Final = 64 * 1024 * 1024
"""Bytes of one reply over HTTP: the verdicts of a whole batch, or one change page. Larger ones come on a stick."""


_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class _PinnedAdapter(HTTPAdapter):
    """Connections under one TLS context of ours, whatever the environment says."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=_CONNECTIONS, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **pool)

    def proxy_manager_for(self, proxy: str, **pool: Any) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(proxy, ssl_context=self._context, **pool)
        return manager


def tls_context(ca: str) -> ssl.SSLContext:
    """TLS 1.2 or later, certificates checked: against ``ca`` (PEM) alone where given, else the system's store.

    ``Refused("sync.bad_ca")`` when ``ca`` is no certificate.
    """
    if not ca:
        context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cadata=ca)
        except (ssl.SSLError, ValueError):
            raise Refused("sync.bad_ca") from None
        if not context.get_ca_certs():
            raise Refused("sync.bad_ca")
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class HttpTransport(Transport):
    """The platform at an address. May be used by two threads at once (two parts in flight). Close it after use."""

    def __init__(self, gateway: str, ids: Ids, *, ca: str = "", client: str = "") -> None:
        """``ca`` is PEM text, empty for the system's store. Errors of `checked_address` and `tls_context`.

        ``client`` is how the program names itself to the platform's operators: its name and version.
        """
        self._base = checked_address(gateway)
        self._ids = ids
        self._http = requests.Session()
        # Neither .netrc nor REQUESTS_CA_BUNDLE may change whom we trust; proxies of the office are taken on purpose.
        self._http.trust_env = False
        if not _on_this_computer(self._base):
            self._http.proxies = dict(requests.utils.get_environ_proxies(self._base))
        self._http.mount("https://", _PinnedAdapter(tls_context(ca)))
        self._http.headers.clear()
        self._http.headers.update({"User-Agent": client or f"jmdesk/{version()}", "Accept-Encoding": "identity"})

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def trust(self) -> bytes:
        return self._ask("GET", "/v1/trust", expected={200}, most=LIMITS.envelope_bytes).body

    def enrol(self, request: bytes) -> bytes:
        answer = self._ask("POST", "/v1/enrol", body=request, expected={200, 201, 202}, most=LIMITS.envelope_bytes)
        if answer.status == 202:
            raise Refused("sync.enrolment_waits", request_id=answer.request_id)
        return answer.body

    def ask(self, purpose: str, request: bytes) -> Reply:
        # A portal answers 200: only 201 and 202 can be the platform's word.
        path = f"/v1/devices/self/{purpose}"
        answer = self._ask("POST", path, body=request, expected={201, 202}, most=LIMITS.envelope_bytes)
        return Reply(answer.body, due=answer.status == 201)

    def challenge(self, device: str) -> Challenge:
        body = b'{"device":"%s"}' % device.encode()
        found = json_of(self._ask("POST", "/v1/session/challenge", body=body, kind=JSON_TYPE, expected={200, 201}))
        return Challenge(str(found.get("nonce", "")), str(found.get("server_epoch", "")))

    def open_session(self, answer: bytes) -> Opened:
        given = self._ask("POST", "/v1/session", body=answer, expected={200, 201})
        found = json_of(given)
        token, version = found.get("token"), found.get("trust_version", 0)
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not isinstance(version, int):
            raise Unreachable("sync.unexpected_answer", status=given.status, request_id=given.request_id)
        return Opened(token, version, str(found.get("server_epoch", "")), str(found.get("scope", "")))

    def deliver(self, file: bytes) -> bytes:
        # A portal answers 200: only 201 and 202 can be the platform's word that it holds the batch.
        return self._put("POST", "/v1/batches", file, {201, 202}, FILE_TYPE).body

    def announce(self, batch_id: str, manifest: bytes) -> Announced:
        answer = self._ask("PUT", f"/v1/batches/{batch_id}/manifest", body=manifest, expected={200, 201, 202})
        found = json_of(answer)
        state, missing, papers = found.get("state"), found.get("missing"), found.get("missing_attachments", [])
        if not isinstance(state, str) or not _are_numbers(missing) or not _are_numbers(papers):
            raise Unreachable("sync.unexpected_answer", status=answer.status, request_id=answer.request_id)
        return Announced(state, tuple(missing), tuple(papers))

    def put_part(self, batch_id: str, n: int, ciphertext: bytes) -> None:
        self._put("PUT", f"/v1/batches/{batch_id}/parts/{n}", ciphertext, {200, 201, 202, 204})

    def put_attachment(self, batch_id: str, n: int, ciphertext: bytes) -> None:
        self._put("PUT", f"/v1/batches/{batch_id}/attachments/{n}", ciphertext, {200, 201, 202, 204})

    def _put(self, method: str, path: str, sealed: bytes, expected: Collection[int], kind: str = BYTES_TYPE) -> Answer:
        digest = base64.b64encode(hashlib.sha256(sealed).digest()).decode()
        headers = {"Content-Digest": f"sha-256=:{digest}:"}
        return self._ask(method, path, body=sealed, kind=kind, headers=headers, expected=expected)

    def commit(self, batch_id: str) -> bytes:
        # A portal answers 200: only 201 and 202 can be the platform's word that it holds the batch.
        return self._ask("POST", f"/v1/batches/{batch_id}/commit", expected={201, 202}).body

    def receipt(self, batch_id: str, wait: int = 0) -> bytes | None:
        path = f"/v1/batches/{batch_id}/receipt?wait={wait}"
        answer = self._ask("GET", path, expected={200, 202, 204}, most=_MOST_REPLY)
        return answer.body if answer.status == 200 else None

    def packages(self) -> tuple[str, ...]:
        answer = self._ask("GET", "/v1/packages", expected={200})
        listed = json_of(answer).get("packages")
        digests = (
            [entry.get("digest") for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        )
        if not all(isinstance(digest, str) and _SHA256.fullmatch(digest) for digest in digests):
            raise Unreachable("sync.unexpected_answer", status=answer.status, request_id=answer.request_id)
        return tuple(map(str, digests))

    def package(self, digest: str) -> bytes:
        return self._ask("GET", f"/v1/packages/{digest}", expected={200}, most=LIMITS.envelope_bytes).body

    def changes(self, cursor: int, limit: int) -> bytes:
        path = f"/v1/changes?cursor={cursor}&limit={limit}"
        return self._ask("GET", path, expected={200}, most=_MOST_REPLY).body

    # -- one request -----------------------------------------------------------------------------------------------

    def _ask(
        self,
        method: str,
        path: str,
        *,
        expected: Collection[int],
        body: bytes = b"",
        kind: str = ENVELOPE_TYPE,
        headers: Mapping[str, str] | None = None,
        most: int = LIMITS.envelope_bytes,
    ) -> Answer:
        """The answer, when its status is expected and it is no web page; else what went wrong, as an error."""
        sent = {"X-Request-Id": self._ids.new(), **(headers or {})}
        if body:
            sent["Content-Type"] = kind
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        try:
            answer = self._exchange(method, path, body, sent, most)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _failure(error, sent["X-Request-Id"]) from None
        if answer.status not in expected or answer.media_type in {"text/html", "application/xhtml+xml"}:
            raise problem_of(answer)
        return answer

    def _exchange(self, method: str, path: str, body: bytes, sent: Mapping[str, str], most: int) -> Answer:
        ends = time.monotonic() + _WHOLE_SECONDS
        with self._http.request(
            method,
            self._base + path,
            data=body or None,
            headers=dict(sent),
            timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            received = bytearray()
            for chunk in response.iter_content(_CHUNK):
                received += chunk
                if len(received) > most:
                    raise Unreachable("sync.answer_too_large", request_id=sent["X-Request-Id"])
                if time.monotonic() > ends:
                    raise requests.Timeout
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, headers, bytes(received), sent["X-Request-Id"])


def _are_numbers(found: object) -> TypeGuard[list[int]]:
    return isinstance(found, list) and all(isinstance(n, int) for n in found)


def checked_address(gateway: str) -> str:
    """The gateway's address without a slash at its end. ``Refused("sync.bad_address")`` unless it is plain HTTPS."""
    parts = urlsplit(gateway.strip())
    try:
        usable = parts.scheme == "https" and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        raise Refused("sync.bad_address")
    return parts.geturl().rstrip("/")


def _on_this_computer(base: str) -> bool:
    host = urlsplit(base).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _failure(error: Exception, request_id: str) -> Unreachable | Refused:
    """What broke, as the user is told it; addresses and operating system texts stay out."""
    if isinstance(error, requests.exceptions.SSLError):
        return Refused("sync.certificate", request_id=request_id)
    if isinstance(error, requests.exceptions.ProxyError):
        return Unreachable("sync.proxy_failed", request_id=request_id)
    if isinstance(error, requests.Timeout):
        return Unreachable("sync.timeout", request_id=request_id)
    if isinstance(error, requests.ConnectionError) and "Read timed out" not in str(error):
        return Unreachable("sync.no_connection", request_id=request_id)
    return Unreachable("sync.cut_short", request_id=request_id)
