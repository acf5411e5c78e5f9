"""Readiness tries what a process needs, and the log and the metrics say nothing that they should not."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import requests

from jmdesk.core.clock import FixedClock, SystemClock
from jmdesk.core.errors import Environment
from sync.gateway.database import OWNER, Database, Role
from sync.gateway.journal import JsonLines, event
from sync.gateway.listener import Listener
from sync.gateway.metrics import Metrics
from sync.gateway.ops import build_ops
from sync.gateway.readiness import OK, Readiness
from tests.sync.gateway.conftest import Platform
from tests.sync.gateway.desk import draft, household, until


def test_a_gateway_that_works_is_ready_in_every_respect(platform: Platform) -> None:
    fine = dict.fromkeys(("database", "schema", "spool", "ingest", "clock", "signer"), OK)
    until(lambda: platform.running.readiness.look() == fine)  # ingest takes its lock a moment after the start


def test_what_is_wrong_is_named_by_its_check(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    database, clock = platform.storage.database, SystemClock()

    def unreachable() -> None:
        raise Environment("gateway.signer_unreachable", path="")

    assert Readiness(database, clock, alive=lambda: False).look()["ingest"] == "stopped"
    assert Readiness(database, clock, signer=unreachable).look()["signer"] == "unreachable"
    for apart in (timedelta(minutes=2), timedelta(minutes=-2)):
        look = Readiness(database, FixedClock(clock.now() + apart)).look()
        assert {name for name, told in look.items() if told != OK} == {"clock"}
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    assert Readiness(database, clock).look()["spool"] == "no temporary files"


def test_a_database_without_a_platform_or_a_worker_is_not_ready(database_url: str) -> None:
    database = Database(database_url)
    look = Readiness(database, SystemClock()).look()
    assert (look["database"], look["ingest"], look["schema"]) == ("not founded", "nobody works", OK)
    with database.transaction(OWNER) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert Readiness(database, SystemClock()).look()["schema"] == "newer_schema"
    database.close()


def test_a_read_only_or_absent_database_is_not_ready(database_url: str) -> None:
    separator = "&" if "?" in database_url else "?"
    frozen = Database(f"{database_url}{separator}options=-cdefault_transaction_read_only%3Don")
    assert Readiness(frozen, SystemClock()).look()["spool"] == "read-only"
    frozen.close()
    away = Database("postgresql://nobody:x@127.0.0.1:1/none")
    look = Readiness(away, SystemClock()).look()
    assert {look[name] for name in ("database", "schema", "spool", "ingest", "clock")} == {"unreachable"}


def test_the_operators_port_is_the_loopback_s_and_says_what_is_wrong(platform: Platform) -> None:
    readiness = Readiness(platform.storage.database, SystemClock(), alive=lambda: False)
    listener = Listener(build_ops(platform.running.metrics, readiness), ("127.0.0.1", 0), None)
    listener.start()
    try:
        with requests.Session() as http:
            http.trust_env = False
            url = f"http://127.0.0.1:{listener.port}"
            assert http.get(f"{url}/healthz", timeout=20).json() == {"status": "ok"}
            answer = http.get(f"{url}/readyz", timeout=20)
            assert (answer.status_code, answer.json()["checks"]["ingest"]) == (503, "stopped")
    finally:
        listener.stop()
    with pytest.raises(Environment, match=r"gateway\.plain_loopback"):
        Listener(build_ops(Metrics(), readiness), ("0.0.0.0", 0), None)  # noqa: S104 - what must be refused


def test_the_metrics_count_requests_and_batches_and_name_nobody(platform: Platform) -> None:
    desk = platform.desk()
    batch = desk.seal(draft("R05", *household(address="样例张三丰")))
    desk.announce(batch)
    text = platform.running.metrics.text().decode()
    assert 'jmdesk_batches_waiting{state="announced"}' in text
    spooled = next(line for line in text.splitlines() if line.startswith("jmdesk_spool_bytes"))
    assert int(spooled.split()[1].partition(".")[0]) >= sum(len(part.ciphertext) for part in batch.parts)
    desk.send(batch)
    desk.verdicts(batch)
    text = platform.running.metrics.text().decode()
    assert 'jmdesk_requests_total{method="POST",route="/v1/batches/{batch}/commit",status="202"}' in text
    assert "jmdesk_ingest_seconds_count" in text
    for secret in ("样例张三丰", desk.device, desk.unit, batch.id, desk.token, "127.0.0.1"):
        assert secret not in text


def test_metrics_without_a_database_say_so_and_go_on() -> None:
    from sync.gateway.database import Access

    metrics = Metrics()
    metrics.watch(Database("postgresql://nobody:x@127.0.0.1:1/none"), Access(Role.API), SystemClock())
    assert b"jmdesk_database_up 0.0" in metrics.text()


def test_what_a_library_logs_and_what_an_exception_says_is_left_out() -> None:
    canary = "样例张三丰"
    written: list[dict[str, object]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(self.format(record)))

    handler = Kept()
    handler.setFormatter(JsonLines())
    ours, theirs = logging.getLogger("jmdesk.test"), logging.getLogger("library.test")
    for log in (ours, theirs):
        log.addHandler(handler)
        log.setLevel(logging.DEBUG)
    try:
        event(ours, logging.INFO, "request", request="desk-0001", status=200)
        theirs.warning("could not read %s", canary)
        try:
            _fail(canary)
        except psycopg.DataError:
            theirs.exception(f"it failed: {canary}")
            ours.error("failed", exc_info=sys.exc_info())
    finally:
        for log in (ours, theirs):
            log.removeHandler(handler)
    assert [line["event"] for line in written] == ["request", "could not read %s", "exception", "failed"]
    assert (written[0]["request"], written[0]["status"]) == ("desk-0001", 200)
    assert str(written[2]["error"]).startswith(f"DataError at {Path(__file__).name}:")
    assert canary not in json.dumps(written, ensure_ascii=False)


def _fail(text: str) -> None:
    raise psycopg.DataError(text)
