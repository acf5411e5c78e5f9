"""Everything held about one person: complete, logged with its purpose, and nobody else's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pypdf import PdfReader

from jmdesk.cli.main import run
from jmdesk.consents.service import Signature
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.rights.account import Accounting
from jmdesk.rights.query_log import verify_queries
from tests.desks import PASSPHRASE, Family

SIGNED = Signature("2026-10-01T02:00:00Z", doc_digest="ab" * 32)


def queries(desk: Desk) -> list[int]:
    """The entries of the query log that do not hold."""
    with desk.store.reading() as connection:
        return list(verify_queries(connection))


def test_a_household_is_given_everything_that_is_held_about_it(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED, kinds=("C1", "C2", "C4"))
    desk.ratings.rate(family.household)
    account = Accounting(desk).of(family.household, reason="本人到窗口申请")
    data = account.data
    assert {one["type"] for one in data["records"]} == {"R04", "R05", "R06", "R07", "R16"}
    assert "12000.50" in [one["value"] for one in data["awaiting_consent"]]
    assert {one["rid"] for one in data["history"]} >= {family.household, family.head, family.income}
    assert "信息不足" in data["ratings"][0]["explanation"] or data["ratings"][0]["grade"] != "NR"
    text = account.document.as_text()
    for told in ("曾建明", "440785199001010011", "塘洲村1组8号", "本人到窗口申请", "12000.50", "修改历史"):
        assert told in text
    assert json.loads(json.dumps(data)) == data


def test_a_member_is_not_given_what_is_recorded_of_the_others(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    account = Accounting(desk).of(family.spouse, reason="本人申请")
    assert "区小燕" in account.document.as_text()
    whole = json.dumps(account.data, ensure_ascii=False)
    for hidden in ("440785199001010011", "曾晓"):
        assert hidden not in whole
    assert account.data["subject"] == f"R06:{family.spouse}"
    assert {one["rid"] for one in account.data["records"] if one["type"] == "R06"} == {family.spouse}


def test_handing_out_is_logged_with_purpose_and_the_log_is_chained(desk: Desk, family: Family) -> None:
    with pytest.raises(Refused, match="purpose_needed"):
        Accounting(desk).of(family.household, reason=" ")
    with pytest.raises(Refused, match="purpose_needed"):
        Accounting(desk).of(family.household, purpose="99", reason="本人申请")
    with pytest.raises(Refused, match=r"rights\.nobody"):
        Accounting(desk).of(desk.ids.new(), reason="本人申请")
    Accounting(desk).of(family.household, reason="本人申请")
    second = Accounting(desk).of(family.head, reason="再次申请")
    log = desk.records.find("R26")
    assert [one.values["log_seq"] for one in log] == [1, 2]
    assert second.entry == log[1].rid
    assert [one["values"]["log_seq"] for one in second.data["queries"]] == [1]
    assert queries(desk) == []
    assert desk.records.history(family.head)[-1].reason == "导出本人全部信息，用途：本人查询；再次申请"
    with desk.records.writing("edit") as writer:
        writer.bookkeep("R26", log[0].rid, {"purpose": "2"})
    assert queries(desk) == [1]


def test_the_command_writes_a_pdf_and_json_that_only_this_user_reads(
    desk: Desk, family: Family, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = desk.vault.folder
    desk.close()
    secret = tmp_path / "p"
    secret.write_text(PASSPHRASE, encoding="utf-8")
    common = ["--vault", str(folder), "--passphrase-file", str(secret), "--reason", "本人申请"]
    assert run(["person", "export", family.household, "--out", str(folder / "x"), *common]) == 1
    out = tmp_path / "本人"
    assert run(["person", "export", family.household, "--out", str(out), *common]) == 0
    assert {file.stat().st_mode & 0o777 for file in out.iterdir()} == {0o600}
    data = json.loads((out / "person.json").read_text(encoding="utf-8"))
    assert data["format"] == "jmdesk-person-1"
    text = "".join(page.extract_text() for page in PdfReader(out / "person.pdf").pages)
    assert "19900001234" in text
    assert run(["person", "export", family.household, "--out", str(out), *common]) == 1
    assert "曾建明" not in capsys.readouterr().err
