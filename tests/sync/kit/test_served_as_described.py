"""A real gateway answers as ``openapi.yaml`` says: every answer of a whole exchange is held against the description."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from jmdesk.core.clock import SystemClock, utc_text
from sync.gateway.database import OWNER
from sync.gateway.packages import publish
from sync.gateway.problem import STATUS
from sync.protocol.errors import Problem
from sync.protocol.packages import Package, PackageKind, sign_package
from sync.protocol.suites import KeyRole
from tests import documents
from tests.sync.gateway.conftest import VILLAGE, Platform
from tests.sync.gateway.desk import Desk, draft, household
from tests.sync.gateway.test_devices import asked, reopening, retirement, successor
from tests.sync.kit.conftest import Verifier
from tests.sync.kit.test_openapi import document, operations, parameters, resolved


def _operation(request: requests.PreparedRequest) -> tuple[str, str]:
    path = str(request.path_url).partition("?")[0]
    for method, template in operations():
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if method == request.method and re.fullmatch(pattern, path):
            return method, template
    raise AssertionError(f"{request.method} {path} is not described")


def check_value(schema: dict[str, Any], value: object) -> None:
    """The part of JSON Schema that the description uses."""
    schema = resolved(schema)
    kinds = {"object": dict, "array": list, "string": str, "integer": int}
    assert isinstance(value, kinds[schema["type"]]), schema
    assert value == schema.get("const", value)
    assert value in schema.get("enum", [value])
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        assert set(schema.get("required", ())) <= value.keys()
        for name, inner in value.items():
            check_value(properties[name] if name in properties else schema["additionalProperties"], inner)
    elif isinstance(value, list):
        assert len(value) <= schema.get("maxItems", len(value))
        for inner in value:
            check_value(schema["items"], inner)
    elif isinstance(value, str):
        assert re.fullmatch(schema.get("pattern", ".*"), value)
    elif isinstance(value, int):
        assert value >= schema.get("minimum", value)


def check_answer(answer: requests.Response) -> tuple[str, str]:
    """Holds one answer against its description; which operation it was of."""
    where = _operation(answer.request)
    operation = operations()[where]
    described = resolved(operation["responses"][str(answer.status_code)])
    kind = answer.headers["content-type"]
    assert kind in described["content"]
    for name, header in described.get("headers", {}).items():
        schema = resolved(resolved(header)["schema"])
        check_value(schema, _typed(schema, answer.headers[name]))
    assert answer.headers["cache-control"] == "no-store"
    check_value(resolved(parameters(operation, "header")["X-Request-Id"]["schema"]), answer.headers["x-request-id"])
    if kind.endswith("json"):
        check_value(described["content"][kind]["schema"], answer.json())
    if kind == "application/problem+json":
        code = answer.json()["code"]
        assert code in operation["x-problems"]
        assert STATUS[Problem(code)] == answer.status_code
    return where


def _typed(schema: dict[str, Any], text: str) -> str | int:
    """A header as what it is described as: a request id may happen to be all digits."""
    return int(text) if schema["type"] == "integer" else text


@pytest.fixture
def answers() -> list[requests.Response]:
    """Every answer to `desk`, from the first."""
    return []


@pytest.fixture
def desk(platform: Platform, answers: list[requests.Response]) -> Desk:
    """An enrolled desk with a session."""
    desk = platform.stranger()
    desk.http.hooks["response"].append(lambda answer, *_, **__: answers.append(answer))
    desk.enrol(platform.code(VILLAGE), VILLAGE)
    desk.open_session()
    return desk


def publish_a_list(platform: Platform) -> None:
    keys, clock = platform.running.gateway.keys, SystemClock()
    package = Package(
        *(1, PackageKind.LIST, "red", "1", 1, "2026-01-01", "", "", utc_text(clock.now())), {"list.csv": "名称\n"}
    )
    envelope = sign_package(package, keys.publisher)
    platform.storage.database.run(OWNER, lambda connection: publish(connection, keys.trust, clock, envelope))


def test_a_whole_exchange_is_answered_as_described(
    platform: Platform, desk: Desk, answers: list[requests.Response]
) -> None:
    publish_a_list(platform)
    (listed,) = desk.call("GET", "/v1/packages").json()["packages"]
    desk.call("GET", f"/v1/packages/{listed['digest']}")
    rid, values = household()
    content = documents.pdf()
    digest = hashlib.sha256(content).hexdigest()
    batch = desk.seal(draft("R05", rid, values, evidence=[digest]), attachments=[(rid, content)])
    for _ in range(2):
        desk.announce(batch)
        desk.put(batch, 0)
        desk.put_attachment(batch, 0)
    desk.call("GET", f"/v1/batches/{batch.id}")
    for _ in range(2):
        desk.commit(batch)
    desk.call("GET", f"/v1/batches/{batch.id}/receipt?wait=0")
    desk.verdicts(batch)
    desk.call("GET", f"/v1/batches/{batch.id}")
    desk.call("POST", "/v1/batches", desk.seal(draft("R05", *household())).file)
    desk.pull()
    desk.call("GET", "/healthz")
    desk.call("GET", "/readyz")
    desk.call("GET", "/v1/devices/self")
    asked(desk, "reopen", reopening(desk))
    asked(desk, "rotate", successor(platform, desk)[1])
    asked(desk, "retire", retirement(desk))
    assert {check_answer(answer) for answer in answers} == operations().keys()
    assert max(answer.status_code for answer in answers) < 300


def test_what_is_declined_is_declined_as_described(desk: Desk, answers: list[requests.Response]) -> None:
    first, second = desk.seal(draft("R05", *household())), desk.seal(draft("R05", *household()))
    desk.announce(second)  # seq_gap
    desk.announce(first)
    desk.commit(first)  # parts_missing
    desk.put(first, 0, b"other bytes")  # digest_mismatch
    desk.put(first, 0, bytes(4 * 1024 * 1024 + 1))  # too_large
    desk.call("PUT", f"/v1/batches/{first.id}/manifest", b"{}")  # malformed
    desk.call("PUT", f"/v1/batches/{second.id}/manifest", first.signed.envelope)  # malformed: not this batch's
    desk.call("GET", f"/v1/batches/{first.id}/receipt")  # not_found: not in custody
    desk.call("GET", "/v1/changes?cursor=99999999")  # cursor_unknown
    desk.call("GET", "/v1/changes?limit=x")  # malformed
    desk.seq, desk.prev = 0, first.signed.manifest.prev
    desk.announce(desk.seal(draft("R05", *household())))  # seq_reuse
    desk.prev = "1" * 64
    desk.announce(desk.seal(draft("R05", *household())))  # chain_fork
    desk.call("POST", "/v1/enrol", b"no envelope")  # malformed
    desk.call("POST", "/v1/session", b"no envelope")  # malformed
    desk.call("POST", "/v1/session/challenge", b"[]")  # malformed
    desk.token = "nobody"
    desk.call("GET", "/v1/changes")  # unauthenticated
    for answer in answers:
        check_answer(answer)
    codes = {answer.json()["code"] for answer in answers if answer.status_code >= 400}
    assert codes == {
        "seq_gap", "parts_missing", "digest_mismatch", "too_large", "malformed", "not_found", "cursor_unknown",
        "seq_reuse", "chain_fork", "unauthenticated",
    }  # fmt: skip


def test_the_description_refuses_what_it_does_not_describe() -> None:
    schema = document()["components"]["schemas"]["Announced"]
    right = {"state": "announced", "missing": [0], "missing_attachments": []}
    check_value(schema, right)
    for wrong in ({"state": "announced"}, right | {"state": "lost"}, right | {"missing": [-1]}):
        with pytest.raises(AssertionError):
            check_value(schema, wrong)


def test_the_verifier_reads_what_a_desk_sent_and_what_the_gateway_answered(
    verifier: Verifier, desk: Desk, tmp_path: Path
) -> None:
    batch = desk.seal(*(draft("R05", *household()) for _ in range(3)))
    (tmp_path / "sent.jmb").write_bytes(batch.file)
    desk.send(batch)
    (tmp_path / "receipts.jmr").write_bytes(desk.fetch_receipt(batch))
    (tmp_path / "changes.jmr").write_bytes(desk.call("GET", "/v1/changes").content)
    (signer,) = (key.public for key in desk.trust.document.keys if key.role is KeyRole.PLATFORM)
    keys = {
        "device_public": desk.signing.public.public.hex(),
        "device_kem_private": desk.opening.private.hex(),
        "platform_signing_public": signer,
    }
    (tmp_path / "keys.json").write_text(json.dumps(keys), encoding="utf-8")
    run = verifier.check(sorted(tmp_path.glob("*.jm?")), tmp_path / "keys.json")
    assert run.status == 0, run
    assert run.reports["sent.jmb"]["digest"] == batch.signed.digest
    assert sum(run.reports["receipts.jmr"]["by_verdict"].values()) == 3
    assert run.reports["changes.jmr"]["by_type"].keys() <= {"R05"}
