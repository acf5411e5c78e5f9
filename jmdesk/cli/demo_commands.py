"""``jmdesk demo``."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    _common: argparse.ArgumentParser,
    _vault: argparse.ArgumentParser,
) -> None:
    """Add this group's command."""
    demo = commands.add_parser("demo", help="演示：从登记表到市平台再回来(虚构数据)")
    demo.add_argument("--out", default="build/demo", metavar="DIR")
    demo.add_argument("--households", type=int, default=400, metavar="N")
    demo.set_defaults(run=run_demo)


def run_demo(args: argparse.Namespace) -> int:
    """Run the demonstration; exit status 1 on any discrepancy between desk and gateway."""
    from jmdesk.cli.demo.script import play

    return play(Path(args.out), args.households)
