"""The READMEs tell the truth: their links lead somewhere, their targets and commands exist."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from jmdesk.cli.main import parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):.*?  ## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def commands(known: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The subcommands of a parser."""
    (found,) = (action for action in known._actions if isinstance(action, argparse._SubParsersAction))
    return dict(found.choices)


@pytest.mark.parametrize("text", [README, CHINESE], ids=["en", "zh"])
def test_every_link_leads_to_a_file(text: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert links
    assert not [link for link in links if not (ROOT / link).is_file()]


def test_every_target_of_the_makefile_is_told_and_exists() -> None:
    assert set(re.findall(r"^\| `make ([\w-]+)[ `]", README, re.MULTILINE)) == TARGETS - {"help", "setup"}
    assert set(re.findall(r"`make ([\w-]+)`", CHINESE)) <= TARGETS


def test_every_command_is_told_and_exists() -> None:
    assert set(re.findall(r"^\| `jmdesk ([\w-]+)", README, re.MULTILINE)) == commands(parser()).keys() - {"demo"}


def test_every_option_that_is_told_exists() -> None:
    known = commands(parser())
    wrong = []
    for row in re.findall(r"^\| `jmdesk .*\|$", README, re.MULTILINE):
        command = re.match(r"\| `jmdesk ([\w-]+)", row)
        assert command
        own = known[command[1]]
        shown = "".join(each.format_help() for each in [own, *_nested(own)])
        wrong += [f"{command[1]} {option}" for option in re.findall(r"--[a-z-]+", row) if option not in shown]
    assert not wrong


def _nested(known: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    return [
        child
        for action in known._actions
        if isinstance(action, argparse._SubParsersAction)
        for child in action.choices.values()
    ]
