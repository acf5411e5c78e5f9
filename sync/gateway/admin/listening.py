"""The administration's port: TLS with the gateway's own certificate, on the loopback unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jmdesk.core.clock import Clock
from sync.gateway.admin.app import administration, build_admin_app
from sync.gateway.certificates import Certificates, own_certificates
from sync.gateway.database import Database
from sync.gateway.listener import Listener

_NAMES = ("127.0.0.1", "localhost")


def admin_listener(
    database: Database,
    data: Path,
    clock: Clock,
    listen: tuple[str, int],
    *,
    tls: Certificates | None = None,
    notify: Callable[[], None] = lambda: None,
) -> Listener:
    """The administration on an address, not started yet. ``notify`` wakes the worker when a batch was released.

    ``Environment``: ``gateway.cannot_listen``.
    """
    files = tls or own_certificates(data, [listen[0]], clock)
    services = administration(database, clock, notify)
    return Listener(build_admin_app(services, [*_NAMES, listen[0]]), listen, files)
