"""What the platform decides about desks in a game: for which regions they work, and by which packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from jmdesk.attachments import queries
from jmdesk.core.errors import Refused
from sync.client.membership import load_membership
from sync.client.packages import take_package
from tests.sync.client.office import VILLAGE

if TYPE_CHECKING:
    from tests.soak.game import Game
    from tests.soak.office import Office

NEIGHBOUR: Final = "440785103201"
HEIR: Final = "440785103202"
"""The village that takes the neighbour in, once the regions package of a game is in force."""
AROUND: Final = VILLAGE[:9]
SCOPES: Final = ((VILLAGE,), (VILLAGE,), (AROUND,), (NEIGHBOUR, VILLAGE), (NEIGHBOUR,))
KINDS: Final = ("catalogue", "catalogue", "catalogue", "rules", "calendar", "regions")


def regrant(game: Game, office: Office) -> None:
    """The platform widens or narrows what a desk works for; the desk learns of it with its next grant."""
    game.city.grant_regions(office.device, game.dice.choice(SCOPES))
    office.renew_keys()


def publish(game: Game, _: Office) -> None:
    """A package comes out, in force now or in some days."""
    game.press.issue(game.dice.choice(KINDS), game.dice.choice((0, 0, 3)))


def withdraw(game: Game, _: Office) -> None:
    """A package is taken back."""
    game.press.withdraw(game.dice.choice(KINDS))


def offer_old(game: Game, office: Office) -> None:
    """Somebody hands a desk a package under a number that it has passed: refused, and nothing of it stays (I12)."""
    held = sequences(office)
    if not held:
        return
    kind, name = game.dice.choice(sorted(held))
    sequence = game.dice.randrange(1, held[kind, name] + 1)
    old, before = game.press.forged(kind, sequence), office.desk.packages.kept()
    with pytest.raises(Refused) as refused:
        take_package(office.desk, load_membership(office.desk.store), old)
    assert refused.value.code in _REFUSALS, f"I12: {office.name} {kind} {sequence} of {held[kind, name]}"
    assert office.desk.packages.kept() == before


_REFUSALS: Final = frozenset({"protocol.package_rollback", "packages.sequence_twice"})


def sequences(office: Office) -> dict[tuple[str, str], int]:
    """The highest number that a desk has of every line of packages."""
    found: dict[tuple[str, str], int] = {}
    for kept in office.desk.packages.kept():
        line = kept.issue.kind, kept.issue.name
        found[line] = max(found.get(line, 0), kept.issue.sequence)
    return found


def marks(office: Office) -> dict[str, Any]:
    """What may not go down at a desk (I12): packages, trust, the chain, and the cursor in one history."""
    membership = load_membership(office.desk.store)
    last = max(((batch.epoch, batch.seq) for batch in office.batches()), default=(0, 0))
    return {
        "packages": sequences(office),
        "trust": membership.keyring.document.version,
        "chain": last,
        "history": membership.server_epoch,
        "cursor": int(office.desk.store.setting("sync.cursor") or 0),
    }


def check_marks(name: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """A cursor starts over at 0 on purpose, and counts anew in another history; everything else only grows."""
    for line, sequence in before["packages"].items():
        assert after["packages"].get(line, 0) >= sequence, f"I12: {name} lost package {line} {sequence}"
    for mark in ("trust", "chain"):
        assert after[mark] >= before[mark], f"I12: {mark} of {name} went from {before[mark]} to {after[mark]}"
    if after["history"] == before["history"] and after["cursor"]:
        assert after["cursor"] >= before["cursor"], f"I12: cursor of {name} went back to {after['cursor']}"


def check_scopes(game: Game) -> None:
    """I11: no desk holds what lies outside of its regions, but for work of its own that nobody took."""
    for office in game.offices.values():
        desk = office.desk
        assert desk.grant is not None
        assert game.city.regions_of(office.device) == desk.grant.regions, f"I11: {office.name} works by an old grant"
        regions = desk.regions
        # What awaits a household that a restored platform has not got back yet lies at its sender's home until then.
        for type_, rid, region in game.city.look("SELECT type, rid::text, region FROM records WHERE awaits = ''"):
            if region.startswith(regions) or office.open_lines(rid) or has_unsent_papers(office, rid):
                continue
            assert office.here(type_, rid) is None, f"I11: {office.name} still holds {type_} {rid} of {region}"


def has_unsent_papers(office: Office, rid: str) -> bool:
    """Whether a record has a document here that the city is not known to keep."""
    with office.desk.store.reading() as connection:
        return bool(queries.unsettled_of(connection, [rid]))


def check_packages(game: Game) -> None:
    """Every desk holds every issue and goes by the same ones."""
    issued = set(game.press.issued)
    for office in game.offices.values():
        kept = {kept.issue.digest for kept in office.desk.packages.kept()}
        assert kept == issued, f"packages: {office.name} lacks {issued - kept}, has {kept - issued} of its own"
    versions = {office.desk.catalogue.version for office in game.offices.values()}
    assert len(versions) == 1, f"packages: {versions}"
