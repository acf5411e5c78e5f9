"""Credit villages by keyboard: down the tiles to a village, its lists and figures, application, projection, paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import docx
import pypdfium2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot
from python_calamine import CalamineWorkbook

from jmdesk.villages.papers import export
from tests.ui.desks import VILLAGE
from tests.ui.keys import press, write
from tests.villages import YEAR, add_households, add_rating, count_residents, report_loans
from ui.core.context import Context
from ui.core.messages import Notice
from ui.core.ports import Chip
from ui.core.vaults import OpenDesk
from ui.pages.villages.page import BOARD, VillagesPage
from ui.pages.villages.page import VILLAGE as ONE_VILLAGE
from ui.widgets.tile_map import TileMap

Settle = Callable[[], None]
OTHER = "440783110221"


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle) -> VillagesPage:
    """A town of two villages: one of a dozen households, half of them credit households; one of four, all of them."""
    services = desk.services
    households = [found.rid for found in services.records.find("R05")]
    with services.records.writing("import") as writer:
        for rid in households[:6]:
            add_rating(writer, rid)
        add_rating(writer, households[6], "B")
    add_households(services, 4, 4, village=OTHER)
    count_residents(services, 15, village=VILLAGE)
    count_residents(services, 5, village=OTHER)
    report_loans(services, "202512", 8, 1, "1000.00", "10.00", village=VILLAGE)
    report_loans(services, "202601", 8, 1, "1000.00", "10.00", lines=3, village=VILLAGE)
    made = VillagesPage(context)
    qtbot.addWidget(made)
    made.resize(1194, 720)
    made.show()
    settled()
    return made


def tiles(page: VillagesPage) -> dict[str, str]:
    return {tile.name: tile.figure for tile in page.board.tiles.tiles}


def down_to(page: VillagesPage, name: str, settled: Settle) -> None:
    """Move to a tile by arrow keys and open it."""
    board: TileMap = page.board.tiles
    wanted = next(n for n, tile in enumerate(board.tiles) if tile.name == name)
    press(board, Qt.Key.Key_Home)
    for _ in range(wanted):
        press(board, Qt.Key.Key_Right)
    press(board, Qt.Key.Key_Return)
    settled()


def cell(page: VillagesPage, figure: str, column: int = 1) -> str:
    source = page.village.figures.rows
    rows = [source.row_at(n) for n in range(source.rowCount())]
    found = next(row.cells[column] for row in rows if row is not None and row.cells[0] == figure)
    return found.text if isinstance(found, Chip) else found


def test_an_office_of_one_town_begins_with_its_villages(page: VillagesPage) -> None:
    assert tiles(page) == {"上洞村": "40.0%", "中洞村": "80.0%"}
    assert page.board.sentence.text().startswith(f"{YEAR} 年度信用户占比 50.0%。口径：")
    assert [mark.text for mark in page.board.grades.marks][:4] == ["0 户", "0 户", "10 户", "1 户"]


def test_a_tile_says_its_share_without_its_colour(page: VillagesPage) -> None:
    first, second = page.board.tiles.tiles
    assert (first.band, second.band) == (1, 5)
    assert page.board.tiles.accessibleName() == "信用户占比图：上洞村 40.0% 排名 2"


def test_a_village_opens_by_keyboard_and_tells_what_is_missing(page: VillagesPage, settled: Settle) -> None:
    down_to(page, "上洞村", settled)
    assert page.stack.currentIndex() == ONE_VILLAGE
    said = page.village.sentence.text()
    assert "未建档 3 户" in said
    assert "本年度尚未评定 5 户" in said
    press(page, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    page.go_back()
    assert page.stack.currentIndex() == BOARD


def test_a_figure_opens_its_households_and_a_household_its_archive(
    qtbot: QtBot, page: VillagesPage, context: Context, settled: Settle
) -> None:
    down_to(page, "上洞村", settled)
    page.village.figures.selectRow(2)
    press(page.village.figures, Qt.Key.Key_Return)
    settled()
    assert page.village.listing_title.text().startswith("信用户：6 户")
    with qtbot.waitSignal(context.going) as going:
        press(page.village.listing, Qt.Key.Key_Return)
    assert going.args
    assert (going.args[0].page, going.args[0].type) == ("households", "R05")


def test_a_village_applies_and_its_points_come_from_what_is_put_in(page: VillagesPage, settled: Settle) -> None:
    down_to(page, "上洞村", settled)
    press(page.village.apply_button, Qt.Key.Key_Space)
    write(page.village.applicant, "村民代表会议决议")
    page.village.confirm_application()
    settled()
    assert page.village.panel.state.text() == "已申报，待镇初审"
    press(page.village.give_button, Qt.Key.Key_Space)
    form = page.village.form
    assert form is not None
    for name, typed in (("organisation", "9"), ("cadres_clean", "是")):
        write(form.values[name], typed)
        write(form.bases[name], "评分表")
        form.confirm(name)
        settled()
    assert page.village.outcome.text() == "未达到条件"
    assert page.village.score.text().endswith(" 分")
    press(page.village.panel.buttons["review"], Qt.Key.Key_Space)
    step = page.village.panel.form
    assert step is not None
    write(step.needs["opinion"], "同意")
    step.confirm()
    settled()
    # The one who applied does not review, unless a leader's signed paper stands behind it.
    assert page.village.panel.state.text() == "已申报，待镇初审"


def test_a_paper_of_a_village_is_looked_at_when_given_out_and_found_again_on_its_page(
    page: VillagesPage, context: Context, notices: list[Notice], settled: Settle, tmp_path: Path
) -> None:
    down_to(page, "上洞村", settled)
    press(page.village.apply_button, Qt.Key.Key_Space)
    write(page.village.applicant, "村民代表会议决议")
    page.village.confirm_application()
    settled()
    page.make_paper("village-application")
    settled()
    (paper,) = context.services.papers.register("village-application")
    assert notices[-1].text.endswith(f"》{paper.number}")
    act = notices[-1].action
    assert act is not None
    act()
    settled()
    assert page.paper_file.view is not None
    page.paper_file.view.save(tmp_path / "申报.docx")
    page.paper_file.view.close()
    (link,) = (found for found in page.village.findChildren(QPushButton) if paper.number in found.text())  # type: ignore[var-annotated]
    press(link, Qt.Key.Key_Space)
    settled()
    assert page.paper_file.view is not None
    page.paper_file.view.save(tmp_path / "申报.pdf")
    settled()
    assert "上洞村" in "".join(part.text for part in docx.Document(str(tmp_path / "申报.docx")).paragraphs)
    assert (tmp_path / "申报.pdf").read_bytes().startswith(b"%PDF")
    page.paper_file.view.close()


def test_a_projected_view_hides_banks_and_ranking_until_switched_on(page: VillagesPage, settled: Settle) -> None:
    page.board.projected.setChecked(True)
    assert "排名" not in page.board.tiles.tiles[0].remark
    down_to(page, "上洞村", settled)
    assert cell(page, "贷款户") == "不在此显示"
    assert cell(page, "建档户") == "12 户"
    page.go_back()
    settled()
    page.board.all_the_same.setChecked(True)
    down_to(page, "上洞村", settled)
    assert cell(page, "贷款户") == "8 户"


def test_the_board_goes_to_paper(page: VillagesPage, tmp_path: Path) -> None:
    page.write_board(tmp_path / "图.pdf")
    text = pypdfium2.PdfDocument(str(tmp_path / "图.pdf"))[0].get_textpage().get_text_range()
    assert "上洞村" in text
    assert "40.0%" in text


def test_indicators_are_numbers_with_basis_source_and_day(desk: OpenDesk, page: VillagesPage, tmp_path: Path) -> None:
    assert page.board.board is not None
    export(desk.services, tmp_path / "指标.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "指标.xlsx"))
    lines = {row[0]: row[1:] for row in book.get_sheet_by_name("指标").to_python()}
    day = page.board.board.cutoff
    assert lines["信用户占比"] == [50.0, "%", "已认定信用户/年末常住农户", "户评级、区划户数", day]
    assert lines["信用户"][0] == 10.0
    assert lines["异议按期率"][0] == ""
    villages = book.get_sheet_by_name("各村").to_python()
    assert [row[5] for row in villages[1:]] == [6.0, 4.0]


def test_policies_are_shown_as_published_and_not_as_an_approval(page: VillagesPage, settled: Settle) -> None:
    down_to(page, "上洞村", settled)
    assert not page.village.benefits.isHidden()
    labels = cast("list[QLabel]", page.village.benefits.findChildren(QLabel))
    assert any("不是审批结果" in shown.text() for shown in labels)
