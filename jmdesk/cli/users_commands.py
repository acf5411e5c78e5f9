"""``jmdesk users``: who works at a vault."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from jmdesk.accounts.account import Account
from jmdesk.accounts.recovery_sheet import recovery_sheet
from jmdesk.accounts.service import NewAccount
from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, first_line, say
from jmdesk.core.errors import Refused

STATUS = {"1": "启用", "2": "停用", "3": "注销"}


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    users = commands.add_parser("users", help="使用人：list、add、roles、disable、enable、remove、passphrase")
    verbs = users.add_subparsers(dest="verb", metavar="操作", required=True)
    listed = verbs.add_parser("list", parents=[common, vault], help="列出使用人")
    listed.set_defaults(run=list_users)
    new = verbs.add_parser("add", parents=[common, vault], help="添加使用人")
    new.add_argument("--name", required=True, metavar="NAME", help="姓名，加密保存")
    new.add_argument("--label", default="", metavar="LABEL", help="开库页显示名，明文；默认由姓名遮蔽而成")
    new.add_argument("--role", action="append", default=[], metavar="R1", help="角色(CL-ROLE)，可多次，第一个为主")
    new.add_argument("--own-region", action="append", default=[], metavar="CODE", help="只负责这些区划，可多次")
    new.add_argument("--new-passphrase-file", metavar="FILE", help="新使用人的口令文件，首行为口令")
    new.set_defaults(run=add_user)
    roles = verbs.add_parser("roles", parents=[common, vault], help="调整角色和区划")
    roles.add_argument("who", metavar="USER", help="显示名或标识")
    roles.add_argument("--role", action="append", default=[], required=True, metavar="R1")
    roles.add_argument("--own-region", action="append", metavar="CODE")
    roles.set_defaults(run=assign_roles)
    for name, help_, run in (
        ("disable", "停用(可再启用)", disable_user),
        ("enable", "重新启用", enable_user),
        ("remove", "移除，并更换资料库密钥", remove_user),
    ):
        verb = verbs.add_parser(name, parents=[common, vault], help=help_)
        verb.add_argument("who", metavar="USER", help="显示名或标识")
        verb.set_defaults(run=run)
    code = verbs.add_parser("recovery-code", parents=[common, vault], help="为自己生成恢复码，只显示这一次")
    code.add_argument("--pdf", metavar="OUT.pdf", help="写成可打印的一页")
    code.set_defaults(run=give_code)
    change = verbs.add_parser("passphrase", parents=[common, vault], help="更换自己的口令")
    change.add_argument("--new-passphrase-file", metavar="FILE")
    change.set_defaults(run=change_passphrase)


def new_passphrase(args: argparse.Namespace) -> str:
    """A passphrase to be set: from ``--new-passphrase-file``, else typed twice by its owner."""
    if args.new_passphrase_file:
        return first_line(args.new_passphrase_file)
    if not sys.stdin.isatty():
        raise Refused("cli.passphrase_needed")
    typed = getpass.getpass("新口令(请使用人本人输入): ")
    if getpass.getpass("再输一次: ") != typed:
        raise Refused("cli.passphrase_differs")
    return typed


def _data(one: Account) -> dict[str, object]:
    return {
        "user": one.user,
        "label": one.label,
        "name": one.name,
        "roles": list(one.roles),
        "regions": list(one.regions),
        "status": one.status,
        "recovery_code": one.has_recovery,
    }


def list_users(args: argparse.Namespace) -> int:
    """Everybody who ever had an account, with roles and state."""
    with open_desk(args) as desk:
        everybody = desk.accounts.all()
        known = desk.accounts.matrix.roles
        lines = [
            f"{one.label or '—'}  {one.name}  {'、'.join(known[r].label for r in one.roles if r in known)}"
            f"  {STATUS.get(one.status, one.status)}{'  (本人)' if one.user == desk.actor else ''}"
            for one in everybody
        ]
        for who, roles in desk.accounts.clashes():
            duties = "、".join(known[role].label for role in sorted(roles))
            lines.append(f"提醒：{who.name} 同时担任 {duties}，应由不同的人担任")
        say(args, "\n".join(lines), {"users": [_data(one) for one in everybody]})
    return DONE


def add_user(args: argparse.Namespace) -> int:
    """Add a user with a passphrase of their own."""
    with open_desk(args) as desk:
        wanted = NewAccount(args.name, tuple(args.role or ["R1"]), tuple(args.own_region), args.label)
        made = desk.accounts.add(wanted, new_passphrase(args))
        say(args, f"已添加使用人“{made.label}”，开库时请选择或用 --user {made.label}", _data(made))
    return DONE


def assign_roles(args: argparse.Namespace) -> int:
    """Give a user other roles."""
    with open_desk(args) as desk:
        regions = None if args.own_region is None else tuple(args.own_region)
        desk.accounts.assign(args.who, tuple(args.role), regions)
        say(args, "已调整角色。", {"user": desk.accounts.get(args.who).user})
    return DONE


def disable_user(args: argparse.Namespace) -> int:
    """Shut a user out until enabled."""
    with open_desk(args) as desk:
        user = desk.accounts.get(args.who).user
        desk.accounts.disable(user)
        say(args, "已停用。", {"user": user})
    return DONE


def enable_user(args: argparse.Namespace) -> int:
    """Let a disabled user in again."""
    with open_desk(args) as desk:
        user = desk.accounts.get(args.who).user
        desk.accounts.enable(user)
        say(args, "已重新启用。", {"user": user})
    return DONE


def remove_user(args: argparse.Namespace) -> int:
    """Remove a user; the vault gets a new key."""
    with open_desk(args) as desk:
        user = desk.accounts.get(args.who).user
        desk.accounts.remove(user)
        say(args, "已移除，资料库已换用新的密钥。", {"user": user})
    return DONE


def give_code(args: argparse.Namespace) -> int:
    """A recovery code for the user at the desk; an earlier one is void."""
    with open_desk(args) as desk:
        code = desk.accounts.give_recovery_code()
        if args.pdf:
            from ui.core.printing import write_pdf

            desk.audit.printed("恢复码", "R02", desk.actor)
            write_pdf(recovery_sheet(code, desk.accounts.get(desk.actor), desk.unit_name), Path(args.pdf))
            say(args, f"恢复码已写入 {args.pdf}。请打印后删除文件，封存保管；旧码作废。", {"pdf": args.pdf})
        else:
            say(args, f"恢复码(只显示这一次)：{code}", {"code": code})
    return DONE


def change_passphrase(args: argparse.Namespace) -> int:
    """Change one's own passphrase."""
    from jmdesk.cli.output import passphrase

    with open_desk(args) as desk:
        desk.accounts.change_passphrase(passphrase(args), new_passphrase(args))
        say(args, "口令已更换。", {"user": desk.actor})
    return DONE
