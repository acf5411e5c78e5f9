"""What an administrator may set: how often, how much, how long. One TOML file, or ``--set NAME=VALUE``; whole numbers.

Names carry their unit. ``jmdesk-gateway settings`` prints every one with its value, bounds and meaning. The limits of
the protocol itself (parts, lines, records) are not settings: both ends go by them (``sync/PROTOCOL.md`` 12).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from jmdesk.core.errors import Refused
from sync.gateway.body import Bodies
from sync.gateway.limiter import LOOPBACK, Network, Rate, Rates
from sync.gateway.listener import Lines
from sync.gateway.spool import EXPIRES, Quotas
from sync.protocol.limits import MIB

FILE: Final = "settings.toml"
"""The file in a data folder that is read without being named."""
_LARGEST_FILE: Final = 64 * 1024
_RATES, _QUOTAS, _BODIES, _LINES = Rates(), Quotas(), Bodies(), Lines()


@dataclass(frozen=True)
class Settings:
    """Limits, trusted proxies, and where operators' systems ask (nowhere: ``None``)."""

    rates: Rates = field(default_factory=Rates)
    proxies: Sequence[Network] = LOOPBACK
    quotas: Quotas = field(default_factory=Quotas)
    ops: tuple[str, int] | None = None
    bodies: Bodies = field(default_factory=Bodies)
    lines: Lines = field(default_factory=Lines)
    expires: timedelta = EXPIRES


@dataclass(frozen=True, slots=True)
class Number:
    """One setting: its name (``section.name``), what it is when nobody sets it, its bounds, what it does."""

    name: str
    default: int
    least: int
    most: int
    meaning: str


def _rate(who: str, rate: Rate, meaning: str) -> tuple[Number, Number]:
    return (
        Number(f"rates.{who}_per_second", rate.per_second, 1, 100_000, f"requests a second, for ever: {meaning}"),
        Number(f"rates.{who}_burst", rate.burst, 1, 1_000_000, f"requests at once: {meaning}"),
    )


NUMBERS: Final[Mapping[str, Number]] = {
    number.name: number
    for number in (
        *_rate("address", _RATES.address, "everything from one address"),
        *_rate("enrol", _RATES.enrol, "enrolment requests from one address"),
        *_rate("session", _RATES.session, "log-ins and key requests from one address"),
        *_rate("page", _RATES.page, "the public certificate page from one address"),
        *_rate("device", _RATES.device, "everything of one device"),
        Number("spool.device_mib", _QUOTAS.device // MIB, 64, 2**30, "MiB of one device that may wait"),
        Number("spool.unit_mib", _QUOTAS.unit // MIB, 64, 2**30, "MiB of one unit that may wait"),
        Number("spool.total_mib", _QUOTAS.total // MIB, 64, 2**30, "MiB of all that may wait"),
        Number("spool.expire_days", EXPIRES.days, 1, 3_650, "days until an incomplete batch is let go"),
        Number("bodies.silence_seconds", int(_BODIES.silence), 1, 3_600, "longest silence within a body"),
        Number("bodies.grace_seconds", int(_BODIES.grace), 1, 3_600, "before a body must keep up with the pace"),
        Number("bodies.slowest_bytes_per_second", _BODIES.slowest, 1, 2**20, "pace that a body must keep up with"),
        Number("bodies.largest_mib", _BODIES.largest // MIB, 20, 2_048, "MiB of a whole batch file in one request"),
        Number("lines.head_seconds", int(_LINES.head), 1, 3_600, "for the head of a request"),
        Number("lines.linger_seconds", int(_LINES.linger), 1, 3_600, "for the rest of a body that is answered already"),
        Number("lines.reading_seconds", int(_LINES.reading), 1, 3_600, "an answer may be left unread"),
        Number("lines.connections", _LINES.connections, 2, 100_000, "connections in all"),
        Number("lines.connections_each", _LINES.each, 1, 100_000, "connections of one address"),
    )
}
_ORDER: Final = (
    ("spool.device_mib", "spool.unit_mib"),
    ("spool.unit_mib", "spool.total_mib"),
    ("lines.connections_each", "lines.connections"),
)
"""The first of two is never more than the second."""


def read_numbers(file: Path | None, given: Iterable[str] = ()) -> dict[str, int]:
    """Every setting's value: what ``--set`` gives, else the file, else what it is by itself.

    ``Refused``: ``gateway.settings_file`` (unreadable, or no TOML), ``gateway.setting_unknown``,
    ``gateway.setting_value`` (no whole number within its bounds), ``gateway.setting_order``.
    """
    values = {name: number.default for name, number in NUMBERS.items()}
    values |= _of_file(file) if file is not None else {}
    values |= _of_words(given)
    for less, more in _ORDER:
        if values[less] > values[more]:
            raise Refused("gateway.setting_order", name=less, other=more)
    return values


def settings_of(
    values: Mapping[str, int], proxies: Sequence[Network] = LOOPBACK, ops: tuple[str, int] | None = None
) -> Settings:
    """The settings that these numbers make."""

    def rate(who: str) -> Rate:
        return Rate(values[f"rates.{who}_per_second"], values[f"rates.{who}_burst"])

    return Settings(
        rates=Rates(rate("address"), rate("enrol"), rate("session"), rate("page"), rate("device")),
        proxies=proxies,
        quotas=Quotas(*(values[f"spool.{whose}_mib"] * MIB for whose in ("device", "unit", "total"))),
        ops=ops,
        bodies=Bodies(
            silence=values["bodies.silence_seconds"],
            grace=values["bodies.grace_seconds"],
            slowest=values["bodies.slowest_bytes_per_second"],
            largest=values["bodies.largest_mib"] * MIB,
        ),
        lines=Lines(
            head=values["lines.head_seconds"],
            linger=values["lines.linger_seconds"],
            reading=values["lines.reading_seconds"],
            connections=values["lines.connections"],
            each=values["lines.connections_each"],
        ),
        expires=timedelta(days=values["spool.expire_days"]),
    )


def _of_file(file: Path) -> dict[str, int]:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise Refused("gateway.settings_file", path=str(file), reason="too large")
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused("gateway.settings_file", path=str(file), reason=error.strerror or "") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused("gateway.settings_file", path=str(file), reason=str(error)) from None
    values: dict[str, int] = {}
    for section, inside in found.items():
        if not isinstance(inside, dict):
            raise Refused("gateway.setting_unknown", name=section)
        for name, value in inside.items():
            values[f"{section}.{name}"] = _checked(f"{section}.{name}", value)
    return values


def _of_words(given: Iterable[str]) -> dict[str, int]:
    values: dict[str, int] = {}
    for word in given:
        name, _, text = word.partition("=")
        plain = text.strip().replace("_", "")
        values[name.strip()] = _checked(name.strip(), int(plain) if plain.isascii() and plain.isdigit() else text)
    return values


def _checked(name: str, value: object) -> int:
    number = NUMBERS.get(name)
    if number is None:
        raise Refused("gateway.setting_unknown", name=name)
    if not isinstance(value, int) or isinstance(value, bool) or not number.least <= value <= number.most:
        raise Refused("gateway.setting_value", name=name, least=number.least, most=number.most, meaning=number.meaning)
    return value
