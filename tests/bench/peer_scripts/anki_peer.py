"""Anki's own sync, measured by its own Python: ``python anki_peer.py RECORDS`` prints seconds up and down as JSON.

A collection with so many new notes sends them to Anki's server as an ordinary sync, and a second collection takes them
over the same way: both begin as copies of one empty collection.
"""

import importlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any

# It is there in the peer's own environment alone.
Collection = importlib.import_module("anki.collection").Collection


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _up(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise SystemExit("the server did not start")


def _synchronise(collection: Any, auth: object) -> float:
    began = time.perf_counter()
    collection.sync_collection(auth, sync_media=False)
    return time.perf_counter() - began


def main() -> None:
    """Measure one exchange."""
    records = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        names = {"SYNC_USER1": "a:b", "SYNC_HOST": "127.0.0.1", "SYNC_PORT": str(port), "SYNC_BASE": f"{folder}/server"}
        server = subprocess.Popen(
            [sys.executable, "-m", "anki.syncserver"],
            env=os.environ | names,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _up(port)
            first, second = Collection(f"{folder}/first.anki2"), Collection(f"{folder}/second.anki2")
            auth = first.sync_login("a", "b", f"http://127.0.0.1:{port}/")
            first.full_upload_or_download(auth=auth, server_usn=None, upload=True)
            second.full_upload_or_download(auth=auth, server_usn=None, upload=False)
            kind = first.models.by_name("Basic")
            for number in range(records):
                note = first.new_note(kind)
                note.fields = [
                    f"样例村{number}号",
                    "440785104200|1|4|2|1|0153|2026-03-01|1|10|01a2050f-3c3f-764d-b0b9-7f70",
                ]
                first.add_note(note, 1)
            taken = {"up": _synchronise(first, auth), "down": _synchronise(second, auth)}
            if second.note_count() != records:
                raise SystemExit("the second collection has not got the notes")
            first.close()
            second.close()
        finally:
            server.terminate()
            server.wait()
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
