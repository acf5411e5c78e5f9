"""The end of a desk: only when all is settled or rescued, with the platform's signed word, and read-only afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jmdesk.core.errors import Refused, Unreachable
from jmdesk.desk import Desk
from jmdesk.store import reading
from sync.client.engine import synchronise
from sync.client.membership import load_membership, signing_key
from sync.client.patience import Patience
from sync.client.rescue import rescue, rescued, unfinished
from sync.client.retirement import retire
from sync.client.sealing import seal
from sync.client.steering import Steering, Stopped
from sync.protocol.inspect import inspect_file
from sync.protocol.rescue import Part, RescueOpener, RescueReader
from sync.protocol.suites import KeyRole, KeySet, OpeningKey
from tests.sync.client.conftest import Platform
from tests.sync.client.desk_view import RECORDS, Enrolled, household_of
from tests.sync.client.lines import AnswersLost
from tests.sync.client.office import add_household


def opened(file: Path, desk: Desk, key: OpeningKey) -> dict[Part, list[dict[str, object]]]:
    """What a key opens of a rescue package."""
    found: dict[Part, list[dict[str, object]]] = {part: [] for part in Part}
    with file.open("rb") as source:
        reader = RescueReader(source, KeySet.of(signing_key(desk.vault.device_keys()).public))
        opener = RescueOpener(reader.signed.manifest, key)
        for name, entry, data in reader.data():
            part = Part(name.partition("/")[0])
            if opener.may_open(part):
                found[part] += [json.loads(line) for line in opener.lines(part, entry, data)]  # type: ignore[arg-type]
        reader.finish()
    return found


def test_a_desk_whose_work_is_settled_can_be_retired(enrolled: Enrolled, patience: Patience) -> None:
    desk, transport = enrolled
    rid = add_household(desk, 1)
    synchronise(desk, transport, patience=patience)
    assert unfinished(desk).total == 0
    at = retire(desk, transport, patience)
    assert desk.store.retired == at
    assert household_of(desk, rid).values["address"] == "样例路1号"
    with pytest.raises(Refused, match=r"store\.retired"):
        desk.records.change("R05", rid, {"address": "停用之后改的路1号"})
    with pytest.raises(Refused, match=r"store\.retired"):
        synchronise(desk, transport, patience=patience)
    with pytest.raises(Refused, match=r"retirement\.done"):
        retire(desk, transport, patience)


def test_a_desk_with_unsent_work_is_not_retired(enrolled: Enrolled, patience: Patience) -> None:
    desk, transport = enrolled
    add_household(desk, 1)
    with pytest.raises(Refused, match=r"retirement\.unsent"):
        retire(desk, transport, patience)
    assert synchronise(desk, transport, patience=patience).verdicts == {"accepted": RECORDS}


def test_a_rescue_package_holds_everything_unfinished_and_opens_for_the_platform_alone(
    enrolled: Enrolled, platform: Platform, patience: Patience, tmp_path: Path
) -> None:
    desk, _ = enrolled
    sent = add_household(desk, 1)
    ready = add_household(desk, 2)
    waiting = add_household(desk, 3, consent=False)
    head = str(household_of(desk, waiting).values["head_person_id"])
    desk.records.change("R06", head, {"id_type": "111", "id_no": "440785197003010016"})
    seal(desk, load_membership(desk.store), Steering())
    file = tmp_path / "rescue.jmx"
    made = rescue(desk, file, Steering())
    assert unfinished(desk).awaiting == 1
    with file.open("rb") as source:
        report = inspect_file(source)
    assert (report.kind, report.problems, report.envelopes[0].kind) == ("rescue", (), "rescue-manifest")
    keys = platform.running.gateway.keys
    by_platform = opened(file, desk, keys.opening)
    by_escrow = opened(file, desk, OpeningKey(KeyRole.ESCROW, platform.escrow))
    assert {line["rid"] for line in by_platform[Part.OPEN] if line["type"] == "R05"} == {sent, ready}
    assert by_platform[Part.WITHHELD] == []
    assert by_escrow[Part.OPEN] == by_platform[Part.OPEN]
    assert waiting in {line["rid"] for line in by_escrow[Part.WITHHELD]}
    [sealed] = [line["awaiting"] for line in by_escrow[Part.WITHHELD] if "awaiting" in line]
    assert sealed == {"id_no": "440785197003010016"}
    assert made.records + made.withheld == len(by_escrow[Part.OPEN]) + len(by_escrow[Part.WITHHELD])
    [household] = [line for line in by_escrow[Part.OPEN] if line["rid"] == ready]
    assert household["values"]["address"] == "样例路2号"  # type: ignore[index]
    assert "样例" not in file.read_bytes().decode("utf-8", "replace")


def test_a_desk_whose_work_is_rescued_can_be_retired_until_something_changes(
    enrolled: Enrolled, patience: Patience, tmp_path: Path
) -> None:
    desk, transport = enrolled
    rid = add_household(desk, 1)
    rescue(desk, tmp_path / "first.jmx", Steering())
    desk.records.change("R05", rid, {"address": "又改了"})
    assert rescued(desk) is None
    with pytest.raises(Refused, match=r"retirement\.unsent"):
        retire(desk, transport, patience)
    rescue(desk, tmp_path / "second.jmx", Steering())
    retire(desk, transport, patience)
    assert desk.store.retired


def test_a_retirement_whose_answer_was_lost_is_taken_up_again(enrolled: Enrolled, patience: Patience) -> None:
    desk, transport = enrolled
    with pytest.raises(Unreachable):
        retire(desk, AnswersLost(transport), Patience(patience.steering, attempts=1))
    assert not desk.store.retired
    with pytest.raises(Refused, match=r"sync\.retiring"):
        seal(desk, load_membership(desk.store), Steering())
    retire(desk, transport, patience)
    assert desk.store.retired


def test_what_a_retired_desk_sealed_before_goes_to_a_person_and_is_not_lost(
    enrolled: Enrolled, platform: Platform, patience: Patience, tmp_path: Path
) -> None:
    desk, transport = enrolled
    add_household(desk, 1)
    batch = seal(desk, load_membership(desk.store), Steering()).batch
    assert batch is not None
    rescue(desk, tmp_path / "rescue.jmx", Steering())
    retire(desk, transport, patience)
    platform.deliver(desk.vault.outgoing / batch.file, load_membership(desk.store).device)
    query = "SELECT state FROM batches WHERE batch_id = %s"
    [(state,)] = platform.ask(query, batch.batch_id)
    assert state == "awaiting_release"


def test_a_stop_leaves_no_half_package(enrolled: Enrolled, tmp_path: Path) -> None:
    desk, _ = enrolled
    add_household(desk, 1)
    with pytest.raises(Stopped):
        rescue(desk, tmp_path / "rescue.jmx", Steering(cancelled=lambda: True))
    assert list(tmp_path.glob("*.jmx*")) == []
    assert rescued(desk) is None


def test_nothing_is_rescued_without_need(enrolled: Enrolled, tmp_path: Path) -> None:
    desk, _ = enrolled
    with pytest.raises(Refused, match=r"rescue\.nothing"):
        rescue(desk, tmp_path / "rescue.jmx", Steering())
    with desk.store.reading() as connection:
        assert reading.sealed(connection) == []
