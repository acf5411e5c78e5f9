"""The demonstration in the window: from the start page, unmistakable on every page and sheet, away at will."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from jmdesk.demonstration.service import Demonstration
from jmdesk.vault.kdf import FLOOR
from ui.app import Session
from ui.core.context import Target
from ui.core.printing import write_pdf
from ui.core.settings import Settings
from ui.core.stamping import stamp
from ui.core.vaults import VaultsOnDisk
from ui.page_table import PAGES


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo") / "demonstration"
    Demonstration(place).open().close()
    return place


Started = list[tuple[str, ...]]


@pytest.fixture
def started() -> Started:
    """What programs were started again, with which arguments."""
    return []


@pytest.fixture
def session(qtbot: QtBot, settings: Settings, folder: Path, started: Started) -> Iterator[Session]:
    def again(*arguments: str) -> None:
        started.append(arguments)

    made = Session(VaultsOnDisk(FLOOR, folder), settings, again)
    qtbot.addWidget(made.window)
    made.window.show()
    yield made
    made.close()


def enter(qtbot: QtBot, session: Session) -> None:
    session.front.demonstration_button.click()
    qtbot.waitUntil(lambda: session.context.desk is not None, timeout=30_000)
    qtbot.waitUntil(lambda: session.context.runner.idle, timeout=30_000)


def test_the_start_page_leads_into_it_and_it_is_not_remembered_among_the_vaults(
    qtbot: QtBot, session: Session, settings: Settings
) -> None:
    enter(qtbot, session)
    assert session.context.services.demonstration
    assert settings.vaults == []


def test_every_page_says_that_all_is_invented(qtbot: QtBot, session: Session) -> None:
    enter(qtbot, session)
    for spec in PAGES:
        session.window.go(Target(spec.id))
        qtbot.waitUntil(lambda: session.context.runner.idle, timeout=30_000)
        assert session.window.windowTitle().startswith("【演示】"), spec.id
        assert session.window.banner.isVisible(), spec.id
        assert "虚构" in session.window.banner.text.text()


def test_leaving_it_shows_the_start_page_of_a_fresh_program(
    qtbot: QtBot, session: Session, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QApplication, "quit", lambda *_: None)
    enter(qtbot, session)
    session.window.banner.leave_button.click()
    assert started == [()]
    assert session.context.desk is None


def test_beginning_anew_throws_it_away_and_starts_another(
    qtbot: QtBot, session: Session, started: Started, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QApplication, "quit", lambda *_: None)
    enter(qtbot, session)
    session.window.banner.reset_button.click()
    assert started == [("--demonstration",)]
    assert not folder.exists()
    Demonstration(folder).open().close()


def reds(pdf: Path, page: int) -> int:
    """How many points of a printed page are reddish: the text is black."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        painted = document[page].render(scale=1, rev_byteorder=True)
        raw, step, width = bytes(painted.buffer), painted.n_channels, painted.width
        lines = [raw[line * painted.stride :][: width * step] for line in range(painted.height)]
    finally:
        document.close()
    return sum(line[at] > line[at + 1] + 30 for line in lines for at in range(0, width * step, step))


@pytest.fixture
def stamped() -> Iterator[Callable[[str], None]]:
    yield stamp
    stamp("")


def test_every_sheet_bears_the_stamp_and_none_outside_the_demonstration(
    tmp_path: Path, stamped: Callable[[str], None]
) -> None:
    html = "<html><body>" + "<p>一行字</p>" * 120 + "</body></html>"
    write_pdf(html, tmp_path / "real.pdf")
    stamped("演示 · 数据虚构 · 无效")
    write_pdf(html, tmp_path / "demo.pdf")
    pages = len(pypdfium2.PdfDocument(tmp_path / "demo.pdf"))
    assert pages == len(pypdfium2.PdfDocument(tmp_path / "real.pdf")) >= 2
    for page in range(pages):
        assert reds(tmp_path / "real.pdf", page) == 0
        assert reds(tmp_path / "demo.pdf", page) > 500
