"""Measuring: rounds of several works in turn, medians, ratios, and how a figure grows with the number of rows."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

Work = Callable[[], object]
Clock = Callable[[], float]


def seconds(work: Work, clock: Clock = time.perf_counter) -> float:
    """How long one call takes; by ``time.process_time``, how much of it the processor worked for us."""
    began = clock()
    work()
    return clock() - began


def in_turn(works: Mapping[str, Work], rounds: int, clock: Clock = time.perf_counter) -> dict[str, float]:
    """Medians of works done A B A B …: noise of the machine falls on all of them alike."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(seconds(work, clock))
    return {name: statistics.median(times) for name, times in taken.items()}


def percentile(times: list[float], share: int) -> float:
    """The time that ``share`` per cent of the runs stay under."""
    return sorted(times)[min(len(times) - 1, math.ceil(len(times) * share / 100) - 1)]


def exponent(small: float, large: float, factor: float) -> float:
    """``k`` of cost ~ rows^k between two sizes: 0 is flat, 1 linear."""
    return math.log(large / small, factor)


@dataclass(frozen=True)
class Line:
    """One line of the table. ``goal`` is what it is held against; nothing fails when it is missed."""

    bench: str
    rows: int
    figure: float
    unit: str
    goal: str = ""


@dataclass
class Table:
    """The figures of one run: printed as they come, written as JSON at the end."""

    lines: list[Line] = field(default_factory=list)

    def add(self, bench: str, rows: int, figure: float, unit: str, goal: str = "") -> None:
        """Note a figure and print it."""
        self.lines.append(Line(bench, rows, figure, unit, goal))
        print(f"{bench:<58}{rows:>8}{figure:>12.3g} {unit:<8}{goal}", flush=True)

    def grow(self) -> None:
        """Add the exponent of every time that was measured at two sizes or more."""
        for bench in dict.fromkeys(line.bench for line in self.lines):
            sizes = {line.rows: line.figure for line in self.lines if line.bench == bench and line.unit in ("s", "ms")}
            if len(sizes) > 1:
                small, large = min(sizes), max(sizes)
                self.add(f"growth: {bench}", large, exponent(sizes[small], sizes[large], large / small), "exponent")

    def write(self, file: Path) -> None:
        """Leave the figures as JSON."""
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [asdict(line) for line in self.lines]
        file.write_text(json.dumps(lines, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
