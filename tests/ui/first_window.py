"""A window that has a vault open, in a process of its own: ``python -m tests.ui.first_window VAULT PASSPHRASE``.

Prints "open" once it listens and is minimised, and "raised" when it was brought forward; ends when its input ends.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from ui.app import Session, prepare
from ui.core.settings import Settings
from ui.core.vaults import VaultsOnDisk


class Outside(QObject):
    """Tells the window's thread that the input has ended."""

    ended = Signal()


def main() -> int:
    """Until the input ends."""
    settings = Settings()
    app = prepare(settings)
    vaults = VaultsOnDisk()
    session = Session(vaults, settings, lambda *_: None)
    session._enter(vaults.open(Path(sys.argv[1]), sys.argv[2], ""))
    session.window.showMinimized()
    session.doorbell.rung.connect(lambda: print("hidden" if session.window.isMinimized() else "raised", flush=True))
    outside = Outside()
    outside.ended.connect(app.quit)

    def wait() -> None:
        sys.stdin.read()
        outside.ended.emit()

    threading.Thread(target=wait, daemon=True).start()
    print("open", flush=True)
    try:
        return app.exec()
    finally:
        session.close()


if __name__ == "__main__":
    sys.exit(main())
