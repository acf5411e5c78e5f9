"""``jmdesk-gateway admin …``, ``scope``, ``revoke``, ``retire``, ``release``, ``refuse``, ``reopen``: as on the page.

The same services, accounts and four eyes as over HTTP. Whoever acts is asked for a passphrase; whoever only looks is
already at the server.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from jmdesk.core.clock import SystemClock
from jmdesk.core.errors import Refused
from sync.gateway.admin.accounts import ADMIN, Account, AccountRole, Accounts
from sync.gateway.admin.effects import EFFECTS, SCOPE
from sync.gateway.admin.overview import Overview
from sync.gateway.admin.proposals import Proposal, Proposals
from sync.gateway.admin.rollover import ROLES, destroy, roll
from sync.gateway.database import Connection, Database, Storage

Opened = Callable[..., AbstractContextManager[Storage]]
Tell = Callable[[argparse.Namespace, Mapping[str, object], str], None]
Print = Callable[[argparse.Namespace, Iterator[dict[str, Any]]], None]

_SHORTEST_PREFIX: Final = 8
_KINDS: Final = sorted(EFFECTS.keys() - {SCOPE.kind})
_SHORT: Final[Mapping[str, str]] = {
    "revoke": "shut a device out; what it sends later waits for a person",
    "retire": "end a device that is no longer used",
    "release": "let the held batches of a device be processed (or one batch, by its id)",
    "refuse": "refuse the held batches of a device (or one batch); every record gets a signed verdict",
    "reopen": "approve the new chain epoch that a device asks for",
}


class Commands:
    """The commands over the gateway's command line, whose ways to open a folder and to speak are given."""

    def __init__(self, storage: Opened, tell: Tell, show: Print) -> None:
        self._storage, self._tell, self._show = storage, tell, show

    def add(
        self,
        commands: argparse._SubParsersAction[argparse.ArgumentParser],
        common: argparse.ArgumentParser,
        output: argparse.ArgumentParser,
    ) -> None:
        """Add them to a parser."""
        acting = argparse.ArgumentParser(add_help=False)
        acting.add_argument("--account", default="", metavar="NAME", help="who acts")
        acting.add_argument("--passphrase-file", type=Path, metavar="FILE", help="its passphrase (default: asked for)")
        reasoned = argparse.ArgumentParser(add_help=False)
        reasoned.add_argument("--reason", required=True, metavar="TEXT", help="why; it stays in the log")
        everything = [common, output, acting, reasoned]

        admin = commands.add_parser("admin", help="accounts, proposals and what waits for a person")
        verbs = admin.add_subparsers(required=True, metavar="COMMAND")
        account = verbs.add_parser("account", help="accounts of the administration")
        account_verbs = account.add_subparsers(required=True, metavar="COMMAND")
        added = account_verbs.add_parser(
            "add", parents=[common, output, acting], help="make one of the first two accounts, or propose another one"
        )
        added.add_argument("name", metavar="NAME")
        added.add_argument("--role", choices=[role.value for role in AccountRole], required=True)
        added.add_argument("--new-passphrase-file", type=Path, metavar="FILE", help="its own (default: asked for)")
        added.add_argument("--reason", default="", metavar="TEXT")
        added.set_defaults(run=self._account_add)
        disabled = account_verbs.add_parser("disable", parents=everything, help="propose to shut an account out")
        disabled.add_argument("subject", metavar="NAME")
        disabled.set_defaults(run=self._propose, kind="account-disable")

        proposed = verbs.add_parser("propose", parents=everything, help="propose something to another account")
        proposed.add_argument("kind", choices=_KINDS, metavar="KIND", help=", ".join(_KINDS))
        proposed.add_argument("subject", metavar="SUBJECT")
        proposed.set_defaults(run=self._propose)
        for verb in ("approve", "reject"):
            decided = verbs.add_parser(verb, parents=everything, help=f"{verb} another account's proposal")
            decided.add_argument("number", type=int, metavar="NUMBER")
            decided.set_defaults(run=self._decide, verb=verb)
        withdrawn = verbs.add_parser("withdraw", parents=[common, output, acting], help="take a proposal back")
        withdrawn.add_argument("number", type=int, metavar="NUMBER")
        withdrawn.set_defaults(run=self._withdraw)
        listed = verbs.add_parser("list", parents=[common, output], help="what there is to know and to decide")
        listed.add_argument("what", nargs="?", choices=sorted(_LISTS), default="proposals", metavar="WHAT")
        listed.set_defaults(run=self._list)
        noted = verbs.add_parser("acknowledge", parents=everything, help="note that an alarm was looked into")
        noted.add_argument("device", metavar="DEVICE")
        noted.add_argument("at", metavar="TIME")
        noted.set_defaults(run=self._acknowledge)
        checked = verbs.add_parser("check-log", parents=[common, output], help="follow the log's chain of hashes")
        checked.set_defaults(run=self._check_log)

        rolled = verbs.add_parser(
            "rollover", parents=[common, output, acting], help="make the new key that was approved"
        )
        rolled.add_argument(
            "--what",
            choices=sorted(ROLES),
            default="platform",
            help="the key that signs (default), or the recipient key that opens batches",
        )
        rolled.add_argument(
            "--root", type=Path, required=True, metavar="FILE", help="the root key that is kept offline"
        )
        rolled.set_defaults(run=self._rollover)
        destroyed = verbs.add_parser(
            "destroy-key", parents=[common, output, acting], help="destroy an old recipient key, as was approved"
        )
        destroyed.add_argument("key", metavar="KEY", help="its id, as `admin list keys` shows it")
        destroyed.set_defaults(run=self._destroy_key)

        scope = commands.add_parser(SCOPE.kind, parents=everything, help="propose other regions or roles for a device")
        scope.add_argument("subject", metavar="DEVICE")
        scope.add_argument(
            "--region", action="append", default=[], metavar="CODE", help="all of them (default: as now)"
        )
        scope.add_argument("--role", action="append", default=[], metavar="ROLE", help="all of them (default: as now)")
        scope.set_defaults(run=self._propose_scope)
        for kind, told in _SHORT.items():
            short = commands.add_parser(kind, parents=everything, help=f"propose to {told}")
            short.add_argument("subject", metavar="DEVICE")
            short.set_defaults(run=self._propose, kind=kind)

    def _account_add(self, options: argparse.Namespace) -> int:
        role = AccountRole(options.role)
        with self._storage(options) as storage:
            accounts = Accounts(storage.database, SystemClock())
            if not options.account:
                passphrase = _passphrase(options.new_passphrase_file, f"Passphrase of {options.name}: ", twice=True)
                accounts.found(options.name, role, passphrase)
                self._tell(options, {"account": options.name, "role": role.value}, f"{options.name}: {role.value}")
                return 0
            by = _acting(options, accounts)
            passphrase = _passphrase(options.new_passphrase_file, f"Passphrase of {options.name}: ", twice=True)
            proposals = Proposals(storage.database, SystemClock())
            self._told(options, proposals.propose_account(by, options.name, role, passphrase, options.reason))
        return 0

    def _propose(self, options: argparse.Namespace) -> int:
        with self._storage(options) as storage:
            by = _acting(options, Accounts(storage.database, SystemClock()))
            subject = _named(storage.database, options.kind, options.subject)
            made = Proposals(storage.database, SystemClock()).propose(by, options.kind, subject, options.reason)
        self._told(options, made)
        return 0

    def _propose_scope(self, options: argparse.Namespace) -> int:
        with self._storage(options) as storage:
            by = _acting(options, Accounts(storage.database, SystemClock()))
            device = _named(storage.database, "revoke", options.subject)
            proposals = Proposals(storage.database, SystemClock())
            self._told(options, proposals.propose_scope(by, device, options.region, options.role, options.reason))
        return 0

    def _decide(self, options: argparse.Namespace) -> int:
        with self._storage(options) as storage:
            by = _acting(options, Accounts(storage.database, SystemClock()))
            proposals = Proposals(storage.database, SystemClock())
            decide = proposals.approve if options.verb == "approve" else proposals.reject
            self._told(options, decide(by, options.number, options.reason))
        return 0

    def _withdraw(self, options: argparse.Namespace) -> int:
        with self._storage(options) as storage:
            by = _acting(options, Accounts(storage.database, SystemClock()))
            self._told(options, Proposals(storage.database, SystemClock()).withdraw(by, options.number))
        return 0

    def _list(self, options: argparse.Namespace) -> int:
        with self._storage(options) as storage:
            self._show(options, iter(_LISTS[options.what](storage.database)))
        return 0

    def _acknowledge(self, options: argparse.Namespace) -> int:
        with self._storage(options) as storage:
            by = _acting(options, Accounts(storage.database, SystemClock()))
            overview = Overview(storage.database, SystemClock())
            overview.acknowledge(by, options.device, options.at, options.reason)
        self._tell(options, {"device": options.device, "at": options.at}, f"{options.device} {options.at}")
        return 0

    def _check_log(self, options: argparse.Namespace) -> int:
        with self._storage(options) as storage:
            found = Overview(storage.database, SystemClock()).check_log()
        text = f"broken at {found.broken}" if found.broken else f"{found.entries} entries hold, head {found.head}"
        self._tell(options, asdict(found), text)
        return int(bool(found.broken))

    def _rollover(self, options: argparse.Namespace) -> int:
        with self._storage(options) as storage:
            by = _acting(options, Accounts(storage.database, SystemClock()))
            made = roll(storage.database, options.data, SystemClock(), by, options.root, ROLES[options.what])
        text = f"key {made.key} certified by trust version {made.trust_version}"
        self._tell(options, asdict(made), text)
        return 0

    def _destroy_key(self, options: argparse.Namespace) -> int:
        with self._storage(options) as storage:
            by = _acting(options, Accounts(storage.database, SystemClock()))
            done = destroy(storage.database, options.data, SystemClock(), by, options.key)
        self._tell(options, asdict(done), f"key {done.key} destroyed; {done.documents} documents sealed anew")
        return 0

    def _told(self, options: argparse.Namespace, proposal: Proposal) -> None:
        text = f"proposal {proposal.id}: {proposal.kind} {proposal.subject}: {proposal.state}"
        self._tell(options, asdict(proposal), text)


