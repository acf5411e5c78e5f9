"""``jmdesk``: without an argument the window, else the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the program named by ``sys.argv``; the exit status is 0 done, 1 refused, 2 wrong usage."""
    from jmdesk.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
