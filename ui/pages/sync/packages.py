"""The packages in the vault, as the sync page lists them: what holds, what is to come, what taking effect did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jmdesk.core.messages import message
from ui.core.i18n import language, tr
from ui.core.ports import Chip, Row
from ui.widgets.table_model import Column

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from jmdesk.packages.service import Held


def package_columns() -> tuple[Column, ...]:
    """The columns of the list of packages."""
    return (
        Column(tr("种类"), 110),
        Column(tr("版本"), 180),
        Column(tr("状态"), 150),
        Column(tr("起止"), 220),
        Column(tr("说明"), 430),
    )


def package_rows(desk: Desk) -> tuple[Row, ...]:
    """Every package in the vault with its standing today and what taking effect did."""
    return tuple(_package_row(desk, held) for held in desk.packages.held())


def _package_row(desk: Desk, held: Held) -> Row:
    issue = held.issue
    until = tr("至 {day} 前", day=issue.until) if issue.until else ""
    since = tr("{day} 起", day=issue.effective)
    said = package_words(desk, held)
    return Row(issue.digest, (kind_text(issue.kind), issue.version, standing_chip(held.standing), since + until, said))


def kind_text(kind: str) -> str:
    """What a package brings, in a word or two."""
    words = {
        "catalogue": tr("采集目录"),
        "rules": tr("评级规则"),
        "regions": tr("区划"),
        "calendar": tr("工作日历"),
        "list": tr("名单"),
    }
    return words[kind]


def standing_chip(standing: str) -> Chip:
    """How a package stands."""
    words = {
        "in_force": (tr("现行"), "ok"),
        "coming": (tr("到期生效"), "info"),
        "past": (tr("已到期"), "neutral"),
        "replaced": (tr("已被替代"), "neutral"),
        "withdrawn": (tr("已停用"), "neutral"),
        "newer_program": (tr("须先更新程序"), "warn"),
        "unreadable": (tr("没有启用"), "bad"),
    }
    return Chip(*words[standing])


def package_words(desk: Desk, held: Held) -> str:
    """What to know of a package: why it is not in force, or what it did to the records."""
    if held.standing in ("newer_program", "unreadable"):
        params = {"min_client": held.issue.min_client, "client": desk.packages.client}
        return str(message(f"packages.{held.standing}", params, language()))
    outcome = held.outcome or {}
    moves, deadlines = outcome.get("moves"), outcome.get("deadlines")
    if isinstance(moves, list) and moves:
        told = [
            tr("{old} 并入 {name}，{n} 条记录随之转入，户编号不变", old=m["old"], name=m["name"], n=f"{m['records']:,}")
            for m in moves
            if isinstance(m, dict)
        ]
        return "；".join(told)
    if isinstance(moves, list):
        return tr("没有记录需要转入别的区划")
    if isinstance(deadlines, int):
        left = outcome.get("provisional")
        return tr("重算期限 {n} 件，其中仍为暂定 {left} 件", n=f"{deadlines:,}", left=left)
    return ""
