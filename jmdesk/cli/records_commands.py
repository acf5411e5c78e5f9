"""``jmdesk records`` and ``jmdesk check``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

from jmdesk.catalogue.types import RecordType
from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, REFUSED
from jmdesk.core.errors import Refused


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    records = commands.add_parser("records", parents=[common, vault], help="列出记录(证号电话已遮蔽)")
    records.add_argument("type", metavar="TYPE", help="R01–R29 或类型标识，如 household")
    records.add_argument("--where", action="append", default=[], metavar="field=value")
    records.add_argument("--limit", type=int, default=-1, metavar="N")
    records.set_defaults(run=list_records)
    check = commands.add_parser("check", parents=[common], help="校验证件号、统一社会信用代码或区划代码")
    check.add_argument("kind", choices=["idno", "uscc", "region"])
    check.add_argument("values", nargs="+", metavar="VALUE")
    check.set_defaults(run=check_values)


def list_records(args: argparse.Namespace) -> int:
    """Print records of one type, masked, one per line."""
    from jmdesk.records.masking import masked_record
    from jmdesk.store import reading
    from jmdesk.store.reading import Filter

    with open_desk(args) as desk:
        record_type = desk.records.type(args.type)
        where = {}
        for condition in args.where:
            name, equals, value = condition.partition("=")
            if not equals:
                raise Refused("cli.bad_condition", condition=name)
            where[name] = _typed(record_type, name, value)
        found = desk.records.find(record_type.id, Filter(where=where), limit=args.limit)
        desk.audit.note_search(record_type.id, " ".join(str(value) for value in where.values()))
        with desk.store.reading() as connection:
            waiting: dict[str, list[str]] = {}
            for entry in reading.sealed(connection):
                waiting.setdefault(entry.rid, []).append(entry.field)
        for record in found:
            values = masked_record(record_type, record.values, waiting.get(record.rid, ()))
            line = {"rid": record.rid, "type": record.type, "region": record.region, "sync": record.sync, **values}
            print(json.dumps(line, ensure_ascii=False) if args.json else _plain(line))
    return DONE


def _typed(record_type: RecordType, name: str, text: str) -> str | int | bool:
    field = record_type.by_identifier.get(name)
    if field is not None and field.type.kind in ("int", "year"):
        if not text.lstrip("-").isdigit():
            raise Refused("cli.bad_condition", condition=name)
        return int(text)
    if field is not None and field.type.kind == "bool":
        return text.lower() in ("1", "true", "是")
    return text


def _plain(line: Mapping[str, object]) -> str:
    return "  ".join(f"{name}={value}" for name, value in line.items() if name != "type")


def check_values(args: argparse.Namespace) -> int:
    """Check each value; the exit status is 1 only when one of them is an error (warnings pass)."""
    from jmdesk.catalogue.checks import check
    from jmdesk.core.clock import SystemClock, beijing_date

    worst = DONE
    for value in args.values:
        verdict = check(args.kind, value, beijing_date(SystemClock().now()))
        data = {"value": value, "verdict": verdict.verdict, "code": verdict.code}
        print(json.dumps(data, ensure_ascii=False) if args.json else f"{value}\t{verdict.verdict}\t{verdict.code}")
        if verdict.verdict == "error":
            worst = REFUSED
    return worst
