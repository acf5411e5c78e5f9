"""``jmdesk-gateway``: serve, units, enrolment codes, and a look at what the platform holds.

Commands work on the data folder while the server runs: they go to the same PostgreSQL. Exit status: 0 done, 1 refused,
2 wrong usage. ``--json`` prints one JSON object, or one per line.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from jmdesk.core.clock import SystemClock, utc_text
from jmdesk.core.errors import KnownError, Refused
from sync.gateway import evidence, serving, show
from sync.gateway.admin.commands import Commands
from sync.gateway.database import OWNER, Storage
from sync.gateway.enrol import issue_code
from sync.gateway.keys import load_keys
from sync.gateway.package_commands import PackageCommands
from sync.gateway.units import read_units, store_regions, store_units

DATA_VARIABLE = "JMDESK_GATEWAY_DATA"
DEFAULT_DATA = "gateway-data"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.run
    try:
        return command(options)
    except KnownError as error:
        told = error.message_for_user(options.language)
        if getattr(options, "json", False):
            body = {"error": error.code, "text": told.text, "action": told.action}
            sys.stderr.write(f"{json.dumps(body, ensure_ascii=False)}\n")
        else:
            sys.stderr.write(f"jmdesk-gateway: {told.text}{' ' if options.language == 'en' else ''}{told.action}\n")
        return 1
    except BrokenPipeError:  # `… | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 1


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get(DATA_VARIABLE, DEFAULT_DATA)),
        help=f"the gateway's folder (default: ${DATA_VARIABLE} or ./{DEFAULT_DATA})",
    )
    common.add_argument("--database", default="", metavar="URL", help="a PostgreSQL server instead of the embedded one")
    common.add_argument("--language", choices=("zh", "en"), default="zh", help="language of messages")
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("--json", action="store_true", help="JSON, one object per line")
    parser = argparse.ArgumentParser(prog="jmdesk-gateway", description="The reference gateway of jmdesk.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serving.add_commands(commands, common, output, _storage, _tell)
    Commands(_storage, _tell, _print).add(commands, common, output)

    units = commands.add_parser("units", help="units that may enrol desks")
    unit_commands = units.add_subparsers(required=True, metavar="COMMAND")
    imported = unit_commands.add_parser("import", parents=[common, output], help="add or update units from a CSV file")
    imported.add_argument("file", type=Path, metavar="FILE.csv")
    imported.set_defaults(run=_units_import)

    code = commands.add_parser("enrol-code", parents=[common, output], help="a one-time code for a new desk")
    code.add_argument("--unit", required=True, metavar="USCC")
    code.add_argument("--region", action="append", default=[], metavar="CODE")
    code.add_argument("--role", action="append", default=[], metavar="ROLE", help="R1 … R13")
    code.set_defaults(run=_enrol_code)

    PackageCommands(_storage, _tell, _print).add(commands, common, output)

    stick = commands.add_parser(
        "stick", parents=[common, output], help="take the batches of a USB stick and reply on it"
    )
    stick.add_argument("folder", type=Path, metavar="FOLDER")
    stick.set_defaults(run=_stick)

    rescue = commands.add_parser("rescue", parents=[common, output], help="open the rescue package of a retired desk")
    rescue.add_argument("file", type=Path, metavar="FILE.jmx")
    rescue.add_argument("--escrow", type=Path, metavar="FILE", help="the escrow key, to open what was withheld too")
    rescue.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write what opens (personal data: mind where it goes)"
    )
    rescue.set_defaults(run=_rescue)

    shown = commands.add_parser("show", help="what the platform holds")
    show_commands = shown.add_subparsers(required=True, metavar="WHAT")
    seen = show_commands.add_parser("records", parents=[common, output], help="records, or their counts per unit")
    seen.add_argument("--type", default="", metavar="TYPE", help="list the records of one type (R05 or household)")
    seen.add_argument("--all", action="store_true", help="list the records of every type")
    seen.add_argument("--values", action="store_true", help="with their fields (personal data: mind where it goes)")
    seen.add_argument("--limit", type=int, default=0, metavar="N")
    seen.set_defaults(run=_show_records)
    for name, source in (
        ("batches", show.batches),
        ("devices", show.devices),
        ("attachments", evidence.attachments),
    ):
        listed = show_commands.add_parser(name, parents=[common, output], help=f"all {name}")
        listed.set_defaults(run=_show_list, source=source)
    explained = show_commands.add_parser("explanation", parents=[common, output], help="the explanation of a rating")
    explained.add_argument("rid", metavar="RID")
    explained.set_defaults(run=_show_explanation)
    return parser


@contextmanager
def _storage(options: argparse.Namespace, *, new: bool = False) -> Iterator[Storage]:
    """The storage of a data folder; only ``serve``, ``setup`` and ``units import`` may begin a new one."""
    if not new and not options.data.is_dir():
        raise Refused("gateway.no_data", path=str(options.data))
    with Storage(options.data, options.database) as storage:
        yield storage


def _units_import(options: argparse.Namespace) -> int:
    try:
        content = options.file.read_bytes()
    except OSError as error:
        raise Refused("gateway.file_unreadable", path=str(options.file), reason=error.strerror or "") from None
    units = read_units(content)
    with _storage(options, new=True) as storage:
        storage.database.run(OWNER, store_regions)
        storage.database.run(OWNER, lambda connection: store_units(connection, units))
    _tell(options, {"units": len(units)}, f"{len(units)} units imported")
    return 0


def _enrol_code(options: argparse.Namespace) -> int:
    clock = SystemClock()
    with _storage(options) as storage:
        keys = load_keys(storage.database, options.data, clock)
        code = issue_code(storage.database, keys, clock, options.unit, options.region, options.role)
    body = {
        "code": code.text,
        "unit": code.unit,
        "unit_name": code.unit_name,
        "regions": code.regions,
        "roles": code.roles,
        "expires": utc_text(code.expires),
    }
    _tell(options, body, code.text)
    return 0


def _stick(options: argparse.Namespace) -> int:
    from jmdesk.core.ids import TimeOrderedIds
    from sync.gateway.bell import Bell
    from sync.gateway.ingest import Ingest
    from sync.gateway.stick import StickDesk
    from sync.gateway.worker import Worker

    if not options.folder.is_dir():
        raise Refused("gateway.no_stick", path=str(options.folder))
    clock, refused = SystemClock(), False
    with _storage(options) as storage:
        keys = load_keys(storage.database, options.data, clock)
        # Of several on one database one works: while a server runs, this one only waits.
        worker = Worker(storage.database, Ingest(storage.database, keys, clock), Bell())
        worker.start()
        try:
            for one in StickDesk(storage.database, keys, clock, TimeOrderedIds(clock)).handle(options.folder):
                refused = refused or bool(one.problem)
                body = {"file": one.file, "batch_id": one.batch_id, "records": one.records}
                text = f"{one.file or '-'}\t{one.records}\t{one.reply or one.problem}"
                _tell(options, body | {"reply": one.reply, "problem": one.problem}, text)
        finally:
            worker.stop()
    return int(refused)


def _rescue(options: argparse.Namespace) -> int:
    from sync.gateway.rescue import open_rescue, read_escrow

    escrow = read_escrow(options.escrow) if options.escrow else None
    with _storage(options) as storage:
        keys = (escrow,) if escrow else load_keys(storage.database, options.data, SystemClock()).openers
        found = open_rescue(storage.database, options.file, keys, options.out)
    body = found.as_json()
    _tell(options, body, "\n".join(f"{name}\t{value}" for name, value in body.items()))
    return 0


def _show_records(options: argparse.Namespace) -> int:
    with _storage(options) as storage:
        listed = bool(options.type or options.all or options.values or options.limit)
        rows = (
            show.records(storage.database, type_=options.type, limit=options.limit, values=options.values)
            if listed
            else show.counts(storage.database)
        )
        _print(options, rows)
    return 0


def _show_list(options: argparse.Namespace) -> int:
    with _storage(options) as storage:
        _print(options, options.source(storage.database))
    return 0


def _show_explanation(options: argparse.Namespace) -> int:
    with _storage(options) as storage:
        document = show.explanation(storage.database, options.rid)
    _tell(options, {"title": document.title, "words": list(document.words())}, document.as_text().rstrip("\n"))
    return 0


def _tell(options: argparse.Namespace, body: Mapping[str, object], text: str) -> None:
    sys.stdout.write(f"{json.dumps(body, ensure_ascii=False) if options.json else text}\n")


def _print(options: argparse.Namespace, rows: Iterator[show.Row]) -> None:
    """JSON lines, or a table whose columns are as wide as what is in them."""
    if options.json:
        for row in rows:
            sys.stdout.write(f"{json.dumps(row, ensure_ascii=False)}\n")
        return
    lines = [{name: _cell(value) for name, value in row.items()} for row in rows]
    if not lines:
        return
    widths = {name: max(len(name), *(len(line.get(name, "")) for line in lines)) for name in lines[0]}
    sys.stdout.write("  ".join(name.ljust(width) for name, width in widths.items()).rstrip() + "\n")
    for line in lines:
        sys.stdout.write("  ".join(line[name].ljust(width) for name, width in widths.items()).rstrip() + "\n")


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={item}" for name, item in value.items())
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return str(value)
