"""What the acts begin with: a desk with sealed work, the stick that answers it, a vault of an older release."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from jmdesk.core.clock import SystemClock
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.store import outbox
from jmdesk.store.migrate import MIGRATIONS
from sync.client.batch_file import carry
from sync.client.engine import synchronise
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.sealing import seal
from sync.client.steering import Steering
from sync.gateway.stick import StickDesk
from tests.sync.client.conftest import Platform, Workshop, enrolled_desk
from tests.sync.client.office import add_household

SETTLED: Final = 5
"""Households that the platform has answered for; the answer lies on the stick."""
OTHERS: Final = 5
"""Households that another desk reported; they come with the answer."""
NEXT_RELEASE: Final = '''
"""A release to come: rebuilds the change log with a column more."""
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

def upgrade():
    with op.batch_alter_table("change_log", recreate="always") as table:
        table.add_column(sa.Column("station", sa.Text))

def downgrade():
    pass
'''


@dataclass(frozen=True)
class Scene:
    """Below ``folder``: ``disk/desk`` (the vault in use), ``disk/old`` (to be migrated), ``stick``, ``release``."""

    folder: Path

    @property
    def disk(self) -> Path:
        """What is recorded and cut."""
        return self.folder / "disk"

    @classmethod
    def make(cls, folder: Path, platform: Platform, workshop: Workshop, patience: Patience) -> Self:
        """Let two desks and a platform work until the first desk has an answer lying on its stick."""
        (folder / "disk").mkdir(parents=True)
        with workshop.desk(folder / "second") as second, workshop.desk(folder / "disk" / "desk") as first:
            _, to_first = enrolled_desk(first, platform, patience)
            _, to_second = enrolled_desk(second, platform, patience)
            add_household(first, 1)
            assert synchronise(first, to_first, patience=patience).complete
            for number in range(100, 100 + OTHERS):
                add_household(second, number)
            assert synchronise(second, to_second, patience=patience).complete
            for number in range(2, 2 + SETTLED):
                add_household(first, number)
            stick = folder / "stick"
            stick.mkdir()
            sealed = seal(first, load_membership(first.store), Steering()).batch
            assert sealed is not None
            carry(first, sealed, stick / sealed.file)
            answering(platform, stick)
            with first.store.reading() as connection:
                assert outbox.batch_list(connection, open_only=True)
        shutil.copytree(folder / "disk" / "desk", folder / "disk" / "old")
        versions = folder / "release" / "versions"
        shutil.copytree(MIGRATIONS / "versions", versions, ignore=shutil.ignore_patterns("__pycache__"))
        (versions / "0002_next.py").write_text(NEXT_RELEASE, encoding="utf-8")
        shutil.copy(MIGRATIONS / "env.py", folder / "release" / "env.py")
        return cls(folder)


def answering(platform: Platform, stick: Path) -> None:
    """The platform's desk for sticks answers what lies there."""
    gateway, clock = platform.running.gateway, SystemClock()
    gateway.notify()
    handled = list(StickDesk(platform.storage.database, gateway.keys, clock, TimeOrderedIds(clock)).handle(stick))
    assert not any(one.problem for one in handled)
