"""What the wizard reads of a register and makes of it; everything here is slow and called on the runner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from jmdesk.catalogue.loader import catalogue
from jmdesk.core.clock import beijing_date
from jmdesk.core.progress import Cancelled, never
from jmdesk.desk import Desk
from jmdesk.records.masking import is_number, numbers_masked, shown_value
from jmdesk.registers.cells import plain_text
from jmdesk.registers.drafts import HouseholdDraft, RecordDraft
from jmdesk.registers.findings import Finding
from jmdesk.registers.layout import Form, Table
from jmdesk.registers.mapping import YUAN, ColumnChoice, Echo, Mapping, echoes, headers_of, samples
from jmdesk.registers.register import Register, open_register
from jmdesk.registers.service import proposed_mapping, remembered
from jmdesk.registers.wording import bare_header, wording_of
from ui.core.i18n import tr
from ui.core.labels import industry_name
from ui.core.pickers import region_path
from ui.core.ports import Chip, Row

MOST_PREVIEWED = 20
_SAMPLED_ROWS = 400
_SAMPLED_PARTS = 200
_SAMPLES = 3
_ECHOED, _ECHOED_FROM = 5, 40
_MOST_SHEETS = 60
_DOUBT_OF_UNIT = "registers.looks_like_wan"

Parts = tuple[Table | Form, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A register that was read: where from, the mapping proposed for it, and whether this office imported its like.

    ``sampled`` is its beginning, for samples that must not take long; ``sheets`` the names that may be left out.
    """

    source: Path
    register: Register
    mapping: Mapping
    known: bool
    sampled: Parts
    samples: dict[str, str]
    sheets: tuple[str, ...]
    rows: int
    hidden: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The first households as a mapping reads them, and what is to be said of the whole."""

    rows: tuple[Row, ...]
    told: dict[str, str]
    remarks: tuple[Finding, ...]
    doubts: tuple[str, ...]
    rivals: frozenset[str]


def open_source(
    desk: Desk, source: Path, password: str | None, before: Mapping | None, cancelled: Cancelled = never
) -> Opened:
    """Read a file or a folder; ``before`` keeps the choices of the reading before. Raises what reading raises."""
    register = open_register(source, password, wording_of(desk.catalogue), cancelled)
    mapping = register.guess(before) if before else proposed_mapping(desk, register)
    sampled = tuple(_beginning(part) for part in register.parts[:_SAMPLED_PARTS])
    shown = {choice.header: _sample_text(choice, sampled) for choice in mapping.columns}
    names = tuple(dict.fromkeys(part.sheet.name for part in register.parts))
    rows = sum(part.end - part.first if isinstance(part, Table) else 1 for part in register.parts)
    hidden = sum(len(part.sheet.hidden_rows) for part in register.parts if isinstance(part, Table))
    return Opened(
        source,
        register,
        mapping,
        before is None and remembered(desk, register) is not None,
        sampled,
        shown,
        names if 1 < len(names) <= _MOST_SHEETS else (),
        rows,
        hidden,
    )


def _beginning(part: Table | Form) -> Table | Form:
    return replace(part, end=min(part.end, part.first + _SAMPLED_ROWS)) if isinstance(part, Table) else part


def _sample_text(choice: ColumnChoice, parts: Parts) -> str:
    header, meaning = choice.header, choice.meaning
    described = meaning.described if meaning else None
    texts = list(dict.fromkeys(plain_text(value) for value in samples(header, parts)))[:_SAMPLES]
    return "；".join(str(numbers_masked(described, text)) if described else text for text in texts)


def echoes_of(opened: Opened, mapping: Mapping, header: str) -> list[Echo]:
    """What becomes of the first values of a column, identity numbers and phones masked; quick."""
    choice = next((choice for choice in mapping.columns if choice.header == header), None)
    if choice is None:
        return []
    meaning = choice.meaning
    described = meaning.described if meaning else None
    found = list({echo.before: echo for echo in echoes(choice, opened.sampled, _ECHOED_FROM)}.values())[:_ECHOED]
    if described is None:
        return found
    if described.type.kind == "dec":
        return [Echo(e.before, _with_thousands(e.after), e.remark) for e in found]
    if is_number(described):
        covered = partial(numbers_masked, described)
        return [Echo(str(covered(e.before)), str(covered(e.after)), e.remark) for e in found]
    return found


def _with_thousands(text: str) -> str:
    """``27500.00 元`` → ``27,500.00 元``: a unit that is wrong shows at once."""
    number, _, unit = text.partition(" ")
    whole, _, rest = number.partition(".")
    return f"{int(whole):,}.{rest} {unit}".strip() if whole.removeprefix("-").isdigit() and rest else text


def preview(desk: Desk, opened: Opened, mapping: Mapping) -> Preview:
    """The first households under a mapping, with the doubts and remarks that still stand."""
    today = beijing_date(desk.clock.now())
    drafts = opened.register.preview(mapping, today, MOST_PREVIEWED)
    several = len({draft.sheet.name for draft in drafts}) > 1
    rows = tuple(_row(str(number), draft, several=several) for number, draft in enumerate(drafts))
    told = {str(number): told_of(draft) for number, draft in enumerate(drafts)}
    doubts = doubts_left(opened, mapping)
    remarks = tuple(opened.register.remarks(replace(mapping, doubts=())))
    return Preview(rows, told, remarks, doubts, rivals(opened.register.parts, mapping))


def doubts_left(opened: Opened, mapping: Mapping) -> tuple[str, ...]:
    """The codes of what still needs a look: the doubt about units goes when somebody has touched them."""
    doubts = [code for code in opened.register.guess(mapping).doubts if code != _DOUBT_OF_UNIT]
    if _DOUBT_OF_UNIT in mapping.doubts and all(choice.unit in ("", YUAN) for choice in mapping.columns):
        doubts.append(_DOUBT_OF_UNIT)
    return tuple(doubts)


def with_units_settled(mapping: Mapping) -> Mapping:
    """The mapping of somebody who has looked at the units."""
    return replace(mapping, doubts=tuple(code for code in mapping.doubts if code != _DOUBT_OF_UNIT))


def rivals(parts: Sequence[Table | Form], mapping: Mapping) -> frozenset[str]:
    """Headers that mean the same as another one on the same sheet: only one of them would be read."""
    choices = mapping.by_header
    found: set[str] = set()
    for headers in dict.fromkeys(headers_of(part) for part in parts):
        by_key: dict[str, list[str]] = {}
        for header in headers:
            choice = choices.get(bare_header(header))
            if choice and choice.key and not choice.key.startswith("ignore."):
                by_key.setdefault(choice.key, []).append(choice.header)
        found.update(header for same in by_key.values() if len(set(same)) > 1 for header in same)
    return frozenset(found)


# --- a household as it would be recorded -------------------------------------------------------------------------

_HIDDEN = frozenset({"household_id", "person_id", "head_person_id", "subject_id", "collector_id", "is_under14"})


def _row(key: str, draft: HouseholdDraft, *, several: bool) -> Row:
    """``several``: the register has more than one sheet, so rows need their sheet's name."""
    household, head = draft.household.values, draft.head
    first, last = draft.rows[0] + 1, draft.rows[-1] + 1
    region = region_path(str(household.get("region_code", "")))
    lines = str(first) if first == last else f"{first}–{last}"
    place = Path(draft.sheet.file).stem or draft.sheet.name
    cells = (
        f"{place} {lines}" if several or draft.sheet.file else tr("第 {n} 行", n=lines),
        str(head.values.get("person_name", "")) if head else "",
        _number_of(head) if head else "",
        " ".join(filter(None, (region[-1] if region else "", str(household.get("group_no", ""))))),
        str(len(draft.members) or household.get("population", "")),
        _counted(draft),
        outcome_chip(draft.outcome),
    )
    return Row(key, cells)


