"""What the window remembers between two starts. Never anything about a person, a unit or a record."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths

TEXT_SCALES = (100, 110, 125, 150, 175, 200)
THEMES = ("light", "dark")
_OFFSET = re.compile(r"(-?\d{1,3});(-?\d{1,3})")


def default_settings_file() -> Path:
    """``jmdesk.ini`` in the user's configuration folder."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder) / "jmdesk" / "jmdesk.ini"


def demonstration_folder() -> Path:
    """Where the demonstration lies: away from every vault, in the user's own data."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return Path(folder) / "jmdesk" / "demonstration"


class Settings:
    """Look and last place, kept in one INI file; an unreadable value counts as its default."""

    def __init__(self, file: Path | None = None) -> None:
        self._store = QSettings(str(file or default_settings_file()), QSettings.Format.IniFormat)

    @property
    def text_scale(self) -> int:
        """Size of all text in per cent, one of ``TEXT_SCALES``."""
        text = str(self._store.value("look/text_scale", "100"))
        return int(text) if text.isdigit() and int(text) in TEXT_SCALES else 100

    @text_scale.setter
    def text_scale(self, per_cent: int) -> None:
        self._store.setValue("look/text_scale", str(per_cent))

    @property
    def theme(self) -> str:
        """``light`` or ``dark``."""
        name = str(self._store.value("look/theme", "light"))
        return name if name in THEMES else "light"

    @theme.setter
    def theme(self, name: str) -> None:
        self._store.setValue("look/theme", name)

    @property
    def language(self) -> str:
        """``zh`` or ``en``."""
        code = str(self._store.value("look/language", "zh"))
        return code if code in ("zh", "en") else "zh"

    @language.setter
    def language(self, code: str) -> None:
        self._store.setValue("look/language", code)

    @property
    def idle_minutes(self) -> int:
        """Minutes without a key or mouse press after which the desk locks itself; 1–60."""
        text = str(self._store.value("safety/idle_minutes", "10"))
        return min(60, max(1, int(text))) if text.isdigit() else 10

    @idle_minutes.setter
    def idle_minutes(self, minutes: int) -> None:
        self._store.setValue("safety/idle_minutes", str(minutes))

    def paper_offset(self, template: str) -> tuple[float, float] | None:
        """By how many millimetres this computer's printer moves a kind of paper right and down; None: not set."""
        found = _OFFSET.fullmatch(str(self._store.value(f"print/{template}", "")))
        return (int(found[1]) / 10, int(found[2]) / 10) if found else None

    def keep_paper_offset(self, template: str, offset_mm: tuple[float, float]) -> None:
        """Remember it, to a tenth of a millimetre."""
        right, down = (round(10 * each) for each in offset_mm)
        self._store.setValue(f"print/{template}", f"{right};{down}")

    @property
    def vaults(self) -> list[Path]:
        """Vault folders opened on this computer, the latest first."""
        found = self._store.value("vaults/known", [])
        names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return [Path(str(name)) for name in names if name]

    def remember_vault(self, folder: Path) -> None:
        """Put a vault folder first in the list that the unlock page offers (at most eight)."""
        others = [known for known in self.vaults if known != folder]
        self._store.setValue("vaults/known", [str(path) for path in [folder, *others][:8]])
        self._store.sync()
