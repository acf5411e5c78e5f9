"""The end of this desk as a device: only when everything is settled, or what is not was written to a rescue package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jmdesk.core.errors import Refused
from sync.client.asking import ask_retirement, keep_asked, load_asked
from sync.client.petition import answer_retirement
from sync.client.rescue import rescued, unfinished
from sync.protocol.enrolment import Purpose
from sync.protocol.standing import DeviceState

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from sync.client.patience import Patience
    from sync.client.transport import Transport


def check_may_retire(desk: Desk) -> None:
    """``Refused`` "retirement.unsent" while something is neither settled nor rescued, "retirement.done" afterwards."""
    if desk.store.retired:
        raise Refused("retirement.done")
    left = unfinished(desk)
    if left.total and rescued(desk) is None:
        raise Refused("retirement.unsent", count=left.total)


def retire(desk: Desk, transport: Transport, patience: Patience) -> str:
    """End this device at the platform and close the vault for writing; the moment it ended (UTC).

    From the first asking on nothing is sealed any more, and a cut line is taken up by calling this again. ``Refused``
    as `check_may_retire`, and "retirement.not_confirmed" when the platform's signed word says something else;
    ``Unreachable`` as the transport says.
    """
    asked = load_asked(desk.store)
    if desk.store.retired or asked is None or asked.purpose is not Purpose.RETIRE:
        check_may_retire(desk)
    ask_retirement(desk)
    standing = answer_retirement(desk, transport, patience)
    if standing is None or standing.state not in (DeviceState.RETIRED, DeviceState.REVOKED):
        raise Refused("retirement.not_confirmed")
    desk.store.retire(standing.at)
    keep_asked(desk.store, None)
    transport.token = ""
    return standing.at
