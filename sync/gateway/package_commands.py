"""``jmdesk-gateway package``: sign a folder, publish a file, list, withdraw."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from jmdesk.core.clock import SystemClock
from jmdesk.core.errors import Environment, Refused
from sync.gateway.database import OWNER, READ, Storage
from sync.gateway.keys import load_keys
from sync.gateway.packages import Label, publish, published, sign_folder, withdraw
from sync.gateway.show import Row

Open = Callable[[argparse.Namespace], AbstractContextManager[Storage]]
Tell = Callable[[argparse.Namespace, dict[str, object], str], None]
Print = Callable[[argparse.Namespace, Iterator[Row]], None]

KINDS = ("catalogue", "rules", "regions", "calendar", "list")


class PackageCommands:
    """The commands over a way to the storage and two ways to speak, which the command line gives them."""

    def __init__(self, storage: Open, tell: Tell, show: Print) -> None:
        self._storage, self._tell, self._show = storage, tell, show

    def add(
        self, commands: argparse._SubParsersAction[argparse.ArgumentParser], *parents: argparse.ArgumentParser
    ) -> None:
        """Add the group to the command line."""
        group = commands.add_parser("package", help="catalogue, rules, regions, calendar and list packages")
        below = group.add_subparsers(required=True, metavar="COMMAND")
        sign = below.add_parser("sign", parents=parents, help="build and sign a package from a folder of files")
        sign.add_argument("folder", type=Path, metavar="FOLDER")
        sign.add_argument("--kind", required=True, choices=KINDS)
        sign.add_argument("--name", required=True, metavar="NAME", help="its line; of rules the model (JM-HH-1)")
        sign.add_argument("--release", required=True, metavar="VERSION")
        sign.add_argument("--effective", required=True, metavar="DATE", help="first day in force (Beijing)")
        sign.add_argument("--until", default="", metavar="DATE", help="first day no longer in force")
        sign.add_argument("--min-client", default="", metavar="VERSION", help="least jmdesk that understands it")
        sign.add_argument("--out", required=True, type=Path, metavar="FILE.jmp")
        sign.set_defaults(run=self.sign)
        publish_ = below.add_parser("publish", parents=parents, help="publish a signed package for every desk")
        publish_.add_argument("file", type=Path, metavar="FILE.jmp")
        publish_.set_defaults(run=self.publish)
        listed = below.add_parser("list", parents=parents, help="every published package")
        listed.set_defaults(run=self.list)
        taken = below.add_parser("withdraw", parents=parents, help="take a version back, from today")
        taken.add_argument("kind", choices=KINDS)
        taken.add_argument("name", metavar="NAME")
        taken.add_argument("version", metavar="VERSION")
        taken.set_defaults(run=self.withdraw)

    def sign(self, options: argparse.Namespace) -> int:
        """Sign a folder."""
        label = Label(
            *(options.kind, options.name, options.release, options.effective, options.until, options.min_client)
        )
        clock = SystemClock()
        with self._storage(options) as storage:
            keys = load_keys(storage.database, options.data, clock)
            envelope = storage.database.run(
                READ, lambda connection: sign_folder(connection, keys, clock, label, options.folder)
            )
        try:
            options.out.write_bytes(envelope)
        except OSError as error:
            raise Environment("gateway.file_unwritable", path=str(options.out), reason=error.strerror or "") from None
        self._tell(options, {**asdict(label), "file": str(options.out)}, str(options.out))
        return 0

    def publish(self, options: argparse.Namespace) -> int:
        """Publish a file."""
        try:
            envelope = options.file.read_bytes()
        except OSError as error:
            raise Refused("gateway.file_unreadable", path=str(options.file), reason=error.strerror or "") from None
        clock = SystemClock()
        with self._storage(options) as storage:
            keys = load_keys(storage.database, options.data, clock)
            issue, fresh = storage.database.run(
                OWNER, lambda connection: publish(connection, keys.trust, clock, envelope)
            )
        body: dict[str, object] = {"kind": issue.kind, "name": issue.name, "version": issue.version}
        body |= {"sequence": issue.sequence, "effective": issue.effective, "new": fresh}
        self._tell(options, body, f"{issue.kind} {issue.name} {issue.version} {'published' if fresh else 'known'}")
        return 0

    def list(self, options: argparse.Namespace) -> int:
        """List what is published."""
        with self._storage(options) as storage:
            self._show(options, (asdict(p) for p in storage.database.run(READ, published)))
        return 0

    def withdraw(self, options: argparse.Namespace) -> int:
        """Withdraw a version."""
        clock = SystemClock()
        with self._storage(options) as storage:
            keys = load_keys(storage.database, options.data, clock)
            issue, _ = storage.database.run(
                OWNER,
                lambda connection: withdraw(connection, keys, clock, options.kind, options.name, options.version),
            )
        body: dict[str, object] = {"kind": issue.kind, "name": issue.name, "version": issue.version}
        self._tell(options, body | {"until": issue.until}, f"{issue.kind} {issue.version} withdrawn {issue.until}")
        return 0
