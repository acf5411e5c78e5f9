"""What the paths of requests name: a batch, and the number of a part or an attachment of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sync.gateway.problem import Declined
from sync.protocol.errors import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def batch_named(request: Request) -> str:
    """The batch that ``{batch}`` names. ``Declined`` ``not_found`` for what can be none."""
    found = str(request.path_params["batch"])
    if not _UUID.fullmatch(found):
        raise Declined(Problem.NOT_FOUND)
    return found


def number_named(request: Request, most: int) -> int:
    """The number that ``{n}`` names, with no more digits than ``most`` has. ``Declined`` ``not_found``."""
    found = str(request.path_params["n"])
    if not (found.isascii() and found.isdigit() and len(found) <= len(str(most))):
        raise Declined(Problem.NOT_FOUND)
    return int(found)
