"""What lies in a household's file, in the order of the paper one: plain documents, masked, without what is hidden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from jmdesk.catalogue.industries import industries
from jmdesk.catalogue.types import Catalogue, Field
from jmdesk.core.clock import beijing_text
from jmdesk.core.text import masked_name
from jmdesk.households.queries import Dossier
from jmdesk.ratings.document import Block, Document, Paragraph, Section, Table
from jmdesk.records.masking import AWAITING, masked, shown_value
from jmdesk.store.change_log import Change
from jmdesk.store.stored import Stored
from jmdesk.workflows.definition import BACK
from jmdesk.workflows.standing import Standing

IN_ORDER: Final = ("R07", "R08", "R09", "R10", "R11", "R12", "R13", "R14")
"""The parts of the collection form after household and members."""
_UNTOLD: Final = frozenset({"ref", "uuid", "digest", "json"})
_NOTHING: Final = "没有登记。"
_PAIRS: Final = ("项目", "内容", "项目", "内容")
_PAIR_WIDTHS: Final = (18, 32, 18, 32)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the file: a document that the program draws up, or a paper that was given out (``.docx``)."""

    title: str
    document: Document | None = None
    paper: bytes = b""


def household_part(catalogue: Catalogue, found: Dossier) -> Part:
    """The household itself."""
    waiting = _waiting(found)
    return Part("农户基本信息", _page("农户基本信息", [_facts(catalogue, found.household, waiting)]))


def members_part(catalogue: Catalogue, found: Dossier) -> Part:
    """The people of the household, the head first."""
    title = f"家庭成员({len(found.members)} 人)"
    head = found.household.values.get("head_person_id")
    people = sorted(found.members, key=lambda one: one.rid != head)
    return Part("家庭成员", _page(title, _records(catalogue, people, _waiting(found))))


def type_part(catalogue: Catalogue, found: Dossier, type_id: str) -> Part:
    """One part of the collection form."""
    label = catalogue.types[type_id].label
    return Part(label, _page(label, _records(catalogue, found.parts.get(type_id, ()), _waiting(found))))


def consents_part(catalogue: Catalogue, found: Dossier) -> Part:
    """Who agreed to what, when, and what was taken back."""
    kinds, states = catalogue.code_lists["CL-CONSENT"], catalogue.code_lists["CL-CSTATE"]
    names = {f"R06:{one.rid}": masked_name(str(one.values.get("person_name", ""))) for one in found.members}
    rows = [
        (
            kinds.label(str(one.values.get("consent_kind", ""))),
            names.get(str(one.values.get("subject_id", "")), "户主"),
            states.label(str(one.values.get("consent_state", ""))),
            _day(one.values.get("signed_at")),
            _day(one.values.get("revoked_at")),
            str(one.values.get("notice_version", "")),
        )
        for one in found.consents
    ]
    headings, widths = ("授权", "签署人", "状态", "签署日期", "撤回授权日期", "告知书"), (26, 14, 18, 14, 14, 14)
    return Part("告知与授权", _page("告知与授权", _table(headings, rows, widths)))


def steps_part(found: Iterable[tuple[int, Standing]]) -> Part:
    """What was done about the household's ratings, year by year."""
    sections = []
    for year, case in found:
        rows = [
            (
                case.definition.steps[event.step].label if event.step != BACK else "退回上一步",
                beijing_text(event.at),
                event.org,
                "；".join(
                    filter(None, (_entered(case, event.step, event.details), event.reason, _signed(event.signer)))
                ),
            )
            for event in case.taken
        ]
        blocks = [
            Paragraph(f"现在：{case.label}", strong=True),
            *_table(("步骤", "时间", "单位", "内容"), rows, (18, 20, 24, 38)),
        ]
        sections.append(Section(f"{year} 年度", tuple(blocks)))
    whole = sections or [Section("", (Paragraph(_NOTHING),))]
    return Part("评定办理过程", Document("评定办理过程", tuple(whole)))


