"""Where a store keeps which villages a town looks after."""

from __future__ import annotations

from typing import Final

KEPT: Final = "place.kept_villages"
"""The kept villages as a JSON list of 12-digit codes."""
AT_WORK: Final = "place.village_at_work"
"""The one that forms begin with, "" for none."""
