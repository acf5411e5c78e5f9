"""One vault made once at the cheapest cost, copied for each test: every derivation is real and takes its time."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jmdesk.core.clock import FixedClock
from jmdesk.core.ids import CountedIds
from jmdesk.vault.folder import create_vault
from jmdesk.vault.header import Header
from jmdesk.vault.kdf import FLOOR
from jmdesk.vault.keys import VaultKeys

PASSPHRASE = "荔枝湾边三只白鹭"
UNIT = "11440703007072500X"
REGIONS = ("440703104", "440703105")
USER = "u01"
NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Model:
    """The vault that tests copy, with what only its maker knows."""

    folder: Path
    keys: VaultKeys
    header: Header


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("model") / "资料库 一"
    with create_vault(
        folder,
        PASSPHRASE,
        unit=UNIT,
        regions=REGIONS,
        user=USER,
        cost=FLOOR,
        clock=FixedClock(NOW),
        ids=CountedIds(),
    ) as made:
        return Model(folder, made.keys, made.header)


@pytest.fixture
def vault(model: Model, tmp_path: Path) -> Path:
    """A vault of this test's own."""
    return Path(shutil.copytree(model.folder, tmp_path / "资料库"))


@pytest.fixture
def plain_folder() -> Iterator[Path]:
    """A folder that an unprivileged user can reach (pytest's own are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="jmdesk-vault-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def unprivileged(plain_folder: Path) -> Iterator[Path]:
    """The folder, while the test runs as somebody whom permissions bind: root may write anywhere."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    yield plain_folder
    os.seteuid(was)
