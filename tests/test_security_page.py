"""SECURITY.md keeps its word: every threat is named, each control has its kind, and each named test is there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from ui.pages.help.page import CONTROLS, NOT_DEFENDED

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
KINDS = ("cryptographic", "server-enforced", "client policy")
THREATS = (
    "stolen disk", "hostile stick or workbook", "cloned store", "older copy", "colleague with a lower role",
    "tampered program files", "formula injection", "sql and fts injection", "logs, tracebacks, temporary files",
    "thumbnails, clipboard, recent-file lists", "clock set back", "power cut, bit rot, full disk",
    "memory after a lock",
)  # fmt: skip


def rows() -> list[list[str]]:
    """The cells of the table of threats."""
    found = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
    return [[cell.strip(" |") for cell in line] for line in found[1:]]


@cache
def names_there() -> frozenset[str]:
    """The names of all test functions."""
    files = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    return frozenset(name for text in files for name in re.findall(r"def (test_\w+)", text))


def test_the_table_has_every_threat() -> None:
    told = " ".join(row[0] for row in rows()).lower()
    assert [threat for threat in THREATS if threat not in told] == []


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:40])
def test_each_control_has_a_kind_and_a_test_that_is_there(row: list[str]) -> None:
    assert len(row) == 4, row
    assert any(kind in row[2] for kind in KINDS), row[2]
    named = re.findall(r"`([^`]+)`", row[3])
    assert any("test" in name or "tests/" in name for name in named), row[3]
    for name in named:
        if name.endswith((".py", "/")):
            places = (ROOT / "tests" / name, ROOT / "tests" / "jmdesk" / name, ROOT / name)
            beside = list((ROOT / "tests" / "jmdesk").rglob(Path(name).name)) if "/" not in name else []
            assert any(place.exists() for place in places) or beside, name
        elif name.startswith("test_"):
            assert name in names_there(), name


def test_the_help_says_what_is_not_defended_as_plainly_as_the_page() -> None:
    assert len(CONTROLS) == len(KINDS)
    in_help, on_page = "".join(NOT_DEFENDED), PAGE.partition("## Not defended")[2].lower()
    for chinese, english in (
        ("木马", "malware"),
        ("键盘记录器", "keyboard logger"),
        ("系统管理员", "administrator of the computer"),
        ("程序文件", "program file that was replaced"),
        ("休眠文件", "hibernation"),
        ("打印件", "printed"),
        ("恢复码", "recovery sheet"),
        ("离开座位", "unlocked"),
        ("以前的拷贝", "older copy"),
    ):
        assert chinese in in_help
        assert english in on_page, english
