"""One stage for all attacks: each leaves it as an honest exchange leaves it."""

from __future__ import annotations

from tests.hostile.stage import postgres, stage

__all__ = ["postgres", "stage"]
