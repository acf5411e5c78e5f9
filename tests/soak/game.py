"""One game: three desks and a city play at random for a while, everything breaks, and then the weather clears."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, LiteralString

from jmdesk.catalogue.types import Value
from jmdesk.consents.service import Signature
from jmdesk.core.clock import FixedClock
from tests.soak import papers, scopes
from tests.soak.blueprint import DESKS, START, Blueprint
from tests.soak.checks import check
from tests.soak.city import City
from tests.soak.office import Office
from tests.soak.press import TREES_FIELD, Press
from tests.soak.wire import Air, Line, Sent, Weather
from tests.sync.client.office import VILLAGE, add_household

STEPS: Final = 40
ROUNDS: Final = 16
"""Exchanges after the storm, at most, until nothing is left to do."""

AGAIN: Final = 3
"""In so many of them, the first ones, what was refused is sent again: later the reason is there to stay."""

TEXTS: Final = ("address", "old_household_no", "register_no", "x_remark")
"""Fields that take any text: each edit writes one that nobody else writes. Two are for the unit alone."""
NUMBERS: Final = {"population": (6, 12), "labor_count": (1, 5)}
EVENTS: Final[dict[str, LiteralString]] = {
    "operations": "SELECT count(*) FROM operations",
    "conflicts": "SELECT count(*) FROM operations WHERE verdict = 'conflict'",
    "writes outside of the scope": "SELECT count(*) FROM operations WHERE verdict = 'forbidden'",
    "keys replaced": "SELECT count(*) FROM devices WHERE replaced_by <> ''",
    "chains reopened": "SELECT count(*) FROM device_requests WHERE purpose = 'reopen' AND state = 'granted'",
    "packages": "SELECT count(*) FROM packages",
    "documents": "SELECT count(*) FROM attachments",
}
DAYS: Final = (0, 0, 0, 1, 7, 60)


@dataclass
class Game:
    """The players of one seed, and what they did."""

    seed: int
    city: City
    offices: dict[str, Office]
    air: Air
    stick: Path
    dice: Random
    press: Press
    households: list[str]
    trace: list[str] = field(default_factory=list)
    typed: list[tuple[str, str, str, Value]] = field(default_factory=list)
    """Desk, record, field and value of every edit, in order."""
    forgotten: set[int] = field(default_factory=set)
    """Edits of ``typed`` that went with a lost computer, unless they had been sent."""
    filed: list[papers.Paper] = field(default_factory=list)
    """Documents that were filed and not taken off again."""
    happened: Counter[str] = field(default_factory=Counter)
    """How often what happened, once it is over."""
    _texts: int = 0
    _voiding: str = ""
    """The record that a step is about to void."""
    _marks: dict[str, dict[str, Any]] = field(default_factory=dict)
    _copied: dict[str, int] = field(default_factory=dict)
    cleared: set[tuple[str, str]] = field(default_factory=set)
    """Fields of records that somebody emptied."""
    replaced: dict[tuple[str, str], int] = field(default_factory=dict)
    """By desk and record: up to which edit of ``typed`` somebody decided there, or marked the record void."""

    def tally(self) -> Counter[str]:
        """How often what happened: deaths in the middle of work, and what the city's database can tell (`EVENTS`)."""
        happened = Counter({what: int(self.city.look(query)[0][0]) for what, query in EVENTS.items()})
        happened["deaths"] = self.city.deaths + sum(office.deaths for office in self.offices.values())
        happened["restores"] = self.city.restores + sum(office.restores for office in self.offices.values())
        return happened

    # -- steps -----------------------------------------------------------------------------------------------------

    def play(self, steps: int) -> None:
        """So many random steps, then fair weather until nothing is left to do, then the checks."""
        for number in range(steps):
            name, step = self.dice.choices(_STEPS, _WEIGHTS)[0]
            office = self.dice.choice(list(self.offices.values()))
            self._weather(number)
            self._fuses(office)
            self.trace.append(f"{number:3} {name:10} {office.name:7} fuse={office.fuse}/{self.city.database.fuse}")
            with office.living():
                step(self, office)
            self._note_void(office)
            self.city.database.fuse = 0
            self._check_marks(office, anew=name == "put back")
            office.line.weather = Weather()
        self.settle()
        check(self)

    def _check_marks(self, office: Office, *, anew: bool) -> None:
        """Against those of the office's last step; ``anew``: an old copy took its place, so they begin again."""
        now = scopes.marks(office)
        if office.name in self._marks and not anew:
            scopes.check_marks(office.name, self._marks[office.name], now)
        self._marks[office.name] = now

    def _weather(self, number: int) -> None:
        self.city.prompt = self.dice.random() < 0.7
        bad = self.dice.choice((0.0, 0.0, 0.15, 0.4))
        for office in self.offices.values():
            office.line.weather = Weather(bad)
            office.line.turn = f"{self.seed}/{number}"

    def _fuses(self, office: Office) -> None:
        if self.dice.random() < 0.2:
            office.fuse = self.dice.randrange(1, 120)
        if self.dice.random() < 0.1:
            self.city.database.fuse = self.dice.randrange(1, 40)

    def create(self, office: Office) -> None:
        """A new household, with or without its consents."""
        number, current = self.dice.randrange(10, 9999), office.desk.catalogue.regions.current
        villages = [village for village in (VILLAGE, VILLAGE, current(scopes.NEIGHBOUR)) if office.covers(village)]
        if villages:
            village, consent = self.dice.choice(villages), self.dice.random() < 0.8
            self.households.append(add_household(office.desk, number, consent=consent, village=village))

    def edit(self, office: Office) -> None:
        """Change one to three fields of a household."""
        rid = self.dice.choice(self.households)
        found = office.here("R05", rid)
        if found is None or found.voided is not None:
            return
        set_: dict[str, Value] = {}
        numbers = NUMBERS | ({TREES_FIELD: (0, 999)} if TREES_FIELD in office.fields_of("R05") else {})
        for name in self.dice.sample([*TEXTS, *numbers], self.dice.randrange(1, 4)):
            if name in numbers:
                set_[name] = self.dice.randint(*numbers[name])
            else:
                self._texts += 1
                set_[name] = f"{office.name}{self._texts}"
        unset = [name for name in ("register_no", "x_remark") if name not in set_ and self.dice.random() < 0.1]
        self.cleared |= {(name, rid) for name in unset}
        office.desk.records.change("R05", rid, set_, unset)
        # Only what was saved is counted as typed: the program may have died before.
        self.typed += [(office.name, rid, name, value) for name, value in set_.items() if name in TEXTS]

    def void(self, office: Office) -> None:
        """Mark a household as recorded by mistake."""
        rid = self.dice.choice(self.households)
        found = office.here("R05", rid)
        if found is not None and found.voided is None:
            self._voiding = rid
            office.desk.records.void("R05", rid, "重复")

    def _note_void(self, office: Office) -> None:
        """What was voided in a step replaces what was typed before, also where the program died right after it."""
        rid, self._voiding = self._voiding, ""
        found = office.here("R05", rid) if rid else None
        if found is not None and found.voided is not None:
            self.replaced[office.name, rid] = len(self.typed)

    def consent(self, office: Office) -> None:
        """Get the signatures of a household that has none yet."""
        rid = self.dice.choice(self.households)
        if office.here("R05", rid) is not None:
            office.desk.consents.sign(rid, Signature(signed_at="2026-01-05T01:00:00Z"))

    def seal(self, office: Office) -> None:
        office.seal()

    def sync(self, office: Office) -> None:
        office.sync()

    def decide(self, office: Office, taste: int | None = None, *, again: bool = True) -> bool:
        """Decide what waits, if anything does; what was typed on it before may be gone then, on purpose."""
        decided = office.decide(self.dice.randrange(4) if taste is None else taste, again=again)
        self.replaced |= {(office.name, rid): len(self.typed) for rid in decided}
        return bool(decided)

    def given_up(self, place: int, desk: str, rid: str, name: str) -> bool:
        """Whether the desk itself replaced an edit later: by typing again, by a decision, by a void."""
        again = any((d, r, n) == (desk, rid, name) for d, r, n, _ in self.typed[place + 1 :])
        return (
            again or place in self.forgotten or (name, rid) in self.cleared or place < self.replaced.get((desk, rid), 0)
        )

    def restart(self, office: Office) -> None:
        office.restart()

    def work(self, _: Office) -> None:
        self.city.work()

    def wait(self, _: Office) -> None:
        """Time passes for everybody."""
        pause = timedelta(days=self.dice.choice(DAYS), minutes=self.dice.randrange(1, 300))
        self.city.clock.at += pause
        for office in self.offices.values():
            office.clock.at += pause
            office.desk.renew()  # as at midnight

    def arrive(self, _: Office) -> None:
        """What was held up on the way arrives, in any order."""
        late, self.air.late[:] = list(self.air.late), []
        self.dice.shuffle(late)
        for sent in late:
            self._deliver(sent)

    def replay(self, _: Office) -> None:
        """Somebody sends again what was said before."""
        for sent in self.dice.sample(self.air.history, min(5, len(self.air.history))):
            self._deliver(sent)

    def _deliver(self, sent: Sent) -> None:
        """To the city, with the token it has or with a fresh one of the same or another desk."""
        tokens = [office.token for office in self.offices.values() if office.token]
        headers = dict(sent.headers)
        if tokens and "Authorization" in headers and self.dice.random() < 0.7:
            headers["Authorization"] = f"Bearer {self.dice.choice(tokens)}"
        try:
            status, _, _ = self.city.ask(Sent(sent.method, sent.path, headers, sent.body))
        except OSError:
            return
        assert status < 500, f"{sent.method} {sent.path}: {status}"

    def carry_out(self, office: Office) -> None:
        """Batches of one desk go onto the stick, sealed or still open."""
        office.seal()
        office.carry_out(self.stick)

    def town_hall(self, _: Office) -> None:
        """The stick is brought to the city's USB desk."""
        self.city.handle_stick(self.stick)

    def carry_in(self, office: Office) -> None:
        """The stick comes back; other desks' replies and old ones are on it too."""
        office.carry_in(self.stick)

    def back_up(self, office: Office) -> None:
        """The office, or the city, makes a copy of what it has."""
        if self.dice.random() < 0.5:
            office.back_up()
            self._copied[office.name] = len(self.typed)
        else:
            self.city.dump()

    def put_back(self, office: Office) -> None:
        """A computer is lost and its copy put in its place: what the desk had not sent since is gone with it."""
        if self.dice.random() < 0.5 and self.city.restore():
            return
        if office.restore():
            since = range(self._copied[office.name], len(self.typed))
            self.forgotten |= {n for n in since if self.typed[n][0] == office.name}
            self.filed = [paper for paper in self.filed if paper.desk != office.name or papers.is_filed(office, paper)]

    # -- the end ---------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Fair weather: everybody exchanges and decides until nothing is left for anybody to do."""
        self.city.prompt = True
        for office in self.offices.values():
            office.line.weather = Weather()
        self.arrive(next(iter(self.offices.values())))
        assert self.press.publish_again()
        self.city.work()
        for office in self.offices.values():
            office.transport.token = ""  # packages are asked for once in a session
        for number in range(ROUNDS):
            moved = [self._exchange(office, number) for office in self.offices.values()]
            if not any(moved):
                break
        for office in self.offices.values():
            assert not office.busy, f"{office.name} comes to no end: {office.states()}"

    def _exchange(self, office: Office, taste: int) -> bool:
        """One exchange and its decisions; whether anything came of it."""
        report = office.sync()
        assert report is not None, f"{office.name} cannot exchange in fair weather"
        if report.problem is not None and report.problem.code in _BROKEN:
            if office.halted:
                self._reopen(office)
            return True
        assert report.problem is None, f"{office.name}: {report.problem}"
        decided = self.decide(office, taste, again=taste < AGAIN)
        if office.desk.grant is not None and office.desk.grant.regions != self.city.regions_of(office.device):
            office.renew_keys()
            return True
        return bool(
            report.sealed or report.handed_over or report.verdicts or report.adopted or report.beside or decided
        )

    def _reopen(self, office: Office) -> None:
        """What the user and an administrator do about a chain that the city cannot take up."""
        office.reopen()
        office.sync()
        self.city.approve()
        office.sync()


