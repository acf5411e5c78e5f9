"""``python -m tests.hostile [libFuzzer options]``: coverage-guided fuzzing of the container readers with atheris.

atheris is not among the project's dependencies: install it into an environment of your own (it has no wheel for every
Python). A finding is an input that is accepted with other content, or that ends in anything but a named refusal.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from importlib.util import find_spec
from typing import Any

from sync.protocol.errors import RemoteProtocolError


def main() -> int:
    """Fuzz until stopped; 2 where there is no atheris."""
    if find_spec("atheris") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        print(f"atheris is not installed for Python {version}: pip install atheris, where it has a wheel for it")
        return 2
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["sync.protocol"]):
        from tests.hostile.test_hostile_containers import GOLDEN, READERS

    good = {kind: (GOLDEN / file).read_bytes() for kind, (file, _, _) in READERS.items()}

    def one(data: bytes) -> None:
        for kind, (_, _, read) in READERS.items():
            try:
                read(data)
            except RemoteProtocolError:
                continue
            if data != good[kind]:
                raise AssertionError(f"a {kind} that is not the golden one was accepted")

    with tempfile.TemporaryDirectory(prefix="jmdesk-atheris-") as found:
        # What it finds goes to the first folder; the golden files are only read.
        atheris.Setup([*sys.argv, found, str(GOLDEN)], one)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
