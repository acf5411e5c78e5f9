"""Runs a room's tests once, then once more for each mutant: in a forked process, only those that enter its function.

A fork has everything imported and every lasting fixture made. The mutant's code takes the place of the function's
there, so that each reference to the function, wherever it was imported to, runs the mutant. The first test that fails
ends it; one that never comes to its end has noticed, too.
"""

from __future__ import annotations

import gc
import hmac
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Final, cast

import pytest
from _pytest.runner import runtestprotocol

from jmdesk.vault import kdf
from tests.mutation.mutants import ROOT, Mutant

CPU_SECONDS: Final = 120
SECONDS: Final = 1200
"""After which a mutant ends that computes, or that waits, for ever."""
NOTICED, ENDLESS, LIVES, UNREACHED = "noticed", "never ends", "lives", "no test comes there"


class Hunt:
    """A plugin of pytest: ``told`` hears the fate of each mutant as soon as it is known."""

    def __init__(
        self, mutants: Sequence[Mutant], jobs: int, told: Callable[[Mutant, str], None], *, quick: bool = False
    ) -> None:
        """``quick``: Argon2id is a plain hash meanwhile, and tests that notice that are left out."""
        self._mutants = mutants
        self._quick = quick
        self._jobs = jobs
        self._told = told
        self._seconds: dict[str, float] = {}
        self._comes_by: dict[CodeType, list[pytest.Item]] = defaultdict(list)
        self._codes: set[CodeType] = set()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In the place of pytest's own loop."""
        from hypothesis import settings  # only now: pytest rewrites its plugins' assertions as it imports them

        # The same examples each time, however slow the computer is: what lives today lives tomorrow.
        settings.register_profile("mutation", deadline=None, derandomize=True, database=None)
        settings.load_profile("mutation")
        with pytest.MonkeyPatch.context() as patch:
            if self._quick:
                patch.setattr(kdf, "Argon2id", _PlainHash)
            self._hunt(session.items)
        return True

    def _hunt(self, items: Sequence[pytest.Item]) -> None:
        files = {str(ROOT / mutant.file) for mutant in self._mutants}
        functions = _functions_of(files)
        self._codes = {function.__code__ for found in functions.values() for function in found}
        self._run_sound(items)
        running: dict[int, Mutant] = {}
        for mutant in self._mutants:
            targets = [one for one in functions[str(ROOT / mutant.file)] if one.__code__.co_qualname == mutant.function]
            tests = self._tests(mutant, targets)
            if not tests:
                self._told(mutant, UNREACHED)
                continue
            while len(running) >= self._jobs:
                self._wait(running)
            running[_forked(mutant, targets, tests)] = mutant
        while running:
            self._wait(running)

    def _run_sound(self, items: Sequence[pytest.Item]) -> None:
        """Every test on the sound program: how long it takes and which functions it enters."""
        for item in items:
            entered: set[CodeType] = set()

            def enter(frame: FrameType, _event: str, _argument: Any, entered: set[CodeType] = entered) -> None:
                if frame.f_code in self._codes:
                    entered.add(frame.f_code)

            began = time.monotonic()
            sys.settrace(enter)
            reports = run(item)
            sys.settrace(None)
            self._seconds[item.nodeid] = time.monotonic() - began
            failed = next((report for report in reports if report.failed), None)
            if failed is not None and self._quick:
                print(f"left out: {item.nodeid}", flush=True)
                continue
            if failed is not None:
                pytest.exit(f"{item.nodeid} fails without any mutant:\n{failed.longreprtext}", 2)
            for code in entered:
                self._comes_by[code].append(item)

    def _tests(self, mutant: Mutant, targets: Sequence[FunctionType]) -> list[pytest.Item]:
        """The tests that enter a mutant's function: those that bear its file's name first, then the quickest."""
        found = {item.nodeid: item for target in targets for item in self._comes_by[target.__code__]}
        named = f"test_{mutant.file.stem}.py"

        def order(item: pytest.Item) -> tuple[float, bool]:
            seconds = self._seconds[item.nodeid]
            return (round(seconds), named not in item.nodeid)

        return sorted(found.values(), key=order)

    def _wait(self, running: dict[int, Mutant]) -> None:
        ended, status = os.wait()
        mutant = running.pop(ended, None)
        if mutant is not None:
            self._told(mutant, {0: LIVES, 1: NOTICED}.get(os.waitstatus_to_exitcode(status), ENDLESS))


class _PlainHash:
    """Stands in for Argon2id: 0.1 s for each unlocking would be most of a mutant's time."""

    def __init__(self, **parameters: object) -> None:
        self._parameters = repr(sorted(parameters.items())).encode()

    def derive(self, secret: bytes) -> bytes:
        return hmac.digest(secret, self._parameters, "sha256")


def run(item: pytest.Item) -> list[pytest.TestReport]:
    """Run one test and tear down all but what lasts for the session: the next one may be of another module."""
    return runtestprotocol(item, log=False, nextitem=cast("pytest.Item", item.session))


def _functions_of(files: set[str]) -> dict[str, list[FunctionType]]:
    found: dict[str, list[FunctionType]] = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename in files:
            found[one.__code__.co_filename].append(one)
    return found


def _forked(mutant: Mutant, targets: Sequence[FunctionType], tests: Sequence[pytest.Item]) -> int:
    child = os.fork()
    if child:
        return child
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    code = 1
    try:
        codes = list(_codes_of(compile(mutant.text, str(ROOT / mutant.file), "exec"), mutant.function))
        for target in targets:
            target.__code__ = codes[mutant.turn]
        code = int(_some_fail(tests))
    finally:
        os._exit(code)


def _some_fail(tests: Sequence[pytest.Item]) -> bool:
    return any(report.failed for item in tests for report in run(item))


def _codes_of(code: CodeType, function: str) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if one.co_qualname == function:
                yield one
            yield from _codes_of(one, function)


def named_from_root(path: str) -> Path:
    """A file on the command line, named from the root of the checkout."""
    return Path(path).resolve().relative_to(ROOT)
