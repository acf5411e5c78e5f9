"""What the sync page reads of a desk, in words ready to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jmdesk.core.clock import beijing_text, utc_text
from jmdesk.core.messages import message
from jmdesk.desk import Desk
from ui.core.i18n import language, tr
from ui.core.labels import Labels
from ui.core.pickers import region_path
from ui.core.ports import Chip, Row
from ui.pages.sync.packages import package_rows
from ui.widgets.table_model import Column

if TYPE_CHECKING:
    from jmdesk.store.outbox import Batch, SetAside
    from sync.client.rehearsal import Obstacle

LAST_AT = "sync.last_at"
"""The setting in which a completed exchange leaves its time (UTC), as the home page reads it."""

MOST_SHOWN = 300
"""Records listed by name; more are counted."""

TAKEN = ("accepted", "merged", "duplicate")


@dataclass(frozen=True, slots=True)
class Membership:
    """What the platform knows this computer as."""

    unit: str
    regions: tuple[str, ...]
    block: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The state of the exchange; ``membership`` is ``None`` before enrolment."""

    membership: Membership | None
    last_sync: str
    waiting: tuple[tuple[str, int], ...]
    """Changes that wait, by the name of their record type."""
    set_aside: tuple[Row, ...]
    batches: tuple[Row, ...]
    open_batches: int
    packages: tuple[Row, ...] = ()
    stranded: bool = False
    """Whether this computer has to be enrolled anew."""

    @property
    def total(self) -> int:
        """Changes that wait."""
        return sum(number for _, number in self.waiting)


@dataclass(frozen=True, slots=True)
class Readable:
    """What of the waiting changes may travel now, and what is held and why."""

    ready: int
    reasons: tuple[tuple[str, int], ...]
    """Why changes are held, and how many for each reason."""
    rows: tuple[Row, ...]
    refusals: tuple[tuple[str, int], ...] = ()
    """Why the platform would refuse changes, and how many for each reason."""
    refused_rows: tuple[Row, ...] = ()
    size: str = ""
    """About how much would travel, and in how many batches."""
    paper: str = ""
    """The rehearsal as a printable page."""

    @property
    def refused(self) -> int:
        """Changes that the platform would refuse."""
        return sum(number for _, number in self.refusals)

    @property
    def held(self) -> int:
        """Changes that are held."""
        return sum(number for _, number in self.reasons)


def held_columns() -> tuple[Column, ...]:
    """The columns of the list of changes that are held."""
    return (Column(tr("记录"), 300), Column(tr("为什么还不能报送"), 330), Column(tr("怎么办"), 300))


def aside_columns() -> tuple[Column, ...]:
    """The columns of the list of changes that the platform did not take."""
    return (
        Column(tr("记录"), 260),
        Column(tr("平台意见"), 300),
        Column(tr("下一步"), 260),
        Column(tr("时间"), 180),
    )


def batch_columns() -> tuple[Column, ...]:
    """The columns of the list of batches."""
    return (
        Column(tr("序号"), 70, number=True),
        Column(tr("封包时间"), 175),
        Column(tr("记录(条)"), 110, number=True),
        Column(tr("状态"), 210),
        Column(tr("平台回执"), 320),
    )


