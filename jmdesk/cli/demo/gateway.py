"""The gateway as the demonstration runs it: its own program, the embedded PostgreSQL, HTTPS on loopback."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jmdesk.core.errors import Environment
from jmdesk.core.resources import resource

_READY = re.compile(r"ready at (https://\S+)(?: \(CA: (.+)\))?")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that is serving: its data folder, address and the certificate to trust."""

    data: Path
    url: str
    ca: Path

    def ask(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a ``jmdesk-gateway`` command on the same data and return its JSON lines."""
        done = subprocess.run(  # noqa: S603 — our own program
            [*_program(), *arguments, "--data", str(self.data), "--json"],
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        if done.returncode:
            raise Environment("demo.gateway_failed", command=arguments[0], said=done.stderr.strip()[-300:])
        return [json.loads(line) for line in done.stdout.splitlines()]


def _program() -> list[str]:
    return [sys.executable, "-c", "import sys; from sync.gateway.cli import main; sys.exit(main())"]


@contextmanager
def serving() -> Iterator[Gateway]:
    """A gateway on a free port with the sample units, gone afterwards.

    Its data lie under the system's temporary folder, for PostgreSQL runs under another account when we are root, and
    that account must be able to reach them.
    """
    data = Path(tempfile.mkdtemp(prefix="jmdesk-demo-"))
    data.chmod(0o755)
    folder = data / "gateway"
    process = None
    try:
        units = data / "units.csv"
        units.write_bytes(resource("samples/units.csv").read_bytes())
        Gateway(folder, "", data).ask("units", "import", str(units))
        process = subprocess.Popen(  # noqa: S603 — our own program
            [*_program(), "serve", "--listen", "127.0.0.1:0", "--data", str(folder)],
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        line = process.stdout.readline() if process.stdout else ""
        ready = _READY.search(line)
        if ready is None:
            raise Environment("demo.gateway_failed", command="serve", said=line.strip())
        yield Gateway(folder, ready.group(1), Path(ready.group(2)))
    finally:
        if process is not None:
            process.terminate()
            process.wait(timeout=60)
            if process.stdout:
                process.stdout.close()
        shutil.rmtree(data, ignore_errors=True)
