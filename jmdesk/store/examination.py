"""Looks a store over: what ``jmdesk doctor`` says."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from jmdesk.store import change_log, outbox
from jmdesk.store.store import Store
from jmdesk.store.tables import awaiting_consent, record_tables
from jmdesk.store.tables import change_log as log_table


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found: ``problems`` in words (empty when all is well), ``counts`` by name."""

    problems: list[str]
    counts: dict[str, int]


def last_written(connection: Connection) -> str:
    """When the last entry of the change log was made (UTC); empty for an empty log."""
    query = select(log_table.c.at).order_by(log_table.c.seq.desc()).limit(1)
    return connection.execute(query).scalar() or ""


def examine_store(store: Store) -> Findings:
    """Check pages, references, the change chain and the outbox of an open store; reads everything once."""
    store.fold_log()
    problems: list[str] = []
    counts: dict[str, int] = {}
    with store.reading() as connection:
        # After a checkpoint only: pages still in the write-ahead log would raise false alarms.
        if connection.execute(text("PRAGMA cipher_integrity_check")).all():
            problems.append("数据文件有损坏的页：请先复制整个资料库文件夹，再用备份恢复")
        if [row[0] for row in connection.execute(text("PRAGMA quick_check"))] != ["ok"]:
            problems.append("数据库结构检查未通过：请用备份恢复")
        if connection.execute(text("PRAGMA foreign_key_check")).first():
            problems.append("变更日志与内容不一致：请联系管理员")
        broken = next(iter(change_log.verify(connection)), None)
        if broken is not None:
            problems.append(f"变更日志在第 {broken[0]} 条断开：请保留现状并联系审计员")
        for type_id in ("R05", "R06"):
            table = record_tables[type_id]
            query = select(func.count()).select_from(table).where(table.c.rec_voided.is_(None))
            counts[type_id] = connection.execute(query).scalar_one()
        counts["changes"] = change_log.count(connection)
        waiting = select(func.count()).select_from(awaiting_consent)
        counts["awaiting_consent"] = connection.execute(waiting).scalar_one()
        counts |= {f"outbox_{state}": number for state, number in outbox.counts(connection).items()}
    return Findings(problems, counts)
