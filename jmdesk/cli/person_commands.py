"""``jmdesk person``: what this desk holds about one person, for requests of access and copies (W13)."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, say
from jmdesk.core.errors import Environment, Refused


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    person = commands.add_parser("person", help="个人信息权利：导出、到期删除")
    verbs = person.add_subparsers(dest="what", required=True, metavar="VERB")
    export = verbs.add_parser("export", parents=[common, vault], help="导出一人(一户)的全部信息：PDF 和 JSON(留痕)")
    export.add_argument("record", metavar="RID", help="农户或家庭成员的记录 id")
    export.add_argument("--out", required=True, metavar="FOLDER", help="空文件夹，不在资料库内")
    export.add_argument("--purpose", default="7", metavar="CODE", help="用途代码(CL-PURPOSE)，默认 7 本人查询")
    export.add_argument("--reason", required=True, metavar="TEXT", help="事由，写入查询日志和历史")
    export.set_defaults(run=export_person)
    due = verbs.add_parser("due", parents=[common, vault], help="列出保存期满应删除的记录数和撤回授权后的删除期限")
    due.set_defaults(run=list_due)


def export_person(args: argparse.Namespace) -> int:
    """Write ``person.pdf`` and ``person.json``, readable by this user alone."""
    from jmdesk.rights.account import Accounting
    from ui.core.printing import write_pdf

    folder = Path(args.out)
    with open_desk(args) as desk:
        if desk.vault.folder.resolve() in (folder.resolve(), *folder.resolve().parents):
            raise Refused("rights.folder")
        _make(folder)
        account = Accounting(desk).of(args.record, purpose=args.purpose, reason=args.reason)
        text = json.dumps(account.data, ensure_ascii=False, indent=1)
        _write_new(folder / "person.json", text.encode())
        _write_new(folder / "person.pdf", b"")
        write_pdf(account.document.as_html(), folder / "person.pdf")
        data = {"entry": account.entry, "records": len(account.data["records"])}
        say(args, f"已导出 {len(account.data['records'])} 条记录及历史、查询、报送和评定说明：{folder}", data)
    return DONE


def list_due(args: argparse.Namespace) -> int:
    """Print what is out of term, by type, and the erasures that are due."""
    from jmdesk.rights.retention import Retention

    with open_desk(args) as desk:
        for one in Retention(desk).due():
            label = desk.catalogue.types[one.type].label
            say(args, f"{label}：保存期满 {len(one.rids)} 条", {"type": one.type, "due": len(one.rids)})
        for due in desk.rights.countdowns():
            data = {"case": due.case_no, "day": due.day.isoformat(), "state": due.state}
            say(args, f"案号 {due.case_no}：{due.day.isoformat()} 前删除(还有 {due.days_left} 天)", data)
    return DONE


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Environment("rights.folder") from error
    if any((folder / name).exists() for name in ("person.json", "person.pdf")):
        raise Refused("rights.folder")


def _write_new(file: Path, data: bytes) -> None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
    except OSError as error:
        raise Environment("rights.folder") from error
