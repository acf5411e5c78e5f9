"""What the rights of a person need of the desk."""

from __future__ import annotations

from typing import Protocol

from jmdesk.papers.service import Papers
from jmdesk.ratings.service import Ratings
from jmdesk.records.workplace import Workplace
from jmdesk.vault.folder import Unlocked
from jmdesk.workflows.service import Workflows


class RightsDesk(Workplace, Protocol):
    """A desk with cases, papers and ratings, which knows its user, its unit and its folder."""

    vault: Unlocked

    @property
    def actor(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def unit_name(self) -> str: ...
    def office_of(self, region: str) -> str: ...
    @property
    def number_block(self) -> str: ...
    @property
    def workflows(self) -> Workflows: ...
    @property
    def papers(self) -> Papers: ...
    @property
    def ratings(self) -> Ratings: ...
