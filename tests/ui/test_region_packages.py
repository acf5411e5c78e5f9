from __future__ import annotations

from jmdesk.catalogue.layers import regions_of
from tests.packages import regions_files
from ui.core.pickers import region_path, regions_within

GONE, HEIR = "440785109214", "440785109213"


def test_pickers_offer_the_regions_in_force_and_name_a_former_one_by_its_heir() -> None:
    known = regions_of("JM-QH-2026", regions_files((GONE, HEIR)))
    assert [c.code for c in regions_within(("440785109",), known)(GONE, 5)] == []
    assert [c.code for c in regions_within(("440785109",))(GONE, 5)] == [GONE]
    assert region_path(GONE, known) == region_path(HEIR, known)
    assert region_path(GONE) != region_path(HEIR)
