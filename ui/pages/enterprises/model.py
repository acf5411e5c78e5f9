"""What the enterprise page reads of a desk, in words ready to paint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jmdesk.catalogue.types import Field
from jmdesk.desk import Desk
from jmdesk.enterprises.publicity import is_bad, is_shown
from jmdesk.enterprises.queries import EnterpriseFilter
from jmdesk.enterprises.service import Dossier, Source
from jmdesk.store.stored import Stored
from ui.core import wording
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.ports import Chip, Row
from ui.widgets.table_model import Column

CLASSES = ("P", "Q", "G", "U", "N")
"""The disclosure classes of the catalogue, the widest first."""


def list_columns() -> tuple[Column, ...]:
    """The columns of the list."""
    return (
        Column(tr("企业名称"), 230, stretch=True),
        Column(tr("统一社会信用代码"), 180),
        Column(tr("特色行业"), 150),
        Column(tr("会员号"), 90),
        Column(tr("规模"), 70),
        Column(tr("纳税信用级"), 92),
        Column(tr("报送"), 110),
    )


def timeline_columns() -> tuple[Column, ...]:
    """The columns of one enterprise's timeline."""
    return (
        Column(tr("日期"), 100),
        Column(tr("种类"), 110),
        Column(tr("内容"), 320, stretch=True),
        Column(tr("状态"), 150),
        Column(tr("谁能看到"), 120),
    )


class EnterpriseSource:
    """The list under a filter, for a windowed table."""

    def __init__(self, desk: Desk, wanted: EnterpriseFilter) -> None:
        self._desk, self._wanted = desk, wanted
        self._fields = desk.catalogue.types["R20"].by_identifier
        self._labels = Labels(desk)

    def count(self) -> int:
        """How many enterprises match; a search finds at most 200."""
        return self._desk.enterprises.count(self._wanted)

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """A page in order of unified code."""
        return [self._row(one) for one in self._desk.enterprises.page(self._wanted, offset, limit)]

    def _row(self, found: Stored) -> Row:
        def words(name: str) -> str:
            return self._labels.words(self._fields[name], found.values.get(name))

        scale = tr("规上") if found.values.get("above_scale") else words("ent_size")
        cells: tuple[str | Chip, ...] = (
            words("ent_name"),
            words("uscc"),
            _short(words("cluster")),
            words("member_no"),
            scale,
            words("tax_grade"),
            wording.sync_state(found.sync),
        )
        return Row(found.rid, cells, faded=self._wanted.sealed)


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of an archive: its label, its value with the unit, and where it comes from ("" for the form)."""

    label: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One enterprise ready to paint. ``disclosure`` is (class, who, labels of the fields)."""

    rid: str
    name: str
    code: str
    state: Chip
    sealed: bool
    facts: tuple[Fact, ...]
    timeline: tuple[Row, ...]
    disclosure: tuple[tuple[str, str], ...]


