"""``jmdesk attachments``: documents beside records, for scripts and for whoever works without the window."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, say

if TYPE_CHECKING:
    from jmdesk.attachments.queries import Attachment

_LISTED = ("link", "sha256", "media", "size", "pages", "state", "code", "field", "added_at")
"""What a list says of a document: not its caption, which may name a person."""


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    attachments = commands.add_parser("attachments", help="记录的附件(照片、PDF)")
    verbs = attachments.add_subparsers(dest="what", required=True, metavar="VERB")
    for name, text, run in (("add", "添加一份附件", add_file), ("list", "列出一条记录的附件", list_of)):
        verb = verbs.add_parser(name, parents=[common, vault], help=text)
        verb.add_argument("type", metavar="TYPE", help="R01–R29 或类型标识，如 household")
        verb.add_argument("record", metavar="RID", help="记录 id")
        if name == "add":
            verb.add_argument("file", metavar="FILE", help="JPEG、PNG 或 PDF")
        verb.set_defaults(run=run)
    for name, text, run in (("remove", "移除附件(留痕)", remove), ("export", "导出一份明文文件(留痕)", export)):
        verb = verbs.add_parser(name, parents=[common, vault], help=text)
        verb.add_argument("link", metavar="LINK", help="附件 id，见 list")
        if name == "export":
            verb.add_argument("out", metavar="OUT")
        verb.add_argument("--reason", required=True, metavar="TEXT", help="理由，写入历史")
        verb.set_defaults(run=run)


def add_file(args: argparse.Namespace) -> int:
    """Keep the document in a file beside a record."""
    with open_desk(args) as desk:
        record_type = desk.records.type(args.type)
        link = desk.attachments.add_file(record_type.id, args.record, Path(args.file))
        (found,) = [one for one in desk.attachments.of(record_type.id, args.record) if one.link == link]
        say(args, f"已添加附件 {link}", _plain(found))
    return DONE


def list_of(args: argparse.Namespace) -> int:
    """Print the documents of a record, one per line."""
    with open_desk(args) as desk:
        record_type = desk.records.type(args.type)
        for found in desk.attachments.of(record_type.id, args.record):
            plain = _plain(found)
            say(args, "  ".join(f"{name}={value}" for name, value in plain.items()), plain)
    return DONE


def remove(args: argparse.Namespace) -> int:
    """Take a document off its record."""
    with open_desk(args) as desk:
        desk.attachments.remove(args.link, args.reason)
        say(args, "已移除(留痕)。", {"removed": args.link})
    return DONE


def export(args: argparse.Namespace) -> int:
    """Write a document to a file in plain."""
    with open_desk(args) as desk:
        desk.attachments.export(args.link, Path(args.out), reason=args.reason)
        say(args, f"已导出明文文件 {args.out}；用完请删除。", {"exported": args.link, "file": args.out})
    return DONE


def _plain(found: Attachment) -> dict[str, object]:
    every = asdict(found)
    return {name: every[name] for name in _LISTED}
