"""Where the product's data files are, in a checkout, an installed package or a frozen program alike."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def resource(path: str) -> Traversable:
    """The file or folder ``path`` (forward slashes) under ``resources/``."""
    found: Traversable = files("resources")
    for part in path.split("/"):
        found = found / part
    return found
