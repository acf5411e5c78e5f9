"""The publisher of a game: signs and issues packages, takes them back, and signs old numbers with a careless hand."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jmdesk.core.clock import beijing_date, utc_text
from sync.gateway.database import OWNER
from sync.gateway.packages import Label, publish, sign_folder, withdraw
from sync.protocol.packages import Package, PackageKind, sign_package
from tests.packages import FRUIT, TREES, calendar_files, catalogue_table, regions_files, rules_text
from tests.soak.wire import Died

if TYPE_CHECKING:
    from tests.soak.city import City

NAME: Final = "jiangmen"
MODEL: Final = "JM-HH-1"
LINES: Final = {"catalogue": NAME, "rules": MODEL, "regions": NAME, "calendar": NAME}
TREES_FIELD: Final = "x_old_trees"
"""A field that households have while a catalogue of the game is in force."""


class Press:
    """Keeps every envelope that it signed, as publishers do: a platform that was set back gets them again."""

    def __init__(self, city: City, folder: Path, move: tuple[str, str]) -> None:
        """``move``: the village that the regions package puts into another."""
        self._city, self._folder, self._move = city, folder, move
        self.issued: dict[str, bytes] = {}
        """Every envelope that was ever published, by its digest, in the order in which a desk can take them."""
        self._numbers = dict.fromkeys(LINES, 0)

    def issue(self, kind: str, days: int) -> None:
        """Sign the next version of a kind, in force so many days from now, and publish it."""
        if not self.publish_again():
            return
        self._numbers[kind] += 1
        version = f"2.{self._numbers[kind]}"
        effective = (self._today + timedelta(days=days)).isoformat()
        label = Label(kind, LINES[kind], version, effective)
        folder = self._folder / kind
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, text in self._files(kind, version).items():
            (folder / name).write_text(text, encoding="utf-8")
        database, keys, clock = self._city.database, self._city.keys, self._city.clock
        with suppress(Died):
            envelope = database.run(OWNER, lambda connection: sign_folder(connection, keys, clock, label, folder))
            database.run(OWNER, lambda connection: publish(connection, keys.trust, clock, envelope))
        self._note()

    def withdraw(self, kind: str) -> None:
        """Take the newest version of a kind back, if there is one."""
        if not self._numbers[kind] or not self.publish_again():
            return
        label = (kind, LINES[kind], f"2.{self._numbers[kind]}")
        known = self._city.look("SELECT FROM packages WHERE (kind, name, version) = (%s, %s, %s)", label)
        keys, clock = self._city.keys, self._city.clock
        with suppress(Died):
            if known:
                self._city.database.run(OWNER, lambda connection: withdraw(connection, keys, clock, *label))
        self._note()

    def publish_again(self) -> bool:
        """Publish what a platform that was set back has lost; whether it has everything now."""
        keys, clock = self._city.keys, self._city.clock
        known = {digest for (digest,) in self._city.look("SELECT digest FROM packages")}
        for digest, envelope in self.issued.items():
            if digest not in known:
                try:
                    self._city.database.run(OWNER, lambda c, envelope=envelope: publish(c, keys.trust, clock, envelope))  # type: ignore[misc]
                except Died:
                    return False
        return True

    def forged(self, kind: str, sequence: int) -> bytes:
        """An envelope with the publisher's true signature under a number that was given before."""
        files = {name: text + "\n" for name, text in self._files(kind, "2.0").items()}
        today = self._today.isoformat()
        label = (PackageKind(kind), LINES[kind], "2.0", sequence, today, "", "")
        package = Package(1, *label, utc_text(self._city.clock.now()), files)
        return sign_package(package, self._city.keys.publisher)

    @property
    def _today(self) -> date:
        return beijing_date(self._city.clock.now())

    def _files(self, kind: str, version: str) -> dict[str, str]:
        match kind:
            case "catalogue":
                codes = {"CL-XFRUIT": {"1": "新会柑", "2": "荔枝"}}
                return {"catalogue.csv": catalogue_table("R05", FRUIT, TREES), "codes.json": json.dumps(codes)}
            case "rules":
                return {"rules.json": rules_text(version)}
            case "regions":
                return regions_files(self._move)
            case _:
                return calendar_files("2027-01-01")

    def _note(self) -> None:
        """What is published now is kept, whoever died on the way."""
        for digest, envelope in self._city.look("SELECT digest, envelope FROM packages ORDER BY kind, name, sequence"):
            self.issued.setdefault(digest, bytes(envelope))
