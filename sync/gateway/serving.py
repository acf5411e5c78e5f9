"""``jmdesk-gateway serve``, ``setup``, ``retry``, ``restored``: its processes, their folders, what mends."""

from __future__ import annotations

import argparse
import gc
import ipaddress
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jmdesk.core.clock import SystemClock
from jmdesk.core.errors import Refused
from sync.gateway.certificates import Certificates
from sync.gateway.database import LOGGED_IN, OWNER, Role, Storage
from sync.gateway.journal import open_journal
from sync.gateway.keys import OPENING_FILE, SIGNING_FILE, begin_history, load_keys
from sync.gateway.limiter import LOOPBACK, Network
from sync.gateway.logins import FILE, complete_logins, write_logins
from sync.gateway.settings import FILE as FILE_OF_SETTINGS
from sync.gateway.settings import NUMBERS, Settings, read_numbers, settings_of
from sync.gateway.units import store_regions

if TYPE_CHECKING:
    from sync.gateway.server import Address

PROCESSES: Final[Mapping[str, tuple[tuple[Role, ...], tuple[str, ...]]]] = {
    "api": ((Role.API, Role.PUBLIC), ()),
    "ingest": ((Role.INGEST,), (OPENING_FILE,)),
    "signer": ((Role.SIGNER,), (SIGNING_FILE,)),
    "read": ((Role.READ,), ()),
    "audit": ((Role.AUDIT,), ()),
    "admin": ((Role.ADMIN,), ()),
}
"""What each folder that `setup` makes holds: the logins and the key files of one process, and nothing of another's."""
SOCKET: Final = "signer.sock"

Opened = Callable[..., AbstractContextManager[Storage]]
Tell = Callable[[argparse.Namespace, Mapping[str, object], str], None]


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    output: argparse.ArgumentParser,
    storage: Opened,
    tell: Tell,
) -> None:
    """Add these commands to the gateway's command line, whose ways to open a folder and to speak are given."""
    serve = commands.add_parser("serve", parents=[common], help="serve desks over HTTPS")
    serve.add_argument("--listen", type=_address, default=("127.0.0.1", 8443), metavar="HOST:PORT")
    serve.add_argument("--cert", type=Path, help="PEM certificate chain (default: one of the gateway's own)")
    serve.add_argument("--key", type=Path, help="PEM private key of --cert")
    serve.add_argument(
        "--role",
        choices=("all", "api", "ingest", "signer", "admin"),
        default="all",
        help="one process for everything (default), or one part, on the folder that setup made for it",
    )
    serve.add_argument("--signer", type=Path, metavar="SOCKET", help="the signer's socket, where parts run apart")
    serve.add_argument("--ops", type=_address, metavar="HOST:PORT", help="metrics and readiness, on the loopback")
    serve.add_argument(
        "--admin-listen", type=_address, metavar="HOST:PORT", help="the administration's port (default: none)"
    )
    serve.add_argument(
        "--proxy", type=_network, action="append", default=[], metavar="NETWORK", help="believe its X-Forwarded-For"
    )
    _add_settings(serve)
    serve.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="warning")
    serve.set_defaults(run=lambda options: _serve(options, storage))

    shown = commands.add_parser("settings", parents=[common, output], help="every limit: value, bounds, what it does")
    _add_settings(shown)
    shown.set_defaults(run=lambda options: _settings(options, tell))

    setup = commands.add_parser("setup", parents=[common, output], help="a folder, logins and keys for each process")
    setup.set_defaults(run=lambda options: _setup(options, storage, tell))

    retry = commands.add_parser("retry", parents=[common, output], help="try a batch again that was set aside")
    retry.add_argument("batch", metavar="BATCH")
    retry.set_defaults(run=lambda options: _retry(options, storage, tell))

    restored = commands.add_parser(
        "restored", parents=[common, output], help="after the database was put back from a backup, before it serves"
    )
    restored.set_defaults(run=lambda options: _restored(options, storage, tell))


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--settings", type=Path, metavar="FILE.toml", help=f"limits (default: {FILE_OF_SETTINGS} in the data folder)"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="one limit, over the file's")


def _numbers(options: argparse.Namespace) -> dict[str, int]:
    usual = options.data / FILE_OF_SETTINGS
    return read_numbers(options.settings or (usual if usual.exists() else None), options.set)


def _settings(options: argparse.Namespace, tell: Tell) -> int:
    """Print every limit as it would be."""
    section = ""
    for name, value in _numbers(options).items():
        number = NUMBERS[name]
        head, _, last = name.partition(".")
        text = f"{last} = {value}  # {number.least} to {number.most}: {number.meaning}"
        tell(options, {"value": value, **asdict(number)}, text if head == section else f"[{head}]\n{text}")
        section = head
    return 0


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"not HOST:PORT: {text}")
    return host.strip("[]") or "127.0.0.1", int(port)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not an address or network: {text}") from None


