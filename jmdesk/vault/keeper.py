"""The counter's PIN: a small process that keeps the vault's secrets sealed in its memory while the window is locked.

It holds no personal data and writes nothing. What it keeps is sealed under a key derived from the PIN; three wrong
PINs, the end of the day or its own end, and the passphrase is needed again. Client policy: whoever can read this
user's memory (malware, an administrator of the computer) can try all PINs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import IO, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jmdesk.core.clock import BEIJING
from jmdesk.core.errors import Environment, Refused
from jmdesk.vault.folder import Unlocked, peek
from jmdesk.vault.header import Header, read_headers
from jmdesk.vault.instance import locked
from jmdesk.vault.kdf import FLOOR, SALT_BYTES, derive
from jmdesk.vault.keys import derived
from jmdesk.vault.people import slot_of
from jmdesk.vault.process import no_core_dumps
from jmdesk.vault.slots import Secrets

COMMAND: Final = "keep-key"
"""The argument that makes the program a keeper."""
TRIES: Final = 3
PIN: Final = re.compile(r"[0-9]{4,8}")

_NONCE: Final = 12
_MOST: Final = 4096
_RUNS: Final = ("01234567890", "09876543210")


class _Charge(msgspec.Struct, frozen=True):
    """What a keeper is told on its standard input: where to listen, how long (seconds), and what it keeps."""

    address: str
    seconds: int
    bound: bytes
    salt: bytes
    sealed: bytes


def seconds_of_today(now: datetime, most_hours: int) -> int:
    """How long a PIN may reopen: to the end of the day in Jiangmen, and no longer than so many hours."""
    here = now.astimezone(BEIJING)
    midnight = datetime.combine(here.date() + timedelta(days=1), time(), BEIJING)
    return int(min(midnight - here, timedelta(hours=most_hours)).total_seconds())


def check_pin(pin: str) -> None:
    """``Refused("vault.bad_pin")`` unless it is 4 to 8 digits, and not all one digit or a straight run."""
    if not PIN.fullmatch(pin) or len(set(pin)) == 1 or any(pin in run for run in _RUNS):
        raise Refused("vault.bad_pin")


def start_keeper(vault: Unlocked, pin: str, seconds: int, program: Sequence[str] | None = None) -> None:
    """Leave the open vault's secrets with a keeper, in place of an earlier one.

    ``program`` runs this program; found unless given. ``Refused`` "vault.bad_pin"; ``Environment``
    "vault.no_keeper" when the process does not come up.
    """
    check_pin(pin)
    dismiss(vault.folder, vault.user)
    bound = _bound(vault.header.vault, vault.user)
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(_NONCE)
    content = vault.secrets.vault_key + vault.secrets.anchor
    sealed = nonce + AESGCM(derive(pin.encode(), salt, FLOOR)).encrypt(nonce, content, bound)
    charge = _Charge(_address(vault.header.vault, vault.user), seconds, bound, salt, sealed)
    own = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "jmdesk"]
    keeper = subprocess.Popen(  # noqa: S603 -- our own program, no shell
        [*(program or own), COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert keeper.stdin is not None  # noqa: S101 -- piped above
    assert keeper.stdout is not None  # noqa: S101
    try:
        keeper.stdin.write(msgspec.json.encode(charge) + b"\n")
        keeper.stdin.close()
        ready = keeper.stdout.readline()
    except OSError:
        ready = b""
    finally:
        keeper.stdout.close()
    if ready != b"ready\n":
        keeper.kill()
        keeper.wait()
        raise Environment("vault.no_keeper")
    keeper.returncode = 0  # it outlives us on purpose; nobody waits for it


def waiting(folder: Path, user: str) -> bool:
    """Whether a keeper waits for this user's PIN on this computer."""
    return _ask(_address(peek(folder).vault, user), b"?") == b"!"


