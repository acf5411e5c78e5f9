"""Opens the desk that a command line names."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.cli.output import passphrase
from jmdesk.core.errors import Refused

if TYPE_CHECKING:
    from jmdesk.desk import Desk


def open_desk(args: Namespace) -> Desk:
    """The vault of ``--vault``, opened with the passphrase of this command."""
    from jmdesk.desk import Desk

    desk = Desk.open(Path(args.vault), passphrase(args), user=args.user)
    if desk.demonstration:  # what the command line writes would bear no mark
        desk.close()
        raise Refused("demonstration.window_only")
    if (notice := desk.notice()) is not None:
        print(f"{notice.text}{notice.action}", file=sys.stderr)
    return desk