def _serve(options: argparse.Namespace, storage: Opened) -> int:
    open_journal(options.log_level)
    if bool(options.cert) != bool(options.key):
        raise Refused("gateway.cert_and_key")
    if options.role == "admin" and options.admin_listen is None:
        raise Refused("gateway.admin_wanted")
    if options.role not in {"all", "admin"} and options.signer is None:
        raise Refused("gateway.signer_wanted")
    # Ingest makes hundreds of thousands of records that are no cycles: looking for cycles would cost a third of it.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    # The database's answer is taken up at once, not after the 5 ms that the judge may keep the interpreter.
    sys.setswitchinterval(0.0005)
    settings = settings_of(_numbers(options), (*LOOPBACK, *options.proxy), options.ops)
    with storage(options, new=options.role == "all") as opened:
        if options.role == "admin":
            _serve_admin(options, opened)
        elif options.role in {"ingest", "signer"}:
            _serve_apart(options, opened, settings)
        else:
            _serve_desks(options, opened, settings)
    return 0


def _serve_desks(options: argparse.Namespace, storage: Storage, settings: Settings) -> None:
    from sync.gateway.server import Running
    from sync.gateway.signer import SignerClient

    def announce(address: Address) -> None:
        authority = f" (CA: {address.authority})" if address.authority else ""
        _say(f"ready at {address.url}{authority}")
        if options.role == "all":
            _say("one process serves, opens and signs; in production run setup and --role api, ingest and signer apart")

    tls = Certificates(options.cert, options.key, None) if options.cert else None
    signer = SignerClient(options.signer) if options.role == "api" else None
    running = Running(storage, options.data, options.listen, tls=tls, settings=settings, signer=signer)
    with _administration(options, storage, tls, running.gateway.notify):
        running.serve(announce)


def _serve_admin(options: argparse.Namespace, storage: Storage) -> None:
    """The administration alone, on the folder that setup made for it."""
    tls = Certificates(options.cert, options.key, None) if options.cert else None
    with _until_told() as stop, _administration(options, storage, tls, lambda: None):
        stop.wait()


@contextmanager
def _administration(
    options: argparse.Namespace, storage: Storage, tls: Certificates | None, notify: Callable[[], None]
) -> Iterator[None]:
    """The administration's port while something else is served, if one was asked for."""
    if options.admin_listen is None:
        yield
        return
    from sync.gateway.admin.listening import admin_listener

    listener = admin_listener(
        storage.database, options.data, SystemClock(), options.admin_listen, tls=tls, notify=notify
    )
    listener.start()
    _say(f"administration at https://{options.admin_listen[0]}:{listener.port}")
    try:
        yield
    finally:
        listener.stop()


def _serve_apart(options: argparse.Namespace, storage: Storage, settings: Settings) -> None:
    from sync.gateway.server import IngestProcess, SignerProcess
    from sync.gateway.signer import SignerClient

    process = (
        SignerProcess(storage, options.data, options.signer)
        if options.role == "signer"
        else IngestProcess(storage, options.data, SignerClient(options.signer), settings)
    )
    with _until_told() as stop:
        process.serve(stop, lambda: _say(f"{options.role} is ready"))


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    sys.stdout.write(f"jmdesk-gateway: {text}\n")
    sys.stdout.flush()


def _setup(options: argparse.Namespace, storage: Opened, tell: Tell) -> int:
    """Bring the database up to date, found the platform, and give each process a folder with what is its own.

    Logins that exist are kept, so that a second run (an upgrade) leaves running processes alone.
    """
    folder = options.data / "processes"
    with storage(options, new=True) as opened:
        load_keys(opened.database, options.data, SystemClock())
        opened.database.run(OWNER, store_regions)
        logins = complete_logins(options.data, opened.url, LOGGED_IN)
        for name, (roles, files) in PROCESSES.items():
            place = folder / name
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_logins(place / FILE, {role.value: logins[role.value] for role in roles})
            for file in files:
                shutil.copyfile(options.data / file, place / file)
                (place / file).chmod(0o600)
    tell(options, {"folder": str(folder), "processes": list(PROCESSES)}, str(folder))
    return 0


def _retry(options: argparse.Namespace, storage: Opened, tell: Tell) -> int:
    from sync.gateway.aside import retry

    with storage(options) as opened:
        retry(opened.database, options.batch)
    tell(options, {"batch_id": options.batch}, options.batch)
    return 0


def _restored(options: argparse.Namespace, storage: Opened, tell: Tell) -> int:
    with storage(options) as opened:
        epoch = opened.database.run(OWNER, begin_history)
    tell(options, {"server_epoch": epoch}, f"{epoch}: desks compare everything anew; restart what is running")
    return 0
