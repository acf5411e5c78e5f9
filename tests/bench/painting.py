"""The household list as it is painted: first paint, page steps, jumps to anywhere, a search as it is typed."""

from __future__ import annotations

import os

from jmdesk.desk import Desk
from jmdesk.households.queries import HouseholdFilter
from tests.bench.stopwatch import Table, percentile, seconds

STEPS = 40
PAGE = 128


def bench_painting(table: Table, desk: Desk, households: int) -> None:
    """On a screen that shows nothing, of the size of a small laptop."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from ui.app import prepare  # Qt only where it is measured
    from ui.core.settings import Settings
    from ui.pages.households.model import HouseholdSource, list_columns
    from ui.widgets.table_view import WindowedTable

    prepare(Settings())
    shown = WindowedTable(list_columns(), "bench")
    shown.resize(1366, 768)
    shown.show()

    def paint(wanted: HouseholdFilter) -> None:
        shown.show_source(HouseholdSource(desk, wanted))
        shown.grab()

    def go_to(line: int) -> None:
        shown.verticalScrollBar().setValue(line)
        shown.grab()

    everything = HouseholdFilter()
    table.add("first paint of the list", households, seconds(lambda: paint(everything)) * 1000, "ms", "< 60")
    again = [seconds(lambda: paint(everything)) for _ in range(7)]
    table.add("painting the list again, p95", households, percentile(again, 95) * 1000, "ms", "< 60")
    page = shown.verticalScrollBar().pageStep()
    steps = [seconds(lambda n=n: go_to(n * page)) for n in range(STEPS)]  # type: ignore[misc]
    table.add("page step, p95", households, percentile(steps, 95) * 1000, "ms", "< 16")
    last = shown.verticalScrollBar().maximum()
    jumps = [seconds(lambda n=n: go_to(n * 7919 * PAGE % last)) for n in range(STEPS)]  # type: ignore[misc]
    table.add("jump to anywhere, p95", households, percentile(jumps, 95) * 1000, "ms", "< 33")
    typed = [text[:end] for text in ("黄伟强", "liang", "hwq", "13800") for end in range(1, len(text) + 1)]
    keys = [seconds(lambda text=text: paint(HouseholdFilter(search=text))) for text in typed]  # type: ignore[misc]
    table.add("search per keystroke to the painted list, p95", households, percentile(keys, 95) * 1000, "ms", "< 50")
    shown.close()
