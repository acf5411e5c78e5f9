"""Documents of a game: filed beside records at any moment, sent behind them, held by the city sealed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jmdesk.attachments.intake import examine
from sync.protocol.batch import BatchOpener
from tests import documents

if TYPE_CHECKING:
    from tests.soak.game import Game
    from tests.soak.office import Office

MOST: Final = 3


@dataclass(frozen=True)
class Paper:
    """A document that was filed: at which desk, beside which household, and its content's hash."""

    desk: str
    rid: str
    sha256: str


def file(game: Game, office: Office) -> None:
    """File one to three papers beside a household; one of them may lie beside another one already."""
    rid = game.dice.choice(game.households)
    found = office.here("R05", rid)
    if found is None or found.voided is not None or not found.region.startswith(office.desk.regions):
        return
    for _ in range(game.dice.randrange(1, MOST + 1)):
        content = examine(documents.pdf(words=f"paper {game.dice.randrange(40)}"))
        office.desk.attachments.add("R05", rid, content)
        # Only what was saved is counted: the program may have died before.
        game.filed.append(Paper(office.name, rid, content.sha256))


def unfile(game: Game, office: Office) -> None:
    """Take a paper off its household again; what the city holds it goes on holding."""
    mine = [paper for paper in game.filed if paper.desk == office.name]
    if not mine:
        return
    paper = game.dice.choice(mine)
    found = office.here("R05", paper.rid)
    if found is None or found.voided is not None:
        return
    for link in office.desk.attachments.of("R05", paper.rid):
        if link.sha256 == paper.sha256:
            # Counted first: a program that dies in between leaves it filed or not.
            game.filed = [one for one in game.filed if one != paper]
            office.desk.attachments.remove(link.link, "重复")


def is_filed(office: Office, paper: Paper) -> bool:
    """Whether a desk has a paper beside its household, as it has not after an old copy took its place."""
    found = office.here("R05", paper.rid)
    return found is not None and any(a.sha256 == paper.sha256 for a in office.desk.attachments.of("R05", paper.rid))


def check_papers(game: Game) -> None:
    """What the city keeps opens to its hash; what a desk calls done the city keeps; nothing waits without a reason."""
    kept = _kept(game)
    named = set(game.city.look("SELECT rid::text, sha256 FROM evidence"))
    for paper in game.filed:
        office = game.offices[paper.desk]
        found = office.here("R05", paper.rid)
        where = f"paper {paper.sha256[:8]} of {paper.rid} at {paper.desk}"
        if found is None:
            assert not game.city.look("SELECT FROM records WHERE rid = %s AND NOT tombstone AND region = ANY(%s)", (
                paper.rid, list(office.desk.regions),
            )), f"lost: {where}"  # fmt: skip
            continue
        states = [link.state for link in office.desk.attachments.of("R05", paper.rid) if link.sha256 == paper.sha256]
        assert len(states) == 1, f"lost: {where} is there {len(states)} times"
        if states == ["done"]:
            assert paper.sha256 in kept, f"I16: {where} is done, and the city has it not"
            assert (paper.rid, paper.sha256) in named, f"I16: {where} is done, and its record does not name it"
        elif found.voided is None and not office.open_lines(paper.rid):
            raise AssertionError(f"{where} stays {states[0]} though its record is settled")


def _kept(game: Game) -> set[str]:
    """The hashes of what the city keeps, each opened with its own key."""
    found: set[str] = set()
    query = "SELECT sha256, batch_id::text, n, ciphertext FROM attachments"
    manifests = {noted.manifest.batch_id: noted.manifest for noted in game.city.ledger.values()}
    for sha256, batch_id, n, ciphertext in game.city.look(query):
        manifest = manifests[batch_id]
        content = BatchOpener(manifest, game.city.keys.opening).attachment(manifest.attachments[n], bytes(ciphertext))
        assert hashlib.sha256(content).hexdigest() == sha256, f"the city keeps {sha256[:8]} as something else"
        found.add(sha256)
    return found
