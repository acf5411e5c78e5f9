"""A bug described for the people who mend it, with nothing in it about the people in the records."""

from __future__ import annotations

import traceback
from pathlib import PurePath

from PySide6.QtCore import qVersion


def describe(error: BaseException) -> str:
    """The error's type and where it happened. Never its message, arguments or local values."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    causes: list[str] = []
    inner = error.__cause__ or error.__context__
    while inner is not None and len(causes) < 4:
        causes.append(type(inner).__name__)
        inner = inner.__cause__ or inner.__context__
    tail = f" <- {' <- '.join(causes)}" if causes else ""
    return f"{type(error).__module__}.{type(error).__qualname__}{tail} @ {' > '.join(places[-12:])}"


def report(error: BaseException, version: str) -> str:
    """What the user may copy and send: the description, the program's version, the system."""
    import platform

    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return "\n".join(
        (f"jmdesk {version}", system, f"Python {platform.python_version()}, Qt {qVersion()}", describe(error))
    )
