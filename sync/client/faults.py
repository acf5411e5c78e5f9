"""Protocol errors as the desk's own: what the platform sent and must not have is refused, with its code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jmdesk.core.errors import Refused
from sync.protocol.errors import ProtocolError


@contextmanager
def of_the_platform() -> Iterator[None]:
    """Turn what the protocol forbids into ``Refused`` with the same code and parameters; no state has changed then."""
    try:
        yield
    except ProtocolError as error:
        raise Refused(error.code, **error.params) from error
