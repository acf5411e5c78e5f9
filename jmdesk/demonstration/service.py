"""Makes, opens and throws away the demonstration's vault.

It lies in a folder of its own, its unit code is no unit's, so it can neither be enrolled nor taken for a real one, and
identity numbers that may be somebody's are kept out (``records.invented``). Its passphrase lies beside it: there is
nothing in it to protect.
"""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jmdesk.complaints.intake import Intake
from jmdesk.core.errors import Environment, KnownError, Refused
from jmdesk.core.progress import Progress, silent
from jmdesk.core.resources import resource
from jmdesk.desk import Desk
from jmdesk.place import DEMONSTRATION
from jmdesk.registers.samples import villages_under, write_register
from jmdesk.registers.service import import_households
from jmdesk.vault.files import disk_errors, read_bounded, write_durably
from jmdesk.vault.folder import peek
from jmdesk.vault.kdf import FLOOR

COUNTY: Final = "440785"
TOWN: Final = "440785104"
UNIT_NAME: Final = "演示单位(数据均为虚构)"
USER_NAME: Final = "演示员"
HOUSEHOLDS: Final = 36
PRACTICE: Final = 12
SEED: Final = 2026

_VAULT: Final = "vault"
_KEY: Final = "passphrase"
_PRACTICE_FILES: Final = "登记表样例"
_READY: Final = "demonstration.ready"
_STEPS: Final = 5
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The demonstration in one folder, which holds nothing else."""

    folder: Path

    @property
    def vault(self) -> Path:
        """Where its vault is."""
        return self.folder / _VAULT

    @property
    def practice(self) -> Path:
        """Where its registers are, to try an import with."""
        return self.folder / _PRACTICE_FILES

    def open(self, progress: Progress = silent) -> Desk:
        """The demonstration as it was left, or a new one.

        ``Refused`` "demonstration.not_ours" when something else is in the folder; ``Environment`` "vault.in_use" while
        another window shows it, and as ``disk_errors``.
        """
        return self._left() or self._make(progress)

    def reset(self) -> None:
        """Throw everything away; the next ``open`` begins anew. ``Refused`` "demonstration.not_ours"."""
        if not self.folder.exists():
            return
        known = {_VAULT, _KEY, _PRACTICE_FILES}
        with disk_errors():
            strange = {entry.name for entry in self.folder.iterdir()} - known
        if strange or self._is_real():
            raise Refused("demonstration.not_ours")
        with disk_errors():
            shutil.rmtree(self.folder)

    def _left(self) -> Desk | None:
        """The demonstration as it was left; None when there is none, or one that cannot be used any more."""
        key = self._key()
        if not key or not (self.vault / "vault.json").is_file():
            return None
        try:
            desk = Desk.open(self.vault, key)
        except KnownError as error:
            if error.code == "vault.in_use":
                raise
            return None  # damaged, or of a newer program: there is nothing in it to lose
        if desk.demonstration and desk.store.setting(_READY):
            return desk
        desk.close()
        return None

    def _is_real(self) -> bool:
        """Whether the vault here says that it is somebody's; what cannot be read is a demonstration that broke."""
        try:
            return peek(self.vault).unit != DEMONSTRATION
        except Refused:
            return False
        except Environment:  # a header that cannot be read: ours if the passphrase that we leave beside it is there
            return not self._key()

    def _key(self) -> str:
        with disk_errors():
            found = read_bounded(self.folder / _KEY, _MOST) if self.folder.is_dir() else None
        return found.decode("utf-8", "replace").strip() if found else ""

    def _make(self, progress: Progress) -> Desk:
        self.reset()
        key = secrets.token_urlsafe(24)
        with disk_errors():
            self.practice.mkdir(mode=0o700, parents=True)
            write_durably(self.folder / _KEY, key.encode())
        desk = Desk.create(
            self.vault,
            key,
            unit=DEMONSTRATION,
            regions=(COUNTY,),
            unit_name=UNIT_NAME,
            user_name=USER_NAME,
            cost=FLOOR,
        )
        try:
            self._fill(desk, progress)
        except BaseException:
            desk.close()
            raise
        return desk

    def _fill(self, desk: Desk, progress: Progress) -> None:
        """Households through a register, as an office gets them; ratings; firms and complaints."""
        first, second, *_ = villages_under(TOWN)
        register = self.practice / f"{first.village}.xlsx"
        write_register(register, first.code, "a", HOUSEHOLDS, SEED)
        write_register(self.practice / f"{second.village}(有差错).xlsx", second.code, "a", PRACTICE, SEED, 0.25)
        progress(1, _STEPS)
        import_households(desk, register)
        progress(2, _STEPS)
        desk.ratings.rate_all()
        progress(3, _STEPS)
        _associations_part(desk)
        progress(4, _STEPS)
        desk.store.put_setting(_READY, "1")
        progress(_STEPS, _STEPS)


def _associations_part(desk: Desk) -> None:
    """Firms with a credit event, and complaints about them."""
    told: dict[str, Any] = json.loads(resource("samples/demonstration.json").read_text(encoding="utf-8"))
    firms = {firm["uscc"]: desk.records.create("R20", firm) for firm in told["firms"]}

    def about(values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "uscc": firms[values["uscc"]]} if "uscc" in values else values

    event = desk.ids.new()
    with desk.records.writing("create") as writer:
        writer.create("R21", {**about(told["event"]), "event_id": event}, rid=event)
    desk.workflows.take("W6", "R21", event, "register")
    for values in told["complaints"]:
        desk.complaints.register(Intake(about(values), "association"))
