"""The program tries itself: from the checkout on every run, frozen into a folder in the long suites."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAID = """\
self-test: vault made, schema migrated
self-test: vault opened
self-test: 12 households imported, 0 refused
self-test: 12 households rated
self-test: pages painted: {pages}
self-test: explanation printed
self-test: ok
"""


def run(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """Run a program as on a computer without Python, without a display, in a home that is empty."""
    return subprocess.run(
        command,
        env={"PATH": "/nowhere", "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"},
        cwd=home,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def expected() -> str:
    """What the self-test says when all is well."""
    from ui.page_table import RAIL

    return SAID.format(pages=" ".join(page.id for page in RAIL))


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frozen program, built from this checkout."""
    described = importlib.util.spec_from_file_location("freeze", ROOT / "installer" / "freeze.py")
    assert described
    assert described.loader
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    program: Path = module.freeze(tmp_path_factory.mktemp("冻结 program"))
    return program


def test_the_program_tries_itself_and_says_what_is_known(tmp_path: Path) -> None:
    done = run([sys.executable, "-m", "jmdesk", "--self-test"], tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == (expected(), "", 0)


@pytest.mark.slow
def test_the_self_test_leaves_nothing_behind(tmp_path: Path) -> None:
    run([sys.executable, "-m", "jmdesk", "--self-test"], tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and "fontconfig" not in path.parts]


@pytest.mark.long
class TestFrozen:
    """What holds for the folder that `make freeze` builds."""

    def test_the_frozen_program_tries_itself_and_says_what_is_known(self, frozen: Path, tmp_path: Path) -> None:
        done = run([str(frozen), "--self-test"], tmp_path)
        assert (done.stdout, done.stderr, done.returncode) == (expected(), "", 0)

    def test_the_frozen_program_knows_its_version(self, frozen: Path, tmp_path: Path) -> None:
        from jmdesk import version

        done = run([str(frozen), "--version"], tmp_path)
        assert (done.stdout, done.stderr) == (f"jmdesk {version()}\n", "")

    def test_the_frozen_program_takes_commands(self, frozen: Path, tmp_path: Path) -> None:
        done = run([str(frozen), "check", "region", "440785104200", "--json"], tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert '"ok"' in done.stdout

    def test_the_frozen_program_types_chinese_and_paints_without_a_display(self, frozen: Path) -> None:
        plugins = {path.name for path in frozen.parent.rglob("plugins/*/*")}
        assert {
            "libibusplatforminputcontextplugin.so",
            "libcomposeplatforminputcontextplugin.so",
            "libqxcb.so",
            "libqoffscreen.so",
        } <= plugins

    def test_the_frozen_program_carries_what_it_reads_as_files(self, frozen: Path) -> None:
        inside = frozen.parent / "_internal"
        names = {path.relative_to(inside).as_posix() for path in inside.rglob("*")}
        assert "jmdesk/store/migrations/env.py" in names
        assert {"resources/CHANGELOG.md", "resources/catalogue/catalogue.csv"} <= names
        shipped = {path.relative_to(ROOT).as_posix() for path in (ROOT / "resources").rglob("*") if path.is_file()}
        assert {name for name in shipped if not name.endswith((".py", ".pyc"))} <= names

    def test_the_frozen_program_carries_no_gateway_and_no_tools(self, frozen: Path) -> None:
        names = " ".join(os.fspath(path.relative_to(frozen.parent)) for path in frozen.parent.rglob("*"))
        assert not [
            word for word in ("psycopg", "uvicorn", "pytest", "hypothesis", "QtQml", "Qt6Quick") if word in names
        ]
