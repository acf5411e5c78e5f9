from __future__ import annotations

import re
from pathlib import Path

import pytest

import jmdesk.vault
from jmdesk.core.messages import message, table

SOURCES = Path(jmdesk.vault.__file__).parent
RAISED = {
    code for file in SOURCES.glob("*.py") for code in re.findall(r'"(vault\.[a-z_]+)"', file.read_text("utf-8"))
} - {"vault.json"}


def test_every_code_that_is_raised_has_a_text_and_no_text_is_idle() -> None:
    assert {code for code in table() if code.startswith("vault.")} == RAISED


@pytest.mark.parametrize("code", sorted(RAISED))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_text_says_what_to_do_and_knows_its_parameters(code: str, language: str) -> None:
    params = {
        "least": 12,
        "least_chinese": 6,
        "longest": 256,
        "reason": "EIO",
        "mebibytes": 64,
        "seconds": 10,
        "count": 3,
        "number": 1,
        "left": 2,
    }
    said = message(code, params, language)
    assert said.text
    assert said.action
    assert "…" not in f"{said}"


def test_the_interface_s_own_words_are_used() -> None:
    for code in RAISED:
        assert not re.search("保险库|密钥库|密码", str(message(code, {})))
