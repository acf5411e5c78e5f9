"""``openapi.yaml`` says what the gateway's source says: routes, statuses, codes, limits, media types."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.routing import Route

from sync.gateway.app import Gateway, build_app
from sync.gateway.changes import DEFAULT_LIMIT
from sync.gateway.media import ENVELOPE, PROBLEM
from sync.gateway.problem import STATUS, Declined
from sync.protocol.errors import Problem
from sync.protocol.limits import LIMITS
from sync.protocol.states import PlatformBatch
from tests.sync.kit.gateway_source import Served, problem_details, routes, status_members
from tests.sync.kit.plain_yaml import NotPlainError, read_plain_yaml

FILE = Path(__file__).parents[3] / "sync" / "kit" / "openapi.yaml"
SERVED = routes()


@cache
def document() -> dict[str, Any]:
    return cast("dict[str, Any]", read_plain_yaml(FILE.read_text(encoding="utf-8")))


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """A node, or what its reference names."""
    if "$ref" not in node:
        return node
    found: Any = document()
    for name in node["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return cast("dict[str, Any]", found)


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def parameters(operation: dict[str, Any], place: str) -> dict[str, dict[str, Any]]:
    found = (resolved(each) for each in operation["parameters"])
    return {each["name"]: each for each in found if each["in"] == place}


def successes(operation: dict[str, Any]) -> dict[int, dict[str, Any]]:
    answers = {int(status): resolved(answer) for status, answer in operation["responses"].items()}
    return {status: answer for status, answer in answers.items() if status < 400}


def schema_of(answer: dict[str, Any]) -> dict[str, Any]:
    return resolved(answer["content"]["application/json"]["schema"])


EACH_ROUTE = pytest.mark.parametrize("route", SERVED, ids=" ".join)


def served_and_described(route: tuple[str, str]) -> tuple[Served, dict[str, Any]]:
    return SERVED[route], operations()[route]


def test_the_routes_are_those_of_the_application() -> None:
    application = build_app(cast("Gateway", None))  # the table is built without a look at the gateway
    found = {
        (method, route.path)
        for route in application.routes
        if isinstance(route, Route) and not route.path.startswith("/certificates")  # for people, no part of the API
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert found == operations().keys() == SERVED.keys()


@EACH_ROUTE
def test_the_answers_are_those_of_the_handler(route: tuple[str, str]) -> None:
    served, operation = served_and_described(route)
    described = {(status, kind) for status, answer in successes(operation).items() for kind in answer["content"]}
    assert described == served.answers


@EACH_ROUTE
def test_the_problems_are_those_that_the_handler_can_reach(route: tuple[str, str]) -> None:
    served, operation = served_and_described(route)
    assert set(operation["x-problems"]) == served.problems
    assert len(set(operation["x-problems"])) == len(operation["x-problems"])


@EACH_ROUTE
def test_the_statuses_are_those_of_its_problems(route: tuple[str, str]) -> None:
    operation = operations()[route]
    described = {int(status) for status in operation["responses"]} - successes(operation).keys()
    assert described == {STATUS[Problem(code)] for code in operation["x-problems"]}
    for status, answer in operation["responses"].items():
        if int(status) in described:
            codes = {code for code in operation["x-problems"] if STATUS[Problem(code)] == int(status)}
            assert codes <= set(resolved(answer)["x-problems"])


@EACH_ROUTE
def test_the_limit_of_a_body_is_the_handler_s(route: tuple[str, str]) -> None:
    served, operation = served_and_described(route)
    assert operation.get("requestBody", {}).get("x-limit-bytes") == served.limit
    takes_digest = "Content-Digest" in parameters(operation, "header")
    assert takes_digest == (served.limit is not None)


@EACH_ROUTE
def test_queries_session_and_headers_are_the_handler_s(route: tuple[str, str]) -> None:
    served, operation = served_and_described(route)
    assert parameters(operation, "query").keys() == served.queries
    assert (operation.get("security", document()["security"]) != []) == served.session
    assert "X-Request-Id" in parameters(operation, "header")
    told = {name for answer in successes(operation).values() for name in answer["headers"]}
    assert told == served.headers | {"X-Request-Id"}
    in_path = {part[1:-1] for part in route[1].split("/") if part.startswith("{")}
    assert parameters(operation, "path").keys() == in_path


@EACH_ROUTE
def test_the_members_of_json_are_the_handler_s(route: tuple[str, str]) -> None:
    served, operation = served_and_described(route)
    for answer in successes(operation).values():
        if "application/json" in answer["content"]:
            schema = schema_of(answer)
            expected = served.members or status_members()
            assert schema["properties"].keys() == set(schema["required"]) == expected


def test_every_problem_of_the_protocol_has_its_status_and_its_place() -> None:
    described: dict[str, int] = {}
    names = {"BadRequest": 400, "Unauthenticated": 401, "Forbidden": 403, "NotFound": 404, "Conflict": 409}
    names |= {"TooLarge": 413, "TooMany": 429, "Internal": 500, "Unavailable": 503, "SpoolFull": 507}
    for name, status in names.items():
        answer = document()["components"]["responses"][name]
        described |= dict.fromkeys(answer["x-problems"], status)
        assert list(answer["content"]) == [PROBLEM]
        assert all(f"{code}: " in answer["description"] for code in answer["x-problems"])
        assert ("Retry-After" in answer.get("headers", {})) == (status in (429, 503, 507))
    assert described == STATUS
    assert document()["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == list(described)


def test_a_problem_has_the_members_that_the_gateway_writes() -> None:
    schema = document()["components"]["schemas"]["Problem"]
    fixed = Declined(Problem.MALFORMED).body("request-1").keys()
    assert set(schema["required"]) == fixed
    assert schema["properties"].keys() == fixed | problem_details()


def test_states_and_times_are_those_of_the_protocol() -> None:
    assert document()["components"]["schemas"]["State"]["enum"] == [state.value for state in PlatformBatch]
    described = operations()
    challenge = schema_of(successes(described["POST", "/v1/session/challenge"])[201])
    session = schema_of(successes(described["POST", "/v1/session"])[201])
    assert challenge["properties"]["expires_in"]["const"] == LIMITS.challenge_seconds
    assert session["properties"]["expires_in"]["const"] == LIMITS.session_seconds
    limit = parameters(described["GET", "/v1/changes"], "query")["limit"]
    assert limit["schema"]["default"] == DEFAULT_LIMIT
    part = document()["components"]["parameters"]["Part"]
    assert part["schema"]["maximum"] == LIMITS.parts_per_batch - 1
    attachment = document()["components"]["parameters"]["Attachment"]
    assert attachment["schema"]["maximum"] == LIMITS.attachments_per_batch - 1


def test_no_reference_leads_nowhere_and_nothing_is_described_for_nobody() -> None:
    used: set[str] = set()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                used.add(node["$ref"])
                assert resolved(node)
            for inner in node.values():
                walk(inner)
        elif isinstance(node, list):
            for inner in node:
                walk(inner)

    walk(document())
    described = {
        f"#/components/{kind}/{name}"
        for kind, named in document()["components"].items()
        if kind != "securitySchemes"
        for name in named
    }
    assert described == used
    assert ENVELOPE in FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    ["a: &x 1", "a: !!int 1", "a: |\n  b", "a:\n  - b\n c: d", "a: 1\na: 2", "a: yes", "a: [b,\n  c]", "a: b: c", "a:"],
)
def test_yaml_that_the_reader_might_misread_is_refused(text: str) -> None:
    with pytest.raises(NotPlainError):
        read_plain_yaml(text)
