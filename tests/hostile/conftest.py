"""One stage for all attacks: each leaves it as an honest exchange leaves it."""

from __future__ import annotations

from tests.hostile.stage import long_stage, postgres, stage

__all__ = ["long_stage", "postgres", "stage"]
