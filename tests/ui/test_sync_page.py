"""The sync page: enrolment, what waits and why, an exchange with a real platform, a stick, and what came back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from jmdesk.desk import Desk
from jmdesk.store import outbox
from sync.client.asking import REPLACED, halt
from sync.client.enrolment import enrol
from sync.client.membership import load_membership, save_membership
from tests.packages import issue, regions_files
from tests.sync.client.conftest import Platform, Workshop, platform, workshop
from tests.sync.client.office import add_household
from tests.sync.client.test_stick import at_the_platform
from tests.ui.keys import press, write
from ui.core.context import Context, Target
from ui.core.messages import OK, Notice
from ui.core.ports import Chip
from ui.core.vaults import OpenDesk
from ui.pages.sync.page import SyncPage

__all__ = ["platform", "workshop"]

Settle = Callable[[], None]

ELSEWHERE = "440785104200"
"""A village of another town than the desk's."""


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle) -> Iterator[SyncPage]:
    """The page of a desk that is not enrolled and has a dozen households without consents."""
    assert desk.services.grant is None
    yield from shown(qtbot, context, settled)


@pytest.fixture
def office(tmp_path: Path, context: Context, workshop: Workshop) -> Iterator[Desk]:
    """A desk of a village that the platform knows, with two households of which one signed."""
    with workshop.desk(tmp_path / "村") as made:
        add_household(made, 1)
        add_household(made, 2, consent=False)
        context.take(OpenDesk(made))
        yield made
        context.runner.close()


@pytest.fixture
def enrolled(office: Desk, platform: Platform) -> Desk:
    """The same, enrolled."""
    enrol(office, platform.transport(), platform.code(), gateway=platform.url, ca=platform.ca)
    return office


def shown(qtbot: QtBot, context: Context, settled: Settle) -> Iterator[SyncPage]:
    made = SyncPage(context)
    qtbot.addWidget(made)
    made.resize(1190, 700)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    settled()
    yield made
    made.hide()
    settled()


@pytest.fixture
def member(qtbot: QtBot, context: Context, enrolled: Desk, settled: Settle) -> Iterator[SyncPage]:
    """The page of an enrolled desk."""
    assert enrolled.grant is not None
    yield from shown(qtbot, context, settled)


def posted(context: Context) -> list[Notice]:
    heard: list[Notice] = []
    context.notices.posted.connect(heard.append)
    return heard


def finished(page: SyncPage, qtbot: QtBot) -> None:
    """Wait until an exchange has come to its end and its traces are on screen."""
    qtbot.waitUntil(lambda: page.sync_button.isEnabled() and page.context.runner.idle, timeout=60_000)


# -- restored from before a change of keys -----------------------------------------------------------------------------


@pytest.fixture
def stranded(qtbot: QtBot, context: Context, enrolled: Desk, settled: Settle) -> Iterator[SyncPage]:
    """The page of a desk whose keys the platform has replaced."""
    halt(enrolled, REPLACED)
    yield from shown(qtbot, context, settled)


def test_a_desk_whose_keys_were_replaced_says_so_and_enrols_anew_by_keyboard(
    stranded: SyncPage, qtbot: QtBot, enrolled: Desk, platform: Platform
) -> None:
    page, form = stranded, stranded.form
    before = load_membership(enrolled.store).device
    assert form.isVisible()
    assert form.address.text() == platform.url
    assert "没有丢失" in form.why.text()
    assert page.device.chip.text() == "须重新登记"
    assert page.sync_button.isEnabled()  # the word was not signed: it may be asked again
    assert not page.device.reopen_button.isVisible()
    form.code.setFocus()
    write(form.code, platform.code())
    press(form.code, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: form.isHidden() and page.context.runner.idle, timeout=60_000)
    assert load_membership(enrolled.store).device != before
    assert page.device.chip.text() == "正常"
    page.synchronise()
    finished(page, qtbot)
    with enrolled.store.reading() as connection:
        assert outbox.counts(connection)["done"] > 0


