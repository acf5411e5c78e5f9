"""Other programs' synchronisation in the same run: installed into folders of their own under ``build/``, measured.

A peer that cannot be installed or does not run says so, and the bench goes on without it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_HERE = Path(__file__).parent / "peer_scripts"
_INSTALL_SECONDS = 300
_RUN_SECONDS = 900

Taken = dict[str, float]
"""Seconds by direction: ``up`` and ``down``."""


class PeerMissing(Exception):
    """Why a peer cannot be measured here."""


def anki(build: Path, records: int) -> Taken:
    """The sync of PyPI ``anki`` between two collections and its own server. Raises ``PeerMissing``."""
    folder = build / "peers" / "anki"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        _run([sys.executable, "-m", "venv", str(folder)], _INSTALL_SECONDS)
        _run([str(python), "-m", "pip", "install", "--quiet", "anki"], _INSTALL_SECONDS)
        (folder / "ready").touch()
    return _measured([str(python), str(_HERE / "anki_peer.py"), str(records)])


def pouchdb(build: Path, records: int) -> Taken:
    """PouchDB to ``pouchdb-server`` and on to a second database, in batches of 1,000. Raises ``PeerMissing``."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise PeerMissing("no node")
    folder = build / "peers" / "pouchdb"
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), "pouchdb", "pouchdb-server"]
        _run(install, _INSTALL_SECONDS)
        (folder / "ready").touch()
    with tempfile.TemporaryDirectory(prefix="jmdesk-bench-") as data:
        return _measured([node, str(_HERE / "pouch_peer.cjs"), str(folder.resolve()), str(records), data])


def _measured(command: Sequence[str]) -> Taken:
    taken: Taken = json.loads(_run(command, _RUN_SECONDS).splitlines()[-1])
    return taken


def _run(command: Sequence[str], limit: int) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissing(type(error).__name__) from error
    if done.returncode:
        raise PeerMissing((done.stderr.strip().splitlines() or ["no word"])[-1][:200])
    return done.stdout
