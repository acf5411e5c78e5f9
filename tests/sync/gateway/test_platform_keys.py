"""The platform's keys: made once, sealed under the key file, certified by a root that may be far away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jmdesk.core.clock import FixedClock, SystemClock, utc_text
from jmdesk.core.errors import Environment
from sync.gateway.certificates import own_certificates
from sync.gateway.database import OWNER, Database
from sync.gateway.keys import load_keys, roll_key
from sync.protocol.suites import KeyRole, OpeningKey, SigningKey


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def test_keys_are_made_once_and_no_private_key_lies_open(database: Database, tmp_path: Path) -> None:
    clock = SystemClock()
    keys = load_keys(database, tmp_path, clock)
    again = load_keys(database, tmp_path, clock)
    assert (again.signing, again.opening, again.server_epoch) == (keys.signing, keys.opening, keys.server_epoch)
    with database.transaction(OWNER) as connection:
        stored = b"".join(bytes(row[0]) for row in connection.execute("SELECT sealed FROM platform_keys"))
    for secret in (keys.signing, keys.opening, keys.provisioning, keys.publisher):
        assert isinstance(secret, SigningKey | OpeningKey)
        assert secret.private not in stored
        assert secret.private.hex() not in repr(keys)
    for name in ("signing.key", "opening.key", "offline-root.json"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_the_trust_document_certifies_every_key_kind(database: Database, tmp_path: Path) -> None:
    keys = load_keys(database, tmp_path, SystemClock())
    roles = {key.role for key in keys.trust.document.keys}
    assert roles == {
        *(KeyRole.PLATFORM, KeyRole.PROVISIONING, KeyRole.PUBLISHER, KeyRole.UPDATE),
        *(KeyRole.RECIPIENT, KeyRole.ESCROW),
    }
    assert keys.trust.find(keys.signing.keyid, KeyRole.PLATFORM) is not None
    assert {key.role for key in keys.trust.recipients(utc_text(SystemClock().now()))} == {
        KeyRole.RECIPIENT,
        KeyRole.ESCROW,
    }


def test_a_missing_or_foreign_key_file_is_told(database: Database, tmp_path: Path) -> None:
    load_keys(database, tmp_path, SystemClock())
    for name in ("signing.key", "opening.key"):
        right = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        with pytest.raises(Environment) as raised:
            load_keys(database, tmp_path, SystemClock())
        assert raised.value.code == "gateway.key_file_missing"
        (tmp_path / name).write_bytes(bytes(32))
        with pytest.raises(Environment) as raised:
            load_keys(database, tmp_path, SystemClock())
        assert raised.value.code == "gateway.key_file_wrong"
        (tmp_path / name).write_bytes(right)


def test_a_trust_document_near_its_end_is_renewed_where_the_root_is_at_hand(database: Database, tmp_path: Path) -> None:
    clock = FixedClock(SystemClock().now())
    first = load_keys(database, tmp_path, clock).trust.document
    clock.advance(days=380)
    second = load_keys(database, tmp_path, clock).trust.document
    assert (second.version, second.public) == (2, first.public)
    assert [key.kid for key in second.keys] == [key.kid for key in first.keys]
    assert second.expires > first.expires
    shutil.move(tmp_path / "offline-root.json", tmp_path / "carried-away.json")
    clock.advance(days=380)
    assert load_keys(database, tmp_path, clock).trust.document == second


def test_a_renewed_trust_document_brings_no_ended_key_back(database: Database, tmp_path: Path) -> None:
    clock = FixedClock(SystemClock().now())
    keys = load_keys(database, tmp_path, clock)
    old = keys.opening.keyid
    root = SigningKey(KeyRole.ROOT, bytes.fromhex(json.loads((tmp_path / "offline-root.json").read_text())["root"]))
    clock.advance(days=30)
    made = database.run(OWNER, lambda c: roll_key(c, tmp_path, root, clock.now(), KeyRole.RECIPIENT))
    assert made is not None
    clock.advance(days=380)
    assert keys.renew()
    renewed = keys.trust
    assert (renewed.document.version, keys.opening.keyid) == (made[1] + 1, made[0])
    assert {key.keyid for key in renewed.recipients(utc_text(clock.now())) if key.role is KeyRole.RECIPIENT} == {
        made[0]
    }
    assert old in {key.kid for key in renewed.document.keys}
    assert not keys.renew()


def test_another_root_s_file_renews_nothing(database: Database, tmp_path: Path) -> None:
    clock = FixedClock(SystemClock().now())
    load_keys(database, tmp_path, clock)
    (tmp_path / "offline-root.json").write_text(json.dumps({"root": "11" * 32, "escrow": "22" * 32}))
    clock.advance(days=390)
    assert load_keys(database, tmp_path, clock).trust.document.version == 1


def test_certificates_are_kept_until_they_end_or_a_name_is_missing(tmp_path: Path) -> None:
    clock = FixedClock(SystemClock().now())
    files = own_certificates(tmp_path, ["127.0.0.1"], clock)
    assert files.authority is not None
    first, authority = files.certificate.read_bytes(), files.authority.read_bytes()
    assert own_certificates(tmp_path, ["127.0.0.1"], clock).certificate.read_bytes() == first
    named = own_certificates(tmp_path, ["desk.example"], clock).certificate.read_bytes()
    assert named != first
    clock.advance(days=380)
    assert own_certificates(tmp_path, [], clock).certificate.read_bytes() != named
    assert files.authority.read_bytes() == authority
