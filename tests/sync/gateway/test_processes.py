"""API, ingest and signer as three real processes: who has which key, and a whole batch through all of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest
import requests

from jmdesk.core.clock import SystemClock
from jmdesk.core.errors import Environment
from jmdesk.core.resources import resource
from sync.gateway.cli import main
from sync.gateway.database import Access, Database, Role, Storage
from sync.gateway.keys import OPENING_FILE, SIGNING_FILE, api_keys, signing_keys
from sync.gateway.logins import FILE, read_logins
from sync.gateway.signer import SignerClient
from sync.protocol.records import Verdict
from sync.protocol.suites import KeyRole
from tests.sync.gateway.conftest import VILLAGE
from tests.sync.gateway.desk import Desk, draft, household

PROGRAM = "import sys; from sync.gateway.cli import main; sys.exit(main())"


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A platform that `setup` founded, with a folder for each process."""
    folder = Path(tempfile.mkdtemp(prefix="jmdesk-parts-"))
    folder.chmod(0o755)
    with ExitStack() as rest:
        rest.callback(shutil.rmtree, folder, ignore_errors=True)
        rest.enter_context(Storage(folder, settings={"fsync": "off"}))
        assert main(["units", "import", str(resource("samples/units.csv")), "--data", str(folder)]) == 0
        assert main(["setup", "--data", str(folder)]) == 0
        yield folder


