"""A desk's and a gateway's program, each as a process of its own that can be killed at any moment.

They are born of a server that has every module loaded (``multiprocessing``'s fork server), so that hundreds of lives
take minutes, and say on a pipe how far they are.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from jmdesk.core.errors import KnownError
from jmdesk.desk import Desk
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.sealing import PART_RECORDS
from sync.client.steering import Steering
from sync.gateway.cli import main as gateway_command

_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload([__name__])


@dataclass
class Life:
    """A program under way, and what it says line by line."""

    process: BaseProcess
    _told: Connection

    @classmethod
    def begin(cls, program: Callable[..., int], *arguments: Any) -> Life:
        """Start a program in a process of its own."""
        here, there = _NURSERY.Pipe(duplex=False)
        process = _NURSERY.Process(target=_live, args=(there, program, arguments), daemon=True)
        process.start()
        there.close()
        return cls(process, here)

    def says(self) -> str:
        """Its next line; empty when it has ended without one."""
        try:
            return str(self._told.recv())
        except EOFError:
            return ""

    def ends(self, seconds: float) -> bool:
        """Wait so long for its end; whether it came."""
        self.process.join(seconds)
        return self.process.exitcode is not None

    def kill(self) -> None:
        """``kill -9``."""
        self.process.kill()
        self.process.join()

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.process.terminate()
        self.process.join()


class _Mouth:
    """A standard output that tells each line to whoever began this life."""

    def __init__(self, told: Connection) -> None:
        self._told = told

    def write(self, text: str) -> int:
        """Called by ``print``."""
        if text.strip():
            self._told.send(text.strip())
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def _live(told: Connection, program: Callable[..., int], arguments: tuple[Any, ...]) -> None:
    sys.stdout = _Mouth(told)
    sys.exit(program(*arguments))


def serve(data: Path, listen: str) -> int:
    """The gateway's program; it says where it listens."""
    return gateway_command(["serve", "--data", str(data), "--listen", listen])


def exchange(vault: Path, passphrase: str, address: str, ca: Path) -> int:
    """Open the vault (``ready``), exchange until everything is settled (``done``); 1 when that cannot be."""
    with Desk.open(vault, passphrase) as desk:
        # Small parts: there are many moments at which to die.
        desk.store.put_setting(PART_RECORDS, "20")
        assert load_membership(desk.store).device
        print("ready", flush=True)
        with HttpTransport(address, desk.ids, ca=ca.read_text()) as transport:
            try:
                report = synchronise(desk, transport, patience=Patience(Steering(), attempts=2))
            except KnownError as error:
                print(error.code, flush=True)
                return 1
        print("done" if report.complete else "unfinished", flush=True)
        return 0 if report.complete else 1
