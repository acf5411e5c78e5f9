"""What an open desk needs is imported while its passphrase is being typed: the unlock page comes without it."""

from __future__ import annotations

from importlib import import_module
from typing import Final

AFTER_MS: Final = 100
"""When the unlock page is on screen and has the cursor."""

_NEEDED: Final = ("jmdesk.desk", "ui.core.overview", "ui.pages.home.page", "ui.pages.households.page")


def get_ready() -> None:
    """Import it. Takes half a second; for the runner."""
    for name in _NEEDED:
        import_module(name)
