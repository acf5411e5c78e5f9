"""Yes, no, or not asked yet."""

from __future__ import annotations

from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.pickers import search_codes
from ui.widgets.code_picker import CodePicker


class YesNoField(CodePicker):
    """Takes 是/否, y/n, 1/0; the value is a ``bool``."""

    def __init__(self) -> None:
        words = {"1": tr("是"), "0": tr("否")}
        super().__init__(search_codes(words), words.get)
        self.setPlaceholderText(tr("是 / 否"))

    @override
    def read(self, text: str) -> object:
        return super().read({"y": "1", "n": "0"}.get(text.lower(), text))

    @override
    def value(self) -> object:
        found = super().value()
        return None if found is None else found in (True, "1")

    @override
    def shown(self, value: object) -> str:
        return tr("是") if value in (True, "1") else tr("否")