_BROKEN: Final = frozenset({"sync.reopen_needed", "sync.seq_reuse", "sync.seq_gap", "sync.chain_fork"})
_ACTIONS: dict[str, tuple[Callable[[Game, Office], object], int]] = {
    "create": (Game.create, 6),
    "edit": (Game.edit, 26),
    "void": (Game.void, 2),
    "consent": (Game.consent, 4),
    "seal": (Game.seal, 4),
    "sync": (Game.sync, 26),
    "decide": (Game.decide, 8),
    "restart": (Game.restart, 2),
    "work": (Game.work, 4),
    "wait": (Game.wait, 4),
    "arrive": (Game.arrive, 3),
    "replay": (Game.replay, 3),
    "carry out": (Game.carry_out, 3),
    "town hall": (Game.town_hall, 3),
    "carry in": (Game.carry_in, 4),
    "back up": (Game.back_up, 4),
    "put back": (Game.put_back, 4),
    "regrant": (scopes.regrant, 3),
    "publish": (scopes.publish, 4),
    "withdraw": (scopes.withdraw, 1),
    "offer old": (scopes.offer_old, 1),
    "file": (papers.file, 6),
    "unfile": (papers.unfile, 1),
}
_STEPS = [(name, step) for name, (step, _) in _ACTIONS.items()]
_WEIGHTS = [weight for _, weight in _ACTIONS.values()]


