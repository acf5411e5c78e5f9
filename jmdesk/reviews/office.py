"""What the household review needs of the desk it works at."""

from __future__ import annotations

from typing import Protocol

from jmdesk.attachments.service import Attachments
from jmdesk.consents.service import Consents
from jmdesk.ratings.service import Ratings
from jmdesk.vault.device import DeviceKeys
from jmdesk.workflows.casework import CaseDesk


class Office(CaseDesk, Protocol):
    """A desk with the services that a review uses."""

    def is_kept(self, region: str) -> bool: ...
    def office_of(self, region: str) -> str: ...
    @property
    def platform(self) -> str: ...
    @property
    def ratings(self) -> Ratings: ...
    @property
    def consents(self) -> Consents: ...
    @property
    def attachments(self) -> Attachments: ...

    def seal_keys(self) -> DeviceKeys | None:
        """The enrolled device's keys, by which certificates are signed; None before enrolment."""
        ...
