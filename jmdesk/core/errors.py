"""Errors that answer "whose fault was it", each with a stable code and a text for the user."""

from __future__ import annotations

from jmdesk.core.messages import Message, message


class KnownError(Exception):
    """An error that is not a bug: it has a stable code, parameters, and a text with a next step.

    ``code`` is dotted and never changes (``vault.wrong_passphrase``); ``params`` fill the text. They must not hold
    personal data unless the text is shown on screen only: ``str(error)`` gives the code alone, so logs stay clean.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def message_for_user(self, language: str = "zh") -> Message:
        """What happened and what to do, in the user's language."""
        return message(self.code, self.params, language)


class Refused(KnownError):
    """The input, or the other side, said no: the user can mend it."""


class Unreachable(KnownError):
    """The network or the platform did not answer: try again later, nothing is lost."""


class Environment(KnownError):
    """Disk, file, permission or system: this computer is in the way."""
