"""``python -m tests.mutation [FILE …]``: takes each check out of protocol and vault and sees whether a test notices.

A check is a ``raise`` (it becomes ``pass``) or an ``if`` that leads to one (its condition is negated). Each mutant runs
its room's own tests on a copy of the tree. What no test notices is printed, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parents[2]
ROOMS = {
    Path("sync/protocol"): ("tests/sync/protocol", "tests/hostile/test_hostile_containers.py"),
    Path("jmdesk/vault"): ("tests/jmdesk/vault",),
}
"""The rooms whose checks are tried, and the tests of each."""
_COPIED = ("jmdesk", "sync", "resources", "tests", "pyproject.toml")
_SECONDS = 600


@dataclass(frozen=True)
class Mutant:
    """One check taken out: where it stood, what was done to it, and the file without it."""

    file: Path
    line: int
    what: str
    text: str


def mutants(file: Path) -> Iterator[Mutant]:
    """Every mutant of one file."""
    source = (ROOT / file).read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield Mutant(file, node.lineno, "raise → pass", _replaced(lines, node, "pass"))
        elif isinstance(node, ast.If) and _guards(node):
            test = ast.get_source_segment(source, node.test)
            yield Mutant(file, node.lineno, "if → if not", _replaced(lines, node.test, f"(not ({test}))"))


def _guards(node: ast.If) -> bool:
    return any(isinstance(inner, ast.Raise) for inner in node.body)


def _replaced(lines: list[str], node: ast.stmt | ast.expr, text: str) -> str:
    """The file with one node's text replaced. Columns of `ast` count bytes."""
    assert node.end_lineno is not None
    first, last = lines[node.lineno - 1].encode(), lines[node.end_lineno - 1].encode()
    changed = first[: node.col_offset] + text.encode() + last[node.end_col_offset :]
    return "".join([*lines[: node.lineno - 1], changed.decode(), *lines[node.end_lineno :]])


def noticed(mutant: Mutant, tree: Path) -> bool:
    """Whether a test fails on a mutant; ``tree`` is a copy that nobody else uses meanwhile."""
    target = tree / mutant.file
    sound = target.read_bytes()
    target.write_text(mutant.text, encoding="utf-8")
    options = ("-q", "-x", "-m", "not long", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", *options, *_tests(mutant.file, tree)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, timeout=_SECONDS, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        done = 1
    finally:
        target.write_bytes(sound)
    return done != 0


def _tests(file: Path, tree: Path) -> list[str]:
    """The tests of a file's room, those that bear its name first: most mutants end there."""
    rooms = ROOMS[file.parent]
    named = Path(rooms[0]) / f"test_{file.stem}.py"
    return [*([named.as_posix()] if (tree / named).exists() else []), *rooms]


def copied(folder: Path) -> Path:
    """A copy of the tree to spoil."""
    tree = Path(tempfile.mkdtemp(dir=folder))
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree / name)
    return tree


def main() -> int:
    """Try every mutant; 1 when some live."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="files of sync/protocol or jmdesk/vault; all unless said")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    files = options.files or sorted(file.relative_to(ROOT) for room in ROOMS for file in (ROOT / room).glob("*.py"))
    tried = [mutant for file in files for mutant in mutants(file)]
    with tempfile.TemporaryDirectory(prefix="jmdesk-mutation-") as folder:
        trees = SimpleQueue[Path]()
        for _ in range(options.jobs):
            trees.put(copied(Path(folder)))

        def lives(mutant: Mutant) -> bool:
            tree = trees.get()
            try:
                alive = not noticed(mutant, tree)
            finally:
                trees.put(tree)
            if alive:
                print(f"{mutant.file}:{mutant.line}: {mutant.what} lives", flush=True)
            return alive

        with ThreadPoolExecutor(options.jobs) as threads:
            living = sum(threads.map(lives, tried))
    print(f"{len(tried)} mutants, {living} live")
    return 1 if living else 0


if __name__ == "__main__":
    sys.exit(main())
