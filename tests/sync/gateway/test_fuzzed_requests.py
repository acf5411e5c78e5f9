"""Requests made up from the published description, and spoilt: the gateway answers each, and never with a 5xx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from tests.sync.gateway.conftest import Platform


@schemathesis.serializer("application/vnd.jmdesk.jmb")
def container(_: schemathesis.SerializationContext, value: object) -> bytes:
    """Whatever was made up, as bytes."""
    return value if isinstance(value, bytes) else repr(value).encode()


DESCRIPTION = schemathesis.openapi.from_path(Path(__file__).parents[3] / "sync/kit/openapi.yaml")
FOUND = [found for found in DESCRIPTION.get_all_operations() if isinstance(found, Ok)]
OPERATIONS = {found.ok().label: found.ok() for found in FOUND}
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def send_many(platform: Platform, label: str, examples: int) -> None:
    desk = platform.desk()
    answers: set[int] = set()
    headers = {"Authorization": f"Bearer {desk.token}"}

    def answered(case: Case[Any]) -> None:
        response = case.call(base_url=platform.url, verify=platform.authority, headers=headers, timeout=30)
        answers.add(response.status_code)
        assert response.status_code < 500, response.text

    for mode in MODES:
        strategy = OPERATIONS[label].as_strategy(generation_mode=mode)
        options = settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        options(given(strategy)(answered))()
    assert answers


@pytest.mark.parametrize("label", OPERATIONS)
def test_no_request_of_the_description_or_beside_it_breaks_the_gateway(label: str, platform: Platform) -> None:
    send_many(platform, label, 3)


@pytest.mark.long
@pytest.mark.parametrize("label", OPERATIONS)
def test_fuzz_the_running_gateway_for_long(label: str, platform: Platform) -> None:
    send_many(platform, label, 200)
