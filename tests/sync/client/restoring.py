"""A vault put back from a backup, or copied to a second computer."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from jmdesk.core.clock import SystemClock
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.desk import Desk
from jmdesk.vault.instance import locked


def copied(desk: Desk, folder: Path) -> Desk:
    """The desk as it stands now, in another folder: keys, chain position, outbox and all."""
    desk.store.fold_log()
    shutil.copytree(desk.vault.folder, folder)
    vault = dataclasses.replace(desk.vault, folder=folder, lock=locked(folder))
    clock = SystemClock()
    return Desk(vault, clock, TimeOrderedIds(clock))
