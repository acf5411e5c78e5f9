"""A dry run and the import itself on the runner, and what they found in the shape of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jmdesk.desk import Desk
from jmdesk.registers.findings import Finding, FindingLevel
from jmdesk.registers.mapping import Mapping
from jmdesk.registers.register import Register
from jmdesk.registers.service import ImportResult, consent_batch, import_households
from ui.core.i18n import language, tr
from ui.core.ports import Chip, Row
from ui.core.runner import Report


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of many signed authorisations, and the day of signing where the register gives none."""

    path: Path
    signed_on: date


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding with the place that the clerk looks at."""

    place: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Told:
    """A run's result, its findings by level, and how many households carry an error or a warning."""

    result: ImportResult
    entries: dict[FindingLevel, tuple[Entry, ...]]

    def of(self, level: FindingLevel | None) -> Sequence[Entry]:
        """The findings of one level, or all of them, the gravest first."""
        if level is not None:
            return self.entries[level]
        return (*self.entries["error"], *self.entries["warn"], *self.entries["note"])


def run(
    desk: Desk,
    register: Register,
    mapping: Mapping,
    scan: Scan | None,
    progress: Report,
    cancelled: Callable[[], bool],
    *,
    dry: bool,
) -> Told:
    """Import a register, or only try to. Raises what importing raises; then nothing has been written."""
    batch = consent_batch(scan.path, scan.signed_on) if scan else None
    result = import_households(
        desk, register, mapping, dry_run=dry, consents=batch, progress=progress, cancelled=cancelled
    )
    return told_of(result)


def told_of(result: ImportResult) -> Told:
    """The findings of a run in lists."""
    found: dict[FindingLevel, list[Entry]] = {"error": [], "warn": [], "note": []}
    for note in result.notes:
        found[note.level].append(Entry(str(note.cell) if note.cell else "", note))
    for outcome in result.outcomes:
        for finding in outcome.findings:
            found[finding.level].append(Entry(str(finding.cell or outcome.at), finding))
    return Told(result, {level: tuple(entries) for level, entries in found.items()})


def level_chip(level: FindingLevel) -> Chip:
    """How grave a finding is."""
    return {
        "error": Chip(tr("退回补正"), "bad"),
        "warn": Chip(tr("提醒"), "warn"),
        "note": Chip(tr("附注"), "neutral"),
    }[level]


class FindingSource:
    """Findings as rows, made when they are shown: a county's register may have a hundred thousand."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries

    def count(self) -> int:
        """How many."""
        return len(self._entries)

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """A slice."""
        rows = []
        for number, entry in enumerate(self._entries[offset : offset + limit], offset):
            said = entry.finding.message(language())
            cells = (level_chip(entry.finding.level), entry.place or tr("整份登记表"), said.text, said.action)
            rows.append(Row(str(number), cells))
        return rows


def words_of(result: ImportResult) -> list[str]:
    """What an import did, in sentences."""
    lines = [
        tr(
            "新增 {new} 户，更新 {changed} 户，无变化 {unchanged} 户；共 {persons} 人、{records} 条记录。",
            new=f"{result.new:,}",
            changed=f"{result.changed:,}",
            unchanged=f"{result.unchanged:,}",
            persons=f"{result.persons:,}",
            records=f"{result.records:,}",
        )
    ]
    if result.consents:
        lines.append(tr("登记授权 {n} 份。", n=f"{result.consents:,}"))
    if result.awaiting > 0:
        text = tr("{n} 项内容还没有本人授权，先封存、不报送；30 天内补录授权，否则清除。", n=f"{result.awaiting:,}")
        lines.append(text)
    elif result.awaiting < 0:
        lines.append(tr("{n} 项原来封存的内容已凭授权转正。", n=f"{-result.awaiting:,}"))
    if result.warned:
        lines.append(tr("{n} 户有提醒：已写入，请按清单核对。", n=f"{result.warned:,}"))
    if result.refused:
        text = tr("{n} 户退回补正：没有写入。请存为工作簿，改好后直接再导入。", n=f"{result.refused:,}")
        lines.append(text)
    return lines
