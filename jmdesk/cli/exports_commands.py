"""``jmdesk export``."""

from __future__ import annotations

import argparse
from pathlib import Path

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, first_line, progress_line, say


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    export = commands.add_parser("export", parents=[common, vault], help="导出一类记录(默认遮蔽)，写明用途，留痕")
    export.add_argument("type", metavar="TYPE", help="R01–R29 或类型标识，如 household")
    export.add_argument("--out", metavar="FILE", help=".xlsx 或 .csv")
    export.add_argument("--purpose", required=True, metavar="TEXT", help="用途，写入文件抬头和审计记录")
    export.add_argument("--ask", action="store_true", help="申请未遮蔽导出(--purpose 为理由)")
    export.add_argument("--approve", metavar="REQUEST", help="以第二人身份批准一份申请")
    export.add_argument("--request", metavar="REQUEST", help="按已批准的申请导出未遮蔽名单")
    export.add_argument("--file-password", metavar="FILE", help="文件密码所在的文件，首行为密码")
    export.set_defaults(run=export_records)


def export_records(args: argparse.Namespace) -> int:
    """Export, or one of the two steps before an unmasked export."""
    from jmdesk.core.errors import Refused
    from jmdesk.exports.service import Order

    with open_desk(args) as desk:
        type_id = desk.records.type(args.type).id
        if args.ask:
            asked = desk.exports.ask(type_id, args.purpose)
            say(args, f"已申请：{asked.id}\n请另一位同事用 --approve 批准", {"request": asked.id})
        elif args.approve:
            given = desk.exports.approve(args.approve)
            say(args, f"已批准：{given.id}", {"request": given.id, "approved": given.approved})
        else:
            if not args.out:
                raise Refused("exports.format")
            password = first_line(args.file_password) if args.file_password else ""
            order = Order(type_id, args.purpose, request=args.request or "", password=password)
            made = desk.exports.records(order, Path(args.out), progress_line("导出", args))
            text = f"已导出 {made.rows} 条：{made.file}\nSHA-256 {made.sha256}"
            say(args, text, {"file": str(made.file), "rows": made.rows, "sha256": made.sha256})
    return DONE
