"""What must hold when everything has been exchanged, looked up in the stores themselves and worked out anew.

The numbers are the invariants of `sync/PROTOCOL.md`, section 1. Nothing here asks the merge: the operations that the
city was given are replayed from its ledger by rules of this page.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import msgspec

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import RecordType
from jmdesk.store import outbox
from sync.protocol.envelope import split_envelope
from sync.protocol.manifest import NO_PREVIOUS, Manifest
from sync.protocol.receipts import ProcessingReceipt
from sync.protocol.records import Op, Operation
from tests.soak.papers import check_papers
from tests.soak.scopes import check_packages, check_scopes

if TYPE_CHECKING:
    from tests.soak.game import Game
    from tests.soak.office import Office

_WRITTEN = ("accepted", "merged")
_GOOD = (*_WRITTEN, "duplicate")
_Verdicts = dict[str, tuple[str, int]]
"""Verdict and version by op_id."""


def check(game: Game) -> None:
    """Everything, at the end of a game."""
    verdicts = _verdicts(game)
    _chains(game)
    _at_most_once(game, verdicts)
    _nothing_unseen_overwritten(game, verdicts)
    for office in game.offices.values():
        _outbox(game, office, verdicts)
        _equal(game, office)
    _no_edit_lost(game)
    check_scopes(game)
    check_packages(game)
    check_papers(game)


def _verdicts(game: Game) -> _Verdicts:
    """I9: of every batch that the city holds each operation has exactly one verdict, in the batch's order."""
    found: _Verdicts = {}
    for county, device, epoch, seq, state, records in game.city.look(
        "SELECT county, device, epoch, seq, state, records FROM batches"
    ):
        if state == "announced":
            continue
        assert state == "processed", f"I9: {device}.{epoch}.{seq} is {state}"
        rows = game.city.look(
            "SELECT idx, verdict, version FROM operations WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)"
            " ORDER BY idx",
            (county, device, epoch, seq),
        )
        assert [idx for idx, _, _ in rows] == list(range(records)), f"I9: {device}.{epoch}.{seq}"
        found |= {f"{device}.{epoch}.{seq}.{idx}": (verdict, version) for idx, verdict, version in rows}
    return found


def _chains(game: Game) -> None:
    """I6: each device's numbers run from 1 without a gap, and each manifest names the one before."""
    chains: dict[tuple[str, int], list[tuple[int, str, bytes]]] = defaultdict(list)
    for device, epoch, seq, digest, envelope in game.city.look(
        "SELECT device, epoch, seq, digest, envelope FROM batches ORDER BY device, epoch, seq"
    ):
        chains[device, epoch].append((seq, digest, bytes(envelope)))
    for name, chain in chains.items():
        before = NO_PREVIOUS
        for place, (seq, digest, envelope) in enumerate(chain, 1):
            manifest = msgspec.json.decode(split_envelope(envelope).payload, type=Manifest)
            assert (seq, manifest.prev) == (place, before), f"I6: {name} at {seq}"
            before = digest


def _at_most_once(game: Game, verdicts: _Verdicts) -> None:
    """I5: what was accepted changed its record once, and nothing else changed any."""
    # What is only moved to another region is told anew, and is the same record.
    told = game.city.look("SELECT op_id FROM changes WHERE op_id !~ '^(regions|parents)[.]'")
    changed = Counter(op_id for (op_id,) in told)
    expected = {op_id for op_id, (verdict, _) in verdicts.items() if verdict in _WRITTEN}
    assert set(changed) == expected, f"I5: {set(changed) ^ expected}"
    twice = [op_id for op_id, times in changed.items() if times > 1]
    assert not twice, f"I5: {twice}"


def _nothing_unseen_overwritten(game: Game, verdicts: _Verdicts) -> None:
    """I7, and the city's records are what its accepted operations make of them, one after the other."""
    written: dict[tuple[str, str], list[tuple[int, Operation]]] = defaultdict(list)
    strangers: set[str] = set()
    for noted in game.city.ledger.values():
        for operation in noted.operations:
            verdict, version = verdicts[operation.op_id]
            if verdict in _WRITTEN:
                written[operation.type, operation.rid].append((version, operation))
            if noted.manifest.server_epoch not in ("", noted.server_epoch):
                strangers.add(operation.op_id)
    for type_, rid, version, tombstone, fields in game.city.look(
        "SELECT type, rid::text, version, tombstone, fields FROM records"
    ):
        history = sorted(written[type_, rid], key=lambda step: step[0])
        assert [v for v, _ in history] == list(range(1, version + 1)), f"I5: versions of {type_} {rid}"
        values: dict[str, object] = {}
        writers: dict[str, tuple[int, str]] = {}
        for number, operation in history:
            _saw_what_it_replaces(operation, writers, strange=operation.op_id in strangers)
            values |= operation.set
            for name in operation.unset:
                values.pop(name, None)
            writers |= dict.fromkeys((*operation.set, *operation.unset), (number, operation.op_id))
        assert tombstone == (history[-1][1].op is Op.TOMBSTONE), f"{type_} {rid}"
        assert tombstone or values == fields, f"{type_} {rid}: {values} is not {fields}"


