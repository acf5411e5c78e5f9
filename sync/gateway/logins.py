"""Logins for the database roles: a URL each in a file, with passwords that the server never sees in plain."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from jmdesk.core.errors import Environment

FILE = "logins.json"
"""The file in a data folder with a URL per role; a process's folder has those of its own work only."""


def make_logins(owner: str, roles: Iterable[str]) -> dict[str, str]:
    """Give each role a new random password; their URLs, which are the owner's but for name and password.

    The server gets SCRAM verifiers, so that neither its log nor a listener sees a password. ``Environment``:
    ``gateway.database_unreachable``, ``gateway.owner_url`` (not a ``postgresql://`` URL).
    """
    found: dict[str, str] = {}
    try:
        connection = psycopg.connect(owner, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError:
        raise Environment("gateway.database_unreachable") from None
    with connection:
        for role in roles:
            password = secrets.token_urlsafe(24)
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            connection.execute(
                sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier.decode()))
            )
            found[role] = _as(owner, role, password)
    return found


def complete_logins(data: Path, owner: str, roles: Iterable[str]) -> dict[str, str]:
    """The logins in a data folder, with new ones for the roles that have none; those that exist stay."""
    found = read_logins(data / FILE)
    missing = [role for role in roles if role not in found]
    if missing:
        found |= make_logins(owner, missing)
        write_logins(data / FILE, found)
    return found


def _as(owner: str, role: str, password: str) -> str:
    parts = urlsplit(owner)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise Environment("gateway.owner_url")
    place = parts.netloc.rpartition("@")[2]
    rest = owner.partition("://")[2].removeprefix(parts.netloc)
    return f"postgresql://{role}:{quote(password, safe='')}@{place}{rest}"


def write_logins(file: Path, logins: Mapping[str, str]) -> None:
    """Keep the URLs in a file that its owner alone can read."""
    temporary = file.with_name(f".{file.name}.tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as sink:
        json.dump(dict(logins), sink, indent=1)
    temporary.replace(file)


def read_logins(file: Path) -> dict[str, str]:
    """URLs by role; none where there is no such file. ``Environment`` ``gateway.logins_file`` for one that is none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {str(role): str(url) for role, url in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError):
        raise Environment("gateway.logins_file", path=str(file)) from None
