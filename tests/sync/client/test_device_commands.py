"""The commands of a computer's life as a device, from both ends, as an administrator's script calls them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jmdesk.cli.main import run
from jmdesk.desk import Desk
from jmdesk.vault.kdf import FLOOR
from sync.client.enrolment import enrol
from sync.client.patience import Patience
from sync.gateway.cli import main
from tests.sync.client.conftest import PASSPHRASE, Platform
from tests.sync.client.office import UNIT, VILLAGE, add_household

Call = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run one command of the desk; its exit status and the JSON object it printed."""
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE + "\n", encoding="utf-8")
    monkeypatch.setenv("JMDESK_PASSPHRASE_FILE", str(secret))

    def called(*arguments: object) -> tuple[int, dict[str, Any]]:
        status = run([*(str(argument) for argument in arguments), "--json"])
        printed = capsys.readouterr()
        return status, json.loads((printed.out or printed.err).splitlines()[-1])

    return called


@pytest.fixture
def vault(tmp_path: Path, platform: Platform, patience: Patience) -> Iterator[Path]:
    """An enrolled vault with one household that waits to be sent."""
    folder = tmp_path / "vault"
    with Desk.create(folder, PASSPHRASE, unit=UNIT, regions=(VILLAGE,), cost=FLOOR) as desk:
        enrol(desk, platform.transport(), platform.code(), gateway=platform.url, ca=platform.ca, patience=patience)
        add_household(desk, 1)
    yield folder
    platform.close()


def test_a_desk_is_replaced_from_the_command_line(
    vault: Path, call: Call, platform: Platform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("retire", "--vault", vault)[1]["error"] == "retirement.unsent"
    package = tmp_path / "rescue.jmx"
    status, told = call("retire", "--vault", vault, "--rescue", package)
    assert (status, told["rescue"]["records"] > 0) == (0, True)
    assert call("sync", "--vault", vault)[1]["error"] == "store.retired"
    assert run(["records", "R05", "--vault", str(vault), "--json"]) == 0
    assert "store" not in capsys.readouterr().out
    escrow, out = platform.data / "offline-root.json", tmp_path / "out"
    command = ("rescue", package, "--data", platform.data, "--escrow", escrow, "--out", out, "--json")
    assert main([str(argument) for argument in command]) == 0
    opened = json.loads(capsys.readouterr().out)
    assert opened["opened"]["open"] == told["rescue"]["records"]
    households = [json.loads(line) for line in (out / "open.jsonl").read_text().splitlines()]
    assert "样例路1号" in {line["values"].get("address") for line in households}
    assert (out.stat().st_mode & 0o077, (out / "open.jsonl").stat().st_mode & 0o077) == (0, 0)
    assert main([str(argument) for argument in command]) == 1


def test_keys_are_replaced_and_a_sound_chain_is_not_reopened_from_the_command_line(vault: Path, call: Call) -> None:
    assert call("sync", "--vault", vault)[0] == 0
    before = call("rotate", "--vault", vault)[1]
    assert before["granted"] is True
    assert call("reopen", "--vault", vault)[1]["error"] == "sync.no_reopen_needed"
    status, told = call("retire", "--vault", vault)
    assert (status, told["rescue"]) == (0, None)
