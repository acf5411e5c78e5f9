"""``jmdesk init`` and ``jmdesk doctor``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, REFUSED, passphrase, say
from jmdesk.core.errors import Refused

if TYPE_CHECKING:
    from jmdesk.desk import Desk


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
    vault: argparse.ArgumentParser,
) -> None:
    """Add this group's commands."""
    init = commands.add_parser("init", parents=[common], help="新建本机资料库")
    init.add_argument("vault", metavar="VAULT")
    init.add_argument("--unit", required=True, metavar="USCC", help="本单位统一社会信用代码")
    init.add_argument("--region", required=True, action="append", metavar="CODE", help="负责的区划代码，可多次")
    init.add_argument("--unit-name", default="", metavar="NAME", help="本单位名称")
    init.add_argument("--user-name", default="", metavar="NAME", help="经办人姓名")
    init.add_argument("--passphrase-file", metavar="FILE")
    init.set_defaults(run=init_vault)
    doctor = commands.add_parser("doctor", parents=[common, vault], help="检查本机资料库")
    doctor.add_argument("--repair", action="store_true", help="重建能由记录推导的内容(查找索引)")
    doctor.add_argument("--rescue", metavar="FILE.jmx", help="把没有报送完的内容封成只有平台能打开的抢救包")
    doctor.set_defaults(run=examine)


def init_vault(args: argparse.Namespace) -> int:
    """Make a vault for a unit."""
    from jmdesk.catalogue import uscc
    from jmdesk.catalogue.regions import regions
    from jmdesk.desk import Desk
    from jmdesk.place import DEMONSTRATION

    if uscc.check(args.unit).verdict == "error" or args.unit == DEMONSTRATION:
        raise Refused("cli.bad_unit")
    codes = tuple(code.ljust(12, "0") if code.isascii() and code.isdigit() else code for code in args.region)
    unknown = next((code for code in codes if regions().get(code) is None), None)
    if unknown is not None:
        raise Refused("cli.bad_region", region=unknown)
    secret = passphrase(args, twice=True)
    with Desk.create(
        Path(args.vault),
        secret,
        unit=args.unit,
        regions=codes,
        unit_name=args.unit_name,
        user_name=args.user_name,
    ) as desk:
        say(args, f"已建立本机资料库：{args.vault}", {
            "vault": str(Path(args.vault)), "unit": desk.unit, "regions": list(desk.regions), "user": desk.actor,
        })  # fmt: skip
    return DONE


def examine(args: argparse.Namespace) -> int:
    """Check a vault: pages, references, chain, index, outbox, keys, space, clock, backups; says what to do of each."""
    from jmdesk.checkup.service import examine, mend

    with open_desk(args) as desk:
        found = examine(desk)
        mended = mend(desk) if args.repair and found.mendable else 0
        if mended:
            found = examine(desk)
        data: dict[str, object] = {"ok": found.ok, "problems": [*found.problems, *found.mendable], **found.counts}
        lines = [f"{name}：{value}" for name, value in found.counts.items()]
        lines += [f"问题：{problem}" for problem in (*found.problems, *found.mendable)] or ["未发现问题"]
        if mended:
            data["reindexed"] = mended
            lines.append(f"已重建查找索引：{mended} 条")
        if args.rescue:
            data["rescue"] = args.rescue
            lines.append(_rescued(desk, Path(args.rescue)))
        say(args, "\n".join(lines), data)
    return DONE if found.ok else REFUSED


def _rescued(desk: Desk, target: Path) -> str:
    from sync.client.rescue import rescue
    from sync.client.steering import Steering

    made = rescue(desk, target, Steering())
    return f"抢救包：{target}({made.records} 条记录，{made.documents} 个附件)，交给平台管理员"
