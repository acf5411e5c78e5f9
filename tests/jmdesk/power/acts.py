"""The program whose disk is recorded: opens a vault, saves, imports, backs up, changes the key; says when each is done.

Arguments: the vault's folder, ``FULL`` or ``OFF`` (how the store flushes). The passphrase comes on standard input.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from jmdesk.desk import Desk
from tests.desks import VILLAGE, add_family


def done(said: str) -> None:
    """What a person would now believe to be saved."""
    os.write(1, said.encode())


def main(folder: Path, flushing: str) -> None:
    """The acts, one after the other."""
    desk = Desk.open(folder, os.environ["POWER_PASSPHRASE"])
    with desk.store._engines.write.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA synchronous = {flushing}")
    head = desk.records.find("R06", limit=1)[0].rid
    for number in range(1, 9):
        desk.records.change("R06", head, {"person_name": f"曾{'一二三四五六七八'[number - 1]}"})
        done(f"save {number}")
    with desk.records.writing("import") as writer:
        for number in range(10, 30):
            add_family(writer, desk.actor, f"{VILLAGE}{number:06}")
    done("import 21")
    desk.backups.make()
    done("backup 1")
    desk.accounts.renew_key()
    done("key 1")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
