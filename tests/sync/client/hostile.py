"""An HTTPS server on loopback that answers whatever a test wants, byte for byte."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def answer(status: int, body: bytes = b"", *, kind: str = "application/json", **headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", f"Content-Type: {kind}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class HostileServer:
    """Answers each request with the next of ``answers`` (the last one again and again); keeps what was asked."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.answers: list[bytes | Callable[[bytes], bytes]] = [answer(404)]
        self.requests: list[bytes] = []
        key = ec.generate_private_key(ec.SECP256R1())
        self.ca = _certificate(key, host)
        (folder / "server.pem").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + self.ca.encode()
        )
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "server.pem")
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                try:
                    with self._context.wrap_socket(connection, server_side=True) as line:
                        self._answer(line)
                except OSError:
                    continue

    def _answer(self, line: ssl.SSLSocket) -> None:
        line.settimeout(5)
        received = b""
        while b"\r\n\r\n" not in received:
            received += line.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        length = next((int(h[15:]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            body += line.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        line.sendall(found if isinstance(found, bytes) else found(head))


def _certificate(key: ec.EllipticCurvePrivateKey, host: str) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()
