"""``python -m tests.soak.exchange VAULT CA``: a desk's program as a process of its own; the passphrase comes on stdin.

It says ``ready`` when the vault is open, then exchanges until nothing is left to send, and says ``done``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from jmdesk.core.errors import KnownError
from jmdesk.desk import Desk
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.sealing import PART_RECORDS
from sync.client.steering import Steering


def main(vault: Path, address: str, ca: Path) -> int:
    """Exchange until everything is settled; 1 when the platform cannot be reached or refuses."""
    with Desk.open(vault, sys.stdin.readline().rstrip("\n")) as desk:
        # Small parts: there are many moments at which to die.
        desk.store.put_setting(PART_RECORDS, "20")
        assert load_membership(desk.store).device
        print("ready", flush=True)
        with HttpTransport(address, desk.ids, ca=ca.read_text()) as transport:
            try:
                report = synchronise(desk, transport, patience=Patience(Steering(), attempts=2))
            except KnownError as error:
                print(error.code, flush=True)
                return 1
        print("done" if report.complete else "unfinished", flush=True)
        return 0 if report.complete else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
