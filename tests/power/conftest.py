"""One scene for all: enrolling two desks and asking a platform is paid for once."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.client.patience import Patience
from tests.power.scene import Scene
from tests.sync.client.conftest import Platform, Workshop, patience, platform, workshop

__all__ = ["patience", "platform", "workshop"]


@pytest.fixture(scope="session")
def scene(
    tmp_path_factory: pytest.TempPathFactory, platform: Platform, workshop: Workshop, patience: Patience
) -> Scene:
    """A desk with work to save, apply, seal, back up and migrate."""
    return Scene.make(tmp_path_factory.mktemp("scene"), platform, workshop, patience)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where the system has one: thousands of disks are laid out there."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or shutil.disk_usage(memory).free < 256 << 20 or not os.access(memory, os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="jmdesk-power-", dir=memory))
    yield folder
    shutil.rmtree(folder)
