"""How commands speak: lines for people, one JSON object or JSON lines for scripts; exit status 0 done, 1 refused."""

from __future__ import annotations

import getpass
import json
import os
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path

from jmdesk.core.errors import Environment, KnownError, Refused

DONE, REFUSED, USAGE = 0, 1, 2


def say(args: Namespace, text: str, data: Mapping[str, object]) -> None:
    """One result: ``data`` as one JSON line with ``--json``, else ``text``."""
    print(json.dumps(data, ensure_ascii=False) if args.json else text)


def say_error(error: KnownError, *, as_json: bool) -> None:
    """An error with its stable code, text and next step, on standard error."""
    told = error.message_for_user()
    if as_json:
        line = json.dumps({"error": error.code, "text": told.text, "action": told.action}, ensure_ascii=False)
    else:
        line = f"{told.text}\n{told.action}" if told.action else told.text
    print(line, file=sys.stderr)


def passphrase(args: Namespace, *, twice: bool = False) -> str:
    """The passphrase from ``--passphrase-file``, ``JMDESK_PASSPHRASE_FILE`` or a prompt; never from an argument.

    Of a file the first line counts, without its line end.
    """
    named = args.passphrase_file or os.environ.get("JMDESK_PASSPHRASE_FILE")
    if named:
        return first_line(named)
    if not sys.stdin.isatty():
        raise Refused("cli.passphrase_needed")
    first = getpass.getpass("开库口令: ")
    if twice and getpass.getpass("再输一次: ") != first:
        raise Refused("cli.passphrase_differs")
    return first


def first_line(file: str) -> str:
    """The first line of a secret's file, without its line end. ``Environment`` "cli.passphrase_file"."""
    try:
        return Path(file).read_text(encoding="utf-8-sig").split("\n")[0].rstrip("\r")
    except (OSError, UnicodeError) as error:
        raise Environment("cli.passphrase_file") from error


def whole(least: int, most: int) -> Callable[[str], int]:
    """An option's type: a whole number within bounds; anything else is wrong usage (exit status 2)."""

    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ArgumentTypeError(f"{least}–{most}")
        return value

    return number


def progress_line(label: str, args: Namespace) -> ProgressLine:
    """A progress line on standard error when a person is watching."""
    return ProgressLine(label, enabled=not args.json and sys.stderr.isatty())


class ProgressLine:
    """Shows ``label done/of`` in place; callable as ``Progress``."""

    def __init__(self, label: str, *, enabled: bool) -> None:
        self._label, self._enabled = label, enabled

    def __call__(self, done: int, of: int) -> None:
        if self._enabled:
            end = "\n" if of and done >= of else ""
            print(f"\r{self._label} {done}/{of or '…'}", end=end, file=sys.stderr, flush=True)
