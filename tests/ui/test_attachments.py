"""Documents beside a record, by keyboard and mouse: added, seen small, opened, taken off, put back, exported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from jmdesk.attachments.intake import examine
from jmdesk.consents.service import Signature
from jmdesk.core.media import PDF
from tests import documents
from tests.ui.keys import press, write
from ui.core.context import Context, Target
from ui.core.messages import Notice
from ui.core.vaults import OpenDesk
from ui.pages.households.page import HouseholdsPage
from ui.pages.records.page import RecordsPage
from ui.widgets.attachment_pictures import page_picture, thumbnail
from ui.widgets.attachment_viewer import AttachmentViewer
from ui.widgets.attachments import AttachmentsPanel

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def household(desk: OpenDesk) -> str:
    return desk.services.records.find("R05", limit=1)[0].rid


@pytest.fixture
def page(
    qtbot: QtBot, context: Context, desk: OpenDesk, household: str, settled: Callable[[], None]
) -> Iterator[RecordsPage]:
    made = RecordsPage(context)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    made.show_target(Target("records", "R05", household))
    settled()
    yield made
    settled()


@pytest.fixture
def panel(page: RecordsPage) -> AttachmentsPanel:
    return page.attachments


def words(panel: AttachmentsPanel) -> list[str]:
    return [panel.list.item(place).text() for place in range(panel.list.count())]


def a_file(folder: Path, data: bytes, name: str = "晒谷场.jpg") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def test_a_file_is_added_shown_small_and_taken_back_by_the_notice(
    panel: AttachmentsPanel, tmp_path: Path, settled: Callable[[], None], notices: list[Notice], desk: OpenDesk
) -> None:
    panel.add_files([a_file(tmp_path, documents.phone_photo())])
    settled()
    assert words(panel) == ["晒谷场\n待报送"]
    assert panel.section.unfolded
    (found,) = panel._found.values()
    assert desk.services.attachments.thumbnail(found.link)
    assert notices[-1].action is not None
    notices[-1].action()
    settled()
    assert words(panel) == []


def test_the_whole_work_is_done_by_keyboard(
    page: RecordsPage, panel: AttachmentsPanel, household: str, settled: Callable[[], None], desk: OpenDesk,
    notices: list[Notice],
) -> None:  # fmt: skip
    QGuiApplication.clipboard().setImage(QImage.fromData(documents.png()))
    press(page, Qt.Key.Key_I, CONTROL)
    assert panel.add_button.hasFocus()
    panel.paste_button.setFocus()
    press(panel.paste_button, Qt.Key.Key_Space)
    settled()
    assert words(panel) == ["粘贴的图片\n待报送"]
    press(page, Qt.Key.Key_I, CONTROL)
    assert panel.list.hasFocus()
    press(panel.list, Qt.Key.Key_Return)
    (viewer,) = panel._viewers
    settled()
    assert not viewer.picture.pixmap().isNull()
    press(viewer, Qt.Key.Key_Escape)
    assert not viewer.isVisible()
    press(panel.list, Qt.Key.Key_Delete)
    assert page.focusWidget() is panel.reason
    press(panel.reason, Qt.Key.Key_Return)
    assert "请写明" in panel.reason.problem() or panel.remove_line.isVisible()
    write(panel.reason, "拍错了人家")
    press(panel.reason, Qt.Key.Key_Return)
    settled()
    assert words(panel) == []
    (gone,) = desk.services.attachments.of("R05", household, removed=True)
    assert gone.removed_for == "拍错了人家"
    action = notices[-1].action
    assert action is not None
    action()
    settled()
    assert words(panel) == ["粘贴的图片\n待报送"]


def test_files_are_dropped_and_one_that_is_refused_keeps_no_other_out(
    panel: AttachmentsPanel, tmp_path: Path, settled: Callable[[], None], notices: list[Notice]
) -> None:
    mime = QMimeData()
    names = [a_file(tmp_path, documents.pdf(), "一.pdf"), a_file(tmp_path, b"MZ\x90", "二.exe")]
    mime.setUrls([QUrl.fromLocalFile(str(name)) for name in names])
    keys, buttons = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    entering = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, mime, buttons, keys)
    panel.dragEnterEvent(entering)
    assert entering.isAccepted()
    panel.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, buttons, keys))
    settled()
    assert words(panel) == ["一\n待报送"]
    assert "JPEG" in notices[-1].text


def test_an_empty_clipboard_says_so(panel: AttachmentsPanel, notices: list[Notice]) -> None:
    QGuiApplication.clipboard().setText("只有文字")
    panel.paste()
    assert "剪贴板" in notices[-1].text


def test_pages_turn_grow_and_leave_only_with_a_reason(
    qtbot: QtBot, context: Context, desk: OpenDesk, household: str, settled: Callable[[], None], tmp_path: Path
) -> None:
    attachments = desk.services.attachments
    paper = examine(documents.pdf(3, more=documents.SCRIPT))
    attachments.add("R05", household, paper, caption="合同")
    (found,) = attachments.of("R05", household)
    viewer = AttachmentViewer(context, found)
    qtbot.addWidget(viewer)
    viewer.show()
    settled()
    assert viewer.warning.isVisible()
    before = viewer.picture.pixmap().width()
    for key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageDown, Qt.Key.Key_PageDown):
        press(viewer, key)
    settled()
    assert viewer.place.text() == "第 3 页，共 3 页"
    press(viewer, Qt.Key.Key_Plus)
    settled()
    assert viewer.picture.pixmap().width() > before
    viewer.ask_export()
    viewer.export()
    assert viewer.reason.problem() or viewer.export_line.isVisible()
    viewer.export_to(tmp_path / "out.pdf", "法院调取")
    settled()
    assert (tmp_path / "out.pdf").read_bytes() == paper.data


def test_a_void_record_shows_its_documents_and_takes_no_more(
    page: RecordsPage, panel: AttachmentsPanel, household: str, desk: OpenDesk, settled: Callable[[], None]
) -> None:
    services = desk.services
    services.attachments.add("R05", household, examine(documents.png()), caption="房屋")
    services.records.void("R05", household, "重复建档")
    page.show_target(Target("records", "R05", household))
    settled()
    assert words(panel) == ["房屋\n待报送"]
    assert not panel.editable
    assert not panel.add_button.isVisibleTo(panel)


def test_a_scan_is_filed_with_the_signature_or_afterwards(
    qtbot: QtBot, context: Context, desk: OpenDesk, household: str, settled: Callable[[], None], tmp_path: Path
) -> None:
    services = desk.services
    page = HouseholdsPage(context)
    qtbot.addWidget(page)
    page.show()
    page.open(household)
    settled()
    page.consent.begin()
    page.consent.kinds.set_value(["C1"])
    page.consent.signed_at.set_value("2026-11-01T01:00:00Z")
    page.consent.scan.set_value(a_file(tmp_path, documents.pdf(), "授权书.pdf"))
    page.consent.sign_button.click()
    settled()
    (first,) = services.records.find("R04")
    assert first.values["consent_state"] == "2"
    services.consents.sign(household, Signature("2026-11-02T01:00:00Z"), kinds=("C2",))
    page.file_scan(a_file(tmp_path, documents.jpeg()))
    settled()
    states = {record.values["consent_kind"]: record.values["consent_state"] for record in services.records.find("R04")}
    assert states == {"C1": "2", "C2": "2"}


def test_a_picture_is_turned_the_right_way_up_and_small_ones_stay_small() -> None:
    photo = examine(documents.phone_photo(orientation=6))
    drawn = page_picture(photo.media, photo.data, 0, 1000)
    assert (drawn.width(), drawn.height()) == (48, 64)
    small = thumbnail(PDF, documents.pdf())
    assert small.startswith(b"\xff\xd8")
    assert len(small) < 64 * 1024
