"""What a column can be read as, for the picker; and in a word how sure its reading is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jmdesk.catalogue.forbidden import refused_column
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.pickers import Choice
from jmdesk.registers.mapping import ColumnChoice
from jmdesk.registers.wording import Meaning, wording
from ui.core.i18n import tr
from ui.core.pickers import search_codes
from ui.core.ports import Chip

_SURE = 0.9
_ORDER = ("head", "R06", "R05", "region", "consent", "R07", "R08", "R09", "R10", "R11", "R12", "R13", "ignore")


def room(meaning: Meaning) -> str:
    """What a meaning belongs to: a record type, the head, the place, the authorisation."""
    found = catalogue().types.get(meaning.type)
    if found is not None:
        return found.label
    names = {"head": tr("户主"), "region": tr("所在地"), "consent": tr("授权书"), "ignore": tr("不导入")}
    return names.get(meaning.type, "")


@cache
def _labels() -> dict[str, str]:
    found = sorted(wording().meanings.values(), key=lambda meaning: _ORDER.index(meaning.type))
    labels = [meaning.label for meaning in found]
    return {m.key: m.label if labels.count(m.label) == 1 else f"{m.label}({room(m)})" for m in found}


def label_of(key: str) -> str | None:
    """The name of a meaning; ``None`` for an unknown one."""
    return _labels().get(key)


def search(text: str, limit: int) -> Sequence[Choice]:
    """Meanings by name, pinyin, initials, or any wording that offices use; the very wording first."""
    meanings = wording().meanings
    keys = [choice.code for choice in search_codes(_labels())(text, limit)]
    exact, certainty = wording().meaning_of(text) if text else (None, 0.0)
    if exact and certainty >= _SURE:
        keys = list(dict.fromkeys((exact, *keys)))[:limit]
    return [Choice(key, _labels()[key], room(meanings[key])) for key in keys]


def forbidden_kind(header: str) -> str:
    """The kind of forbidden content that a header names; empty for none."""
    hint = refused_column(header)
    return hint.label if hint else ""


def doubtful(choice: ColumnChoice) -> bool:
    """Whether a column was guessed and nobody has said yes."""
    return bool(choice.key) and choice.certainty < _SURE


def state(choice: ColumnChoice, *, rival: bool) -> Chip:
    """How a column stands, in a word."""
    meaning = choice.meaning
    if forbidden_kind(choice.header):
        return Chip(tr("不得采集"), "bad")
    if meaning is None or meaning.type == "ignore":
        return Chip(tr("不导入"))
    if rival:
        return Chip(tr("重复"), "bad")
    if meaning.described is not None and not meaning.described.default_on:
        return Chip(tr("未开启"))
    return Chip(tr("请核对"), "warn") if doubtful(choice) else Chip(tr("已对应"), "ok")