def _saw_what_it_replaces(operation: Operation, writers: dict[str, tuple[int, str]], *, strange: bool) -> None:
    """``strange``: its version numbers are another history's, so they show nothing that was seen in this one."""
    names = writers if operation.op is Op.TOMBSTONE else (*operation.set, *operation.unset)
    for name in names:
        version, writer = writers.get(name, (0, ""))
        own = _chain(writer) == _chain(operation.op_id)
        seen = 0 if strange else operation.seen.get(name, operation.base_version)
        assert own or seen >= version, f"I7: {operation.op_id} replaces {name} of {writer}, version {version}, unseen"


def _chain(op_id: str) -> str:
    return op_id.rsplit(".", 2)[0]


def _outbox(game: Game, office: Office, verdicts: _Verdicts) -> None:
    """I1, I9, I16: what the desk calls done has the city's signed word, the same word, for the same bytes."""
    query = "SELECT batch_id::text, digest, device FROM batches WHERE state = 'processed'"
    known = {batch_id: (digest, device) for batch_id, digest, device in game.city.look(query)}
    with office.desk.store.reading() as connection:
        for batch in outbox.batch_list(connection):
            if batch.state == "released":
                assert batch.batch_id not in known, f"I5: {office.name} {batch.seq} was given up, and the city has it"
                continue
            if batch.batch_id not in known and game.city.restores:
                continue  # a city that was set back has forgotten it; what it said is offered anew
            assert batch.batch_id in known, f"I1: {office.name} {batch.seq}"
            digest, device = known[batch.batch_id]
            assert digest == batch.manifest_sha256, f"I1: {office.name} {batch.seq}"
            assert batch.state == "done", f"I16: {office.name} {batch.seq} is {batch.state}"
            assert batch.receipt is not None
            rows = connection.exec_driver_sql(
                "SELECT batch_index, state, verdict FROM outbox WHERE batch_id = ? ORDER BY batch_index",
                (batch.batch_id,),
            ).fetchall()
            _lines_are_all_there(game, office, batch, [index for index, _, _ in rows])
            if _judged_again(game, batch):
                continue
            for index, state, verdict in rows:
                name = f"{device}.{batch.epoch}.{batch.seq}.{index}"
                assert verdict == verdicts[name][0], f"I9: {name}"
                assert (state == "done") == (verdict in _GOOD), f"I16: {name} is {state}"


def _judged_again(game: Game, batch: outbox.Batch) -> bool:
    """Whether a city that was set back got the batch once more: what it said first it has forgotten, and may differ."""
    assert batch.receipt is not None
    said = msgspec.json.decode(split_envelope(batch.receipt).payload, type=ProcessingReceipt)
    (noted,) = [noted for noted in game.city.ledger.values() if noted.manifest.batch_id == batch.batch_id]
    return said.server_epoch != noted.server_epoch


def _lines_are_all_there(game: Game, office: Office, batch: outbox.Batch, indexes: list[int]) -> None:
    """Every operation of a batch has its line, but for those of records that left the desk with their region.

    Such a record may have come back since: its scope was widened again.
    """
    assert len(indexes) == len(set(indexes)), f"I9: {office.name} {batch.seq}"
    (noted,) = [noted for noted in game.city.ledger.values() if noted.manifest.batch_id == batch.batch_id]
    for index in set(range(batch.records)) - set(indexes):
        operation = noted.operations[index]
        where = f"I9: {office.name} {batch.seq}.{index}"
        assert office.here(operation.type, operation.rid) is None or office.let_go_of(operation.rid), where


def _equal(game: Game, office: Office) -> None:
    """I8: what is settled stands at the desk as it stands at the city, as far as the desk's unit may see it."""
    desk, types = office.desk, catalogue().types
    own, regions = desk.unit, desk.regions
    for type_, rid, region, unit, tombstone, fields in game.city.look(
        "SELECT type, rid::text, region, unit, tombstone, fields FROM records"
    ):
        if not region.startswith(regions) or office.open_lines(rid):
            continue
        where, found = f"I8: {office.name} {type_} {rid}", office.here(type_, rid)
        if tombstone:
            assert found is None or found.voided is not None, f"{where} is void at the city"
            continue
        assert found is not None, f"{where} is not there"
        assert found.voided is None, f"{where} is void here"
        here = office.values(type_, found)
        hidden = set() if unit == own else {n for n in fields.keys() | here.keys() if _for_the_unit(types[type_], n)}
        differ = [n for n in sorted((fields.keys() | here.keys()) - hidden) if fields.get(n) != here.get(n)]
        assert not differ, f"{where}: {[(n, here.get(n), fields.get(n)) for n in differ]} (here, city)"


def _for_the_unit(type_: RecordType, name: str) -> bool:
    field = type_.by_identifier.get(name)
    return field is not None and field.disclosure in ("U", "N")


def _no_edit_lost(game: Game) -> None:
    """Every typed value reached the city, or its own desk replaced it before it left, or it still waits there."""
    sent = {
        (operation.rid, name, value)
        for noted in game.city.ledger.values()
        for operation in noted.operations
        for name, value in operation.set.items()
        if isinstance(value, str)
    }
    for place, (desk, rid, name, value) in enumerate(game.typed):
        if (rid, name, value) in sent or game.given_up(place, desk, rid, name):
            continue
        found = game.offices[desk].here("R05", rid)
        waits = found is not None and found.values.get(name) == value and bool(game.offices[desk].open_lines(rid))
        assert waits, f"lost: {desk} typed {name}={value} on {rid}"
