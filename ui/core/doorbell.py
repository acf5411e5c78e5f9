"""Brings the window of an open vault to the front when the program is started on the same vault again.

The bell is a local socket in a folder that only this user may enter (a pipe of this user's own on Windows). Ringing is
the whole message: nothing is passed either way.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, Signal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer

ANSWERS_WITHIN_MS = 800
_LONGEST_SOCKET_NAME = 100
"""Bytes; systems end a socket's path at 104 or 108."""


def bell_of(vault: Path) -> str:
    """The bell's address for a vault folder; empty where none can be hung."""
    from hashlib import sha256

    name = f"jmdesk-{sha256(str(vault.resolve()).encode()).hexdigest()[:16]}"
    if sys.platform == "win32":
        return name
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    folder = Path(place) / "jmdesk" / "run"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError:
        return ""
    address = str(folder / name)
    return address if len(address.encode()) <= _LONGEST_SOCKET_NAME else ""


class Doorbell(QObject):
    """``rung`` when somebody starts the program on the vault whose window this is."""

    rung = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server: QLocalServer | None = None

    def hang(self, vault: Path) -> bool:
        """Listen for this vault, whose lock this process holds: what an earlier process left behind is nobody's."""
        address = bell_of(vault)
        if not address:
            return False
        from PySide6.QtNetwork import QLocalServer

        self.take_down()
        QLocalServer.removeServer(address)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        return self._server.listen(address)

    def take_down(self) -> None:
        """Listen no more."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            server.deleteLater()

    def _answer(self) -> None:
        while self._server is not None and (caller := self._server.nextPendingConnection()) is not None:
            caller.disconnectFromServer()
            caller.deleteLater()
        self.rung.emit()


def ring(vault: Path) -> bool:
    """Ask for the window that has this vault open; whether there is one that answered."""
    address = bell_of(vault)
    if not address or (sys.platform != "win32" and not Path(address).exists()):
        return False
    from PySide6.QtNetwork import QLocalSocket  # a tenth of the time to the first window: only when there is a bell

    socket = QLocalSocket()
    socket.connectToServer(address)
    answered = socket.waitForConnected(ANSWERS_WITHIN_MS)
    if answered and socket.state() == QLocalSocket.LocalSocketState.ConnectedState:
        socket.waitForDisconnected(ANSWERS_WITHIN_MS)
    return answered