def outcome_chip(outcome: str) -> Chip:
    """What will become of a household."""
    return {
        "refused": Chip(tr("退回补正"), "bad"),
        "warned": Chip(tr("有提醒"), "warn"),
    }.get(outcome, Chip(tr("可导入"), "ok"))


def _number_of(head: RecordDraft) -> str:
    described = catalogue().types["R06"].by_identifier["id_no"]
    return str(numbers_masked(described, head.values.get("id_no", "")))


def _counted(draft: HouseholdDraft) -> str:
    numbers: dict[str, int] = {}
    for record in draft.others:
        numbers[record.type] = numbers.get(record.type, 0) + 1
    return "、".join(f"{catalogue().types[name].label} {number}" for name, number in numbers.items())


def told_of(draft: HouseholdDraft) -> str:
    """Everything that would be recorded of a household, a record a line, and what was found on the way."""
    lines = [f"{_level(finding)}{finding.message().text}{finding.message().action}" for finding in draft.findings]
    lines += [_line(record) for record in draft.records]
    return "\n".join(lines)


def _level(finding: Finding) -> str:
    mark = {"error": "✕", "warn": "！"}.get(finding.level, "·")
    return f"{mark} {finding.cell}　" if finding.cell else f"{mark} "


def _line(record: RecordDraft) -> str:
    type_ = catalogue().types[record.type]
    said = []
    for name, value in record.values.items():
        described = type_.by_identifier.get(name)
        if described is None or name in _HIDDEN:
            continue
        if name == "region_code":
            said.append(" / ".join(region_path(str(value))))
        elif described.code_list == "CL-IND":
            said.append(f"{described.label} {industry_name(catalogue(), str(value)) or value}")
        else:
            said.append(f"{described.label} {shown_value(catalogue(), described, numbers_masked(described, value))}")
    return f"{type_.label}：{'，'.join(said)}"
