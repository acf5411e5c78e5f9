"""What the conflict page reads of a desk, in words ready to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jmdesk.conflicts.case import Case, Kind
from jmdesk.conflicts.rules import Changed, Compared
from jmdesk.core.clock import beijing_text
from jmdesk.desk import Desk
from jmdesk.records.masking import numbers_masked
from ui.core.i18n import language, tr
from ui.core.labels import Labels
from ui.core.ports import Chip, Row
from ui.widgets.table_model import Column

if TYPE_CHECKING:
    from jmdesk.store.incoming import Theirs

DUE = "rating"
"""The kind of row that asks for a new rating; its key is ``rating:<household>``."""


@dataclass(frozen=True, slots=True)
class Line:
    """One field in words: what both started from, what stands here, what the platform has."""

    field: Compared
    label: str
    base: str
    mine: str
    theirs: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to decide, in words. ``case`` is ``None`` for a rating that has grown old."""

    key: str
    title: str
    chip: Chip
    told: tuple[str, ...]
    """What happened on the two sides, who and when."""
    advice: str
    case: Case | None = None
    lines: tuple[Line, ...] = ()
    together: bool = False
    """Whether the fields of a group can only be taken from one side."""
    renewable: bool = False

    @property
    def differing(self) -> tuple[Line, ...]:
        """The fields on which the sides differ, groups together, those that need a choice first."""
        found = [line for line in self.lines if line.field.differs]
        open_groups = {line.field.group for line in found if line.field.proposed is None}
        places = {line.field.group: place for place, line in enumerate(reversed(found))}
        return tuple(sorted(found, key=lambda line: (line.field.group not in open_groups, -places[line.field.group])))

    @property
    def alike(self) -> tuple[Line, ...]:
        """The fields on which the sides agree."""
        return tuple(line for line in self.lines if not line.field.differs)


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that waits for a decision."""

    entries: tuple[Entry, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The lines of the list."""
        return tuple(Row(entry.key, (entry.title, entry.chip)) for entry in self.entries)

    @property
    def mergeable(self) -> int:
        """How many records can be joined without asking."""
        return sum(entry.case is not None and entry.case.mergeable for entry in self.entries)

    def entry(self, key: str) -> Entry | None:
        """One of them."""
        return next((entry for entry in self.entries if entry.key == key), None)


def columns() -> tuple[Column, ...]:
    """The columns of the list."""
    return (Column(tr("记录"), 220), Column(tr("情形"), 150))


def key_of(type_id: str, rid: str) -> str:
    """The key of a record's row."""
    return f"{type_id}:{rid}"


class ConflictReader:
    """Turns cases into words. Reads; call on the runner."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._labels = Labels(desk)

    def read(self) -> Shown:
        """What waits for a decision, then the ratings that have grown old."""
        self._labels.forget()
        desk = self._desk.conflicts
        entries = [self._entry(case) for case in desk.cases()]
        entries += [self._due(household) for household in desk.ratings_due()]
        return Shown(tuple(entries))

    def _entry(self, case: Case) -> Entry:
        record_type = self._desk.catalogue.types[case.type]
        return Entry(
            key=key_of(case.type, case.rid),
            title=f"{record_type.label} {self._labels.title(case.type, case.record.values)}",
            chip=chip_of(case),
            told=self._told(case),
            advice=self._advice(case),
            case=case,
            lines=tuple(self._line(case, field) for field in case.fields),
            together=record_type.bookkeeping,
            renewable=case.record.voided is None and self._desk.conflicts.can_renew(case.type),
        )

    def _due(self, household: str) -> Entry:
        told = tr("评级之后，它所依据的信息有了变化，原来的得分不再与档案一致。")
        return Entry(
            f"{DUE}:{household}",
            tr("{name} 户", name=self._labels.of("R05", household)),
            Chip(tr("需重新评级"), "warn"),
            (told,),
            tr("核对档案后重新评级；得分和等级由系统重新算出，不能合并。"),
        )

    def _line(self, case: Case, field: Compared) -> Line:
        known = self._desk.catalogue.types[case.type].by_identifier.get(field.name)

        def words(value: object) -> str:
            if known is not None:
                text = self._labels.words(known, value, mask=numbers_masked)
            else:
                text = "" if value is None else str(value)
            return text or tr("(空)")

        base, mine, theirs = words(field.base), words(field.mine), words(field.theirs)
        hint = ""
        if field.differs and mine == theirs:
            hint = tr("两个值在遮住的几位上不同，可打开记录查看完整内容。")
        elif field.changed is Changed.BOTH:
            hint = tr("两处都改过，请选定。")
        elif field.clash and field.differs:
            hint = tr("同一组的其他栏目另一处也改过，请一并核对。")
        if not field.base_known:
            base = tr("(已不可查)")
        return Line(field, known.label if known else field.name, base, mine, theirs, hint)

    def _told(self, case: Case) -> tuple[str, ...]:
        record = case.record
        who = self._labels.of("R02", record.updated_by) if record.updated_by != "platform" else tr("平台")
        did = tr("作废") if record.voided is not None else tr("修改")
        mine = tr("本机：{who} 于 {at} {did}。", who=who, at=beijing_text(record.updated_at), did=did)
        return (mine, self._their_side(case.theirs)) if case.theirs is not None else (mine,)

    def _their_side(self, theirs: Theirs) -> str:
        if not theirs.at:
            return tr("平台：别处改过，详情还没有取回。")
        did = tr("作废") if theirs.tombstone else tr("修改")
        own = theirs.unit in ("", self._desk.unit)
        unit = tr("本单位") if own else self._labels.unit(theirs.unit, theirs.region)
        device = tr("电脑 {device}", device=theirs.device[:8]) if theirs.device else tr("电脑未知")
        text = tr(
            "平台：{at} 由{device} {did}，记录归{unit}。",
            at=beijing_text(theirs.at),
            device=device,
            did=did,
            unit=unit,
        )
        return f"{text}{tr('理由：{reason}', reason=theirs.reason)}" if theirs.reason not in ("", "-") else text

    def _advice(self, case: Case) -> str:
        if case.under_way:
            return tr("本机的修改已封入报送包，等平台回执到了再处理。")
        if not case.whole:
            return tr("平台的完整内容还没有取回，请先报送一次。")
        if case.kind is Kind.REFUSED and case.verdict is not None:
            from sync.client.verdicts import explain

            said = explain(case.verdict.verdict, case.verdict.code, case.verdict.params, language())
            return f"{said.text}{said.action}"
        words = {
            Kind.EDITED: tr("逐栏选定留用哪一处的值；两处的值都保留在修改历史里。"),
            Kind.VOIDED_HERE: tr("这条记录在本机作废，而平台上另有修改。请选定作废还是保留。"),
            Kind.VOIDED_THERE: tr("这条记录在平台上已作废，作废的记录不能恢复；本机的修改仍保留在历史里。"),
        }
        return tr("两处改的不是同一组栏目，可以直接合并。") if case.mergeable else words.get(case.kind, "")


def chip_of(case: Case) -> Chip:
    """What kind of case it is, in a word."""
    if case.under_way:
        return Chip(tr("等待平台回执"), "info")
    if case.kind is Kind.REFUSED:
        return Chip(tr("退回补正"), "bad")
    if case.mergeable:
        return Chip(tr("可以合并"), "info")
    if case.kind is Kind.EDITED:
        return Chip(tr("两处修改不一致"), "bad") if case.decided_there else Chip(tr("平台有新内容"), "warn")
    return Chip(tr("本机已作废"), "bad") if case.kind is Kind.VOIDED_HERE else Chip(tr("平台上已作废"), "bad")
