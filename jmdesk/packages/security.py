"""The security policy in force: a city's signed list named "security", else what came with the program."""

from __future__ import annotations

from jmdesk.packages.service import Packages
from jmdesk.permissions.policy import SECURITY, SECURITY_FILE, SecurityPolicy, read, shipped


def security_of(packages: Packages) -> SecurityPolicy:
    """The rules of today for passphrases, PINs and backups; a package was read, and its floor checked, when it came."""
    text = packages.list_file(SECURITY, SECURITY_FILE)
    return read(text) if text is not None else shipped()
