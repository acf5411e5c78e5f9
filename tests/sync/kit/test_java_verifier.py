"""The integrator's verifier: it takes the golden files and refuses each spoiled one by the specification's code."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from sync.protocol.batch import BatchOpener, BatchReader
from sync.protocol.errors import RemoteProtocolError
from sync.protocol.key_file import read_key_file
from sync.protocol.records import BadLine
from tests.golden import make_golden
from tests.sync.kit.conftest import GOLDEN, VERIFIER, Run, Verifier
from tests.sync.kit.mutations import FILES, LINES, PARTS

EXPECTED = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))
SPECIFICATION = Path(__file__).parents[3] / "sync" / "PROTOCOL.md"


@pytest.fixture(scope="module")
def golden(verifier: Verifier) -> Run:
    """What the verifier says of the golden files."""
    return verifier.check([GOLDEN / name for name in ("batch.jmb", "receipts.jmr", "changes.jmr")])


@pytest.fixture(scope="module")
def spoiled(verifier: Verifier, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What it says of every spoiled file, all in one run."""
    folder = tmp_path_factory.mktemp("spoiled")
    files = []
    for name, (_, make) in FILES.items():
        files.append(folder / name)
        files[-1].write_bytes(make())
    return verifier.check(files)


def test_the_golden_batch_is_sound_and_counted_by_type(golden: Run) -> None:
    assert golden.status == 0
    report = golden.reports["batch.jmb"]
    assert (report["sound"], report["signature"], report["problems"]) == (True, "valid", [])
    assert (report["device"], report["epoch"], report["seq"]) == (EXPECTED["device"], 1, 1)
    assert (report["prev"], report["digest"]) == ("0" * 64, EXPECTED["manifest_digest"])
    assert (report["parts"], report["attachments"], report["records"]) == (3, 1, EXPECTED["records"])
    types = [draft.type for draft in make_golden.drafts()]
    assert report["by_type"] == {name: types.count(name) for name in sorted(set(types))}


def test_the_golden_replies_are_sound_and_their_verdicts_counted(golden: Run) -> None:
    receipts, changes = golden.reports["receipts.jmr"], golden.reports["changes.jmr"]
    assert receipts["sound"]
    assert changes["sound"]
    assert (receipts["kind"], receipts["parts"], receipts["records"]) == ("reply", 3, 2600)
    assert receipts["by_verdict"]["accepted"] == 2594
    assert sum(receipts["by_verdict"].values()) == 2600
    assert (changes["parts"], changes["by_type"]) == (1, {"R05": 100})


@pytest.mark.parametrize("name", FILES)
def test_a_spoiled_batch_is_refused_by_the_code_of_the_specification(spoiled: Run, name: str) -> None:
    assert spoiled.status == 1
    assert not spoiled.stderr
    report, code = spoiled.reports[name], FILES[name][0]
    assert not report["sound"]
    assert report["problems"] == [f"protocol.{code}"]


@pytest.mark.parametrize("name", FILES)
def test_the_platform_s_own_reader_refuses_it_by_the_same_code(name: str) -> None:
    code, make = FILES[name]
    assert _first_refusal(make()) == code


def _first_refusal(data: bytes) -> str:
    """What `sync.protocol` says first of a batch, or nothing."""
    keys = read_key_file((GOLDEN / "keys.json").read_bytes())
    try:
        reader = BatchReader(io.BytesIO(data), keys.keyring)
        opener = BatchOpener(reader.signed.manifest, keys.opening["platform"])
        for part in reader.parts():
            for found in opener.operations(part.entry, part.ciphertext):
                if isinstance(found, BadLine):
                    return found.code
        for entry, ciphertext in reader.attachments():
            opener.attachment(entry, ciphertext)
        reader.finish()
    except RemoteProtocolError as error:
        return error.code.removeprefix("protocol.")
    return ""


def test_nothing_of_an_unsigned_payload_is_told(spoiled: Run) -> None:
    for name in ("other_payload", "stranger", "unsigned_payload_is_no_json"):
        report = spoiled.reports[name]
        assert report["signature"] in ("invalid", "unknown_key")
        assert {report[member] for member in ("signer", "device", "unit", "epoch", "seq", "batch_id")} == {None}