# -- before enrolment --------------------------------------------------------------------------------------------------


def test_a_desk_that_is_not_enrolled_is_asked_to_and_can_do_nothing_else(page: SyncPage) -> None:
    assert page.form.isVisible()
    assert page.standing.isHidden()
    assert not page.sync_button.isEnabled()
    assert not page.export_button.isEnabled()
    page.show_target(Target("sync"))
    assert page.form.address.hasFocus()


def test_what_waits_is_counted_by_kind_and_what_is_held_says_why_and_leads_there(page: SyncPage, qtbot: QtBot) -> None:
    assert page.waiting.values() == ["农户 12、家庭成员 24", "0", "缺少授权 36"]
    row = page.held.table.rows.row_at(0)
    assert row is not None
    assert str(row.cells[1]).startswith("缺少授权：")
    assert row.cells[2] == "请先登记签署的授权，再报送。"
    assert page.held.words.text() == f"{row.cells[1]}{row.cells[2]}"
    with qtbot.waitSignal(page.context.going) as going:
        press(page.held.table, Qt.Key.Key_Return)
    (target,) = going.args
    assert f"{target.type}:{target.rid}" == row.key
    assert (target.page, target.came_from) == ("records", Target("sync"))


def test_a_new_record_shows_among_what_waits(page: SyncPage, desk: OpenDesk, qtbot: QtBot) -> None:
    first = desk.services.records.find("R05", limit=1)[0].rid
    desk.services.ratings.rate(first)
    qtbot.waitUntil(lambda: page.waiting.values()[:1] == ["农户 12、家庭成员 24、户评级 1"])


def test_a_mistyped_code_is_told_before_anybody_is_asked(page: SyncPage) -> None:
    page.form.address.setFocus()
    write(page.form.address, "gateway.invalid:8443")
    press(page.form.address, Qt.Key.Key_Tab)
    assert page.form.address.value() == "https://gateway.invalid:8443"
    assert page.form.code.hasFocus()
    write(page.form.code, "12345")
    press(page.form.code, Qt.Key.Key_Return)
    assert page.form.rows[1].problem_label.text().startswith("登记码")
    assert page.form.send_button.isEnabled()
    assert page.context.runner.idle


def test_an_address_that_is_not_https_is_told(page: SyncPage) -> None:
    page.form.address.setText("http://gateway.invalid")
    page.form.address.setModified(True)
    page.form.send()
    assert page.form.rows[0].problem_label.text() == "地址须以 https:// 开头。"


def test_a_missing_certificate_file_is_told_in_the_form(
    qtbot: QtBot, context: Context, office: Desk, platform: Platform, settled: Settle
) -> None:
    for page in shown(qtbot, context, settled):
        fill(page, platform.url, platform.code(), "没有这个文件.pem")
        page.form.send()
        qtbot.waitUntil(page.form.problem.isVisible)
        assert "没有这个文件.pem" in page.form.problem.text()
        assert page.form.send_button.isEnabled()
        assert office.grant is None


def fill(page: SyncPage, address: str, code: str, ca: str) -> None:
    """Type the form."""
    for field, text in ((page.form.address, address), (page.form.code, code), (page.form.ca, ca)):
        field.setText(text)
        field.setModified(True)


# -- with a platform ---------------------------------------------------------------------------------------------------


