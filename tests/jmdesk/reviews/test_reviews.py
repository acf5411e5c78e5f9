"""The household review from the application to the yearly review, and what refuses on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jmdesk.core.errors import Refused

if TYPE_CHECKING:
    from tests.jmdesk.reviews.conftest import Village


def test_a_village_goes_from_application_to_certificate(village: Village) -> None:
    village.to_certified()
    for case in village.clerk.cases(village.batch):
        assert case.standing.state == "certified"
        assert case.line.cert_no.startswith("XY")
        assert case.line.valid_to == "2028-11-30"
        assert case.line.status == "50"