def requests_part(catalogue: Catalogue, requests: Sequence[Stored]) -> Part:
    """Objections and requests about the own data: their numbers and how they ended."""
    kinds, results = (catalogue.types["R25"].by_identifier[name].code_list for name in ("case_kind", "result"))
    rows = [
        (
            str(one.values.get("case_no", "")),
            catalogue.code_lists[kinds].label(str(one.values.get("case_kind", ""))),
            _day(one.values.get("received_at")),
            catalogue.code_lists[results].label(str(one.values["result"])) if "result" in one.values else "办理中",
        )
        for one in requests
    ]
    title = "异议与权利请求"
    return Part(title, _page(title, _table(("案号", "种类", "收到日期", "结果"), rows, (34, 26, 18, 22))))


def changes_part(catalogue: Catalogue, changes: Sequence[Change], names: dict[str, str]) -> Part:
    """Who changed which fields when and why, never what they held."""
    rows = [
        (
            beijing_text(change.at),
            names.get(change.actor, ""),
            catalogue.types[change.type].label if change.type in catalogue.types else change.type,
            _fields(catalogue, change),
            change.reason,
        )
        for change in changes
    ]
    headings, widths = ("时间", "经办人", "部分", "变更的项目", "理由"), (18, 12, 14, 38, 18)
    return Part("变更记录", _page("变更记录", _table(headings, rows, widths)))


def attachments_part(rows: Sequence[tuple[str, str, str, str]]) -> Part:
    """The documents beside the file: what each belongs to, its file in the folder, its digest."""
    headings, widths = ("附件", "属于", "文件", "SHA-256(前 16 位)"), (28, 24, 22, 26)
    return Part("附件目录", _page("附件目录", _table(headings, rows, widths)))


# -- inside ------------------------------------------------------------------------------------------------------------


def _page(title: str, blocks: Iterable[Block]) -> Document:
    return Document(title, (Section("", tuple(blocks)),))


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]], widths: tuple[int, ...]) -> list[Block]:
    return [Table(headings, tuple(rows), widths)] if rows else [Paragraph(_NOTHING)]


def _records(catalogue: Catalogue, records: Sequence[Stored], waiting: set[tuple[str, str]]) -> Iterator[Block]:
    for number, one in enumerate(records, 1):
        if len(records) > 1:
            yield Paragraph(f"第 {number} 条，共 {len(records)} 条", strong=True)
        yield _facts(catalogue, one, waiting)
    if not records:
        yield Paragraph(_NOTHING)


def _facts(catalogue: Catalogue, record: Stored, waiting: set[tuple[str, str]]) -> Table:
    known = []
    for field in catalogue.types[record.type].fields:
        if field.type.kind in _UNTOLD:
            continue
        words = AWAITING if (record.rid, field.identifier) in waiting else _words(catalogue, record, field)
        if words:
            known.append((field.label, words))
    if len(known) % 2:
        known.append(("", ""))
    rows = tuple((*known[at], *known[at + 1]) for at in range(0, len(known), 2))
    return Table(_PAIRS, rows, _PAIR_WIDTHS)


def _words(catalogue: Catalogue, record: Stored, field: Field) -> str:
    value = record.values.get(field.identifier)
    if value is None:
        return ""
    if field.code_list == "CL-REGION":
        return catalogue.regions.label(str(value))
    if field.code_list == "CL-IND":
        listed = catalogue.code_lists["CL-IND"].values.get(str(value))
        return listed or (industries().label(str(value)) if value in industries().by_code else str(value))
    return shown_value(catalogue, field, masked(field, value))


def _waiting(found: Dossier) -> set[tuple[str, str]]:
    return {(one.rid, one.field) for one in found.awaiting}


def _day(value: object) -> str:
    return beijing_text(value)[:10] if isinstance(value, str) and value else ""


def _signed(signer: str) -> str:
    return f"纸质签批：{signer}" if signer else ""


def _entered(case: Standing, step: str, details: object) -> str:
    needs = case.definition.steps[step].needs if step != BACK else {}
    found = []
    for name, label in needs.items():
        value = details.get(name) if isinstance(details, dict) else None
        if isinstance(value, dict):
            value = "；".join(f"{item}：{remark}" for item, remark in value.items())
        if value:
            found.append(f"{label}：{value}")
    return "；".join(found)


def _fields(catalogue: Catalogue, change: Change) -> str:
    record_type = catalogue.types.get(change.type)
    names = sorted({*(change.before or {}), *(change.after or {})})
    if record_type is None:
        return ""
    return "、".join(record_type.by_identifier[name].label for name in names if name in record_type.by_identifier)
