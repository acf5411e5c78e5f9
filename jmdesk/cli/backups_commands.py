"""``jmdesk backup`` and ``jmdesk restore``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, passphrase, progress_line, say
from jmdesk.core.clock import beijing_text

if TYPE_CHECKING:
    from jmdesk.backups.card import Kept
    from jmdesk.backups.rehearsal import Report

KINDS = {
    "daily": "每日",
    "manual": "手动",
    "migration": "升级前",
    "import": "导入前",
    "key": "换密钥前",
    "restore": "恢复前",
}


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    backup = commands.add_parser("backup", parents=[common, vault], help="备份资料库，写完即核对")
    backup.add_argument("--to", metavar="FOLDER", help="另存一份到此文件夹(优盘、另一块磁盘)")
    backup.add_argument("--second", metavar="FOLDER", help="今后每份备份都另存到此文件夹；空字符串表示不再另存")
    backup.add_argument("--list", action="store_true", help="只列出已有备份")
    backup.set_defaults(run=make_backup)
    restore = commands.add_parser("restore", parents=[common], help="先在旁边演练，再由备份恢复")
    restore.add_argument("backup", metavar="BACKUP", help="一份备份的文件夹")
    where = restore.add_mutually_exclusive_group(required=True)
    where.add_argument("--vault", metavar="VAULT", help="恢复到现有资料库(恢复前自动备份现状)")
    where.add_argument("--into", metavar="FOLDER", help="恢复成一个新的资料库(另一台电脑；须重新登记)")
    restore.add_argument("--rehearse", action="store_true", help="只演练并报告，不恢复(与 --vault 同用)")
    restore.add_argument("--user", help="本机用户(资料库有多个用户时)")
    restore.add_argument("--passphrase-file", metavar="FILE", help="口令文件，首行为口令")
    restore.set_defaults(run=restore_backup)


def make_backup(args: argparse.Namespace) -> int:
    """Make a verified backup, or list those there are."""
    with open_desk(args) as desk:
        if args.second is not None:
            desk.backups.name_second(Path(args.second) if args.second else None)
        if args.list:
            found = desk.backups.all()
            lines = [_line(kept) for kept in found] or ["还没有备份"]
            say(args, "\n".join(lines), {"backups": [_data(kept) for kept in found]})
            return DONE
        made = desk.backups.make("manual", progress_line("备份", args))
        copies = [] if made.second is None else [made.second]
        if args.to:
            copies.append(desk.backups.copy(made.kept, Path(args.to)))
        lines = [f"已备份并核对：{made.kept.folder}", *(f"另存：{copy.folder}" for copy in copies)]
        if made.second_problem is not None:
            lines.append(f"第二处没有备份成：{made.second_problem.message_for_user().text}")
        if made.kept.card.broken_at:
            lines.append(f"注意：变更日志在第 {made.kept.card.broken_at} 条断开，备份照原样保留")
        say(args, "\n".join(lines), _data(made.kept) | {"copies": [str(copy.folder) for copy in copies]})
    return DONE


def restore_backup(args: argparse.Namespace) -> int:
    """Rehearse a backup, and go back to it."""
    from jmdesk.backups.opening import open_backup

    secret = passphrase(args)
    if args.into:
        from jmdesk.backups.restoring import restore_to
        from jmdesk.catalogue.loader import catalogue
        from jmdesk.core.clock import SystemClock
        from jmdesk.core.ids import TimeOrderedIds

        clock = SystemClock()
        opened = open_backup(Path(args.backup), secret, args.user)
        restore_to(opened, Path(args.into), catalogue(), clock, TimeOrderedIds(clock))
        text = f"已恢复到：{args.into}\n备份不含本机私钥：报送前须重新登记(jmdesk enrol)"
        say(args, text, _data(opened.kept) | {"vault": args.into})
        return DONE
    with open_desk(args) as desk:
        opened = desk.backups.open(Path(args.backup), secret)
        told = desk.backups.rehearse(opened)
        lines, data = _report(told), _report_data(told)
        if not args.rehearse:
            made = desk.backups.restore(opened)
            lines.append(f"已恢复；恢复前的状态已备份：{made.kept.folder}")
            data["before"] = str(made.kept.folder)
    say(args, "\n".join(lines), data)
    return DONE


def _line(kept: Kept) -> str:
    card = kept.card
    size = -(-card.size // (1 << 20))
    return f"{beijing_text(card.created)}  {KINDS[card.kind]}  {size} MB  {card.entries} 条变更  {kept.folder}"


def _data(kept: Kept) -> dict[str, object]:
    card = kept.card
    return {
        "folder": str(kept.folder),
        "created": card.created,
        "kind": card.kind,
        "size": card.size,
        "entries": card.entries,
        "broken_at": card.broken_at,
    }


def _report(told: Report) -> list[str]:
    card = told.card
    lines = [f"演练通过：{beijing_text(card.created)} 的{KINDS[card.kind]}备份完整可用"]
    lines += [f"  {name}：{number}" for name, number in told.records.items()]
    if not told.same_history:
        lines.append("现有资料库不是由这份备份延续而来，无法说明恢复会丢失什么")
    elif told.lost:
        lines.append(f"恢复将丢失此后的 {told.changes_lost} 条变更：")
        lines += [f"  {one.type} {one.verb}：{one.number} 条，最近 {beijing_text(one.last)}" for one in told.lost]
    else:
        lines.append("此后没有变更，恢复不会丢失内容")
    lines += [f"此后新增的用户将不能进入：{label}" for label in told.users_lost]
    return lines


def _report_data(told: Report) -> dict[str, object]:
    return {
        "created": told.card.created,
        "kind": told.card.kind,
        "records": told.records,
        "same_history": told.same_history,
        "lost": [{"verb": o.verb, "type": o.type, "number": o.number, "last": o.last} for o in told.lost],
        "users_lost": list(told.users_lost),
    }
