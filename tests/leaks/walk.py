"""``python -m tests.leaks.walk STAGE ROOT [URL CODE CODE CA]``: one sitting of a clerk who meets the canary person.

Each stage is a process of its own, so that all that it leaves behind lies below ``ROOT``. Stages: ``office`` (made,
imported, searched, exported, backed up, failed at), ``platform`` (enrolled, sealed, carried, sent, changed elsewhere),
``glance`` (every page, an error, a lock) or ``window`` (also every view of each page, and what can be taken out there),
``crash`` (killed over a half-typed form).
"""

from __future__ import annotations

import csv
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from jmdesk.cli.main import run
from jmdesk.consents.service import Signature
from jmdesk.core.errors import KnownError
from jmdesk.desk import Desk
from jmdesk.households.queries import HouseholdFilter
from jmdesk.vault.kdf import FLOOR
from sync.client.batch_file import carry
from sync.client.engine import synchronise
from sync.client.enrolment import enrol
from sync.client.http import HttpTransport
from sync.client.membership import load_membership
from sync.client.sealing import seal
from sync.client.steering import Steering
from tests.leaks import canary
from tests.leaks.matters import bring_in, hers
from tests.sync.client.office import UNIT, VILLAGE

PASSPHRASE = "荔枝湾边三只白鹭"


