"""``jmdesk import households`` and ``jmdesk sample``."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, REFUSED, progress_line, say, whole
from jmdesk.core.clock import SystemClock, beijing_date
from jmdesk.core.errors import Environment, Refused

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from jmdesk.registers.register import Register
    from jmdesk.registers.service import ImportResult


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    imports = commands.add_parser("import", help="导入登记表")
    kinds = imports.add_subparsers(dest="what", required=True, metavar="KIND")
    households = kinds.add_parser("households", parents=[common, vault], help="农户登记表(xlsx、xls、csv 或文件夹)")
    households.add_argument("file", metavar="FILE")
    households.add_argument("--dry-run", action="store_true", help="只核对，不写入")
    households.add_argument("--refused", metavar="OUT.xlsx", help="把退回补正的户写成工作簿")
    households.add_argument("--consent-batch", metavar="SCAN", help="这批农户的授权书扫描件")
    households.add_argument("--password-file", metavar="FILE", help="工作簿口令文件，首行为口令")
    households.set_defaults(run=import_register)
    sample = commands.add_parser("sample", parents=[common], help="生成虚构的登记表")
    sample.add_argument("--village", required=True, metavar="CODE", help="村、镇或县的区划代码")
    sample.add_argument("--layout", choices=["a", "b", "c"], default="a")
    sample.add_argument("--households", type=whole(1, 1_000_000), default=400, metavar="N")
    sample.add_argument("--seed", type=int, default=1)
    sample.add_argument("--flaws", type=float, default=0.0, metavar="SHARE", help="有差错的户的比例")
    sample.add_argument("out", metavar="OUT.xlsx")
    sample.set_defaults(run=write_sample)


def import_register(args: argparse.Namespace) -> int:
    """Import one register; exit status 0 if any household landed."""
    from jmdesk.registers.service import consent_batch, import_households

    with open_desk(args) as desk:
        register = _opened(args, desk)
        today = beijing_date(SystemClock().now())
        result = import_households(
            desk,
            register,
            dry_run=args.dry_run,
            consents=consent_batch(Path(args.consent_batch), today) if args.consent_batch else None,
            progress=progress_line("导入", args),
        )
        if args.refused and result.refused_drafts:
            result.write_refused(Path(args.refused))
        say(args, _told(result, args.refused), result.to_plain())
    return DONE if result.landed else REFUSED


def _opened(args: argparse.Namespace, desk: Desk) -> Register:
    from jmdesk.cli.output import first_line
    from jmdesk.registers.register import open_register
    from jmdesk.registers.wording import wording_of

    known = wording_of(desk.catalogue)
    password = first_line(args.password_file) if args.password_file else None
    try:
        return open_register(Path(args.file), password, known)
    except Refused as error:
        if error.code != "registers.password_needed" or not sys.stdin.isatty():
            raise
        return open_register(Path(args.file), getpass.getpass("工作簿口令: "), known)


def _told(result: ImportResult, refused: str | None) -> str:
    lines = ["仅核对，没有写入。"] if result.dry_run else []
    lines.append(
        f"新增 {result.new} 户，更新 {result.changed} 户，无变化 {result.unchanged} 户，"
        f"退回补正 {result.refused} 户，有提醒 {result.warned} 户"
    )
    lines.append(f"共 {result.rows} 行，{result.persons} 人，{result.records} 条记录，授权 {result.consents} 份")
    if result.awaiting:
        lines.append(f"待授权 {result.awaiting} 项：暂存，登记授权后才可报送")
    lines += [f"{note}{note.message().action}" for note in result.notes]
    lines += [
        f"{finding if finding.cell else f'{outcome.at}：{finding}'}{finding.message().action}"
        for outcome in result.outcomes
        for finding in outcome.findings
        if finding.level == "error"
    ]
    if refused and result.refused_drafts:
        lines.append(f"退回补正的户已写入 {refused}，改好后可直接再导入")
    return "\n".join(lines)


def write_sample(args: argparse.Namespace) -> int:
    """Write an invented register."""
    from xlsxwriter.exceptions import FileCreateError

    from jmdesk.registers.samples import write_register

    try:
        report = write_register(Path(args.out), args.village, args.layout, args.households, args.seed, args.flaws)
    except (OSError, FileCreateError) as error:
        raise Environment("registers.unwritable", name=Path(args.out).name) from error
    data = {"file": args.out, "households": report.households, "persons": report.persons, "flaws": len(report.flaws)}
    say(args, f"已生成 {report.households} 户、{report.persons} 人：{args.out}", data)
    return DONE
