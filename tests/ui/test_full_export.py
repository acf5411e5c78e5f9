"""A list in full, in the window: asked for by one person, approved by another, written under a password, logged."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msoffcrypto
import pytest
from pytestqt.qtbot import QtBot
from python_calamine import CalamineWorkbook

from jmdesk.accounts.service import NewAccount
from jmdesk.audit.queries import Wanted
from jmdesk.permissions.guard import EVERYTHING
from jmdesk.vault.kdf import FLOOR
from tests.ui.desks import PASSPHRASE
from ui.core.context import Context
from ui.core.messages import Notice
from ui.core.settings import Settings
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.pages.records.page import RecordsPage
from ui.widgets.unmasked_export import UnmaskedExport

COLLEAGUE = "荔枝红透三月天"
PASSWORD = "送上级的密码 2026"


@contextmanager
def at_work(qtbot: QtBot, settings: Settings, vault: Path, who: tuple[str, str]) -> Iterator[tuple[Context, OpenDesk]]:
    """The window's parts with one person at them; the vault is closed again afterwards."""
    context = Context(settings)
    desk = VaultsOnDisk(FLOOR).open(vault, *who)
    context.take(desk)
    try:
        yield context, desk
        qtbot.waitUntil(lambda: context.runner.idle)
    finally:
        context.runner.close()
        desk.close()


def panel(qtbot: QtBot, context: Context) -> UnmaskedExport:
    """The panel under the list of households, open."""
    page = RecordsPage(context)
    qtbot.addWidget(page)
    page.show()
    page.show_list("R05")
    page._lists["R05"].bar.ask()
    page._lists["R05"].bar.in_full.click()
    qtbot.waitUntil(lambda: context.runner.idle)
    return page._lists["R05"].in_full


@pytest.fixture
def people(qtbot: QtBot, settings: Settings, vault: Path) -> tuple[tuple[str, str], tuple[str, str]]:
    """Two officers with the same duties: (passphrase, user) of each."""
    with at_work(qtbot, settings, vault, (PASSPHRASE, "")) as (_, desk):
        desk.services.accounts.cost = FLOOR
        other = desk.services.accounts.add(NewAccount("黄小满", ("R2",)), COLLEAGUE)
        desk.services.accounts.assign(desk.services.actor, ("R2",))
        return (PASSPHRASE, desk.services.actor), (COLLEAGUE, other.user)


def test_two_people_hand_out_a_list_in_full(
    qtbot: QtBot, settings: Settings, vault: Path, people: tuple[tuple[str, str], tuple[str, str]], tmp_path: Path
) -> None:
    asker, approver = people
    file = tmp_path / "农户.xlsx"
    with at_work(qtbot, settings, vault, asker) as (context, desk):
        asking = panel(qtbot, context)
        asking.ask()
        assert asking.reason.problem() == "请写明申请理由。"
        asking.reason.set_value("报送县级复核")
        asking.ask()
        qtbot.waitUntil(lambda: context.runner.idle and not asking._ask.isVisible())
        assert asking.approvals == {}, "nobody approves his own request"
        assert not asking._write.isVisible()
        assert desk.services.exports.waiting() == 0
    with at_work(qtbot, settings, vault, approver) as (context, desk):
        approving = panel(qtbot, context)
        assert desk.services.exports.waiting() == 1
        (approve,) = approving.approvals.values()
        approve.click()  # type: ignore[attr-defined]
        qtbot.waitUntil(lambda: context.runner.idle and not approving.approvals)
        assert not approving._write.isVisible(), "who approved does not take it"
    with at_work(qtbot, settings, vault, asker) as (context, desk):
        told: list[Notice] = []
        context.notices.posted.connect(told.append)
        writing = panel(qtbot, context)
        assert writing._write.isVisible()
        writing.password.setText("short")
        writing.again.setText("short")
        writing.choose()
        assert "文件密码" in told[-1].text
        for field in (writing.password, writing.again):
            field.setText(PASSWORD)
        writing.write(file)
        qtbot.waitUntil(lambda: context.runner.idle and not writing._write.isVisible())
        assert "已留痕" in told[-1].text
        (entry, *_) = desk.services.audit.page(EVERYTHING, Wanted(verbs=("export",)))
        assert entry.told["sha256"][:16] in told[-1].text
        assert entry.told["masked"] is False
    plain = io.BytesIO()
    book = msoffcrypto.OfficeFile(io.BytesIO(file.read_bytes()))
    book.load_key(password=PASSWORD)
    book.decrypt(plain)
    assert "13900000000" in str(
        CalamineWorkbook.from_filelike(io.BytesIO(plain.getvalue())).get_sheet_by_index(0).to_python()
    )
