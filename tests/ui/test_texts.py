"""Interface texts: every one has its English, and the tables say nothing that nobody asks for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from ui.core.actions import ACTIONS, TYPED
from ui.core.i18n import english, set_language, tr
from ui.core.wording import deed
from ui.page_table import PAGES
from ui.pages.help.page import PAGE_NAMES, WORDS

UI = Path(__file__).resolve().parents[2] / "ui"


def spoken() -> Iterator[str]:
    """Every text the window can ask for: literals in ``tr``, and the tables that are translated when shown."""
    for file in sorted(UI.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)
    yield from (entry.text for entry in ACTIONS)
    yield from (meaning for _, meaning in TYPED)
    yield from (text for pair in WORDS for text in pair)
    yield from PAGE_NAMES.values()
    yield from (spec.title for spec in PAGES)


def test_every_text_of_the_window_has_its_english() -> None:
    assert sorted({text for text in spoken() if text not in english()}) == []


def test_every_command_of_the_log_has_a_name() -> None:
    files = (UI.parent / "jmdesk").rglob("*.py")
    verbs = {verb for file in files for verb in re.findall(r'\.writing\(\s*"(\w+)"', file.read_text(encoding="utf-8"))}
    assert len(verbs) > 20
    assert {verb for verb in verbs if deed(verb) == verb} == set()


def test_a_translation_fills_the_same_blanks() -> None:
    blanks = re.compile(r"{(\w+)}")
    for chinese, translated in english().items():
        assert set(blanks.findall(chinese)) == set(blanks.findall(translated)), chinese


def test_a_text_is_shown_in_the_language_in_use() -> None:
    assert tr("小数最多 {scale} 位。", scale=2) == "小数最多 2 位。"
    set_language("en")
    assert tr("小数最多 {scale} 位。", scale=2) == "At most 2 decimals."
    assert tr("没有译文的话") == "没有译文的话"
