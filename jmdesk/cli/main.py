"""The command line's parser; each group of commands lives in a file of its own."""

from __future__ import annotations

import argparse
import errno
import logging
import sys
from collections.abc import Sequence
from typing import Any

from jmdesk import version
from jmdesk.cli.output import DONE, REFUSED, say_error
from jmdesk.core.errors import Environment, KnownError

GROUPS = (
    "vault",
    "backups",
    "users",
    "escrow",
    "records",
    "person",
    "exports",
    "attachments",
    "registers",
    "ratings",
    "certificates",
    "sync",
    "device",
    "demo",
)


class _Parser(argparse.ArgumentParser):
    """Options are written out: a script that abbreviates one would break with the next option of that beginning."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **options})


def parser() -> argparse.ArgumentParser:
    """All commands. Administrators script them: names and exit statuses are stable."""
    from importlib import import_module

    top = _Parser(prog="jmdesk", description="江门农村与特色行业信用客户端")
    top.add_argument("--version", action="version", version=f"jmdesk {version()}")
    top.add_argument("--self-test", action="store_true", help=argparse.SUPPRESS)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="一个 JSON 对象或 JSON 行")
    vault = argparse.ArgumentParser(add_help=False)
    vault.add_argument("--vault", required=True, metavar="VAULT", help="本机资料库文件夹")
    vault.add_argument("--user", help="本机用户(资料库有多个用户时)")
    vault.add_argument("--passphrase-file", metavar="FILE", help="口令文件，首行为口令")
    commands = top.add_subparsers(dest="command", metavar="命令")
    for group in GROUPS:
        import_module(f"jmdesk.cli.{group}_commands").add(commands, common, vault)
    return top


def run(arguments: Sequence[str]) -> int:
    """Run one command line; no arguments open the window. Returns the exit status: 0 done, 1 refused, 2 wrong usage."""
    if not arguments or arguments[0] == "window":
        return _window(list(arguments[1:]))
    if arguments[0] == "--demonstration":
        return _window(list(arguments))
    if arguments[0] == "keep-key":  # not for people: a locked window's keeper (jmdesk.vault.keeper)
        from jmdesk.vault.keeper import serve

        return serve(sys.stdin.buffer, sys.stdout.buffer)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    top = parser()
    args = top.parse_args(arguments)
    if args.self_test:
        from jmdesk.cli.self_test import self_test

        return int(self_test())
    if args.command is None:
        top.print_usage(sys.stderr)
        return 2
    try:
        status: int = args.run(args)
    except KnownError as error:
        say_error(error, as_json=getattr(args, "json", False))
        return REFUSED
    except BrokenPipeError:
        sys.stderr.close()
        return DONE
    except OSError as error:  # what no command foresaw of disk and system; bugs keep their traceback
        reason = errno.errorcode.get(error.errno or 0, "?")
        say_error(Environment("cli.system", reason=reason), as_json=getattr(args, "json", False))
        return REFUSED
    except KeyboardInterrupt:
        return REFUSED
    return status


def _window(arguments: list[str]) -> int:
    from ui.app import run as run_window

    return run_window(arguments)