class EnterpriseReader:
    """Turns a dossier into words. Reads; call on the runner."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.labels = Labels(desk)

    def read(self, rid: str) -> Shown:
        """One enterprise. ``Refused`` "store.no_such_record"."""
        self.labels.forget()
        dossier = self._desk.enterprises.dossier(rid)
        case = self._desk.workflows.standing("W5", "R20", rid)
        values = dossier.enterprise.values
        return Shown(
            rid,
            str(values.get("ent_name", "")),
            str(values.get("uscc", "")),
            Chip(case.label, "neutral" if dossier.sealed else "ok" if case.state == "checked" else "warn"),
            dossier.sealed,
            self._facts(dossier),
            self._timeline(dossier),
            self._disclosure(dossier),
        )

    def _facts(self, dossier: Dossier) -> tuple[Fact, ...]:
        sources = {source.field: source for source in dossier.sources}
        values = dossier.enterprise.values
        hidden = self._rival(dossier.enterprise)
        found: list[Fact] = []
        for field in self._desk.catalogue.types["R20"].fields:
            if not field.default_on or field.identifier in ("ent_name", "uscc"):
                continue
            if field.identifier in ("revenue_main", "revenue_year") and hidden:
                found.append(Fact(field.label, tr("不显示(同业回避)")))
                continue
            words = self.labels.words(field, values.get(field.identifier))
            if words and field.unit and not words.endswith(field.unit):
                words = f"{words} {field.unit}"
            found.append(Fact(field.label, words or "—", _source_words(sources.get(field.identifier))))
        return tuple(found)

    def _rival(self, enterprise: Stored) -> bool:
        """Whether the user bears an office and has a firm of the trade that is not this one."""
        own = self._desk.complaints.interests()
        return own.shut_out and enterprise.rid not in own.firms

    def _timeline(self, dossier: Dossier) -> tuple[Row, ...]:
        lines = [self._event(event) for event in dossier.events]
        lines += [self._selection(one) for one in dossier.selections]
        lines += [self._card(one) for one in dossier.green_cards]
        own = self._desk.complaints.interests()
        if not own.shut_out:
            lines += [self._complaint(found) for found in dossier.complaints if not own.touches(found.values)]
        lines.sort(key=lambda row: str(row.cells[0]), reverse=True)
        return tuple(lines)

    def _event(self, found: Stored) -> Row:
        values = found.values
        standing = self._desk.workflows.standing("W6", "R21", found.rid)
        polarity = self._word("R21", found, "polarity")
        shown = is_shown(values, self._desk.workflows.today)
        until = values.get("publicity_to")
        who = self._word("R21", found, "publicity")
        if values.get("publicity") == "P":
            who = tr("公开至 {day}", day=until) if shown and until else tr("公开") if shown else tr("已停止显示")
        kind = "bad" if is_bad(values.get("polarity")) else "ok"
        return Row(
            f"R21 {found.rid}",
            (
                str(values.get("event_date", "")),
                Chip(polarity, kind),
                f"{values.get('content', '')} {values.get('doc_no', '')}".strip(),
                standing.label,
                who,
            ),
        )

    def _selection(self, found: Stored) -> Row:
        case = self._desk.workflows.standing("W8", "R23", found.rid)
        day = case.taken[-1].day.isoformat() if case.taken else found.created_at[:10]
        text = tr("批次 {batch}", batch=found.values.get("batch_no", ""))
        return Row(f"R23 {found.rid}", (day, Chip(tr("行业信用评价")), text, case.label, ""))

    def _card(self, found: Stored) -> Row:
        case = self._desk.workflows.standing("W9", "R24", found.rid)
        day = case.taken[-1].day.isoformat() if case.taken else found.created_at[:10]
        grade = found.values.get("gc_grade")
        text = tr("{year} 年度", year=found.values.get("gc_year", "")) + (f" {grade}级" if grade else "")
        return Row(f"R24 {found.rid}", (day, Chip(tr("诚信绿卡"), "info"), text, case.label, ""))

    def _complaint(self, found: Stored) -> Row:
        values = found.values
        text = f"{values.get('complaint_no', '')} {values.get('product', '')}".strip()
        state = self._word("R22", found, "outcome") or tr("办理中")
        return Row(
            f"R22 {found.rid}",
            (str(values.get("received_at", ""))[:10], Chip(tr("投诉"), "warn"), text, state, tr("仅本单位")),
        )

    def _disclosure(self, dossier: Dossier) -> tuple[tuple[str, str], ...]:
        by_class: dict[str, list[str]] = {}
        for field in self._desk.catalogue.types["R20"].fields:
            if field.default_on and field.identifier in dossier.enterprise.values:
                by_class.setdefault(field.disclosure, []).append(field.label)
        names = self._desk.catalogue.code_lists["CL-DISC"]
        return tuple((names.label(code), "、".join(by_class[code])) for code in CLASSES if code in by_class)

    def _word(self, type_id: str, found: Stored, name: str) -> str:
        field: Field = self._desk.catalogue.types[type_id].by_identifier[name]
        return self.labels.words(field, found.values.get(name))


def _source_words(source: Source | None) -> str:
    if source is None:
        return ""
    by = tr("(平台提供，不能修改)") if source.by_platform else ""
    return f"{source.source} {source.dated}{by}".strip()


def _short(cluster: str) -> str:
    """A cluster without the industry codes behind its name."""
    return cluster.split("(", 1)[0]
