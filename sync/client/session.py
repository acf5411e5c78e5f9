"""A session with the platform: opened when first needed, opened anew when it ran out, every call tried patiently."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.errors import Refused
from sync.client.faults import of_the_platform
from sync.client.patience import Patience
from sync.protocol.session import answer_challenge
from sync.protocol.suites import SigningKey

if TYPE_CHECKING:
    from sync.client.transport import Opened, Transport

T = TypeVar("T")


class Session:
    """The desk's word with the platform.

    ``trust_version``, ``server_epoch`` and ``scope`` are the platform's own hints, unsigned: its newest trust document,
    which history it is in, and what this device is granted now; 0 and empty before a session was opened.
    """

    def __init__(self, transport: Transport, key: SigningKey, clock: Clock, patience: Patience) -> None:
        self.transport = transport
        self.fresh = False
        """Whether a session was opened here, not taken over: then the platform is asked what is new beside records."""
        self.trust_version = 0
        self.server_epoch = ""
        self.scope = ""
        self._key = key
        self._clock = clock
        self._patience = patience

    @property
    def device(self) -> str:
        """The device that this desk's keys are."""
        return self._key.keyid

    def open(self) -> None:
        """Open a session unless there is one."""
        if not self.transport.token:
            self._answer()

    def run(self, call: Callable[[], T]) -> T:
        """The call's answer, inside a session. Errors of the transport, or ``Stopped``."""
        self.open()
        try:
            return self._patience.run(call)
        except Refused as error:
            if error.code != "sync.unauthenticated":
                raise
        self._answer()
        return self._patience.run(call)

    def _answer(self) -> None:
        """Answer a challenge. A nonce works once: where the first answer's reply was lost, a second one is asked."""
        self.transport.token = ""
        try:
            opened = self._handshake()
        except Refused as error:
            if error.code != "sync.unauthenticated":
                raise
            opened = self._handshake()
        self.transport.token = opened.token
        self.fresh = True
        self.trust_version, self.server_epoch, self.scope = opened.trust_version, opened.server_epoch, opened.scope

    def _handshake(self) -> Opened:
        challenge = self._patience.run(lambda: self.transport.challenge(self._key.keyid))
        with of_the_platform():
            answer = answer_challenge(challenge.nonce, challenge.server_epoch, utc_text(self._clock.now()), self._key)
        return self._patience.run(lambda: self.transport.open_session(answer))