def test_a_village_enrols_and_sends_and_sees_its_receipt(
    qtbot: QtBot, context: Context, office: Desk, platform: Platform, settled: Settle, tmp_path: Path
) -> None:
    certificate = tmp_path / "平台证书.pem"
    certificate.write_text(platform.ca, encoding="utf-8")
    for page in shown(qtbot, context, settled):
        typed = platform.code().replace("-", " ").lower().replace("0", "o")
        fill(page, platform.url.removeprefix("https://"), typed, str(certificate))
        page.form.code.setFocus()
        press(page.form.code, Qt.Key.Key_Return)
        qtbot.waitUntil(page.standing.isVisible, timeout=20_000)
        assert page.form.isHidden()
        assert page.standing.chip.text() == "已登记"
        assert page.standing.values()[-1] == "还没有"
        settled()
        ready, held = page.waiting.values()[1:]
        assert ready.startswith("6　约")
        assert held == "缺少授权 2"
        page.show_target(Target("sync"))
        press(page.sync_button, Qt.Key.Key_Space)
        finished(page, qtbot)
        assert page.told.chip.text() == "已完成"
        assert page.told.text.text().splitlines()[:2] == [
            "平台已收存 6 条，处理结果以平台回执为准。",
            "6 条：平台已收下。",
        ]
        batch = page.batches.table.rows.row_at(0)
        assert batch is not None
        assert batch.cells[2:] == ("6", Chip("已有回执", "ok"), "收下 6 条")
        assert page.standing.values()[-1] != "还没有"
        assert office.store.setting("sync.last_at") is not None
        overview = context.desk.overview() if context.desk else None
        assert overview is not None
        assert overview.sync.last_sync == page.standing.values()[-1]


def test_what_the_platform_did_not_take_says_what_to_do_and_leads_there(
    member: SyncPage, enrolled: Desk, qtbot: QtBot
) -> None:
    add_household(enrolled, 9, village=ELSEWHERE)
    member.synchronise()
    finished(member, qtbot)
    assert member.told.chip.text() == "已完成，有 6 条要处理"
    assert member.sync_button.hasFocus()
    assert member.aside.isVisible()
    row = member.aside.table.rows.row_at(0)
    assert row is not None
    assert row.cells[1] == "超出本单位的区划范围或职责，平台没有收下。"
    assert "请核对记录的所属区划" in member.aside.words.text()
    with qtbot.waitSignal(member.context.going) as going:
        press(member.aside.table, Qt.Key.Key_Return)
    assert f"{going.args[0].type}:{going.args[0].rid}" == row.key


def test_without_a_network_nothing_is_lost_and_the_notice_offers_another_try(
    member: SyncPage, enrolled: Desk, qtbot: QtBot, platform: Platform
) -> None:
    membership = load_membership(enrolled.store)
    save_membership(enrolled.store, msgspec.structs.replace(membership, gateway="https://127.0.0.1:1"))
    notices = posted(member.context)
    member.synchronise()
    assert member.progress.isVisible()
    finished(member, qtbot)
    assert member.told.chip.text() == "没有完成"
    assert "连不上市平台" in notices[0].text
    assert "没有丢失" in notices[0].hint
    assert notices[0].action is not None
    save_membership(enrolled.store, membership)
    notices[0].action()
    finished(member, qtbot)
    assert member.told.chip.text() == "已完成"


def test_an_exchange_can_be_stopped(member: SyncPage, enrolled: Desk, qtbot: QtBot) -> None:
    membership = load_membership(enrolled.store)
    save_membership(enrolled.store, msgspec.structs.replace(membership, gateway="https://127.0.0.1:1"))
    member.synchronise()
    qtbot.waitUntil(member.progress.isVisible)
    member.progress.stop.click()
    finished(member, qtbot)
    assert member.progress.isHidden()
    assert enrolled.store.setting("sync.last_at") is None


