"""The vaults of this computer and the open desk, as the window sees them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled, Progress, never, silent

if TYPE_CHECKING:
    from jmdesk.catalogue.pickers import Choice
    from jmdesk.core.changes import Changes
    from jmdesk.demonstration.service import Demonstration
    from jmdesk.desk import Desk
    from jmdesk.vault.folder import Unlocked
    from jmdesk.vault.kdf import Cost
    from ui.core.ports import NewVault, Overview, VaultCard


class OpenDesk:
    """An open desk with the few words and figures that the frame of the window shows."""

    def __init__(self, desk: Desk) -> None:
        self.services = desk

    @cached_property
    def unit_name(self) -> str:
        """The unit's name as it was given, else its code."""
        return self.services.unit_name

    @cached_property
    def user_name(self) -> str:
        """The name of who unlocked the vault."""
        entry = self.services.records.get("R02", self.services.actor)
        return str(entry.record.values.get("user_name", ""))

    def overview(self) -> Overview:
        """What the home page shows. Reads; call on the runner."""
        from ui.core.overview import read_overview

        return read_overview(self.services)

    def undo_last(self, progress: Progress = silent, cancelled: Cancelled = never) -> Changes:
        """Take back the last command of this user."""
        return self.services.records.undo_last(progress, cancelled)

    def close(self) -> None:
        """Close the store and lock the vault."""
        self.services.close()


def _after_reset(vault: Unlocked) -> OpenDesk:
    """The desk of a vault that its user came into without the old passphrase; the log says so."""
    from jmdesk.desk import Desk

    desk = Desk.enter(vault)
    desk.accounts.note_reset()
    return OpenDesk(desk)


class VaultsOnDisk:
    """Vault folders. ``cost`` is what one guess at the passphrase costs in a new vault; calibrated unless given.

    ``demonstration`` is the folder of the demonstration, the user's own unless given.
    """

    def __init__(self, cost: Cost | None = None, demonstration: Path | None = None) -> None:
        self._cost, self._demonstration = cost, demonstration

    def open_demonstration(self, progress: Progress = silent) -> OpenDesk:
        """The vault of invented data, made when there is none."""
        return OpenDesk(self._demo().open(progress))

    def reset_demonstration(self) -> None:
        """Throw the vault of invented data away."""
        self._demo().reset()

    @property
    def demonstration_vault(self) -> Path:
        """The vault folder of the demonstration."""
        return self._demo().vault

    def _demo(self) -> Demonstration:
        from jmdesk.demonstration.service import Demonstration
        from ui.core.settings import demonstration_folder

        return Demonstration(self._demonstration or demonstration_folder())

    def peek(self, folder: Path) -> VaultCard:
        """What a vault says of itself before it is opened."""
        from jmdesk.catalogue.pickers import Choice
        from jmdesk.vault.folder import peek
        from jmdesk.vault.keeper import waiting
        from ui.core.ports import VaultCard

        header = peek(folder)
        users = tuple(Choice(plate.user, plate.label) for plate in header.nameplates)
        return VaultCard(header.unit, users, frozenset(user.code for user in users if waiting(folder, user.code)))

    def open(self, folder: Path, passphrase: str, user: str) -> OpenDesk:
        """Unlock a vault."""
        from jmdesk.desk import Desk
        from jmdesk.vault import keeper

        if user and keeper.PIN.fullmatch(passphrase):  # shorter than any passphrase: it can only be a PIN
            return OpenDesk(Desk.enter(keeper.unlock_with_pin(folder, passphrase, user)))
        return OpenDesk(Desk.open(folder, passphrase, user=user or None))

    def recover(self, folder: Path, code: str, new: str, user: str) -> OpenDesk:
        """Unlock with a printed recovery code and set a new passphrase."""
        from jmdesk.core.clock import SystemClock, utc_text
        from jmdesk.vault.recovery import unlock_with_code

        clock = SystemClock()
        at = utc_text(clock.now())
        return _after_reset(unlock_with_code(folder, code, new, user, clock=clock, created=at, cost=self._cost))

    def ask_reset(self, folder: Path, user: str, new: str) -> tuple[bytes, str]:
        """A request to the administrators and its fingerprint."""
        from jmdesk.core.clock import SystemClock
        from jmdesk.vault.escrow import fingerprint
        from jmdesk.vault.reset import ask

        data = ask(folder, user, new, SystemClock().now(), cost=self._cost)
        return data, fingerprint(data)

    def accept_reset(self, folder: Path, answer: Path, new: str) -> OpenDesk:
        """Unlock with the administrators' answer."""
        from jmdesk.core.clock import SystemClock
        from jmdesk.vault.escrow import MOST_BYTES
        from jmdesk.vault.files import disk_errors, read_bounded
        from jmdesk.vault.reset import accepted

        try:
            with disk_errors():
                data = read_bounded(answer, MOST_BYTES)
        except ValueError:
            data = None
        return _after_reset(accepted(folder, data or b"", new, SystemClock().now(), cost=self._cost))

    def create(self, wanted: NewVault) -> OpenDesk:
        """Make a vault and open it."""
        from jmdesk.catalogue import uscc
        from jmdesk.desk import Desk
        from jmdesk.place import DEMONSTRATION

        if uscc.check(wanted.unit).verdict == "error" or wanted.unit == DEMONSTRATION:
            raise Refused("ui.bad_unit")
        desk = Desk.create(
            wanted.folder,
            wanted.passphrase,
            unit=wanted.unit,
            regions=(wanted.region,),
            unit_name=wanted.unit_name,
            user_name=wanted.user_name,
            cost=self._cost,
        )
        return OpenDesk(desk)

    def check_passphrase(self, passphrase: str, unit: str) -> None:
        """Say nothing when a new passphrase is good enough."""
        from jmdesk.vault.passphrase import check_new_passphrase

        check_new_passphrase(passphrase, known=(unit,))

    def regions(self, text: str, limit: int) -> Sequence[Choice]:
        """Regions by name, pinyin or code."""
        from ui.core.pickers import search_regions

        return search_regions(text, limit)

    def region_path(self, code: str) -> Sequence[str]:
        """Names from the county down to a region."""
        from ui.core.pickers import region_path

        return region_path(code)

    def region_children(self, code: str) -> Sequence[Choice]:
        """The regions right below one."""
        from ui.core.pickers import region_children

        return region_children(code)