def play(blueprint: Blueprint, seed: int, steps: int = STEPS) -> Game:
    """Play a seed to its end. ``AssertionError`` names what did not hold; the trace is in its notes."""
    folder = blueprint.folder.with_name(f"game-{seed}")
    folder.mkdir()
    clock = FixedClock(START)
    city = City(blueprint.server, blueprint.loop, blueprint.server.copy(blueprint.database), clock)
    city.ledger |= blueprint.ledger
    air = Air()
    press = Press(city, folder / "press", (scopes.NEIGHBOUR, scopes.HEIR))
    dice = Random(seed)  # noqa: S311 - replayable
    game = Game(seed, city, {}, air, folder / "stick", dice, press, list(blueprint.households))
    game.stick.mkdir()
    try:
        for number, (name, _) in enumerate(DESKS, 1):
            shutil.copytree(blueprint.vaults[name].folder, folder / name)
            line = Line(city.ask, air, name)
            own = FixedClock(START)
            game.offices[name] = Office(name, blueprint.vaults[name], folder / name, own, line, (number << 32) + 2**20)
            line.step = game.offices[name].burn
        game.play(steps)
        game.happened = game.tally()
    except BaseException as error:
        error.add_note(f"seed {seed}\n" + "\n".join(game.trace))
        raise
    finally:
        for office in game.offices.values():
            office.close()
        city.close()
        shutil.rmtree(folder)
    return game
