"""``jmdesk rotate``, ``reopen`` and ``retire``: the life of this computer as a device of its unit."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, REFUSED, progress_line, say

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from sync.client.transport import Transport


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    rotate = commands.add_parser("rotate", parents=[common, vault], help="更换本机密钥")
    rotate.set_defaults(run=rotate_keys)
    reopen = commands.add_parser("reopen", parents=[common, vault], help="申请重新接续报送(资料库恢复或复制之后)")
    reopen.set_defaults(run=reopen_chain)
    retire = commands.add_parser("retire", parents=[common, vault], help="停用本机(更换电脑)；此后资料只能查阅")
    retire.add_argument("--rescue", metavar="FILE.jmx", help="把没有办结的内容写成只有平台能打开的抢救包")
    retire.set_defaults(run=retire_desk)


@contextmanager
def _line(args: argparse.Namespace) -> Iterator[tuple[Desk, Transport]]:
    from sync.client.http import HttpTransport
    from sync.client.membership import load_membership

    with open_desk(args) as desk:
        membership = load_membership(desk.store)
        with HttpTransport(membership.gateway, desk.ids, ca=membership.ca) as transport:
            yield desk, transport


def rotate_keys(args: argparse.Namespace) -> int:
    """Replace this computer's keys; exit status 1 while an administrator has to approve it."""
    from sync.client.patience import Patience
    from sync.client.petition import Answered, rotate

    with _line(args) as (desk, transport):
        granted = rotate(desk, transport, Patience()) is Answered.GRANTED
        text = "本机密钥已更换。" if granted else "更换密钥的申请已提交，等待管理员批准；批准后下次报送时生效。"
        say(args, text, {"granted": granted, "device": desk.grant.device if desk.grant else ""})
    return DONE if granted else REFUSED


def reopen_chain(args: argparse.Namespace) -> int:
    """Ask for a new epoch of the chain and exchange at once; exit status 1 while an administrator has to approve it."""
    from sync.client.asking import ask_reopen
    from sync.client.diary import told
    from sync.client.engine import synchronise

    with _line(args) as (desk, transport):
        ask_reopen(desk)
        report = synchronise(desk, transport)
        say(args, "\n".join(told(report)), report.as_json())
    return DONE if report.complete else REFUSED


def retire_desk(args: argparse.Namespace) -> int:
    """End this computer as a device, with a rescue package where not everything is settled."""
    from sync.client.patience import Patience
    from sync.client.rescue import rescue, unfinished
    from sync.client.retirement import retire
    from sync.client.steering import Steering

    with _line(args) as (desk, transport):
        made = None
        if args.rescue and not desk.store.retired and unfinished(desk).total:
            line = progress_line("抢救包", args)
            made = rescue(desk, Path(args.rescue), Steering(progress=lambda _stage, done, of: line(done, of)))
        at = retire(desk, transport, Patience())
        data: dict[str, object] = {"retired": at, "rescue": None}
        text = "本机已停用，资料只能查阅。"
        if made is not None:
            data["rescue"] = {
                "file": args.rescue,
                "sha256": made.sha256,
                "records": made.records,
                "withheld": made.withheld,
                "documents": made.documents,
            }
            text += f"抢救包已写好，请交平台管理员：{args.rescue}"
        say(args, text, data)
    return DONE
