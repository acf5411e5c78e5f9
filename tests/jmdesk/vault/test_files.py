"""Files of a vault are read to a bound, and only where they are plain files."""

from __future__ import annotations

from pathlib import Path

import pytest

from jmdesk.vault.files import read_bounded


def test_a_file_is_read_up_to_its_bound_and_no_further(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    assert read_bounded(file, 5) == b"12345"
    with pytest.raises(ValueError, match="too large"):
        read_bounded(file, 4)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    assert read_bounded(tmp_path / "nothing", 5) is None
    with pytest.raises(ValueError, match="plain file"):
        read_bounded(tmp_path, 5)