@pytest.mark.parametrize("name", LINES)
def test_a_bad_line_never_hides_its_neighbours(spoiled: Run, name: str) -> None:
    report = spoiled.reports[name]
    assert (report["signature"], report["parts"]) == ("valid", 1)
    assert (report["records"], report["by_type"]) == (3, {"R07": 2})


def test_a_part_that_does_not_open_never_hides_the_others(spoiled: Run) -> None:
    assert spoiled.reports["part_twisted"]["parts"] == 2
    assert spoiled.reports["part_twisted"]["records"] == 1600
    assert spoiled.reports["part_twisted_and_signed"]["records"] == 1600


def test_every_code_of_the_list_stands_in_the_specification() -> None:
    text = SPECIFICATION.read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z0-9_]+)`", text))
    assert {code for code, _ in FILES.values()} <= named
    assert len({code for code, _ in FILES.values()}) > 60


def test_every_code_that_the_verifier_knows_stands_in_the_specification() -> None:
    named = set(re.findall(r"`([a-z0-9_]+)`", SPECIFICATION.read_text(encoding="utf-8")))
    source = "".join(path.read_text(encoding="utf-8") for path in VERIFIER.glob("*.java"))
    known = set(re.findall(r'new Refusal\(\s*"([a-z0-9_]+)"', source))
    assert len(known) > 60
    assert known <= named


def test_without_a_private_key_digests_are_checked_and_nothing_is_counted(verifier: Verifier, tmp_path: Path) -> None:
    keys = json.loads((GOLDEN / "keys.json").read_text(encoding="utf-8"))
    public = tmp_path / "public.json"
    public.write_text(json.dumps({"device_public": keys["device_public"]}), encoding="utf-8")
    twisted = tmp_path / "twisted.jmb"
    twisted.write_bytes(PARTS["part_twisted"][1]())
    run = verifier.check([GOLDEN / "batch.jmb", twisted], public)
    whole, broken = run.reports["batch.jmb"], run.reports["twisted.jmb"]
    assert (whole["sound"], whole["parts"], whole["records"], whole["by_type"]) == (True, 3, None, {})
    assert broken["problems"] == ["protocol.part_digest"]
    assert run.status == 1


def test_escrow_alone_opens_the_parts(verifier: Verifier, tmp_path: Path) -> None:
    keys = json.loads((GOLDEN / "keys.json").read_text(encoding="utf-8"))
    escrow = tmp_path / "escrow.json"
    kept = {name: keys[name] for name in ("device_public", "escrow_private")}
    escrow.write_text(json.dumps(kept), encoding="utf-8")
    report = verifier.check([GOLDEN / "batch.jmb"], escrow).reports["batch.jmb"]
    assert report["records"] == 2600
    # The golden attachment is sealed to the platform alone.
    assert report["problems"] == ["protocol.not_a_recipient"]


def test_what_the_page_for_integrators_names_is_there() -> None:
    page = (VERIFIER.parent / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) >= 4
    assert all((VERIFIER.parent / link).exists() for link in links)
    classes = set(re.findall(r"`([A-Z][A-Za-z]+)(?:\.[a-z]\w+)?`", page)) - {"GZIPInputStream", "SecretKeySpec"}
    assert len(classes) > 8
    assert all((VERIFIER / f"{name}.java").is_file() for name in classes)
    assert "two_members" in FILES


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [str(GOLDEN / "batch.jmb")],
        [str(GOLDEN / "batch.jmb"), "--keys"],
        ["--keys", str(GOLDEN / "keys.json")],
        [str(GOLDEN / "nowhere.jmb"), "--keys", str(GOLDEN / "keys.json")],
        [str(GOLDEN / "batch.jmb"), "--keys", str(GOLDEN / "changes.jmr")],
    ],
)
def test_a_wrong_command_line_is_status_2_with_a_word_on_standard_error(
    verifier: Verifier, arguments: list[str]
) -> None:
    run = verifier.run(*arguments)
    assert run.status == 2
    assert run.stderr.strip()
    assert "at JmVerify" not in run.stderr
