"""Two persons for one decision: who made something must not be the one who checks it."""

from __future__ import annotations

from collections.abc import Iterable

from jmdesk.core.errors import Refused


def four_eyes(makers: str | Iterable[str], checker: str) -> None:
    """``Refused`` "permissions.four_eyes" when ``checker`` is among ``makers``, or when no maker is known.

    The names are user ids as the change log or a ``workflow_event`` records them (``actor_id``). Fail-safe: a step
    whose author is unknown cannot be checked, for it might be one's own. Law: the review rules of the credit ratings
    (first rater and reviewer differ), GB/T 22239.
    """
    made = {makers} if isinstance(makers, str) else set(makers)
    made.discard("")
    if not checker or not made or checker in made:
        raise Refused("permissions.four_eyes")
