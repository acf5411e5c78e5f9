"""The commands as an administrator's script calls them: names, JSON, exit status, and no secrets on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jmdesk.cli.main import run
from tests import documents
from tests.desks import PASSPHRASE, UNIT

GOLDEN = Path(__file__).parents[2] / "golden" / "jm1"
VILLAGE = "440785104200"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command line; returns exit status, standard output, standard error."""

    def called(*arguments: object) -> tuple[int, str, str]:
        status = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return called


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Run) -> Path:
    """A vault made by ``jmdesk init``, its passphrase in the environment's file."""
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE + "\n", encoding="utf-8")
    monkeypatch.setenv("JMDESK_PASSPHRASE_FILE", str(secret))
    folder = tmp_path / "库"
    status, _, err = call("init", folder, "--unit", UNIT, "--region", VILLAGE)
    assert status == 0, err
    return folder


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_documents_are_added_listed_exported_and_removed_without_the_window(
    call: Run, vault: Path, tmp_path: Path
) -> None:
    register, scan, paper = tmp_path / "登记表.xlsx", tmp_path / "授权书.pdf", tmp_path / "陈样一.png"
    call("sample", "--village", VILLAGE, "--layout", "a", "--households", 2, register)
    scan.write_bytes(documents.pdf())
    paper.write_bytes(documents.png())
    assert call("import", "households", register, "--vault", vault, "--consent-batch", scan)[0] == 0
    consent = lines(call("records", "consent", "--vault", vault, "--json", "--limit", 1)[1])[0]["rid"]
    (filed,) = lines(call("attachments", "list", "R04", consent, "--vault", vault, "--json")[1])
    assert (filed["field"], filed["media"], filed["state"]) == ("doc_digest", "application/pdf", "waiting")
    household = lines(call("records", "household", "--vault", vault, "--json", "--limit", 1)[1])[0]["rid"]
    status, out, _ = call("attachments", "add", "household", household, paper, "--vault", vault, "--json")
    assert status == 0
    assert "陈样一" not in out
    (added,) = lines(out)
    target = tmp_path / "out.png"
    assert call("attachments", "export", added["link"], target, "--reason", "复核", "--vault", vault)[0] == 0
    assert target.read_bytes().startswith(b"\x89PNG")
    assert call("attachments", "remove", added["link"], "--reason", "拿错了", "--vault", vault)[0] == 0
    assert call("attachments", "list", "R05", household, "--vault", vault)[1] == ""
    status, _, err = call("attachments", "add", "R05", household, register, "--vault", vault, "--json")
    assert (status, json.loads(err)["error"]) == (1, "attachments.kind")


def test_from_register_to_explanation(call: Run, vault: Path, tmp_path: Path) -> None:
    register = tmp_path / "登记表.xlsx"
    assert call("sample", "--village", VILLAGE, "--layout", "a", "--households", 12, register)[0] == 0

    status, out, _ = call("import", "households", register, "--vault", vault, "--dry-run", "--json")
    assert status == 0
    assert lines(out)[0]["new"] == 12
    assert call("records", "R05", "--vault", vault, "--json")[1] == ""

    status, out, _ = call("import", "households", register, "--vault", vault, "--json")
    assert (status, lines(out)[0]["new"]) == (0, 12)
    status, out, _ = call("import", "households", register, "--vault", vault, "--json")
    assert (lines(out)[0]["new"], lines(out)[0]["unchanged"]) == (0, 12)

    status, out, _ = call("rate", "--vault", vault, "--village", VILLAGE, "--json")
    assert (status, lines(out)[0]["households"]) == (0, 12)

    (household, *_) = lines(call("records", "household", "--vault", vault, "--json", "--limit", 1)[1])
    status, out, _ = call("explain", household["household_id"], "--vault", vault)
    assert status == 0
    assert "逐项得分" in out
    assert call("explain", household["rid"], "--vault", vault)[1] == out

    status, out, _ = call("doctor", "--vault", vault, "--json")
    assert status == 0
    assert (lines(out)[0]["ok"], lines(out)[0]["R05"]) == (True, 12)
    assert call("verify", "--vault", vault, "--json")[0] == 0


