"""The platform's operators see which version of the program a desk runs."""

from __future__ import annotations

from jmdesk import version
from jmdesk.desk import Desk
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.patience import Patience
from sync.gateway.database import READ
from tests.sync.client.conftest import Platform


def test_a_desk_names_its_program_and_version_when_it_opens_a_session(
    enrolled: tuple[Desk, HttpTransport], platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    synchronise(desk, transport, patience=patience)
    assert desk.grant is not None
    with platform.storage.database.transaction(READ) as connection:
        row = connection.execute("SELECT client FROM devices WHERE device = %s", (desk.grant.device,)).fetchone()
    assert row == (f"jmdesk/{version()}",)
