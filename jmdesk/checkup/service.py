"""What ``jmdesk doctor`` says of an open desk, and what it mends."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from jmdesk.core.clock import beijing_text, from_utc_text
from jmdesk.core.errors import KnownError
from jmdesk.rights.query_log import verify_queries
from jmdesk.store import outbox, reindexing
from jmdesk.store.examination import examine_store, last_written

if TYPE_CHECKING:
    from jmdesk.desk import Desk

ROOM: Final = 500 << 20
"""Bytes that an office's disk should have free."""
OLD_BACKUP: Final = timedelta(days=7)
LATELY: Final = timedelta(days=30)
"""For how long a lost end of the store is spoken of."""
SLACK: Final = timedelta(minutes=5)
"""By how much a clock may be behind the last entry of the log."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """``problems`` need somebody; ``mendable`` are those that ``mend`` takes away; ``counts`` by name."""

    problems: tuple[str, ...]
    mendable: tuple[str, ...]
    counts: dict[str, int]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems and not self.mendable


def examine(desk: Desk) -> Checkup:
    """Look at the file, the chains, the index, the outbox, the device's keys, free space, the clock and the backups."""
    findings = examine_store(desk.store)
    problems = [
        *findings.problems,
        *_loss(desk),
        *_queries(desk),
        *_files(desk),
        *_keys(desk),
        *_room(desk),
        *_clock(desk),
        *_backups(desk),
    ]
    with desk.store.reading() as connection:
        wrong = reindexing.faults(connection, desk.catalogue)
    mendable = [f"查找索引有 {wrong} 处与记录不符：可用 --repair 重建"] if wrong else []
    return Checkup(tuple(problems), tuple(mendable), findings.counts)


def mend(desk: Desk) -> int:
    """Make anew what follows from the records: the search index; how many records it has now."""
    desk.guard.require("edit", "R02")
    with desk.store.beside() as connection:
        return reindexing.rebuild(connection, desk.catalogue)


def _loss(desk: Desk) -> list[str]:
    """An end of the store that did not come back at an opening of the last month."""
    loss = desk.store.loss()
    if loss is None or desk.clock.now() - from_utc_text(loss.found) > LATELY:
        return []
    told = f"{beijing_text(loss.found)} 开库时，{beijing_text(loss.at)} 以前最后保存的内容有一部分读不出来"
    return [f"{told}：请核对那时录入的内容，做一次备份，并请人检查磁盘"]


def _queries(desk: Desk) -> list[str]:
    """Entries of the query log that do not follow from the one before."""
    with desk.store.reading() as connection:
        broken = next(verify_queries(connection), None)
    return [] if broken is None else [f"查询日志在第 {broken} 条断开：请保留现场，报告安全管理员"]


def _files(desk: Desk) -> list[str]:
    """Sealed batches that the platform has not settled and whose file is gone."""
    with desk.store.reading() as connection:
        waiting = outbox.batch_list(connection, open_only=True)
    gone = [batch for batch in waiting if not (desk.vault.outgoing / batch.file).is_file()]
    return [f"待报送包的文件缺 {len(gone)} 个：请联网报送一次核对，仍缺时用“重新接续报送”"] if gone else []


def _keys(desk: Desk) -> list[str]:
    try:
        desk.vault.device_keys()
    except KnownError as error:
        told = error.message_for_user()
        return [f"{told.text}{told.action}"]
    return []


def _room(desk: Desk) -> list[str]:
    free = shutil.disk_usage(desk.vault.folder).free
    needed = max(ROOM, 2 * desk.vault.database.stat().st_size)
    if free >= needed:
        return []
    return [f"磁盘只剩 {free >> 20} MB：请清出至少 {needed >> 20} MB，否则备份和导入会失败"]


def _clock(desk: Desk) -> list[str]:
    with desk.store.reading() as connection:
        last = last_written(connection)
    if not last or from_utc_text(last) <= desk.clock.now() + SLACK:
        return []
    return [f"电脑时钟比最近一条记录({beijing_text(last)})还早：请校准日期和时间"]


def _backups(desk: Desk) -> list[str]:
    made = desk.backups.all()
    since = made[0].card.at if made else from_utc_text(desk.vault.header.created)
    days = (desk.clock.now() - since).days
    late = [f"已有 {days} 天没有备份：请用 jmdesk backup 备份"] if days >= OLD_BACKUP.days else []
    unsound = len(desk.backups.unsound())
    return late + ([f"有 {unsound} 份备份已损坏，不能用来恢复：请另做一份备份"] if unsound else [])
