"""What the household review needs of the desk it works at."""

from __future__ import annotations

from typing import Protocol

from jmdesk.attachments.service import Attachments
from jmdesk.consents.service import Consents
from jmdesk.papers.service import Papers
from jmdesk.ratings.service import Ratings
from jmdesk.records.workplace import Workplace
from jmdesk.vault.device import DeviceKeys
from jmdesk.workflows.service import Workflows


class Office(Workplace, Protocol):
    """A desk with the services that a review uses."""

    @property
    def actor(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def unit_name(self) -> str: ...
    def is_kept(self, region: str) -> bool: ...
    def office_of(self, region: str) -> str: ...
    @property
    def number_block(self) -> str: ...
    @property
    def platform(self) -> str: ...
    @property
    def workflows(self) -> Workflows: ...
    @property
    def ratings(self) -> Ratings: ...
    @property
    def papers(self) -> Papers: ...
    @property
    def consents(self) -> Consents: ...
    @property
    def attachments(self) -> Attachments: ...

    def seal_keys(self) -> DeviceKeys | None:
        """The enrolled device's keys, by which certificates are signed; None before enrolment."""
        ...
