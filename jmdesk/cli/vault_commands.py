"""``jmdesk init`` and ``jmdesk doctor``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.cli.opening import open_desk
from jmdesk.cli.output import DONE, REFUSED, passphrase, say
from jmdesk.core.errors import KnownError, Refused

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
    doctor.set_defaults(run=examine)


def init_vault(args: argparse.Namespace) -> int:
    """Make a vault for a unit."""
    from jmdesk.catalogue import uscc
    from jmdesk.catalogue.regions import regions
    from jmdesk.desk import Desk

    if uscc.check(args.unit).verdict == "error":
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
    """Check a vault: file pages, references, change chain, search index, outbox; says what to do of what it finds."""
    from jmdesk.store.examination import examine_store

    with open_desk(args) as desk:
        findings = examine_store(desk.store)
        findings.problems.extend(_device_problems(desk))
        data = {"ok": not findings.problems, "problems": findings.problems, **findings.counts}
        lines = [f"{name}：{value}" for name, value in findings.counts.items()]
        lines += [f"问题：{problem}" for problem in findings.problems] or ["未发现问题"]
        say(args, "\n".join(lines), data)
    return DONE if not findings.problems else REFUSED


def _device_problems(desk: Desk) -> list[str]:
    """What is wrong with this desk's own keys: without them nothing can be sealed or opened."""
    try:
        desk.vault.device_keys()
    except KnownError as error:
        told = error.message_for_user()
        return [f"{told.text}{told.action}"]
    return []
