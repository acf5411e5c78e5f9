"""Builds ``build/freeze/jmdesk/``: the desk as a folder that needs no Python. Run by ``make freeze``.

The folder runs on systems whose C library is not older than the one it was built on: build on the oldest that is meant
to run it. What the program says when started with ``--self-test`` is checked by ``tests/installer/``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "build" / "freeze"
MEBIBYTE = 1 << 20


def freeze(output: Path = OUTPUT) -> Path:
    """Build the program anew under ``output`` and return its executable."""
    shutil.rmtree(output, ignore_errors=True)
    subprocess.run(
        [
            *(sys.executable, "-m", "PyInstaller", str(ROOT / "installer" / "jmdesk.spec")),
            *(
                f"--distpath={output}",
                f"--workpath={ROOT / 'build' / 'pyinstaller'}",
                "--noconfirm",
                "--log-level=WARN",
            ),
        ],
        cwd=ROOT,
        check=True,
    )
    return output / "jmdesk" / ("jmdesk.exe" if sys.platform == "win32" else "jmdesk")


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


if __name__ == "__main__":
    try:
        program = freeze()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    print(f"freeze: {program} ({size(program.parent) // MEBIBYTE} MiB)")
