"""How things stand with the platform, in one word."""

from __future__ import annotations

from ui.core.i18n import tr
from ui.core.ports import Chip, SyncState


def sync_chip(state: SyncState) -> Chip:
    """How things stand with the platform, in one word and colour; the gravest first."""
    if not state.enrolled:
        return Chip(tr("未登记到平台"), "neutral")
    if state.conflicts:
        return Chip(tr("两处修改不一致 {n}", n=state.conflicts), "bad")
    if state.refused:
        return Chip(tr("退回补正 {n}", n=state.refused), "bad")
    if state.unsent:
        return Chip(tr("待报送 {n}", n=state.unsent), "warn")
    if state.in_custody:
        return Chip(tr("等待平台回执 {n}", n=state.in_custody), "info")
    return Chip(tr("已全部报送"), "ok")