def test_records_are_masked_and_filtered(call: Run, vault: Path, tmp_path: Path) -> None:
    register = tmp_path / "登记表.xlsx"
    call("sample", "--village", VILLAGE, "--households", 8, register)
    call("import", "households", register, "--vault", vault)
    people = lines(call("records", "R06", "--vault", vault, "--json")[1])
    numbers = [person["id_no"] for person in people if "id_no" in person]
    assert numbers
    assert all("*" in number or number == "〔待授权〕" for number in numbers)
    heads = lines(call("records", "R06", "--vault", vault, "--where", "relation=02", "--json")[1])
    assert len(heads) == 8
    assert len(lines(call("records", "R06", "--vault", vault, "--limit", 3, "--json")[1])) == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("records", "R99"), "records.no_such_type"),
        (("records", "R05", "--where", "nothing"), "cli.bad_condition"),
        (("records", "R05", "--where", "no_such=1"), "store.no_such_field"),
        (("explain", "000000"), "households.none_found"),
        (("rate", "--village", "999999999999"), "cli.bad_region"),
        (("sync",), "sync.not_enrolled"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_code_and_a_next_step(
    call: Run, vault: Path, arguments: tuple[str, ...], code: str
) -> None:
    status, out, err = call(*arguments, "--vault", vault, "--json")
    told = json.loads(err)
    assert (status, out, told["error"]) == (1, "", code)
    assert told["text"]
    assert told["action"]


def test_a_wrong_passphrase_is_told_apart_from_damage(call: Run, vault: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("another phrase 99", encoding="utf-8")
    status, _, err = call("doctor", "--vault", vault, "--passphrase-file", wrong, "--json")
    assert (status, json.loads(err)["error"]) == (1, "vault.wrong_passphrase")
    for file in vault.glob("desk.db-*"):
        file.unlink()
    held = bytearray((vault / "desk.db").read_bytes())
    held[:4096] = bytes(4096)
    (vault / "desk.db").write_bytes(held)
    status, _, err = call("doctor", "--vault", vault, "--json")
    assert (status, json.loads(err)["error"]) == (1, "store.damaged")


def test_init_refuses_a_bad_unit_or_region_and_makes_nothing(call: Run, vault: Path, tmp_path: Path) -> None:
    for arguments, code in (
        (("--unit", "123", "--region", VILLAGE), "cli.bad_unit"),
        (("--unit", UNIT, "--region", "110101"), "cli.bad_region"),
    ):
        status, _, err = call("init", tmp_path / "new", *arguments, "--json")
        assert (status, json.loads(err)["error"]) == (1, code)
        assert not (tmp_path / "new").exists()
    status, _, err = call("init", vault, "--unit", UNIT, "--region", VILLAGE, "--json")
    assert (status, json.loads(err)["error"]) == (1, "vault.exists")


@pytest.mark.parametrize(
    ("kind", "value", "verdict", "status"),
    [
        ("idno", "11010519491231002X", "ok", 0),
        ("idno", "440785199001010012", "error", 1),
        ("uscc", "91440101MA5CJQ4N59", "ok", 0),
        ("uscc", "91350203M0001QAY9B", "warn", 0),
        ("region", "440785109214", "ok", 0),
        ("region", "999999999999", "error", 1),
    ],
)
def test_check_says_ok_warn_or_error(call: Run, kind: str, value: str, verdict: str, status: int) -> None:
    found, out, _ = call("check", kind, value, "--json")
    (line,) = lines(out)
    assert (found, line["value"], line["verdict"]) == (status, value, verdict)
    assert set(line) == {"value", "verdict", "code"}


def test_score_needs_no_vault_and_prints_its_schema(call: Run, tmp_path: Path) -> None:
    status, out, _ = call("score", "--schema")
    assert status == 0
    assert json.loads(out)["type"] == "object"
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps({"B3": {"labor": 2, "population": "four"}}), encoding="utf-8")
    status, _, err = call("score", "--facts", facts, "--json")
    assert (status, json.loads(err)["error"]) == (1, "ratings.bad_facts")


def test_verify_checks_the_golden_batch_and_finds_a_flipped_bit(call: Run, tmp_path: Path) -> None:
    status, out, _ = call("verify", GOLDEN / "batch.jmb", "--keys", GOLDEN / "keys.json", "--json")
    (report,) = lines(out)
    assert (status, report["sound"], report["kind"]) == (0, True, "batch")
    assert report["records"] >= 2500
    held = bytearray((GOLDEN / "batch.jmb").read_bytes())
    held[len(held) // 2] ^= 1
    flipped = tmp_path / "flipped.jmb"
    flipped.write_bytes(held)
    assert call("verify", flipped, "--keys", GOLDEN / "keys.json")[0] == 1
    assert call("verify", flipped)[0] == 1


def test_without_keys_verify_says_that_the_signature_is_unchecked(call: Run) -> None:
    status, out, _ = call("verify", GOLDEN / "batch.jmb", "--json")
    (report,) = lines(out)
    assert (status, report["sound"]) == (0, False)
    assert {envelope["signature"] for envelope in report["envelopes"]} == {"unknown_key"}


@pytest.mark.parametrize("arguments", [("no-such-command",), ("records",), ("check", "name", "x")])
def test_wrong_usage_exits_with_two(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(list(arguments))
    assert stopped.value.code == 2


def test_a_passphrase_is_never_taken_from_an_argument_or_shown(call: Run, vault: Path) -> None:
    out, err = call("doctor", "--vault", vault)[1:]
    assert PASSPHRASE not in out + err
    with pytest.raises(SystemExit):
        run(["doctor", "--vault", str(vault), "--passphrase", PASSPHRASE])
