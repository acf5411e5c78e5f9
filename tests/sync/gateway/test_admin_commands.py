"""``jmdesk-gateway admin`` and its short forms, as administrators type them at the server."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sync.gateway.cli import main
from sync.gateway.database import Role, Storage
from sync.gateway.logins import FILE, write_logins
from sync.protocol.standing import DeviceState
from tests.sync.gateway.conftest import COUNTY, Platform
from tests.sync.gateway.staff import SECRETS, WHY
from tests.sync.gateway.test_devices import asked, reopening, retirement, small, told

Run = Callable[..., tuple[int, Any, str]]
PROGRAM = "import sys; from sync.gateway.cli import main; sys.exit(main())"


@pytest.fixture(scope="module")
def office(new_database: Callable[[], str]) -> Iterator[tuple[Path, Platform]]:
    """A data folder with passphrase files beside it, and a platform that serves on it."""
    data = Path(tempfile.mkdtemp(prefix="jmdesk-admin-"))
    for name, secret in SECRETS.items():
        (data / f"{name}.txt").write_text(f"{secret}\n", encoding="utf-8")
    with Storage(data, new_database()) as storage:
        platform = Platform(storage, data)
        platform.running.start()
        try:
            yield data, platform
        finally:
            for desk in platform.desks:
                desk.http.close()
            platform.running.stop()
    shutil.rmtree(data)


@pytest.fixture
def run(office: tuple[Path, Platform], capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command with ``--json``: exit status, what was told (each line), and the error's code."""
    data, _ = office

    def run(*arguments: str, by: str = "") -> tuple[int, Any, str]:
        acting = ["--account", by, "--passphrase-file", str(data / f"{by}.txt")] if by else []
        status = main([*arguments, *acting, "--json", "--data", str(data)])
        out, err = capsys.readouterr()
        lines = [json.loads(line) for line in out.splitlines()]
        return status, lines, json.loads(err)["error"] if err else ""

    return run


@pytest.fixture
def platform(office: tuple[Path, Platform], run: Run) -> Platform:
    """The platform, with an operator and an approver."""
    data, platform = office
    if not run("admin", "list", "accounts")[1]:
        for name, role in (("zhao", "operator"), ("qian", "approver")):
            assert (
                run("admin", "account", "add", name, "--role", role, "--new-passphrase-file", f"{data}/{name}.txt")[0]
                == 0
            )
    return platform


def test_a_device_is_revoked_by_two_and_not_by_one(platform: Platform, run: Run) -> None:
    desk = platform.desk()
    status, (made,), _ = run("revoke", desk.device[:12], "--reason", WHY, by="zhao")
    assert (status, made["kind"], made["subject"], made["state"]) == (0, "revoke", desk.device, "open")
    number = str(made["id"])
    assert run("admin", "approve", number, "--reason", WHY, by="zhao")[2] == "admin.not_allowed"
    assert told(desk, desk.call("GET", "/v1/devices/self")).state is DeviceState.ACTIVE
    status, (decided,), _ = run("admin", "approve", number, "--reason", WHY, by="qian")
    assert (status, decided["state"], decided["decided_by"]) == (0, "approved", "qian")
    assert told(desk, desk.call("GET", "/v1/devices/self")).state is DeviceState.REVOKED


def test_a_scope_is_changed_by_two_and_not_by_one(platform: Platform, run: Run) -> None:
    desk = platform.desk(COUNTY)
    wanted = ("scope", desk.device[:12], "--region", "440785103", "--role", "R3", "--reason", WHY)
    status, (made,), _ = run(*wanted, by="zhao")
    assert (status, made["kind"], made["subject"], made["detail"]["regions"]) == (
        0,
        "scope",
        desk.device,
        ["440785103"],
    )
    number = str(made["id"])
    assert run("admin", "approve", number, "--reason", WHY, by="zhao")[2] == "admin.not_allowed"
    devices = {row["device"]: row["regions"] for row in run("admin", "list", "devices")[1]}
    assert devices[desk.device] == list(desk.grant.regions)
    assert run("admin", "approve", number, "--reason", WHY, by="qian")[1][0]["state"] == "approved"
    devices = {row["device"]: row["regions"] for row in run("admin", "list", "devices")[1]}
    assert devices[desk.device] == ["440785103"]


def test_a_reopening_is_named_by_the_device_that_asks_for_it(platform: Platform, run: Run) -> None:
    desk = platform.desk()
    request = reopening(desk)
    asked(desk, "reopen", request)
    waiting = run("admin", "list", "waiting")[1]
    assert [(row["kind"], row["device"]) for row in waiting] == [("reopen", desk.device)]
    _, (made,), _ = run("reopen", desk.device, "--reason", WHY, by="zhao")
    assert made["subject"] == request.digest
    run("admin", "approve", str(made["id"]), "--reason", WHY, by="qian")
    assert asked(desk, "reopen", request).status_code == 201


