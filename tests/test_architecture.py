"""The import rule of ARCHITECTURE.md holds, and each of its contracts bites when it is broken on purpose."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("jmdesk", "sync", "ui")
CONTRACTS = tomllib.loads((ROOT / "importlinter.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]

# contract id -> (a file that breaks it, its text, what the report must say)
VIOLATIONS = {
    "programs": ("jmdesk/core/intruder.py", "import sync.protocol", "jmdesk.core.intruder -> sync.protocol"),
    "rooms": ("jmdesk/core/intruder.py", "import jmdesk.store", "jmdesk.core.intruder -> jmdesk.store"),
    "sync": ("sync/client/intruder.py", "import sync.gateway", "sync.client.intruder -> sync.gateway"),
    "protocol": ("sync/protocol/intruder.py", "import socket", "sync.protocol.intruder -> socket"),
    "gateway": ("sync/gateway/intruder.py", "import jmdesk.store", "sync.gateway.intruder -> jmdesk.store"),
    "window": ("ui/core/intruder.py", "import ui.pages", "ui.core.intruder -> ui.pages"),
    "pages": ("ui/pages/intruder.py", "import ui.pages.home", "ui.pages.intruder -> ui.pages.home"),
    "qt": ("jmdesk/core/intruder.py", "import PySide6.QtCore", "jmdesk.core.intruder -> PySide6"),
    "sql": ("jmdesk/core/intruder.py", "import sqlalchemy", "jmdesk.core.intruder -> sqlalchemy"),
    "migrations": ("jmdesk/core/intruder.py", "import alembic", "jmdesk.core.intruder -> alembic"),
    "http": ("sync/client/intruder.py", "import requests", "sync.client.intruder -> requests"),
    "postgres": ("sync/client/intruder.py", "import psycopg", "sync.client.intruder -> psycopg"),
}
LINT = "from importlinter.cli import import_linter; import_linter()"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program text and the contracts, free to be spoiled."""
    copy = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, copy / package, ignore=lambda _, names: [n for n in names if n == "__pycache__"]
        )
    shutil.copy(ROOT / "importlinter.toml", copy)
    return copy


def lint(tree: Path, *options: str) -> tuple[int, str]:
    """The exit status of import-linter on a tree and its report on one line."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, "lint", "--config", "importlinter.toml", "--no-logo", *options],
        cwd=tree,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_the_program_keeps_every_contract(tree: Path) -> None:
    status, report = lint(tree)
    assert status == 0, report
    assert f"{len(CONTRACTS)} kept, 0 broken" in report


def test_every_contract_is_tried_with_a_violation() -> None:
    assert {contract["id"] for contract in CONTRACTS} == VIOLATIONS.keys()


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_a_contract_bites(tree: Path, contract: str) -> None:
    name, text, said = VIOLATIONS[contract]
    intruder = tree / name
    intruder.write_text(f"{text}\n", encoding="utf-8")
    try:
        status, report = lint(tree, "--contract", contract)
    finally:
        intruder.unlink()
    assert status == 1
    assert "0 kept, 1 broken" in report
    assert said in report


@pytest.mark.parametrize(("package", "contract"), [("jmdesk", "rooms"), ("sync", "sync"), ("ui", "window")])
def test_a_room_that_no_layer_names_is_refused(tree: Path, package: str, contract: str) -> None:
    room = tree / package / "annex.py"
    room.write_text("", encoding="utf-8")
    try:
        status, report = lint(tree, "--contract", contract)
    finally:
        room.unlink()
    assert status == 1
    assert "annex" in report


def test_every_room_of_jmdesk_is_open_or_closed_to_the_gateway() -> None:
    open_rooms = {"core", "catalogue", "ratings"}
    (contract,) = (c for c in CONTRACTS if c["id"] == "gateway")
    closed = {m.split(".")[1] for m in contract["forbidden_modules"] if re.fullmatch(r"jmdesk\.\w+", m)}
    rooms = {
        path.stem for path in (ROOT / "jmdesk").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - {"__init__"} == open_rooms | closed