class SyncReader:
    """Turns outbox and batches into words. Reads; call on the runner."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._labels = Labels(desk)

    def read(self) -> Shown:
        """The state of the exchange now."""
        from jmdesk.store import outbox
        from sync.client.enrolment import is_stranded

        desk = self._desk
        self._labels.forget()
        with desk.store.reading() as connection:
            counts = outbox.counts_by_type(connection, "draft")
            aside = outbox.set_aside(connection, MOST_SHOWN)
            batches = outbox.batch_list(connection)
        types = desk.catalogue.types
        waiting = tuple((types[name].label, counts[name]) for name in types if counts.get(name))
        at = desk.store.setting(LAST_AT)
        return Shown(
            self._membership(),
            beijing_text(at) if at else "",
            waiting,
            tuple(self._aside(entry) for entry in aside),
            tuple(batch_row(batch) for batch in reversed(batches)),
            sum(batch.state != "done" for batch in batches),
            package_rows(desk),
            is_stranded(desk),
        )

    def _membership(self) -> Membership | None:
        grant = self._desk.grant
        if grant is None:
            return None
        regions = tuple(" / ".join(region_path(code.ljust(12, "0"))) or code for code in grant.regions)
        return Membership(grant.unit, regions, grant.block, grant.gateway)

    def _aside(self, entry: SetAside) -> Row:
        from sync.client.verdicts import explain

        known = self._desk.catalogue.types[entry.type].by_identifier.get(entry.path)
        label = known.label if known is not None else entry.path
        said = explain(entry.verdict, entry.code, entry.params, language(), field=label)
        at = beijing_text(entry.settled_at) if entry.settled_at else ""
        return Row(f"{entry.type}:{entry.rid}", (self._name(entry.type, entry.rid), said.text, said.action, at))

    def _name(self, type_id: str, rid: str) -> str:
        return f"{self._desk.catalogue.types[type_id].label} {self._labels.of(type_id, rid)}"

    def readable(self, stop: Callable[[], bool]) -> Readable | None:
        """Rehearse the exchange: what would go, stay, be refused; ``None`` when ``stop`` said so.

        Takes a millisecond or two a change, so it runs after `read` and gives way to a newer one.
        """
        from sync.client.rehearsal import rehearse
        from sync.client.rehearsal_words import paper, size_text
        from sync.client.steering import Steering, Stopped

        desk = self._desk
        try:
            found = rehearse(desk, Steering(cancelled=stop))
        except Stopped:
            return None
        for type_id in dict.fromkeys(o.type for o in found.obstacles):
            self._labels.prepare(type_id, [o.rid for o in found.obstacles if o.type == type_id])
        size = tr("约 {size}，{n} 个报送包", size=size_text(found.bytes), n=found.batches) if found.records else ""
        at = beijing_text(utc_text(desk.clock.now()))
        return Readable(
            found.records,
            tuple((hold_text(code), number) for code, number in found.held.most_common()),
            tuple(self._obstacle(o) for o in found.obstacles if not o.verdict),
            tuple((hold_text(code), number) for code, number in found.refused.most_common()),
            tuple(self._obstacle(o) for o in found.obstacles if o.verdict),
            size,
            paper(found, desk.catalogue, self._labels.of, unit=desk.unit_name, at=at),
        )

    def _obstacle(self, obstacle: Obstacle) -> Row:
        from sync.client.rehearsal_words import said_of

        said = said_of(obstacle, self._desk.catalogue, language())
        key = f"{obstacle.type}:{obstacle.rid}"
        return Row(key, (self._name(obstacle.type, obstacle.rid), said.text, said.action))


def hold_text(code: str) -> str:
    """Why changes are held, in a word or two."""
    words = {
        "sending.awaiting_consent": tr("缺少授权"),
        "sending.incomplete": tr("必填内容没有填好"),
        "sending.unknown_there": tr("作废而平台没有收到过"),
    }
    return words.get(code) or message(code, {}, language()).text.rstrip("。.")


def batch_row(batch: Batch) -> Row:
    """One batch with its state and the platform's totals in words."""
    return Row(
        batch.batch_id,
        (
            str(batch.seq),
            beijing_text(batch.created_at),
            f"{batch.records:,}",
            batch_state(batch.state),
            totals_text(batch.totals),
        ),
    )


def batch_state(state: str) -> Chip:
    """How far a batch got. Handed over is not done: only a receipt with every verdict is."""
    words = {
        "sealed": (tr("已封包，待交平台"), "warn"),
        "sending": (tr("正在交平台，可续传"), "warn"),
        "carried": (tr("已导出，待送达平台"), "warn"),
        "held": (tr("平台已收妥，待回执"), "info"),
        "done": (tr("已有回执"), "ok"),
        "paused": (tr("平台暂未受理"), "bad"),
        "released": (tr("未送达，修改已重新列入待报送"), "neutral"),
    }
    text, kind = words.get(state, (state, "neutral"))
    return Chip(text, kind)


def totals_text(totals: Mapping[str, int]) -> str:
    """The platform's verdicts in numbers."""
    taken = sum(totals.get(verdict, 0) for verdict in TAKEN)
    words = (
        (tr("收下 {n} 条"), taken),
        (tr("两处修改不一致 {n} 条"), totals.get("conflict", 0)),
        (tr("退回补正 {n} 条"), totals.get("rejected", 0)),
        (tr("超出本单位范围 {n} 条"), totals.get("forbidden", 0)),
        (tr("平台上已作废 {n} 条"), totals.get("gone", 0)),
    )
    return "，".join(text.format(n=f"{number:,}") for text, number in words if number)


def split_key(key: str) -> tuple[str, str]:
    """Type and record id of a row's key."""
    type_id, _, rid = key.partition(":")
    return type_id, rid
