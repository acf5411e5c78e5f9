"""What pages need of the rest of the program, so that a page can be tried with any desk that offers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from jmdesk.core.progress import Cancelled, Progress, never, silent

if TYPE_CHECKING:
    from jmdesk.catalogue.pickers import Choice
    from jmdesk.core.changes import Changes
    from jmdesk.desk import Desk


class SearchChoices(Protocol):
    """Finds entries by code, label, pinyin or initials; an empty text gives the first ``limit``."""

    def __call__(self, text: str, limit: int, /) -> Sequence[Choice]: ...


@dataclass(frozen=True, slots=True)
class Chip:
    """A small coloured word in a table cell; ``kind`` is ``ok warn bad info neutral``."""

    text: str
    kind: str = "neutral"


@dataclass(frozen=True, slots=True)
class Row:
    """One prepared row of a list: its key and its cells, ready to paint."""

    key: str
    cells: tuple[str | Chip, ...]
    faded: bool = False


class RowSource(Protocol):
    """A list that is read page by page. Called on the GUI thread: a page must take milliseconds."""

    def count(self) -> int:
        """How many rows there are."""
        ...

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """Up to ``limit`` rows from ``offset``."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of work that waits: how much, in what words, and the page that does it."""

    text: str
    count: int
    page: str
    kind: str = "info"


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps of a vault: what to do, whether it is done, how far it got, and the page that does it."""

    text: str
    done: bool
    detail: str
    page: str


@dataclass(frozen=True, slots=True)
class Village:
    """A village's households, and how many of them stand where in this year's ratings."""

    code: str
    name: str
    households: int
    credit: int = 0
    """AAA, AA and A."""
    below: int = 0
    """B and C."""
    unknown: int = 0
    """NR: too little known, or put off."""

    @property
    def rated(self) -> int:
        """Households with a rating of this year."""
        return self.credit + self.below + self.unknown


@dataclass(frozen=True, slots=True)
class SyncState:
    """What stands between this desk and the platform. Times are ready to show; empty means never."""

    enrolled: bool = False
    unsent: int = 0
    in_custody: int = 0
    refused: int = 0
    conflicts: int = 0
    last_sync: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """What the home page shows: figures of the archive, waiting work, sync, the first steps, and each village."""

    figures: tuple[tuple[str, int, str], ...] = ()
    waiting: tuple[Waiting, ...] = ()
    sync: SyncState = SyncState()
    steps: tuple[Step, ...] = ()
    villages: tuple[Village, ...] = ()


@dataclass(frozen=True, slots=True)
class VaultCard:
    """What a vault says of itself before it is opened: its unit's code; its users' ids and the labels to show."""

    unit: str
    users: tuple[Choice, ...]
    pin: frozenset[str] = frozenset()
    """The ids of users whom a PIN lets in again today."""


@dataclass(frozen=True, slots=True)
class NewVault:
    """What is asked when a vault is made: where, for which unit, which region, the name of who works at it."""

    folder: Path
    passphrase: str
    unit: str
    unit_name: str
    region: str
    user_name: str


class Unlocked(Protocol):
    """An open desk as the window sees it."""

    @property
    def services(self) -> Desk:
        """Every service of the desk, for the pages that work with records."""
        ...

    @property
    def unit_name(self) -> str:
        """The unit whose vault this is."""
        ...

    @property
    def user_name(self) -> str:
        """Who unlocked it."""
        ...

    def overview(self) -> Overview:
        """What the home page shows."""
        ...

    def undo_last(self, progress: Progress = silent, cancelled: Cancelled = never) -> Changes:
        """Take back the last change of this desk."""
        ...

    def close(self) -> None:
        """Let go of the vault."""
        ...


class Vaults(Protocol):
    """Opens and makes vaults. Slow (key derivation): call on the runner, never on the GUI thread."""

    def peek(self, folder: Path) -> VaultCard:
        """What a vault says of itself. ``Refused`` when the folder holds none, ``Environment`` for damage."""
        ...

    def open(self, folder: Path, passphrase: str, user: str) -> Unlocked:
        """Unlock a vault. ``Refused`` for a wrong passphrase, ``Environment`` for damage or a lock held elsewhere."""
        ...

    def open_demonstration(self, progress: Progress = silent) -> Unlocked:
        """The vault of invented data, made when there is none. Errors as ``Demonstration.open``."""
        ...

    def reset_demonstration(self) -> None:
        """Throw the vault of invented data away; it must be closed."""
        ...

    @property
    def demonstration_vault(self) -> Path:
        """The vault folder of the demonstration."""
        ...

    def recover(self, folder: Path, code: str, new: str, user: str) -> Unlocked:
        """Unlock with a printed recovery code and set a new passphrase. ``Refused`` for a wrong code."""
        ...

    def ask_reset(self, folder: Path, user: str, new: str) -> tuple[bytes, str]:
        """A request to the administrators and its fingerprint. ``Refused`` when the vault has no escrow key."""
        ...

    def accept_reset(self, folder: Path, answer: Path, new: str) -> Unlocked:
        """Unlock with the administrators' answer and the passphrase chosen when asking."""
        ...

    def create(self, wanted: NewVault) -> Unlocked:
        """Make a vault and open it. ``Refused`` for bad input or a folder in use."""
        ...

    def check_passphrase(self, passphrase: str, unit: str) -> None:
        """Say nothing when a new passphrase is good enough. ``Refused`` otherwise."""
        ...

    def regions(self, text: str, limit: int) -> Sequence[Choice]:
        """Regions by name, pinyin or code, for the creation form."""
        ...

    def region_path(self, code: str) -> Sequence[str]:
        """Names from the county down to a region; empty for an unknown code."""
        ...

    def region_children(self, code: str) -> Sequence[Choice]:
        """The regions right below one (empty code: the counties)."""
        ...
