"""What a feature's service needs of the desk that it works at, so that it need not know the desk itself."""

from __future__ import annotations

from typing import Protocol

from jmdesk.catalogue.types import Catalogue
from jmdesk.core.clock import Clock
from jmdesk.records.service import Records
from jmdesk.store.store import Store


class Workplace(Protocol):
    """The part of an open desk that every feature works with; one that needs more says so in a protocol of its own."""

    @property
    def store(self) -> Store: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def records(self) -> Records: ...
    @property
    def clock(self) -> Clock: ...
