"""What the program loads before somebody has unlocked a vault: the unlock page has to come at once."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("sqlalchemy", "sqlcipher3", "cryptography", "msgspec", "jmdesk.store", "jmdesk.catalogue.loader")


def test_the_unlock_page_comes_without_the_store_and_the_catalogue() -> None:
    asked = f"import sys, ui.app; print(*(name for name in {HEAVY} if name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
