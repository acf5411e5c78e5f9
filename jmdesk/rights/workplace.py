"""What the rights of a person need of the desk."""

from __future__ import annotations

from typing import Protocol

from jmdesk.ratings.service import Ratings
from jmdesk.vault.folder import Unlocked
from jmdesk.workflows.casework import CaseDesk


class RightsDesk(CaseDesk, Protocol):
    """A desk with cases, papers and ratings, which knows its user, its unit and its folder."""

    vault: Unlocked

    def office_of(self, region: str) -> str: ...
    @property
    def ratings(self) -> Ratings: ...
