"""``admin-openapi.yaml`` says what the administration answers: every answer of a whole round is held against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
import requests

from jmdesk.core.clock import SystemClock
from sync.gateway.admin.app import OPEN_ROUTES, ROUTES, Credentials, Decision, NewAccount, NewProposal, NewScope, Note
from sync.gateway.admin.effects import EFFECTS
from sync.gateway.admin.listening import admin_listener
from tests.sync.gateway.conftest import VILLAGE, Platform
from tests.sync.gateway.staff import SECRETS, WHY, Office
from tests.sync.gateway.test_devices import asked, reopening, small
from tests.sync.kit.plain_yaml import read_plain_yaml

FILE = Path(__file__).parents[3] / "sync" / "kit" / "admin-openapi.yaml"


@cache
def document() -> dict[str, Any]:
    return cast("dict[str, Any]", read_plain_yaml(FILE.read_text(encoding="utf-8")))


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    found: Any = document()
    if "$ref" not in node:
        return node
    for name in node["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return cast("dict[str, Any]", found)


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    return {(m.upper(), path): one for path, methods in document()["paths"].items() for m, one in methods.items()}


def schema(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", document()["components"]["schemas"][name])


def check_value(described: dict[str, Any], value: object) -> None:
    """The part of JSON Schema that the description uses; objects have exactly the members that it names."""
    described = resolved(described)
    if not described:
        return
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    assert isinstance(value, kinds[described["type"]]), (described, value)
    assert value == described.get("const", value)
    assert value in described.get("enum", [value]), (described, value)
    if isinstance(value, dict):
        properties = described.get("properties", {})
        assert "additionalProperties" in described or value.keys() == properties.keys() == set(described["required"])
        for name, inner in value.items():
            check_value(properties[name] if name in properties else described["additionalProperties"], inner)
    elif isinstance(value, list):
        for inner in value:
            check_value(described["items"], inner)
    elif isinstance(value, str):
        assert re.fullmatch(described.get("pattern", "(?s).*"), value), (described, value)
    elif isinstance(value, int):
        assert value >= described.get("minimum", value)


@dataclass
class Caller:
    """Somebody at the administration's port; every answer is held against the description."""

    url: str
    http: requests.Session
    seen: set[tuple[str, str]]
    token: str = ""

    def call(self, method: str, path: str, body: object = None, **headers: str) -> requests.Response:
        sent = {"Authorization": f"Bearer {self.token}", **headers} if self.token else headers
        answer = self.http.request(method, f"{self.url}{path}", json=body, headers=sent, timeout=30)
        route = (method, re.sub(r"/\d+/", "/{id}/", path.partition("?")[0]))
        described = operations()[route]["responses"]
        status = str(answer.status_code)
        if status in described:
            self.seen.add(route)
            check_value(resolved(described[status])["content"]["application/json"]["schema"], answer.json())
        else:
            assert answer.headers["content-type"] == "application/problem+json"
            check_value(schema("Problem"), answer.json())
        assert answer.headers["cache-control"] == "no-store"
        return answer

    def sign_in(self, name: str) -> Caller:
        answer = self.call("POST", "/v1/session", {"name": name, "passphrase": SECRETS[name]})
        return Caller(self.url, self.http, self.seen, answer.json()["token"])


@pytest.fixture(scope="module")
def nobody(platform: Platform) -> Iterator[Caller]:
    """The administration over a platform with two accounts and an auditor, and somebody who has not signed in."""
    office = Office(platform.storage.database)
    office.staff()
    gateway = platform.running.gateway
    listener = admin_listener(gateway.database, platform.data, SystemClock(), ("127.0.0.1", 0), notify=gateway.notify)
    listener.start()
    with requests.Session() as http:
        http.verify, http.trust_env = platform.authority, False
        yield Caller(f"https://127.0.0.1:{listener.port}", http, set())
    listener.stop()


def test_the_routes_are_those_of_the_application() -> None:
    served = {(method, path) for method, path, _ in (*OPEN_ROUTES, *ROUTES)}
    assert served == operations().keys()
    free = {(method, path) for method, path, _ in OPEN_ROUTES}
    assert {route for route, one in operations().items() if one.get("security") == []} == free


_BODIES = (Credentials, Decision, NewAccount, NewProposal, NewScope, Note)


@pytest.mark.parametrize("body", _BODIES, ids=lambda kind: kind.__name__)
def test_the_bodies_are_those_that_the_handlers_take(body: type) -> None:
    described = schema(body.__name__)
    assert described["properties"].keys() == set(described["required"]) == set(body.__annotations__)


def test_every_kind_of_proposal_is_described() -> None:
    assert set(schema("Kind")["enum"]) == EFFECTS.keys()