def dismiss(folder: Path, user: str) -> None:
    """End a keeper: from now on the passphrase is needed."""
    _ask(_address(peek(folder).vault, user), b"x")


def unlock_with_pin(folder: Path, pin: str, user: str) -> Unlocked:
    """Open a locked vault with a PIN.

    ``Refused``: "vault.no_pin" when no keeper waits; "vault.wrong_pin" with ``left`` tries (the last one ends the
    keeper); ``Environment``: "vault.in_use", and "vault.damaged_header" when the vault's key has changed since.
    """
    folder = folder.absolute()
    answer = _ask(_address(peek(folder).vault, user), b"p" + pin.encode())
    if not answer:
        raise Refused("vault.no_pin")
    if answer[:1] != b"+" or len(answer) != 65:
        raise Refused("vault.wrong_pin", left=int(answer[1:2] or b"0"))
    secrets = Secrets(answer[1:33], answer[33:])
    lock = locked(folder)
    try:
        header = _proved(folder, secrets)
        slot_of(header, user)
    except BaseException:
        lock.release()
        raise
    return Unlocked(folder, derived(secrets.vault_key), header, user, False, lock, secrets)  # noqa: FBT003


def serve(source: IO[bytes], ready: IO[bytes]) -> int:
    """Be a keeper until the PIN was right, was wrong three times, or time is up; gives the exit status."""
    no_core_dumps()
    charge = msgspec.json.decode(source.readline(_MOST), type=_Charge)
    _remove(charge.address)
    with Listener(charge.address) as listener:
        timer = threading.Timer(charge.seconds, os._exit, (0,))
        timer.daemon = True
        timer.start()
        ready.write(b"ready\n")
        ready.close()
        left = TRIES
        while left > 0:
            with listener.accept() as connection:
                left = _answer(connection, charge, left)
    return 0


def _proved(folder: Path, secrets: Secrets) -> Header:
    """The vault's header, if the secrets are still those of the vault."""
    header = read_headers(folder).copies[0]
    if not header.authentic(derived(secrets.vault_key).header_mac):
        raise Environment("vault.damaged_header")
    return header.header


def _answer(connection: Connection, charge: _Charge, left: int) -> int:
    """Answer one caller; gives the tries that are left, 0 to end."""
    try:
        asked = connection.recv_bytes(_MOST)
        if asked == b"?":
            connection.send_bytes(b"!")
            return left
        if asked[:1] != b"p":
            return 0
        nonce, sealed = charge.sealed[:_NONCE], charge.sealed[_NONCE:]
        try:
            secrets = AESGCM(derive(asked[1:], charge.salt, FLOOR)).decrypt(nonce, sealed, charge.bound)
        except InvalidTag:
            connection.send_bytes(b"-%d" % (left - 1))
            return left - 1
        connection.send_bytes(b"+" + secrets)
    except (EOFError, OSError):
        return left
    return 0


def _ask(address: str, question: bytes) -> bytes:
    """What a keeper answers; nothing when there is none."""
    try:
        with Client(address) as connection:
            connection.send_bytes(question)
            return connection.recv_bytes(_MOST)
    except (OSError, EOFError):
        return b""


def _bound(vault_id: str, user: str) -> bytes:
    return msgspec.json.encode(["jmdesk-pin-v1", vault_id, user])


def _address(vault_id: str, user: str) -> str:
    """Where a keeper listens: a socket in a folder of this user's own, or a named pipe."""
    import hashlib

    name = hashlib.sha256(_bound(vault_id, user)).hexdigest()[:24]
    if sys.platform == "win32":
        return rf"\\.\pipe\jmdesk-{name}"
    home = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(home) if home else Path(tempfile.gettempdir()) / f"jmdesk-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise Environment("vault.no_keeper")  # somebody else made the folder, or may look into it
    return str(folder / f"jmdesk-{name}")


def _remove(address: str) -> None:
    if sys.platform != "win32":
        Path(address).unlink(missing_ok=True)
