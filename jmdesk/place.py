"""Who works at a desk and where: the user, the unit, its regions, and what the platform granted."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

from jmdesk.caretaking.settings import AT_WORK, KEPT
from jmdesk.catalogue.disclosure import Reader
from jmdesk.catalogue.types import Catalogue
from jmdesk.core.errors import Environment
from jmdesk.households.numbers import PROVISIONAL_BLOCK
from jmdesk.records.invented import INVENTED, only_invented
from jmdesk.records.writer import Barrier
from jmdesk.store.store import Connection, Store, set_setting
from jmdesk.vault.device import DeviceKeys
from jmdesk.vault.folder import Unlocked

UNIT_NAME: Final = "unit.name"
DEMONSTRATION: Final = "Y1000000DEM0DEM051"
"""The unit code of a demonstration's vault: well formed, of no place (region 000000), and known to no platform."""
_GRANT: Final = "sync.grant"
_TOWN_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Grant:
    """What the platform granted this computer at enrolment; it overrides what ``init`` claimed.

    ``device`` is the key id; ``regions`` the region prefixes it may hold; ``block`` the two digits of its household
    numbers; ``gateway`` the address; ``ca`` the certificate file to trust, "" for the system's.
    """

    device: str
    unit: str
    regions: tuple[str, ...]
    roles: tuple[str, ...]
    block: str
    gateway: str
    ca: str = ""


class Place:
    """The part of an open desk that says who and where."""

    vault: Unlocked
    store: Store
    catalogue: Catalogue
    _holding: frozenset[str]

    @property
    def actor(self) -> str:
        """The local user's opaque id, which is also the record id of the user's R02 record."""
        return self.vault.user

    @property
    def unit(self) -> str:
        """The unified social credit code of the unit that this vault belongs to."""
        return self.grant.unit if self.grant else self.vault.header.unit

    @property
    def demonstration(self) -> bool:
        """Whether all data here are invented. The mark is under the vault's header, which nobody changes unnoticed."""
        return self.vault.header.unit == DEMONSTRATION

    @property
    def barrier(self) -> Barrier | None:
        """What is kept out of every record here: in a demonstration, numbers that may be somebody's."""
        return only_invented if self.demonstration else None

    @property
    def mark(self) -> str:
        """What stands on every paper and file that is handed out here; nothing in a real vault."""
        return INVENTED if self.demonstration else ""

    @property
    def unit_name(self) -> str:
        """The unit's name as it was given, else its code."""
        return self.store.setting(UNIT_NAME) or self.unit

    @property
    def regions(self) -> tuple[str, ...]:
        """The region codes this desk works on: granted ones, else those claimed at ``init``."""
        given = self.grant.regions if self.grant else self.vault.header.regions
        return self.catalogue.regions.widened(given) if self._holding else given

    @property
    def grant(self) -> Grant | None:
        """What the platform granted, or None before enrolment."""
        text = self.store.setting(_GRANT)
        if text is None:
            return None
        raw = json.loads(text)
        return Grant(**raw | {"regions": tuple(raw["regions"]), "roles": tuple(raw["roles"])})

    @property
    def platform(self) -> str:
        """The address of the platform, "" before enrolment."""
        return self.grant.gateway if self.grant else ""

    @property
    def reader(self) -> Reader:
        """Whom the platform shows records to: this unit, in the roles that it was granted."""
        return Reader(self.unit, self.grant.roles if self.grant else ())

    @property
    def kept_villages(self) -> tuple[str, ...]:
        """Villages without a computer whose archives this unit keeps on their behalf (12-digit codes)."""
        return tuple(dict.fromkeys(map(self._current, json.loads(self.store.setting(KEPT) or "[]"))))

    def is_kept(self, region: str) -> bool:
        """Whether a region is such a village."""
        return region in self.kept_villages

    @property
    def village_at_work(self) -> str:
        """The village that forms begin with: the kept one that was chosen, else the desk's only one; else ""."""
        chosen = self.store.setting(AT_WORK) or ""
        if chosen:
            return self._current(chosen)
        mine = {self._current(code) for code in self.regions}
        only = mine.pop() if len(mine) == 1 else ""
        return only if len(only.rstrip("0")) > _TOWN_DIGITS else ""

    def _current(self, village: str) -> str:
        """The village that took the place of one that is no more; what came with the program moves none."""
        return self.catalogue.regions.current(village) if self._holding else village

    def office_of(self, region: str) -> str:
        """The office that papers about a region name: this unit, or the kept village with who keeps its archive."""
        village = self.catalogue.regions.get(region) if self.is_kept(region) else None
        return f"{village.name}（由{self.unit_name}代管）" if village is not None else self.unit_name

    def accept_grant(self, grant: Grant, connection: Connection | None = None) -> None:
        """Keep what the platform granted, in a transaction if one is given. The caller has verified its signature."""
        text = json.dumps(asdict(grant))
        if connection is not None:
            set_setting(connection, _GRANT, text)
        else:
            self.store.put_setting(_GRANT, text)

    def seal_keys(self) -> DeviceKeys | None:
        """The keys by which this device signs certificates; None before enrolment, and where they were lost."""
        if self.grant is None:
            return None
        try:
            keys = self.vault.device_keys()
        except Environment:
            return None
        return keys if keys.keyid == self.grant.device else None

    @property
    def number_block(self) -> str:
        """The desk block of household numbers; 00 is provisional."""
        return self.grant.block if self.grant else PROVISIONAL_BLOCK