def test_batches_go_onto_a_stick_as_they_were_sealed(
    member: SyncPage, enrolled: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    stick = tmp_path / "优盘"
    stick.mkdir()
    notices = posted(member.context)
    member.export(stick)
    finished(member, qtbot)
    (copy,) = stick.iterdir()
    assert copy.name.startswith("报送包-0001-")
    assert copy.suffix == ".jmb"
    assert copy.read_bytes() == next(enrolled.vault.outgoing.iterdir()).read_bytes()
    assert notices[-1].text == "已写好 1 个报送包，共 6 条记录。"
    batch = member.batches.table.rows.row_at(0)
    assert batch is not None
    assert batch.cells[3] == Chip("已导出，待送达平台", "warn")
    member.export(stick)
    finished(member, qtbot)
    assert list(stick.iterdir()) == [copy]
    member.synchronise()
    finished(member, qtbot)
    assert member.told.chip.text() == "已完成"
    with enrolled.store.reading() as connection:
        assert [batch.state for batch in outbox.batch_list(connection)] == ["done"]


def test_receipts_come_back_on_the_stick(
    member: SyncPage, enrolled: Desk, platform: Platform, qtbot: QtBot, tmp_path: Path
) -> None:
    stick = tmp_path / "优盘"
    stick.mkdir()
    notices = posted(member.context)
    member.take(stick)
    finished(member, qtbot)
    assert "没有平台的回执文件" in notices[-1].text
    member.export(stick)
    finished(member, qtbot)
    handled = [one for one in at_the_platform(platform, stick) if one.file]
    assert [one.problem for one in handled] == [""]
    member.take(stick)
    finished(member, qtbot)
    assert notices[-1].kind == OK
    with enrolled.store.reading() as connection:
        assert [batch.state for batch in outbox.batch_list(connection)] == ["done"]


def test_a_stick_that_cannot_be_written_is_told_and_the_batch_stays(
    member: SyncPage, enrolled: Desk, qtbot: QtBot, tmp_path: Path
) -> None:
    notices = posted(member.context)
    member.export(tmp_path / "没有插优盘")
    finished(member, qtbot)
    assert notices[-1].kind == "bad"
    assert notices[-1].hint
    with enrolled.store.reading() as connection:
        assert [batch.state for batch in outbox.batch_list(connection)] == ["sealed"]


def test_the_rehearsal_names_what_the_platform_would_refuse_and_prints(
    member: SyncPage, enrolled: Desk, settled: Settle, tmp_path: Path
) -> None:
    household = next(r.rid for r in enrolled.records.find("R05") if r.sync == "mine")
    enrolled.ratings.rate(household)
    (rating,) = enrolled.records.find("R16")
    with enrolled.store.transaction(enrolled.actor, "edit") as transaction:
        transaction.change("R16", rating.rid, {"grade": "AAA"})
    settled()
    assert member.refusing.isVisible()
    row = member.refusing.table.rows.row_at(0)
    assert row is not None
    assert row.key == f"R16:{rating.rid}"
    member.print_rehearsal(tmp_path / "预演.pdf")
    assert (tmp_path / "预演.pdf").read_bytes().startswith(b"%PDF")


def test_an_exchange_stands_in_the_diary_and_can_be_filtered_and_printed(
    member: SyncPage, settled: Settle, tmp_path: Path
) -> None:
    assert not member.diary.isVisible()
    member.synchronise()
    settled()
    assert member.diary.isVisible()
    assert member.diary.rows().count() == 1
    assert "平台已收存" in member.diary.words.text()
    member.diary.filter.setCurrentIndex(member.diary.filter.findData("failed"))
    assert member.diary.rows().count() == 0
    assert member.diary.isVisible()  # the filter stays at hand
    member.diary.filter.setCurrentIndex(0)
    member.print_diary(tmp_path / "日记.pdf")
    assert (tmp_path / "日记.pdf").read_bytes().startswith(b"%PDF")


def test_packages_stand_with_their_dates_and_what_they_did(member: SyncPage, enrolled: Desk, settled: Settle) -> None:
    heir = "440785109213"
    gone = enrolled.regions[0]
    enrolled.packages.take(issue(effective="2099-01-01"), b"")
    enrolled.packages.take(issue("regions", "JM-QH-2026", files=regions_files((gone, heir))), b"")
    enrolled.renew()
    member.refresh()
    settled()
    rows = [member.packages.table.rows.row_at(n) for n in range(2)]
    assert [row.cells[2] for row in rows if row] == [Chip("到期生效", "info"), Chip("现行", "ok")]
    assert rows[1] is not None
    assert gone in str(rows[1].cells[4])
