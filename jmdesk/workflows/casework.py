"""What every feature that takes cases through steps and issues papers needs of the desk."""

from __future__ import annotations

from typing import Protocol

from jmdesk.papers.service import Papers
from jmdesk.permissions.guard import Guard
from jmdesk.records.workplace import Workplace
from jmdesk.workflows.service import Workflows


class CaseDesk(Workplace, Protocol):
    """An open desk that knows its user and its unit; ``number_block`` are the two digits of its serial numbers."""

    @property
    def actor(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def unit_name(self) -> str: ...
    @property
    def number_block(self) -> str: ...
    @property
    def guard(self) -> Guard: ...
    @property
    def workflows(self) -> Workflows: ...
    @property
    def papers(self) -> Papers: ...
