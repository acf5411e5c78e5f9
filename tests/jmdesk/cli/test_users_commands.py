"""``jmdesk users`` from the first colleague to the last."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jmdesk.cli.main import run
from tests.desks import PASSPHRASE, new_desk

FIRST, SECOND, THIRD = PASSPHRASE, "四条小船过了石桥", "七只水牛下山去也"


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    folder = tmp_path / "资料库"
    new_desk(folder).close()
    for number, passphrase in enumerate((FIRST, SECOND, THIRD), 1):
        (tmp_path / f"p{number}").write_text(f"{passphrase}\n", "utf-8")
    return folder


def users(vault: Path, passphrase: int, *arguments: str) -> int:
    verb, *rest = arguments
    file = str(vault.parent / f"p{passphrase}")
    return run(["users", verb, "--json", "--vault", str(vault), "--passphrase-file", file, *rest])


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    out = capsys.readouterr().out.strip().splitlines()
    found: dict[str, object] = json.loads(out[-1])
    return found


@pytest.mark.slow
def test_a_colleague_is_added_works_changes_the_passphrase_and_is_removed(
    vault: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = ("--new-passphrase-file", str(vault.parent / "p2"))
    assert users(vault, 1, "add", "--name", "黄伟业", "--role", "R1", "--role", "R10", *new) == 0
    assert said(capsys)["label"] == "黄*业"
    assert users(vault, 1, "list") == 1
    assert "vault.user_needed" in capsys.readouterr().err
    assert users(vault, 2, "list", "--user", "黄*业") == 0
    assert [one["status"] for one in said(capsys)["users"]] == ["1", "1"]  # type: ignore[attr-defined]
    assert users(vault, 2, "remove", "--user", "黄*业", "测*员") == 1
    assert "permissions.action" in capsys.readouterr().err
    third = ("--new-passphrase-file", str(vault.parent / "p3"))
    assert users(vault, 2, "passphrase", "--user", "黄*业", *third) == 0
    assert users(vault, 2, "list", "--user", "黄*业") == 1
    assert users(vault, 1, "disable", "--user", "测*员", "黄*业") == 0
    user = str(said(capsys)["user"])
    assert users(vault, 3, "list", "--user", "黄*业") == 1
    assert users(vault, 1, "enable", user) == 0
    assert users(vault, 3, "list", "--user", "黄*业") == 0
    assert users(vault, 1, "roles", "--user", "测*员", "黄*业", "--role", "R2") == 0
    assert users(vault, 1, "remove", "--user", "测*员", "黄*业") == 0
    assert users(vault, 1, "list") == 0
    assert [one["status"] for one in said(capsys)["users"]].count("3") == 1  # type: ignore[attr-defined]
    assert (vault / "desk-1.db").exists()


@pytest.mark.slow
def test_a_forgotten_passphrase_comes_back_through_two_administrators_and_through_the_printed_code(
    vault: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = vault.parent
    for number, passphrase in enumerate(("第一位保管人的话", "另一位保管人的话"), 1):
        (home / f"h{number}").write_text(passphrase, "utf-8")
    holders = [text for n in (1, 2) for text in ("--share-passphrase-file", str(home / f"h{n}"))]
    shares = [text for n in (1, 2) for text in ("--share", str(home / f"keys/escrow-share-{n}.json"))]
    new = ("--vault", str(vault), "--new-passphrase-file", str(home / "p2"))

    def escrow(verb: str, *arguments: str) -> int:
        return run(["escrow", verb, "--json", *arguments])

    assert escrow("keygen", "--out", str(home / "keys"), *holders) == 0
    assert escrow("keygen", "--out", str(home / "keys"), *holders) == 1, "a share is never overwritten"
    key = str(home / "keys/escrow-key.json")
    assert escrow("install", key, "--vault", str(vault), "--passphrase-file", str(home / "p1")) == 0
    capsys.readouterr()
    assert escrow("request", *new, "--out", str(home / "ask.json")) == 0
    told = str(said(capsys)["fingerprint"])
    answer = ("--out", str(home / "answer.json"), *shares, *holders)
    assert escrow("answer", str(home / "ask.json"), "--fingerprint", "0000 0000 0000 0000 0000", *answer) == 1
    assert "cli.other_fingerprint" in capsys.readouterr().err
    assert escrow("answer", str(home / "ask.json"), "--fingerprint", told, *answer[:4], *answer[6:]) == 1
    assert "cli.two_shares" in capsys.readouterr().err
    assert escrow("answer", str(home / "ask.json"), "--fingerprint", told.lower(), *answer) == 0
    assert escrow("accept", str(home / "answer.json"), *new) == 0
    assert users(vault, 1, "list") == 1
    assert users(vault, 2, "recovery-code") == 0
    (home / "code").write_text(str(said(capsys)["code"]), "utf-8")
    third = ("--vault", str(vault), "--new-passphrase-file", str(home / "p3"))
    assert escrow("recover", *third, "--code-file", str(home / "code")) == 0
    assert users(vault, 3, "list") == 0
    assert users(vault, 3, "recovery-code", "--pdf", str(home / "sheet.pdf")) == 0
    assert (home / "sheet.pdf").read_bytes().startswith(b"%PDF-")
