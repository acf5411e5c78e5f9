"""What the protocol refuses is said in words that differ from one another, also where it becomes a record's verdict."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEXTS = json.loads((ROOT / "resources" / "i18n" / "errors" / "protocol.json").read_text(encoding="utf-8"))
SPECIFICATION = (ROOT / "sync" / "PROTOCOL.md").read_text(encoding="utf-8")


def spoken_codes() -> set[str]:
    """Every protocol code in the core, the short ones of single operations too."""
    found: set[str] = set()
    for file in (ROOT / "sync" / "protocol").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if re.fullmatch(r"protocol\.[a-z_0-9]+", node.value):
                    found.add(node.value)
                elif re.fullmatch(r"op_[a-z]+", node.value):
                    found.add(f"protocol.{node.value}")
    return found


def test_every_code_has_a_text_and_every_text_a_code() -> None:
    assert spoken_codes() == TEXTS.keys()


def test_every_code_is_in_the_specification() -> None:
    assert not [code for code in TEXTS if f"`{code.removeprefix('protocol.')}`" not in SPECIFICATION]


def test_no_two_codes_say_the_same() -> None:
    for language in ("zh", "en"):
        said = [entry[language] for entry in TEXTS.values()]
        assert sorted(set(said)) == sorted(said)
