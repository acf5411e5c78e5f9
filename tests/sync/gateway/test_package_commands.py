"""``jmdesk-gateway package`` as an operator types it, and what is judged by what was published."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from jmdesk.catalogue.types import Value
from jmdesk.papers.city import city_templates
from jmdesk.papers.template import shipped
from sync.gateway.cli import main
from sync.gateway.editions import editions_of
from sync.gateway.judge import Judge, Known
from sync.gateway.policy import Grant
from sync.protocol.inspect import inspect_file
from sync.protocol.records import Op, Operation, Verdict
from tests.packages import issue, regions_files, rules_text
from tests.sync.gateway.desk import household

ON = date(2026, 11, 22)
VILLAGE = "440785109214"


@pytest.fixture
def run(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, list[dict[str, object]], str]]:
    """Runs a command on a platform of the test's own: exit status, JSON lines, error code."""
    data = tmp_path / "data"
    data.mkdir()
    units = tmp_path / "units.csv"
    units.write_bytes((Path(__file__).parents[3] / "resources/samples/units.csv").read_bytes())

    def command(*arguments: str) -> tuple[int, list[dict[str, object]], str]:
        status = main([*arguments, "--data", str(data), "--database", database_url, "--json"])
        told = capsys.readouterr()
        error = json.loads(told.err)["error"] if told.err else ""
        return status, [json.loads(line) for line in told.out.splitlines()], error

    assert command("units", "import", str(units))[0] == 0
    return command


def test_an_operator_signs_publishes_lists_and_withdraws(
    run: Callable[..., tuple[int, list[dict[str, object]], str]], tmp_path: Path
) -> None:
    folder, file = tmp_path / "目录", tmp_path / "catalogue.jmp"
    folder.mkdir()
    for name, text in issue().files.items():
        (folder / name).write_text(text, encoding="utf-8")
    label = ("--kind", "catalogue", "--name", "jiangmen", "--release", "JM-CAT-2026.2", "--effective", "2026-01-01")
    assert run("package", "sign", str(folder), *label, "--out", str(file))[0] == 0
    with file.open("rb") as source:
        (shown,) = inspect_file(source).envelopes
    assert {"version": "JM-CAT-2026.2", "effective": "2026-01-01"}.items() <= dict(shown.fields).items()
    assert run("package", "publish", str(file))[1][0]["new"] is True
    assert run("package", "publish", str(file))[1][0]["new"] is False
    assert [row["version"] for row in run("package", "list")[1]] == ["JM-CAT-2026.2"]
    assert run("package", "withdraw", "catalogue", "jiangmen", "JM-CAT-2026.2")[0] == 0
    assert [row["sequence"] for row in run("package", "list")[1]] == [1, 2]
    assert run("package", "withdraw", "catalogue", "jiangmen", "none")[2] == "gateway.package_unknown"
    (folder / "codes.json").write_text("[", encoding="utf-8")
    assert run("package", "sign", str(folder), *label, "--out", str(file))[2] == "packages.file"
    file.write_bytes(file.read_bytes().replace(b'"payload":"', b'"payload":"A', 1))
    assert run("package", "publish", str(file))[2] == "protocol.base64"
    wrong = (*label[:-1], "2026-13-01")
    (folder / "codes.json").write_text(issue().files["codes.json"], encoding="utf-8")
    assert run("package", "sign", str(folder), *wrong, "--out", str(file))[2] == "gateway.package_label"


def test_word_templates_of_a_folder_travel_in_base64_and_are_read_at_the_desk(
    run: Callable[..., tuple[int, list[dict[str, object]], str]], tmp_path: Path
) -> None:
    folder, file = tmp_path / "文书", tmp_path / "papers.jmp"
    folder.mkdir()
    own = shipped()["objection-answer"]
    (folder / "objection-answer.docx").write_bytes(own.content)
    (folder / "objection-answer.json").write_text('{"copies": 4}', encoding="utf-8")
    label = ("--kind", "list", "--name", "papers", "--release", "JM-WS-2026.2", "--effective", "2026-01-01")
    assert run("package", "sign", str(folder), *label, "--out", str(file))[0] == 0
    assert run("package", "publish", str(file))[1][0]["new"] is True
    payload = json.loads(b64decode(json.loads(file.read_bytes())["payload"]))
    found = city_templates(payload["version"], payload["files"])["objection-answer"]
    assert (found.content, found.copies, found.version) == (own.content, 4, "JM-WS-2026.2")


def operation(named: str, **values: Value) -> Operation:
    rid, fields = household(VILLAGE, **values)
    return Operation(
        op_id="d.1.1.0", op=Op.UPSERT, rid=rid, type="R05", base_version=0, set=fields, unset=[],
        seen=dict.fromkeys(fields, 0), at="2026-11-22T00:00:00Z", by="u", catalogue=named, evidence=[], consent=[],
    )  # fmt: skip


def verdict(named: str, **values: Value) -> tuple[Verdict, str]:
    grant = Grant("d", "54440785MF1000111F", "440785", (VILLAGE,), ("R1",))
    editions = editions_of([issue()], ON)
    step = Judge(grant, on=ON, same_epoch=True, editions=editions).judge(operation(named, **values), Known())
    return step.verdict, str((step.said or {}).get("code", ""))


def test_an_operation_is_judged_by_the_catalogue_that_it_names() -> None:
    assert verdict("JM-CAT-2026.2", x_old_trees=12) == (Verdict.ACCEPTED, "")
    assert verdict("JM-CAT-2026.2", x_old_trees=100_000) == (Verdict.REJECTED, "field.range")
    assert verdict("JM-CAT-2026.1", x_old_trees=100_000) == (Verdict.ACCEPTED, "")  # unknown to that one: kept as it is
    assert verdict("JM-CAT-2099.9") == (Verdict.REJECTED, "verdict.catalogue_unknown")


def test_late_work_under_a_withdrawn_catalogue_is_still_judged_by_it() -> None:
    withdrawn = issue(sequence=2, until="2026-11-01")
    known = editions_of([issue(), withdrawn], ON)
    assert known.catalogue("JM-CAT-2026.2") is not None
    assert known.catalogue("JM-CAT-2099.9") is None


def test_regions_and_rules_of_the_day_are_the_platforms_too() -> None:
    moved = issue("regions", "JM-QH-2026", files=regions_files((VILLAGE, "440785109213")))
    rules = issue("rules", "1.1", name="JM-HH-1", files={"rules.json": rules_text("1.1")}, effective="2027-01-01")
    editions = editions_of([moved, rules], ON)
    found = editions.catalogue("JM-CAT-2026.1")
    assert found is not None
    assert found.regions.check(VILLAGE).code == "region.moved"
    assert editions.rules.in_force().label == "JM-HH-1@1.0"
    assert editions.rules.of("JM-HH-1@1.1").label == "JM-HH-1@1.1"
