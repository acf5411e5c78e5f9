from __future__ import annotations

import pytest

from jmdesk.catalogue.loader import catalogue


@pytest.mark.parametrize("word", ["不予评定", "已删除", "拒绝配合", "责任认定书", "无法核实"])
def test_labels_of_fields_and_codes_keep_to_the_wording_of_the_interface(word: str) -> None:
    fields = [f.label for t in catalogue().types.values() for f in t.fields]
    codes = [label for listed in catalogue().code_lists.values() for label in listed.values.values()]
    assert [label for label in (*fields, *codes) if word in label] == []


def test_the_catalogue_is_whole() -> None:
    types = [t for t in catalogue().types.values() if t.id.startswith("R")]
    assert (len(types), sum(len(t.fields) for t in types), len(catalogue().code_lists)) == (29, 365, 77)
