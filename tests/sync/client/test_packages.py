"""Packages from the publisher to the desk: over the line, on a stick, from a file; judged alike at both ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from jmdesk.core.clock import SystemClock, beijing_date
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.store import outbox
from sync.client.batch_file import carry
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership
from sync.client.packages import take_package
from sync.client.patience import Patience
from sync.client.report import SyncReport
from sync.client.sealing import seal
from sync.client.steering import Steering
from sync.client.stick import take_replies
from sync.gateway.database import OWNER, READ
from sync.gateway.packages import Label, publish, published, sign_folder, withdraw
from sync.gateway.stick import StickDesk
from sync.protocol.packages import Package, PackageKind, sign_package
from sync.protocol.suites import KeyRole, SigningKey
from tests.packages import issue
from tests.sync.client.conftest import Platform
from tests.sync.client.lines import Line
from tests.sync.client.office import add_household

NAME = "jiangmen"
TODAY = beijing_date(SystemClock().now()).isoformat()


def files(folder: Path, texts: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def signed(platform: Platform, folder: Path, version: str, effective: str = TODAY, kind: str = "catalogue") -> bytes:
    keys, clock = platform.running.gateway.keys, SystemClock()
    label = Label(kind, NAME, version, effective)
    return platform.storage.database.run(READ, lambda c: sign_folder(c, keys, clock, label, folder))


def publish_here(platform: Platform, envelope: bytes) -> None:
    keys = platform.running.gateway.keys
    platform.storage.database.run(OWNER, lambda c: publish(c, keys.trust, SystemClock(), envelope))


def anew(desk: Desk, line: HttpTransport, patience: Patience) -> SyncReport:
    """A synchronisation in a session of its own: packages are asked for once in a session."""
    line.token = ""
    return synchronise(desk, line, patience=patience)


@pytest.fixture(autouse=True)
def clean(platform: Platform) -> Iterator[None]:
    """Nothing is published when a test begins: the platform lives as long as the tests."""
    yield
    platform.storage.database.run(OWNER, lambda c: c.execute("TRUNCATE packages, region_moves"))


def test_a_published_catalogue_reaches_a_desk_and_its_records_reach_the_platform(
    enrolled: tuple[Desk, HttpTransport], platform: Platform, patience: Patience, tmp_path: Path
) -> None:
    desk, line = enrolled
    publish_here(platform, signed(platform, files(tmp_path / "p", dict(issue().files)), "JM-CAT-2026.2"))
    first = anew(desk, line, patience)
    assert [i.version for i in first.packages] == ["JM-CAT-2026.2"]
    assert desk.catalogue.version == "JM-CAT-2026.2"
    rid = add_household(desk, 1)
    desk.records.change("R05", rid, {"x_old_trees": 7})
    report = anew(desk, line, patience)
    assert report.packages == []
    assert report.verdicts.get("rejected", 0) == 0
    assert report.verdicts["accepted"] >= 1
    assert desk.records.get("R05", rid).record.sync == "confirmed"


class DamagedOnce(Line):
    """The first package that comes over it is not what was sent."""

    def package(self, digest: str) -> bytes:
        """The package; the first time with one byte changed."""
        sent = super().package(digest)
        return sent if self.calls.count("package") > 1 else sent[:-9] + bytes([sent[-9] ^ 1]) + sent[-8:]


def test_a_package_that_came_damaged_is_not_barred_by_its_successor(
    enrolled: tuple[Desk, HttpTransport], platform: Platform, patience: Patience, tmp_path: Path
) -> None:
    desk, transport = enrolled
    for number in (1, 2):
        content = files(tmp_path / str(number), {"list.csv": f"{number}\n"})
        publish_here(platform, signed(platform, content, str(number), kind="list"))
    line = DamagedOnce(transport)
    report = synchronise(desk, line, patience=patience)
    assert ([p.code for p in report.refused_packages], report.packages) == (["protocol.signature"], [])
    line.token = ""
    report = synchronise(desk, line, patience=patience)
    assert [issue.version for issue in report.packages] == ["1", "2"]


def test_a_value_that_the_catalogue_in_force_forbids_is_held_back_before_sending(
    enrolled: tuple[Desk, HttpTransport], platform: Platform, patience: Patience, tmp_path: Path
) -> None:
    desk, line = enrolled
    publish_here(platform, signed(platform, files(tmp_path / "p", dict(issue().files)), "JM-CAT-2026.2"))
    anew(desk, line, patience)
    rid = add_household(desk, 1)
    with desk.store.transaction(desk.actor, "edit") as transaction:
        transaction.change("R05", rid, {"x_old_trees": 100000})
    report = anew(desk, line, patience)
    assert report.held == {"sending.incomplete": 1}


def test_work_under_a_catalogue_that_the_platform_does_not_know_is_refused_by_name(
    enrolled: tuple[Desk, HttpTransport], platform: Platform, patience: Patience, tmp_path: Path
) -> None:
    desk, line = enrolled
    envelope = signed(platform, files(tmp_path / "p", dict(issue().files)), "JM-CAT-2026.7")
    assert take_package(desk, load_membership(desk.store), envelope) is not None
    desk.renew()
    rid = add_household(desk, 1)
    report = anew(desk, line, patience)
    assert report.verdicts == {"rejected": report.settled}
    with desk.store.reading() as connection:
        codes = {aside.code for aside in outbox.set_aside(connection) if aside.rid == rid}
    assert codes == {"verdict.catalogue_unknown"}


def test_a_withdrawn_package_ends_at_every_desk(
    enrolled: tuple[Desk, HttpTransport], platform: Platform, patience: Patience, tmp_path: Path
) -> None:
    desk, line = enrolled
    keys = platform.running.gateway.keys
    publish_here(platform, signed(platform, files(tmp_path / "p", dict(issue().files)), "JM-CAT-2026.2", "2026-01-01"))
    anew(desk, line, patience)
    assert desk.catalogue.version == "JM-CAT-2026.2"
    platform.storage.database.run(OWNER, lambda c: withdraw(c, keys, SystemClock(), "catalogue", NAME, "JM-CAT-2026.2"))
    anew(desk, line, patience)
    assert desk.catalogue is desk.shipped
    assert [p.sequence for p in platform.storage.database.run(READ, published)] == [1, 2]


def test_a_package_to_come_waits_for_its_day(
    enrolled: tuple[Desk, HttpTransport], platform: Platform, patience: Patience, tmp_path: Path
) -> None:
    desk, line = enrolled
    later = (beijing_date(SystemClock().now()) + timedelta(days=30)).isoformat()
    publish_here(platform, signed(platform, files(tmp_path / "p", dict(issue().files)), "JM-CAT-2026.2", later))
    anew(desk, line, patience)
    assert desk.catalogue is desk.shipped
    assert [h.standing for h in desk.packages.held()] == ["coming"]


def test_only_a_certified_publisher_is_believed(
    enrolled: tuple[Desk, HttpTransport], platform: Platform, tmp_path: Path
) -> None:
    desk, _ = enrolled
    package = Package(1, PackageKind.LIST, NAME, "1", 1, TODAY, "", "", f"{TODAY}T00:00:00Z", {"list.csv": "甲\n"})
    stranger = sign_package(package, SigningKey(KeyRole.PUBLISHER, bytes(range(32))))
    with pytest.raises(Refused) as refused:
        take_package(desk, load_membership(desk.store), stranger)
    assert refused.value.code == "protocol.key_unknown"
    good = signed(platform, files(tmp_path / "p", {"list.csv": "甲\n"}), "1", kind="list")
    with pytest.raises(Refused):
        take_package(desk, load_membership(desk.store), good.replace(b'"payload":"', b'"payload":"A', 1))
    assert desk.packages.kept() == []


def test_a_stick_brings_packages_before_changes(
    enrolled: tuple[Desk, HttpTransport], platform: Platform, tmp_path: Path
) -> None:
    desk, _ = enrolled
    publish_here(platform, signed(platform, files(tmp_path / "p", dict(issue().files)), "JM-CAT-2026.2"))
    add_household(desk, 1)
    sealed = seal(desk, load_membership(desk.store), Steering())
    assert sealed.batch is not None
    stick = tmp_path / "stick"
    stick.mkdir()
    carry(desk, sealed.batch, stick / "one.jmb")
    gateway = platform.running.gateway
    handled = list(StickDesk(gateway.database, gateway.keys, gateway.clock, gateway.ids).handle(stick))
    assert not [one.problem for one in handled if one.problem]
    brought = take_replies(desk, stick)
    assert not brought.refused
    assert [i.version for i in brought.report.packages] == ["JM-CAT-2026.2"]
    assert desk.catalogue.version == "JM-CAT-2026.2"
    assert take_replies(desk, stick).report.packages == []


def test_what_a_desk_would_refuse_is_not_published(platform: Platform, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        signed(platform, files(tmp_path / "p", {"codes.json": json.dumps({"CL-USCC": {"1": "x"}})}), "JM-CAT-2026.2")
    assert refused.value.code == "packages.codes"