def test_a_whole_round_is_answered_as_described(platform: Platform, nobody: Caller) -> None:
    desk = platform.desk()
    batch = small(desk)
    desk.send(batch)
    desk.verdicts(batch)
    desk.announce(small(desk, seq=2, prev="ab" * 32))
    asked(desk, "reopen", reopening(desk))
    zhao, qian = nobody.sign_in("zhao"), nobody.sign_in("qian")
    assert nobody.call("GET", "/healthz").status_code == 200
    assert zhao.call("GET", "/v1/me").json()["role"] == "operator"
    assert zhao.call("GET", f"/v1/devices?unit={VILLAGE}").json()["devices"]
    assert zhao.call("GET", f"/v1/batches?device={desk.device}&state=processed").json()["batches"]
    assert zhao.call("GET", "/v1/verdicts?days=3").json()["verdicts"]
    (waiting,) = zhao.call("GET", "/v1/waiting").json()["waiting"]
    (alarm,) = zhao.call("GET", "/v1/alarms").json()["alarms"]
    note = {"device": alarm["device"], "at": alarm["at"], "note": WHY}
    assert zhao.call("POST", "/v1/alarms/acknowledge", note).status_code == 200
    assert zhao.call("GET", "/v1/alarms?all=1").json()["alarms"][0]["note"] == WHY
    about = {"kind": waiting["kind"], "subject": waiting["subject"], "reason": WHY}
    made = zhao.call("POST", "/v1/proposals", about).json()
    why = {"reason": WHY}
    assert qian.call("POST", f"/v1/proposals/{made['id']}/approve", why).json()["state"] == "approved"
    for verb, by in (("reject", qian), ("withdraw", zhao)):
        revoke = {"kind": "revoke", "subject": desk.device, "reason": WHY}
        number = zhao.call("POST", "/v1/proposals", revoke).json()["id"]
        assert by.call("POST", f"/v1/proposals/{number}/{verb}", why).status_code == 200
    scope = {"device": desk.device, "regions": [], "roles": ["R2"], "reason": WHY}
    number = zhao.call("POST", "/v1/devices/scope", scope).json()["id"]
    assert qian.call("POST", f"/v1/proposals/{number}/reject", why).status_code == 200
    account = {"name": "wu", "role": "auditor", "passphrase": "a lamp at the door", "reason": WHY}
    assert zhao.call("POST", "/v1/accounts", account).status_code == 201
    assert len(zhao.call("GET", "/v1/proposals?state=open").json()["proposals"]) == 1
    assert zhao.call("GET", "/v1/log?limit=3").json()["entries"][0]["subject"] == "wu"
    assert zhao.call("GET", "/v1/log/check").json()["broken"] == 0
    assert zhao.call("DELETE", "/v1/session").status_code == 200
    assert zhao.call("GET", "/v1/me").status_code == 401
    assert nobody.seen == operations().keys()


@pytest.mark.parametrize("route", [(m, p) for m, p, _ in ROUTES], ids=" ".join)
def test_nothing_is_answered_without_a_session_or_with_a_false_one(nobody: Caller, route: tuple[str, str]) -> None:
    method, path = route
    for token in ("", "x" * 43):
        caller = Caller(nobody.url, nobody.http, set(), token)
        answer = caller.call(method, path.replace("{id}", "1"), {})
        assert (answer.status_code, answer.json()["code"]) == (401, "admin.no_session")


@pytest.fixture(scope="module")
def callers(nobody: Caller) -> dict[str, Caller]:
    """Somebody of each role."""
    return {
        role: nobody.sign_in(name) for role, name in (("operator", "zhao"), ("approver", "qian"), ("auditor", "sun"))
    }


@pytest.mark.parametrize("role", ["operator", "approver", "auditor"])
def test_each_role_gets_what_the_description_says(callers: dict[str, Caller], role: str) -> None:
    bodies = {
        "/v1/alarms/acknowledge": {"device": "0" * 32, "at": "x", "note": WHY},
        "/v1/proposals": {"kind": "revoke", "subject": "0" * 32, "reason": WHY},
        "/v1/devices/scope": {"device": "0" * 32, "regions": [], "roles": ["R1"], "reason": WHY},
        "/v1/accounts": {"name": "", "role": "auditor", "passphrase": "a lamp at the door", "reason": WHY},
    }
    for (method, path), operation in operations().items():
        if (method, path) == ("DELETE", "/v1/session") or "x-roles" not in operation:
            continue
        body = bodies.get(path, {"reason": WHY}) if method == "POST" else None
        answer = callers[role].call(method, path.replace("{id}", "999999"), body)
        expected_forbidden = role not in operation["x-roles"] and not path.endswith("/withdraw")
        assert (answer.status_code == 403) == expected_forbidden, (method, path, answer.text)


def test_a_body_that_is_none_is_declined_and_a_huge_one_not_read(callers: dict[str, Caller]) -> None:
    caller = callers["operator"]
    assert caller.call("POST", "/v1/proposals", {"kind": 1}).json()["code"] == "admin.malformed"
    assert caller.call("POST", "/v1/proposals", {"kind": "x" * 70_000}).status_code == 413
    assert caller.call("GET", "/v1/devices?limit=-1").json()["code"] == "admin.malformed"


def test_a_page_that_took_our_address_for_its_own_name_gets_nothing(callers: dict[str, Caller]) -> None:
    caller = callers["operator"]
    headers = {"Authorization": f"Bearer {caller.token}", "Host": "evil.example"}
    answer = caller.http.get(f"{caller.url}/v1/devices", headers=headers, timeout=30)
    assert answer.status_code == 400
    assert "devices" not in answer.text


def test_no_cookie_is_ever_set(nobody: Caller, callers: dict[str, Caller]) -> None:
    assert not callers["operator"].call("GET", "/v1/me").cookies
    assert not nobody.call("POST", "/v1/session", {"name": "zhao", "passphrase": "wrong"}).cookies


def test_a_locked_account_is_told_when_to_come_back(nobody: Caller, callers: dict[str, Caller]) -> None:
    wrong = {"name": "sun", "passphrase": "wrong"}
    answers = [nobody.call("POST", "/v1/session", wrong) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 401, 401, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert callers["auditor"].call("GET", "/v1/me").status_code == 200
