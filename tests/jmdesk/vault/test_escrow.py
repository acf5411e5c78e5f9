"""The administrator's escrow key: each check of its files and halves where it alone stands."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jmdesk.core.errors import Refused
from jmdesk.vault.escrow import (
    EscrowKey,
    EscrowShare,
    _opened,
    _share,
    entrust,
    file_bytes,
    joined,
    new_escrow,
    parsed,
)
from jmdesk.vault.folder import unlock
from jmdesk.vault.kdf import FLOOR
from tests.jmdesk.vault.conftest import PASSPHRASE

HOLDERS = ("第一位保管人的话", "另一位保管人的话")
Escrow = tuple[EscrowKey, tuple[EscrowShare, EscrowShare]]


@pytest.fixture(scope="module")
def escrow() -> Escrow:
    return new_escrow(HOLDERS, FLOOR)


def test_a_file_has_one_spelling(escrow: Escrow) -> None:
    data = file_bytes(escrow[1][0])
    assert parsed(data, EscrowShare) == escrow[1][0]
    for other in (data + b"\n", data.rstrip(), data.replace(b":", b": ", 1)):
        with pytest.raises(Refused, match=r"vault\.bad_escrow_file"):
            parsed(other, EscrowShare)


def test_halves_that_fit_and_name_two_keys_do_not_join(escrow: Escrow) -> None:
    key, (one, other) = escrow
    half = _opened(other, HOLDERS[1])
    renamed = _share(EscrowKey("f" * 32, key.public), 2, half, HOLDERS[1], FLOOR)
    with pytest.raises(Refused, match=r"vault\.shares_differ"):
        joined((one, renamed), HOLDERS)


def test_halves_of_one_name_that_give_another_key_do_not_join(escrow: Escrow) -> None:
    key, (one, _) = escrow
    with pytest.raises(Refused, match=r"vault\.shares_differ"):
        joined((one, _share(key, 2, bytes(32), HOLDERS[1], FLOOR)), HOLDERS)


def test_a_key_under_another_name_is_not_taken_in(vault: Path, escrow: Escrow) -> None:
    with unlock(vault, PASSPHRASE) as opened, pytest.raises(Refused, match=r"vault\.bad_escrow_file"):
        entrust(opened, EscrowKey("0" * 32, escrow[0].public), "2026-11-22T02:00:00Z")


@pytest.mark.parametrize("passphrases", [("短", HOLDERS[1]), (HOLDERS[0], "短")])
def test_the_holders_passphrases_keep_the_rules(passphrases: tuple[str, str]) -> None:
    with pytest.raises(Refused, match=r"vault\.passphrase_short"):
        new_escrow(passphrases, FLOOR)


def test_a_share_of_other_sizes_is_refused_before_anything_is_derived(
    escrow: Escrow, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = escrow[1]
    monkeypatch.setattr("jmdesk.vault.escrow.derive", lambda *_: pytest.fail("derived"))
    for touched in (
        msgspec.structs.replace(one, lock=msgspec.structs.replace(one.lock, salt=bytes(15))),
        msgspec.structs.replace(one, sealed=one.sealed[:-1]),
        msgspec.structs.replace(one, lock=msgspec.structs.replace(one.lock, memory_kib=2**30)),
    ):
        with pytest.raises(Refused, match=r"vault\.bad_escrow_file"):
            joined((touched, other), HOLDERS)
