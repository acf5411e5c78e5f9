"""Handover when staff change: what is on the list, who signs, and when the account is closed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date

import docx
import pytest

from jmdesk.accounts.service import NewAccount
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.store import change_log
from jmdesk.vault.kdf import FLOOR
from tests.desks import NOW, add_family

OTHERS = "四条小船过了石桥"
SIGNED_ON = date(2026, 11, 22)


@pytest.fixture
def office(desk: Desk) -> Desk:
    """A desk whose first user has a household, an open case and a paper; a colleague has an account."""
    desk.accounts.cost = FLOOR
    with desk.records.writing("import") as writer:
        family = add_family(writer, desk.actor)
    rating = desk.ratings.rate(family.household).rid
    batch = desk.reviews.panel.open_batch("440785109214")
    desk.reviews.apply(batch, [family.household])
    desk.reviews.filing.application(rating)
    desk.accounts.add(NewAccount("黄伟业", ("R1",)), OTHERS)
    return desk


@pytest.fixture
def colleague(office: Desk) -> Iterator[Desk]:
    """The same vault opened by the colleague."""
    office.close()
    with Desk.open(office.vault.folder, OTHERS, user="黄*业", clock=FixedClock(NOW)) as opened:
        yield opened


def user(desk: Desk, name: str) -> str:
    return next(one.user for one in desk.accounts.all() if one.name == name)


def test_the_list_names_open_cases_unsent_work_and_every_paper(office: Desk) -> None:
    found = office.handovers.inventory(office.actor)
    [task] = found.tasks
    assert (task.workflow, task.state) == ("信用户评定", "已申请，待资格筛查")
    head, _, number = task.name.partition(" ")
    assert (bool(head), number[:12]) == (True, "440785109214")
    assert dict(found.unsent)["待报送"].endswith("条")
    assert [number for _, number, _ in found.files] == [
        paper.number for paper in office.papers.register("review-application")
    ]
    assert ("经手采集的农户档案(纸质采集表)", "1 户") in found.kept
    issued = office.handovers.draw_up(office.actor, user(office, "黄伟业"))
    document = docx.Document(io.BytesIO(issued.document))
    words = "\n".join(cell.text for table in document.tables for line in table.rows for cell in line.cells)
    assert task.name in words
    assert found.files[0][1] in words


def test_three_different_people_sign_and_only_then_the_administrator_closes_the_account(office: Desk) -> None:
    leaver, successor = user(office, "黄伟业"), office.actor
    with pytest.raises(Refused, match="no_list"):
        office.handovers.sign(leaver, "黄伟业", "测试员", "梁监交", SIGNED_ON)
    first = office.handovers.draw_up(leaver, successor).paper.number
    with pytest.raises(Refused, match="not_signed"):
        office.handovers.close_account(leaver)
    with pytest.raises(Refused, match="three_names"):
        office.handovers.sign(leaver, "黄伟业", "黄伟业", "梁监交", SIGNED_ON)
    with pytest.raises(Refused, match=r"workflows\.day"):
        office.handovers.sign(leaver, "黄伟业", "测试员", "梁监交", date(2026, 11, 23))
    second = office.handovers.draw_up(leaver, successor).paper.number
    assert [bool(p.voided_at) for p in office.papers.register("handover-list")] == [True, False]
    standing = office.handovers.sign(leaver, "黄伟业", "测试员", "梁监交", SIGNED_ON)
    assert (standing.paper, standing.is_signed) == (second, True)
    assert first != second
    with pytest.raises(Refused, match=r"handover\.signed"):
        office.handovers.draw_up(leaver, successor)
    office.handovers.close_account(leaver)
    assert not office.accounts.get(leaver).active
    with office.store.reading() as connection:
        changes = change_log.history(connection, leaver)
    assert len({change.command for change in changes if change.verb == "handover"}) == 3


def test_one_hands_over_ones_own_work_and_nobody_elses(colleague: Desk) -> None:
    other = user(colleague, "测试员")
    colleague.handovers.draw_up(colleague.actor, other)
    with pytest.raises(Refused, match="permissions"):
        colleague.handovers.inventory(other)
    with pytest.raises(Refused, match="permissions"):
        colleague.handovers.close_account(colleague.actor)
    with pytest.raises(Refused, match="same_person"):
        colleague.handovers.draw_up(colleague.actor, colleague.actor)
