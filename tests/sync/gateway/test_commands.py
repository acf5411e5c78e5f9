"""``jmdesk-gateway`` as administrators script it: real processes on one data folder."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jmdesk.catalogue import uscc
from jmdesk.core.resources import resource
from sync.gateway.cli import main
from sync.gateway.units import read_units
from sync.protocol.codes import EnrolmentCode
from sync.protocol.records import Verdict
from tests.sync.gateway.conftest import VILLAGE
from tests.sync.gateway.desk import Desk, draft, household

SAMPLE = str(resource("samples/units.csv"))


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder with an embedded server of its own, as a demo has."""
    folder = Path(tempfile.mkdtemp(prefix="jmdesk-gateway-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run(capsys: pytest.CaptureFixture[str], data: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a command."""
    status = main([*arguments, "--data", str(data)])
    told = capsys.readouterr()
    return status, told.out, told.err


def serve(data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-c", "import sys; from sync.gateway.cli import main; sys.exit(main())"),
            *("serve", "--listen", "127.0.0.1:0", "--data", str(data)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ready(process: subprocess.Popen[str]) -> tuple[str, str]:
    """URL and authority from the ready line."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("jmdesk-gateway: ready at https://127.0.0.1:"), line
    url, _, authority = line.removeprefix("jmdesk-gateway: ready at ").strip().partition(" (CA: ")
    return url, authority.removesuffix(")")


def test_the_commands_work_while_the_server_runs_and_after_a_crash(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, data, "units", "import", SAMPLE) == (0, "27 units imported\n", "")
    server = serve(data)
    try:
        url, authority = ready(server)
        status, out, _ = run(capsys, data, "enrol-code", "--unit", VILLAGE, "--json")
        issued = json.loads(out)
        assert (status, issued["unit"], issued["regions"], issued["roles"]) == (0, VILLAGE, ["440785104200"], ["R1"])
        assert EnrolmentCode.parse(issued["code"]).text == issued["code"]
        desk = Desk(url, authority)
        desk.enrol(issued["code"], VILLAGE)
        desk.open_session()
        rid, values = household()
        assert desk.exchange(draft("R05", rid, values))[0].verdict is Verdict.ACCEPTED
        server.kill()
        server.communicate()
        server = serve(data)
        desk.url, desk.authority = ready(server)
        desk.open_session()
        assert desk.exchange(draft("R05", rid, {"population": 5}, base=1))[0].verdict is Verdict.ACCEPTED
        desk.http.close()
        _shown(capsys, data, desk, rid)
        assert server.stdout is not None
        assert server.stdout.readline().startswith("jmdesk-gateway: one process serves, opens and signs;")
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=30)
        assert (server.returncode, err) == (0, "")
    finally:
        server.kill()
        server.communicate()


def _shown(capsys: pytest.CaptureFixture[str], data: Path, desk: Desk, rid: str) -> None:
    records = run(capsys, data, "show", "records", "--type", "household", "--values", "--json")[1]
    (record,) = [json.loads(line) for line in records.splitlines()]
    assert (record["rid"], record["version"], record["fields"]["population"]) == (rid, 2, 5)
    counts = run(capsys, data, "show", "records", "--json")[1]
    assert [(row["type"], row["label"], row["records"]) for row in map(json.loads, counts.splitlines())] == [
        ("R05", "农户", 1)
    ]
    plain = run(capsys, data, "show", "records", "--all")[1]
    assert values_hidden(plain)
    batches = [json.loads(line) for line in run(capsys, data, "show", "batches", "--json")[1].splitlines()]
    assert [(b["seq"], b["state"], b["totals"]) for b in batches] == [
        (1, "processed", {"accepted": 1}),
        (2, "processed", {"accepted": 1}),
    ]
    (device,) = [json.loads(line) for line in run(capsys, data, "show", "devices", "--json")[1].splitlines()]
    assert (device["device"], device["waiting"], device["alarms"]) == (desk.device, 0, 0)


def values_hidden(text: str) -> bool:
    return "样例村一队1号" not in text and "R05" in text


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["enrol-code", "--unit", "91440785MA00000A9G"], "没有统一社会信用代码"),
        (["enrol-code", "--unit", VILLAGE, "--role", "R0"], "没有角色 R0"),
        (["show", "records", "--type", "R99"], "没有记录类型 R99"),
        (["show", "explanation", "nothing"], "没有这条户评级记录"),
        (["units", "import", "missing.csv"], "读不了文件"),
        (["serve", "--listen", "nowhere.invalid:1"], "不能在 nowhere.invalid:1 上提供服务"),
        (["serve", "--cert", "x.pem"], "证书和私钥要同时给出"),
    ],
)
def test_what_is_refused_is_told_with_status_1(
    data: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: str
) -> None:
    status, out, err = run(capsys, data, *arguments)
    assert (status, out) == (1, "")
    assert code in err


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["serve", "--listen", "nowhere"], ["enrol-code"], ["show"]])
def test_wrong_usage_has_status_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: jmdesk-gateway" in capsys.readouterr().err


def test_the_sample_units_are_sound_and_nobody_s() -> None:
    units = read_units(Path(SAMPLE).read_bytes())
    assert all(uscc.check(unit.code).verdict == "ok" for unit in units)
    assert {unit.kind for unit in units} == set("12345678")
    assert all(unit.name.endswith("(样例)") for unit in units)
    assert all(unit.code[8:11] == "MF1" for unit in units)


HEADER = "uscc,name,kind,region_code\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "要有 uscc,name,kind,region_code 四列"),
        ("a,b\n1,2\n", "要有 uscc,name,kind,region_code 四列"),
        (HEADER, "要有 uscc,name,kind,region_code 四列"),
        (f"{HEADER}12345,样例,1,440785\n", "第 2 行的 uscc 不对"),
        (f"{HEADER}{VILLAGE},样例,1,440785\n{VILLAGE},样例,1,440785\n", "第 3 行的 uscc 不对"),
        (f"{HEADER}{VILLAGE},,1,440785\n", "第 2 行的 name 不对"),
        (f"{HEADER}{VILLAGE},样例,9,440785\n", "第 2 行的 kind 不对"),
        (f"{HEADER}{VILLAGE},样例,1,110000\n", "第 2 行的 region_code 不对"),
    ],
)
def test_a_wrong_units_file_changes_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    file = tmp_path / "units.csv"
    file.write_text(text, encoding="utf-8")
    status, out, err = run(capsys, data, "units", "import", str(file))
    assert (status, out) == (1, "")
    assert told in err


def test_a_units_file_may_be_gbk_and_full_width() -> None:
    (unit,) = read_units(f"{HEADER}{VILLAGE},江门市滘头村，1,440785104\n".replace("，", ",").encode("gbk"))
    assert (unit.name, unit.region) == ("江门市滘头村", "440785104000")