class Clerk:
    """Somebody at the computer whose folders lie below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.vault = root / "vault"
        self.given, self.exported = root / "given", root / "exported"

    def command(self, *arguments: str) -> int:
        """Run a command of the program; its errors are searched, its output is what the clerk asked to see."""
        secret = self.given / "secret"
        return run([*arguments, "--vault", str(self.vault), "--passphrase-file", str(secret)])

    def office(self) -> None:
        """A vault with her in it, by hand and from a register; what is taken out on purpose; what goes wrong."""
        self.given.mkdir()
        self.exported.mkdir()
        (self.given / "secret").write_text(f"{PASSPHRASE}\n", encoding="utf-8")
        with Desk.create(self.vault, PASSPHRASE, unit=UNIT, regions=(VILLAGE,), cost=FLOOR) as desk:
            self._write(desk)
            for text in (canary.NAME, canary.ID_NO[-4:], canary.PHONE, canary.ADDRESS):
                assert len(desk.households.page(HouseholdFilter(search=text), 0, 10)) == 1, "she is not found"
        self._register("good.csv", canary.ID_NO)
        self._register("bad.csv", canary.ID_NO[:-1] + "0")
        for name in ("good.csv", "bad.csv"):
            self.command(
                *("import", "households", str(self.given / name)),
                *("--refused", str(self.exported / f"{name}.refused.xlsx")),
            )
        (self.given / "wrong.xlsx").write_bytes(f"not a workbook: {canary.NAME} {canary.ID_NO}".encode())
        assert self.command("import", "households", str(self.given / "wrong.xlsx"))
        assert self.command("records", "R06", "--where", f"no_such_field={canary.NAME}")
        assert not self.command("records", "R05")
        assert not self.command("export", "R06", "--out", str(self.exported / "list.csv"), "--purpose", "核对")
        assert not self.command("backup")
        assert not self.command("doctor")

    def _write(self, desk: Desk) -> None:
        with desk.records.writing("create") as writer:
            new = writer.transaction.new_id
            rid, head = new(), new()
            number = f"{VILLAGE}{desk.number_block}0001"
            writer.create("R05", canary.household(number, VILLAGE, head, desk.actor), rid=rid)
            writer.create("R06", canary.person(head, rid), rid=head)
            writer.create("R07", canary.income(rid))
        desk.consents.sign(rid, Signature(signed_at="2026-01-05T01:00:00Z"))
        desk.records.change("R05", rid, {"x_remark": "渡口"})

    def _register(self, name: str, id_no: str) -> None:
        titles = ("户主姓名", "公民身份号码", "联系电话", "家庭住址", "种植收入")
        row = (canary.NAME, id_no, canary.PHONE, canary.ADDRESS, canary.INCOME)
        with (self.given / name).open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows((titles, row))

    def platform(self, url: str, codes: tuple[str, str], ca: Path) -> None:
        """Enrolled, sealed, carried on a stick, sent; changed by a colleague too; and a platform that is not there."""
        stick = self.root / "stick"
        stick.mkdir()
        trusted = ca.read_text(encoding="ascii")
        with Desk.open(self.vault, PASSPHRASE) as desk, HttpTransport(url, desk.ids, ca=trusted) as transport:
            enrol(desk, transport, codes[0], gateway=url, ca=trusted)
            batch = seal(desk, load_membership(desk.store), Steering()).batch
            assert batch is not None
            assert batch.records > 0
            carry(desk, batch, stick / batch.file)
            assert synchronise(desk, transport).complete
            self._colleague(url, codes[1], trusted)
            desk.records.change("R05", hers(desk), {"address": f"{canary.ADDRESS}之二"})
            desk.records.change("R07", self._income(desk), {"income_labor": canary.INCOME})
            synchronise(desk, transport)
            assert desk.conflicts.cases(), "both moved her, and nobody noticed"
            try:
                with HttpTransport("https://nowhere.invalid:1", desk.ids, ca=trusted) as nobody:
                    synchronise(desk, nobody)
            except KnownError as error:
                sys.stderr.write(f"{error.message_for_user()}\n")
        self.command("diary")

    def _colleague(self, url: str, code: str, trusted: str) -> None:
        """At another computer of the office somebody writes another address down."""
        with (
            Desk.create(self.root / "colleague", PASSPHRASE, unit=UNIT, regions=(VILLAGE,), cost=FLOOR) as desk,
            HttpTransport(url, desk.ids, ca=trusted) as transport,
        ):
            enrol(desk, transport, code, gateway=url, ca=trusted)
            synchronise(desk, transport)
            desk.records.change("R05", hers(desk), {"address": f"{canary.ADDRESS}之三"})
            desk.records.void("R07", self._income(desk), "重复登记")
            assert synchronise(desk, transport).complete

    def _income(self, desk: Desk) -> str:
        return desk.records.find("R07", limit=1)[0].rid

    def _relock(self) -> None:
        """The program anew, without the key; who it is stands beside what it shows."""
        program = subprocess.Popen([sys.executable, "-m", "jmdesk"], start_new_session=True)
        (self.root / "shown" / "locked").write_text(str(program.pid), encoding="ascii")

    def window(self, stage: str) -> None:
        """Every screen and every record of hers; an error nobody foresaw; then a lock, or ``kill -9`` while typing."""
        crash = stage == "crash"
        from PySide6.QtWidgets import QApplication, QPlainTextEdit

        from tests.leaks import fingers
        from tests.leaks.rooms import Walk, glance, rooms
        from tests.ui.keys import write
        from ui.app import Session, prepare
        from ui.core.context import Target
        from ui.core.settings import Settings
        from ui.core.vaults import VaultsOnDisk
        from ui.pages.records.page import RecordsPage

        settings = Settings()
        settings.remember_vault(self.vault)
        prepare(settings)
        session = Session(VaultsOnDisk(FLOOR), settings, again=self._relock)
        session.window.show()

        def settle() -> None:
            for _ in range(3):  # what arrives may ask for more
                QApplication.processEvents()
                while not session.context.runner.idle:
                    QApplication.processEvents()

        walk = Walk(session, settle, self.given, self.exported)
        walk.knock()
        desk = VaultsOnDisk(FLOOR).open(self.vault, PASSPHRASE, "")
        if stage == "window":
            bring_in(desk.services)
        session._enter(desk)
        settle()
        if not crash:
            (glance if stage == "glance" else rooms)(walk)
            fingers.touch_everything(session, settle, self.given, self.exported)
            (self.root / "shown" / "views").write_text("\n".join(walk.seen()), encoding="utf-8")
        try:
            int(f"{canary.NAME} {canary.ID_NO} {canary.PHONE}")
        except ValueError as error:
            session.caught(type(error), error, error.__traceback__)
            session.window.show_bug(error)
            told: Iterable[QPlainTextEdit] = session.window.bug_dialog.findChildren(QPlainTextEdit)
            sys.stderr.writelines(each.toPlainText() for each in told)
        settle()
        session.window.bug_dialog.close()
        person = desk.services.records.find("R06", limit=1)[0].rid
        session.window.go(Target("records", "R06", person))
        settle()
        page = session.window.page
        assert isinstance(page, RecordsPage)
        write(page._forms["R06"].rows["person_name"].field, canary.TYPED)
        session.window.keep_drafts()
        if crash:
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        session.lock()


def main() -> None:
    """One stage."""
    stage, root, *more = sys.argv[1:]
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    clerk = Clerk(Path(root))
    match stage:
        case "office":
            clerk.office()
        case "platform":
            clerk.platform(more[0], (more[1], more[2]), Path(more[3]))
        case "glance" | "window" | "crash":
            clerk.window(stage)
        case _:
            sys.exit(2)


if __name__ == "__main__":
    main()
