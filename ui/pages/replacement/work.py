"""What the replacement page reads and has done. ``sync`` is imported when first needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.core.clock import beijing_text
from ui.core.i18n import tr
from ui.core.runner import Cancelled, Report

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from sync.client.rescue import Rescue, Unfinished


@dataclass(frozen=True, slots=True)
class Left:
    """What stands between this computer and its end: ``facts`` name and count it."""

    enrolled: bool
    facts: tuple[tuple[str, str], ...] = ()
    total: int = 0
    rescued: str = ""
    """What the rescue package holds, in words; empty when none was made or something changed since."""
    retired: str = ""

    @property
    def may_retire(self) -> bool:
        """Whether nothing would be lost."""
        return self.enrolled and not self.retired and (self.total == 0 or bool(self.rescued))


def read_left(desk: Desk) -> Left:
    """How far it is now. Reads; call on the runner."""
    from sync.client.rescue import rescued, unfinished

    if desk.grant is None:
        return Left(enrolled=False)
    found, made = unfinished(desk), rescued(desk)
    retired = beijing_text(desk.store.retired) if desk.store.retired else ""
    said = _rescue_text(made) if made else ""
    return Left(enrolled=True, facts=_facts(found), total=found.total, rescued=said, retired=retired)


def _facts(found: Unfinished) -> tuple[tuple[str, str], ...]:
    counted = (
        (tr("待报送的修改(条)"), found.drafts),
        (tr("已封包、还没有回执(条)"), found.under_way),
        (tr("退回补正和两处修改不一致(条)"), found.aside),
        (tr("待授权的内容(项)"), found.awaiting),
        (tr("未报送的附件(份)"), found.documents),
    )
    return tuple((name, f"{number:,}") for name, number in counted if number)


def _rescue_text(made: Rescue) -> str:
    at = beijing_text(made.created)
    return tr(
        "抢救包写于 {at}：可以入库的记录 {records} 条，未完成或待授权的 {withheld} 条，附件 {documents} 份。",
        at=at,
        records=f"{made.records:,}",
        withheld=f"{made.withheld:,}",
        documents=f"{made.documents:,}",
    )


def rescue_here(desk: Desk, target: Path, progress: Report, cancelled: Callable[[], bool]) -> Rescue:
    """Write a rescue package. Errors as ``sync.client.rescue.rescue``."""
    from sync.client.rescue import rescue
    from sync.client.steering import Steering, Stopped

    try:
        return rescue(desk, target, Steering(lambda _stage, done, of: progress(done, of), cancelled))
    except Stopped:
        raise Cancelled from None


def retire_here(desk: Desk) -> str:
    """End this computer as a device. Errors as ``sync.client.retirement.retire``."""
    from sync.client.http import HttpTransport
    from sync.client.membership import load_membership
    from sync.client.patience import Patience
    from sync.client.retirement import retire

    membership = load_membership(desk.store)
    with HttpTransport(membership.gateway, desk.ids, ca=membership.ca) as transport:
        return retire(desk, transport, Patience())
