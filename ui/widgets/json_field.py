"""Structured content that has no form of its own yet: one ``name = value`` a line."""

from __future__ import annotations

import json

from ui.core.i18n import tr
from ui.core.overriding import override
from ui.widgets.field import NoteField


class JsonField(NoteField):
    """Lists are shown one entry a line, tables as ``名称 = 值``; anything deeper as JSON text."""

    def __init__(self) -> None:
        super().__init__()
        self._original: object = None
        self.setPlaceholderText(tr("每行一项；成对的写成 名称 = 值"))

    @override
    def set_value(self, value: object) -> None:
        self._original = value
        super().set_value(None if value is None else self._lines(value))

    @override
    def value(self) -> object:
        text = super().value()
        if text is None:
            return None
        if self._original is not None and text == self._lines(self._original):
            return self._original
        plain = str(text)
        if plain.startswith(("{", "[")):
            try:
                return json.loads(plain)
            except ValueError:
                self.show_problem(tr("不是有效的 JSON 内容。"))
                return None
        lines = [line.strip() for line in plain.splitlines() if line.strip()]
        if all("=" in line for line in lines):
            pairs = (line.partition("=") for line in lines)
            return {name.strip(): content.strip() for name, _, content in pairs}
        return lines

    @staticmethod
    def _lines(value: object) -> str:
        if isinstance(value, dict) and all(isinstance(v, str | int) for v in value.values()):
            return "\n".join(f"{name} = {content}" for name, content in value.items())
        if isinstance(value, list) and all(isinstance(v, str | int) for v in value):
            return "\n".join(str(entry) for entry in value)
        return json.dumps(value, ensure_ascii=False, indent=1)
