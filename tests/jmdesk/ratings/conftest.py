from __future__ import annotations

import pytest

from jmdesk.ratings.model import RulePackage, shipped


@pytest.fixture
def package() -> RulePackage:
    return shipped("JM-HH-1")
