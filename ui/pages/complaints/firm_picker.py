"""The firm that a complaint is about: one on record, or whatever the complainant calls it."""

from __future__ import annotations

from collections.abc import Callable

from jmdesk.core.text import folded
from ui.core.overriding import override
from ui.core.ports import SearchChoices
from ui.widgets.code_picker import CodePicker

NAMED = "="
"""Begins the value of a firm that is not on record; its name follows."""


class FirmPicker(CodePicker):
    """Searches by name, pinyin and unified code; the value is a record id, or ``=`` and the name as typed."""

    def __init__(self, search: SearchChoices, label_of: Callable[[str], str | None]) -> None:
        super().__init__(search, label_of, coded=False)
        self._firms = search

    @override
    def read(self, text: str) -> object:
        if text in self._offered:
            return self._offered[text].code
        wanted = folded(text)
        found = [one for one in self._firms(text, 2) if wanted.isascii() or one.label == wanted]
        return found[0].code if len(found) == 1 else f"{NAMED}{wanted}"

    @override
    def shown(self, value: object) -> str:
        text = str(value)
        return text.removeprefix(NAMED) if text.startswith(NAMED) else super().shown(value)