def _acting(options: argparse.Namespace, accounts: Accounts) -> Account:
    """The account that acts, once its passphrase held. ``Refused`` ``admin.who``, and those of `Accounts.check`."""
    if not options.account:
        raise Refused("admin.who")
    return accounts.check(options.account, _passphrase(options.passphrase_file, f"Passphrase of {options.account}: "))


def _passphrase(file: Path | None, prompt: str, *, twice: bool = False) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise Refused("admin.passphrase_file", path=str(file)) from None
    if not sys.stdin.isatty():
        raise Refused("admin.passphrase_asked")
    typed = getpass.getpass(prompt)
    if twice and getpass.getpass("Once more: ") != typed:
        raise Refused("admin.passphrase_differs")
    return typed


def _named(database: Database, kind: str, subject: str) -> str:
    """What is meant: a device by the beginning of its key id, a reopening by the device that asks for it."""
    if kind not in _SHORT:
        return subject

    def work(connection: Connection) -> str:
        found = connection.execute(
            "SELECT device FROM devices WHERE starts_with(device, %s) LIMIT 2", (subject.lower(),)
        ).fetchall()
        if len(found) != 1 or len(subject) < _SHORTEST_PREFIX:
            return subject
        if kind != "reopen":
            return str(found[0][0])
        row = connection.execute(
            "SELECT digest FROM device_requests WHERE subject = %s AND purpose = 'reopen' AND state = 'waiting'",
            found[0],
        ).fetchone()
        return str(row[0]) if row else subject

    return database.run(ADMIN, work)


def _accounts(database: Database) -> Iterable[dict[str, Any]]:
    def work(connection: Connection) -> list[dict[str, Any]]:
        rows = connection.execute("SELECT name, role, state FROM admin_accounts ORDER BY name")
        return [{"name": name, "role": role, "state": state} for name, role, state in rows]

    return database.run(ADMIN, work)


def _overview(database: Database) -> Overview:
    return Overview(database, SystemClock())


_LISTS: Final[Mapping[str, Callable[[Database], Iterable[dict[str, Any]]]]] = {
    "accounts": _accounts,
    "alarms": lambda database: _overview(database).alarms(),
    "batches": lambda database: _overview(database).batches(),
    "devices": lambda database: _overview(database).devices(),
    "keys": lambda database: _overview(database).platform_keys(),
    "log": lambda database: _overview(database).log(),
    "proposals": lambda database: (asdict(p) for p in Proposals(database, SystemClock()).listed()),
    "verdicts": lambda database: _overview(database).verdicts(),
    "waiting": lambda database: _overview(database).waiting(),
}