@contextmanager
def process(data: Path, role: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process of the gateway on its own folder, and the line with which it says that it is ready."""
    found = subprocess.Popen(
        [
            *(sys.executable, "-c", PROGRAM, "serve", "--role", role, "--data", str(data / "processes" / role)),
            *("--signer", str(data / "signer.sock"), *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert found.stdout is not None
        line = found.stdout.readline()
        assert line.startswith("jmdesk-gateway: "), found.communicate()[1]
        yield found, line
    finally:
        found.kill()
        found.communicate()


def test_each_folder_holds_what_is_its_process_s_and_nothing_more(data: Path) -> None:
    held = {place.name: {file.name for file in place.iterdir()} for place in (data / "processes").iterdir()}
    assert held["api"] == held["read"] == held["audit"] == {FILE}
    assert held["ingest"] == {FILE, OPENING_FILE}
    assert held["signer"] == {FILE, SIGNING_FILE}
    for place in (data / "processes").iterdir():
        assert place.stat().st_mode & 0o077 == 0
        assert all(file.stat().st_mode & 0o077 == 0 for file in place.iterdir())
        own = {f"jmdesk_{place.name}"} | ({Role.PUBLIC.value} if place.name == "api" else set())
        assert read_logins(place / FILE).keys() == own


def test_a_second_setup_leaves_the_logins_as_they_are(data: Path) -> None:
    before = (data / FILE).read_bytes()
    assert main(["setup", "--data", str(data)]) == 0
    assert (data / FILE).read_bytes() == before


def test_a_login_cannot_become_another_role(data: Path) -> None:
    for name in ("api", "ingest", "signer", "read", "audit"):
        login = read_logins(data / "processes" / name / FILE)[f"jmdesk_{name}"]
        with psycopg.connect(login, autocommit=True) as connection:
            for role in set(Role) - {Role.OWNER, Role(f"jmdesk_{name}")}:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"SET ROLE {role.value}".encode())
            assert connection.execute(
                "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone() == (False,)


@pytest.mark.slow
def test_a_whole_batch_goes_through_three_processes(data: Path) -> None:
    with (
        process(data, "signer") as (signer, ready),
        process(data, "ingest"),
        process(data, "api", "--listen", "127.0.0.1:0") as (api, told),
    ):
        assert ready == "jmdesk-gateway: signer is ready\n"
        assert (data / "signer.sock").stat().st_mode & 0o007 == 0
        url, _, authority = told.removeprefix("jmdesk-gateway: ready at ").strip().partition(" (CA: ")
        desk = Desk(url, authority.removesuffix(")"))
        desk.enrol(_code(data), VILLAGE)
        desk.open_session()
        rid, values = household()
        assert desk.exchange(draft("R05", rid, values))[0].verdict is Verdict.ACCEPTED
        assert desk.pull()[rid].set["address"] == values["address"]
        assert desk.call("GET", "/readyz").status_code == 200
        assert desk.call("GET", "/certificates/XY44078507202600000").status_code == 404

        signer.kill()
        signer.communicate()
        assert desk.call("GET", "/readyz").status_code == 503
        batch = desk.seal(draft("R05", rid, {"population": 5}, base=1))
        desk.announce(batch)
        desk.put(batch, 0)
        assert desk.commit(batch).json()["code"] == "unavailable"
        with process(data, "signer"):
            assert desk.commit(batch).status_code == 202
            assert desk.verdicts(batch)[0].totals.accepted == 1
        desk.http.close()
        api.send_signal(signal.SIGTERM)
        assert api.wait(timeout=30) == 0


def _code(data: Path) -> str:
    from sync.gateway.enrol import issue_code
    from sync.gateway.keys import load_keys

    with Storage(data) as storage:
        keys = load_keys(storage.database, data, SystemClock())
        return issue_code(storage.database, keys, SystemClock(), VILLAGE, (), ()).text


def test_the_api_has_no_private_key_in_its_folder_its_memory_or_its_reach(data: Path) -> None:
    with (
        process(data, "signer"),
        Storage(data / "processes" / "api") as storage,
        closing(SignerClient(data / "signer.sock")) as client,
    ):
        keys = api_keys(storage.database, client)
        assert keys.openers == ()
        with pytest.raises(LookupError):
            _ = keys.opening
        assert not any(hasattr(key, "private") for key in (keys.signing, keys.provisioning, keys.publisher))
        assert storage.database.roles == {Role.API, Role.PUBLIC}
        for role in set(Role) - {Role.API, Role.PUBLIC}:
            with pytest.raises(Environment, match=r"gateway\.no_login"):
                storage.database.run(Access(role), lambda connection: connection.execute("SELECT 1"))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            storage.database.run(Access(Role.API), lambda c: c.execute("SELECT sealed FROM platform_keys"))


def test_ingest_and_signer_read_their_own_sealed_keys_only(data: Path) -> None:
    def roles(name: str) -> set[str]:
        with Storage(data / "processes" / name) as storage:
            rows = storage.database.run(
                Access(Role(f"jmdesk_{name}")), lambda c: c.execute("SELECT role FROM platform_keys").fetchall()
            )
        return {role for (role,) in rows}

    assert roles("ingest") == {KeyRole.RECIPIENT.value}
    assert roles("signer") == {"platform", "provisioning", "publisher", "update"}
    with Storage(data / "processes" / "signer") as storage:
        assert len(signing_keys(storage.database, data / "processes" / "signer")) == 4


def test_a_part_that_may_not_migrate_refuses_another_schema(data: Path) -> None:
    with Storage(data) as owner:
        revision = owner.database.run(
            Access(Role.OWNER), lambda c: c.execute("SELECT version_num FROM alembic_version").fetchone()
        )
        for other, code in (("0000", "gateway.older_schema"), ("9999", "gateway.newer_schema")):
            _set_revision(owner.database, other)
            try:
                with pytest.raises(Environment) as raised:
                    Storage(data / "processes" / "api")
                assert raised.value.code == code
            finally:
                _set_revision(owner.database, revision[0] if revision else "")


def _set_revision(database: Database, revision: str) -> None:
    database.run(Access(Role.OWNER), lambda c: c.execute("UPDATE alembic_version SET version_num = %s", (revision,)))


def test_a_part_without_the_signer_says_so(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(data / "processes" / "api")
    assert main(["serve", "--role", "api", "--data", folder]) == 1
    assert "--signer" in capsys.readouterr().err
    nowhere = str(data / "nobody.sock")
    assert main(["serve", "--role", "api", "--data", folder, "--signer", nowhere, "--listen", "127.0.0.1:0"]) == 1
    assert "连接不上签名进程" in capsys.readouterr().err


def test_the_operators_port_tells_how_a_part_is(data: Path) -> None:
    port = _free_port()
    with process(data, "signer"), process(data, "ingest", "--ops", f"127.0.0.1:{port}"):
        with requests.Session() as http:
            http.trust_env = False
            ready = http.get(f"http://127.0.0.1:{port}/readyz", timeout=20)
            metrics = http.get(f"http://127.0.0.1:{port}/metrics", timeout=20).text
        assert (ready.status_code, set(ready.json()["checks"].values())) == (200, {"ok"}), ready.text
        assert 'role="ingest"' in metrics
        assert "jmdesk_database_up 1.0" in metrics


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def test_the_log_of_a_real_process_is_json_without_what_people_typed(data: Path) -> None:
    canary, number = "样例张三丰", "440785199001011234"
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    found = subprocess.Popen(
        [
            *(sys.executable, "-c", PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", str(data)),
            *("--log-level", "debug"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert found.stdout is not None
        told = found.stdout.readline()
        url, _, authority = told.removeprefix("jmdesk-gateway: ready at ").strip().partition(" (CA: ")
        desk = Desk(url, authority.removesuffix(")"))
        desk.enrol(_code(data), VILLAGE)
        desk.open_session()
        desk.exchange(draft("R05", *household(address=canary)), draft("R05", *household(address=number, population=-1)))
        body = f'{{"device": "{canary}{number}"}}'.encode()
        for method, path, headers in [
            ("POST", "/v1/session/challenge", {"X-Request-Id": f"id-{number}"}),
            ("POST", "/v1/enrol", {"X-Request-Id": "desk-4711", "X-Name": number}),
            ("GET", f"/v1/batches/{number}", {"User-Agent": number}),
            ("GET", f"/{number}?name={number}", {"Authorization": f"Bearer {number}"}),
            ("PUT", f"/v1/batches/01900000-0000-7000-8000-{number[:12]}/manifest?q={number}", {}),
        ]:
            desk.call(method, path, body, headers=headers)
        desk.http.close()
        found.send_signal(signal.SIGTERM)
        _, log = found.communicate(timeout=30)
    finally:
        found.kill()
        found.communicate()
    lines = [json.loads(line) for line in log.splitlines()]
    assert all({"at", "level", "logger", "event"} <= line.keys() for line in lines)
    assert {"request": "desk-4711", "route": "/v1/enrol", "status": 400}.items() <= next(
        line.items() for line in lines if line.get("request") == "desk-4711"
    )
    assert canary not in log
    assert number not in log
    assert json.dumps(canary) not in log
    assert desk.token not in log