def test_held_batches_are_released_or_refused(platform: Platform, run: Run) -> None:
    desk = platform.desk()
    asked(desk, "retire", retirement(desk))
    first = small(desk)
    desk.send(first)
    _, (made,), _ = run("release", desk.device, "--reason", WHY, by="zhao")
    assert run("admin", "approve", str(made["id"]), "--reason", WHY, by="qian")[0] == 0
    assert desk.verdicts(first)[0].totals.accepted == 1
    second = small(desk)
    desk.send(second)
    _, (made,), _ = run("refuse", second.id, "--reason", WHY, by="qian")
    assert run("admin", "reject", str(made["id"]), "--reason", WHY, by="qian")[2] == "admin.own_proposal"
    assert run("admin", "withdraw", str(made["id"]), by="qian")[1][0]["state"] == "withdrawn"


def test_a_third_account_is_proposed(platform: Platform, run: Run, office: tuple[Path, Platform]) -> None:
    data, _ = office
    added = ("admin", "account", "add", "sun", "--role", "auditor", "--new-passphrase-file", f"{data}/sun.txt")
    assert run(*added)[2] == "admin.four_eyes_only"
    _, (made,), _ = run(*added, "--reason", WHY, by="zhao")
    run("admin", "approve", str(made["id"]), "--reason", WHY, by="qian")
    accounts = {row["name"]: (row["role"], row["state"]) for row in run("admin", "list", "accounts")[1]}
    assert accounts["sun"] == ("auditor", "active")
    assert run("admin", "propose", "account-disable", "qian", "--reason", WHY, by="sun")[2] == "admin.not_allowed"
    _, (made,), _ = run("admin", "account", "disable", "sun", "--reason", WHY, by="zhao")
    assert run("admin", "approve", str(made["id"]), "--reason", WHY, by="qian")[0] == 0


def test_alarms_are_listed_and_acknowledged(platform: Platform, run: Run) -> None:
    desk = platform.desk()
    desk.send(small(desk))
    desk.announce(small(desk, prev="ab" * 32))
    (alarm,) = run("admin", "list", "alarms")[1]
    assert run("admin", "acknowledge", alarm["device"], alarm["at"], "--reason", WHY, by="zhao")[0] == 0
    assert run("admin", "list", "alarms")[1] == []


def test_the_log_is_listed_and_its_chain_followed(platform: Platform, run: Run) -> None:
    entries = run("admin", "list", "log")[1]
    status, (check,), _ = run("admin", "check-log")
    assert (status, check["entries"], check["head"]) == (0, entries[0]["n"], entries[0]["hash"])


@pytest.mark.parametrize("what", ["batches", "devices", "proposals", "verdicts"])
def test_what_there_is_can_be_listed(platform: Platform, run: Run, what: str) -> None:
    status, rows, error = run("admin", "list", what)
    assert (status, error) == (0, "")
    assert all(isinstance(row, dict) for row in rows)


def test_whoever_acts_says_who_and_proves_it(
    platform: Platform, run: Run, office: tuple[Path, Platform], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, _ = office
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    desk = platform.desk()
    assert run("revoke", desk.device, "--reason", WHY)[2] == "admin.who"
    wrong = ("--account", "zhao", "--passphrase-file", str(data / "qian.txt"))
    assert run("revoke", desk.device, "--reason", WHY, *wrong)[2] == "admin.wrong_passphrase"
    nowhere = ("--account", "zhao", "--passphrase-file", str(data / "nowhere.txt"))
    assert run("revoke", desk.device, "--reason", WHY, *nowhere)[2] == "admin.passphrase_file"
    assert run("revoke", desk.device, "--reason", WHY, "--account", "zhao")[2] == "admin.passphrase_asked"


@pytest.mark.parametrize("role", ["all", "admin"])
def test_the_administration_is_served_beside_the_desks_or_alone(
    new_database: Callable[[], str], tmp_path: Path, role: str
) -> None:
    url = new_database()
    if role == "admin":
        write_logins(tmp_path / FILE, {Role.ADMIN.value: url})
    options = ["--database", url] if role == "all" else []
    serve = ["serve", "--role", role, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *serve, "--data", str(tmp_path), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("jmdesk-gateway: administration at https://127.0.0.1:"), line
        address, authority = line.rpartition(" ")[2].strip(), str(tmp_path / "tls" / "ca.pem")
        with requests.Session() as http:
            http.trust_env = False
            assert http.get(f"{address}/healthz", verify=authority, timeout=30).json() == {"status": "ok"}
            assert http.get(f"{address}/v1/devices", verify=authority, timeout=30).status_code == 401
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_the_administration_alone_needs_a_port(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, "serve", "--role", "admin", "--language", "en", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "--admin-listen" in done.stderr) == (1, True)
