"""The limits of a gateway as an administrator sets them: one file, flags over it, clear words where one is wrong."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.core.errors import Refused
from sync.gateway.cli import main
from sync.gateway.limiter import Rate
from sync.gateway.settings import NUMBERS, Settings, read_numbers, settings_of
from sync.protocol.limits import MIB
from tests.sync.gateway.conftest import Platform
from tests.sync.gateway.test_protection import at, beside


def refusal(file: Path | None, *given_: str) -> tuple[str, object]:
    with pytest.raises(Refused) as raised:
        read_numbers(file, given_)
    return raised.value.code, raised.value.params.get("name")


def test_without_a_file_everything_is_as_it_is_built(tmp_path: Path) -> None:
    assert settings_of(read_numbers(None)) == Settings()
    empty = tmp_path / "settings.toml"
    empty.write_text("")
    assert settings_of(read_numbers(empty)) == Settings()


def test_a_file_sets_some_and_a_flag_is_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        "[rates]\npage_burst = 5\n[spool]\ndevice_mib = 1_024 # of one\nexpire_days = 60\n[lines]\nhead_seconds = 5\n"
        "[bodies]\nlargest_mib = 64\n",
        encoding="utf-8",
    )
    made = settings_of(read_numbers(file, ["spool.device_mib=2_048", " rates.page_per_second = 2 "]))
    assert made.rates.page == Rate(2, 5)
    assert (made.quotas.device, made.expires) == (2_048 * MIB, timedelta(days=60))
    assert (made.lines.head, made.bodies.largest) == (5, 64 * MIB)


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    for text, told in {
        "[spool]\ndevice = 5": ("gateway.setting_unknown", "spool.device"),
        "spool = 5": ("gateway.setting_unknown", "spool"),
        "[spool]\ndevice_mib = '5'": ("gateway.setting_value", "spool.device_mib"),
        "[spool]\ndevice_mib = true": ("gateway.setting_value", "spool.device_mib"),
        "[spool]\ndevice_mib = 1": ("gateway.setting_value", "spool.device_mib"),
        "[lines]\nconnections = 1000000": ("gateway.setting_value", "lines.connections"),
        "[spool]\nunit_mib = 1024": ("gateway.setting_order", "spool.device_mib"),
        "[spool": ("gateway.settings_file", None),
    }.items():
        file.write_text(text, encoding="utf-8")
        assert refusal(file) == told
    assert refusal(tmp_path / "none.toml")[0] == "gateway.settings_file"
    assert refusal(None, "spool.device_mib=viele") == ("gateway.setting_value", "spool.device_mib")
    assert refusal(None, "nonsense") == ("gateway.setting_unknown", "nonsense")


@given(st.sampled_from(sorted(NUMBERS)), st.integers(-(2**40), 2**40))
def test_no_number_gets_past_its_bounds(name: str, value: int) -> None:
    number = NUMBERS[name]
    try:
        read = read_numbers(None, [f"{name}={value}"])
    except Refused as refused:
        fine = refused.code == "gateway.setting_order"
        assert fine or not number.least <= value <= number.most
    else:
        assert read[name] == value
        assert number.least <= value <= number.most


def test_the_command_prints_a_file_that_says_what_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "settings.toml").write_text("[rates]\npage_burst = 5\n", encoding="utf-8")
    assert main(["settings", "--data", str(tmp_path), "--set", "lines.head_seconds=4"]) == 0
    printed = tmp_path / "printed.toml"
    printed.write_text(capsys.readouterr().out, encoding="utf-8")
    values = read_numbers(printed)
    assert (values["rates.page_burst"], values["lines.head_seconds"]) == (5, 4)
    assert main(["settings", "--data", str(tmp_path), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["name"] for line in lines} == NUMBERS.keys()
    assert all(line["least"] <= line["value"] <= line["most"] and line["meaning"] for line in lines)


def test_a_gateway_with_a_wrong_setting_does_not_start_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--data", str(tmp_path / "data"), "--set", "lines.head_seconds=0"]) == 1
    assert "lines.head_seconds" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_set_limits_hold(platform: Platform) -> None:
    values = read_numbers(None, ["rates.page_burst=2", "bodies.largest_mib=20"])
    desk = platform.desk()
    with beside(platform, settings_of(values, proxies=())) as running, at(desk, running):
        answers = [desk.call("GET", "/certificates").status_code for _ in range(3)]
        assert answers == [200, 200, 429]
        too_large = desk.call("POST", "/v1/batches", bytes(20 * MIB + 1))
        assert (too_large.status_code, too_large.json()["limit"]) == (413, 20 * MIB)
