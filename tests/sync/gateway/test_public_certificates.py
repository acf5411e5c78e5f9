"""The public certificate page over HTTPS, on records that desks sent: what it tells, and what it never does."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

import psycopg
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jmdesk.core.clock import SystemClock, utc_text
from jmdesk.core.seals import FILE_MARK, MARK, check_digits, page_of, seal
from jmdesk.core.text import masked_name
from sync.gateway.database import OWNER, Access, Database, Role
from sync.gateway.enrol import end_scope
from sync.gateway.problem import Declined
from sync.gateway.public_certificates import Asked, Fault, Standing, look
from sync.gateway.public_pages import read_form
from sync.protocol.records import Draft, Value, Verdict
from tests.sync.gateway.conftest import COUNTY, TOWN, VILLAGE, Platform
from tests.sync.gateway.desk import IDS, Desk, consent, draft, household, person
from tests.sync.gateway.test_ratings import card, rating

CLOCK = SystemClock()
HEAD = "陈样例"
TODAY = date(2026, 11, 22)
REGION = "440785104200"


@dataclass
class Issued:
    """A certificate that a desk gave out and sent to the platform."""

    desk: Desk
    number: str
    rid: str
    digest: bytes
    consent: str
    version: int = 1

    @property
    def check(self) -> str:
        return check_digits(self.number, self.rid)

    @property
    def code(self) -> str:
        return signed(self.desk, self.number, self.digest)

    def change(self, **values: Value) -> None:
        """Send a change of the rating."""
        send(self.desk, draft("R16", self.rid, values, base=self.version, consent=[self.consent]))
        self.version += 1


def signed(desk: Desk, number: str, digest: bytes, mark: str = MARK) -> str:
    key = Ed25519PrivateKey.from_private_bytes(desk.signing.private)
    return seal(mark, number, digest, TODAY, (desk.device, key.sign))


def send(desk: Desk, *drafts: Draft) -> None:
    told = [(line.verdict, line.code) for line in desk.exchange(*drafts)]
    assert told == [(Verdict.ACCEPTED, "")] * len(drafts)


def event(rid: str, step: str, details: dict[str, Any], type_: str = "R16") -> Draft:
    values: dict[str, Value] = {
        "target_ref": f"{type_}:{rid}",
        "step": step,
        "event_at": utc_text(CLOCK.now()),
        "actor_id": IDS.new(),
        "org_uscc": VILLAGE,
        "details": details,
    }
    return draft("workflow_event", IDS.new(), values)


def issue(desk: Desk) -> Issued:
    """A household with its consents, rated, published and certified, as a desk sends it."""
    house, values = household()
    member, named = person(house, person_name=HEAD)
    values["head_person_id"] = member
    agreed = [consent(house, kind) for kind in ("C1", "C3", "C4")]
    rid, rated = rating(house)
    number = f"XY44078507{int(rid.replace('-', ''), 16) % 10**9:09d}"
    digest = hashlib.sha256(number.encode()).digest()
    rated |= {
        "rating_status": "50",
        "publicity_range": ["2026-11-01", "2026-11-08"],
        "award_org": "恩平市人民政府",
        "award_doc_no": "恩信〔2026〕1号",
        "valid_to": "2099-11-21",
        "cert_no": number,
    }
    send(
        desk,
        draft("R05", house, values),
        draft("R06", member, named),
        *(draft("R04", name, given) for name, given in agreed),
        draft("R16", rid, rated, consent=[name for name, _ in agreed]),
        event(rid, "certify", {"cert_no": number, "cert_digest": digest.hex()}),
    )
    return Issued(desk, number, rid, digest, agreed[2][0])


@pytest.fixture(scope="module")
def desk(platform: Platform) -> Desk:
    return platform.desk()


@pytest.fixture(scope="module")
def issued(desk: Desk) -> Issued:
    """A certificate that no test changes."""
    return issue(desk)


class Visitor:
    """Somebody with a browser and no account."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self._platform.url}{path}", verify=self._platform.authority, timeout=30)

    def ask(self, **fields: str | bytes) -> requests.Response:
        parts = {name: (None, value) for name, value in fields.items()}
        url = f"{self._platform.url}/certificates"
        return requests.post(url, files=parts, verify=self._platform.authority, timeout=30)


@pytest.fixture
def visitor(platform: Platform) -> Visitor:
    return Visitor(platform)


def look_up(platform: Platform, **asked: Any) -> tuple[Standing, Fault]:
    found = look(platform.storage.database, CLOCK, Asked(**{"number": "", **asked}))
    return found.standing, found.fault


def test_the_scanned_address_shows_what_the_notice_showed_and_nothing_more(visitor: Visitor, issued: Issued) -> None:
    answer = visitor.get(page_of("", issued.number, issued.code))
    assert answer.status_code == 200
    assert "有效。" in answer.text
    for shown in (masked_name(HEAD), card().grade, "恩平市人民政府", "恩信〔2026〕1号", "2099-11-21"):
        assert f"<td>{shown}</td>" in answer.text
    for hidden in (HEAD, "样例村", issued.rid, str(card().record_values()["score"])):
        assert hidden not in answer.text


def test_the_number_alone_tells_whether_it_holds_and_nobody_s_name(visitor: Visitor, issued: Issued) -> None:
    for answer in (visitor.get(f"/certificates/{issued.number}"), visitor.ask(number=f" {issued.number.lower()} ")):
        assert answer.status_code == 200
        assert "有效。" in answer.text
        assert masked_name(HEAD) not in answer.text
        assert f"<td>{card().grade}</td>" not in answer.text


def test_check_digits_from_the_paper_open_name_and_grade_and_wrong_ones_fail(visitor: Visitor, issued: Issued) -> None:
    right = visitor.ask(number=issued.number, check=issued.check.lower(), code="", file=b"")
    assert masked_name(HEAD) in right.text
    wrong = visitor.ask(number=issued.number, check="0000-0000")
    assert "校验码与编号不符" in wrong.text
    assert masked_name(HEAD) not in wrong.text


def test_an_unknown_number_is_told_plainly(visitor: Visitor) -> None:
    answer = visitor.get("/certificates/XY44078507202600000")
    assert answer.status_code == 404
    assert "没有查到这个编号" in answer.text


def test_a_code_that_was_changed_in_any_way_fails(platform: Platform, issued: Issued) -> None:
    def of(code: str, number: str = "") -> tuple[Standing, Fault]:
        return look_up(platform, number=number, code=code)

    mark, payload, signature = issued.code.split(".")
    assert of(issued.code) == (Standing.VALID, Fault.NONE)
    other_digest = seal(MARK, issued.number, bytes(32), TODAY, (issued.desk.device, lambda _: b"x" * 64))
    assert of(other_digest) == (Standing.CHANGED, Fault.SIGNATURE)
    assert of(signed(issued.desk, issued.number, bytes(32))) == (Standing.CHANGED, Fault.SIGNATURE)
    assert of(f"{mark}.{payload}.{'A' * len(signature)}") == (Standing.CHANGED, Fault.SIGNATURE)
    assert of(f"{mark}.{payload}.") == (Standing.CHANGED, Fault.UNSIGNED)
    assert of(issued.code, "XY44078507202600009") == (Standing.CHANGED, Fault.CODE)
    assert of("https://elsewhere.example/x") == (Standing.CHANGED, Fault.CODE)


def test_a_code_of_a_stranger_or_of_another_town_s_desk_fails(platform: Platform, issued: Issued) -> None:
    stranger = platform.stranger()
    code = signed(stranger, issued.number, issued.digest)
    assert look_up(platform, code=code) == (Standing.CHANGED, Fault.SIGNER)
    elsewhere = platform.desk(COUNTY, "440785103")
    code = signed(elsewhere, issued.number, issued.digest)
    assert look_up(platform, code=code) == (Standing.CHANGED, Fault.SIGNER)
    revoked = platform.desk()
    own = issue(revoked)
    with platform.storage.database.transaction(OWNER) as connection:
        connection.execute("UPDATE devices SET revoked = now() WHERE device = %s", (revoked.device,))
    assert look_up(platform, code=own.code) == (Standing.CHANGED, Fault.SIGNER)


def test_what_a_desk_signed_where_it_worked_before_holds_on(platform: Platform) -> None:
    town = platform.desk(TOWN)
    given = issue(town)
    with platform.storage.database.transaction(OWNER) as connection:
        end_scope(connection, town.device, CLOCK.now())
        connection.execute("UPDATE devices SET regions = '{440785104201}' WHERE device = %s", (town.device,))
    code = signed(town, given.number, given.digest)
    assert look_up(platform, code=code) == (Standing.VALID, Fault.NONE)


def test_a_pdf_is_held_against_its_seal_and_a_changed_byte_fails(visitor: Visitor, issued: Issued) -> None:
    content = b"%PDF-1.7 what a desk saved"
    whole = content + f"\n%{signed(issued.desk, issued.number, hashlib.sha256(content).digest(), FILE_MARK)}\n".encode()
    assert masked_name(HEAD) in visitor.ask(number="", file=whole).text
    for spoilt in (whole.replace(b"saved", b"savec"), content, whole[:-30]):
        answer = visitor.ask(number="", file=spoilt)
        assert "核验不通过" in answer.text
        assert masked_name(HEAD) not in answer.text


def test_a_certificate_that_the_platform_has_not_heard_of_is_provisional(platform: Platform, desk: Desk) -> None:
    code = signed(desk, "XY44078507202699999", bytes(32))
    assert look_up(platform, code=code) == (Standing.PROVISIONAL, Fault.NONE)


def test_withdrawn_reissued_expired_and_withdrawn_consent_are_told_without_a_name(
    platform: Platform, visitor: Visitor, desk: Desk
) -> None:
    one = issue(desk)
    one.change(valid_to="2026-01-01")
    assert look_up(platform, number=one.number)[0] is Standing.EXPIRED
    newer = f"{one.number}9"
    send(desk, event(one.rid, "reissue", {"cert_no": newer, "cert_digest": "ab" * 32, "ground": "遗失"}))
    one.change(cert_no=newer, valid_to="2099-01-01")
    old = visitor.get(page_of("", one.number, one.code))
    assert "已换发新证" in old.text
    assert masked_name(HEAD) not in old.text
    assert look_up(platform, number=newer)[0] is Standing.VALID
    revocation = {"consent_state": "4", "revoked_at": utc_text(CLOCK.now())}
    send(desk, draft("R04", one.consent, cast("dict[str, Value]", revocation), base=1))
    told = visitor.ask(number=newer, check=check_digits(newer, one.rid))
    assert "不再有效" in told.text
    assert masked_name(HEAD) not in told.text
    one.change(rating_status="80")
    assert look_up(platform, number=newer)[0] is Standing.WITHDRAWN


def put(database: Database, type_: str, fields: dict[str, Value]) -> str:
    """A record as ingest leaves it."""
    rid = IDS.new()
    with database.transaction(OWNER) as connection:
        connection.execute(
            "INSERT INTO records (county, type, rid, region, unit, version, position, tombstone, fields, versions,"
            " writers, writer, at, reason) VALUES ('440785', %s, %s, %s, %s, 1, 1, false, %s, '{}', '{}', '', '', '')",
            (type_, rid, REGION, VILLAGE, psycopg.types.json.Jsonb(fields)),
        )
    return rid


def test_honest_enterprises_and_credit_villages_are_found_by_what_is_printed(
    platform: Platform, visitor: Visitor
) -> None:
    database = platform.storage.database
    firm = put(database, "R20", {"ent_name": "江门样例五金有限公司"})
    put(database, "R23", {"uscc": firm, "cert_no": "HY440785072026001", "decision": "1", "valid_to": "2099-01-01"})
    told = visitor.get("/certificates/HY440785072026001").text
    assert "江门样例五金有限公司" in told
    assert "有效。" in told
    named: dict[str, Value] = {"region_code": REGION, "rating_year": 2026, "village_grade": "1"}
    rid = put(database, "R17", named)
    assert look_up(platform, number=f"XC{REGION}2026")[0] is Standing.UNKNOWN  # not named yet
    with database.transaction(OWNER) as connection:
        connection.execute(
            'UPDATE records SET fields = fields || \'{"award_doc_no": "恩信〔2026〕3号"}\' WHERE rid = %s', (rid,)
        )
    told = visitor.get(f"/certificates/XC{REGION}2026").text
    assert "信用村" in told
    assert "县级" in told
    put(database, "workflow_event", {"target_ref": f"R17:{rid}", "step": "remove", "details": {"ground": "x"}})
    assert look_up(platform, number=f"XC{REGION}2026")[0] is Standing.WITHDRAWN


def test_two_records_with_one_number_are_told_apart_by_the_paper_in_hand(platform: Platform, desk: Desk) -> None:
    one, other = issue(desk), issue(desk)
    other.change(cert_no=one.number)
    assert look_up(platform, number=one.number) == (Standing.CHANGED, Fault.TWICE)
    assert look_up(platform, number=one.number, check=one.check) == (Standing.VALID, Fault.NONE)


def test_values_that_are_no_ids_or_dates_break_no_question(platform: Platform) -> None:
    put(platform.storage.database, "R16", {"cert_no": "XY-ODD-1", "household_id": "nonsense", "rating_status": "50"})
    put(platform.storage.database, "workflow_event", {"target_ref": "R16:x", "details": {"cert_no": "XY-ODD-1"}})
    assert look_up(platform, number="XY-ODD-1") == (Standing.ENDED, Fault.NONE)


@pytest.mark.parametrize("name", ["", "陈", "陈明", "陈样例", "欧阳样例", "𠮷野家", "阿·依古丽"])
def test_the_database_masks_a_name_as_a_notice_does(platform: Platform, name: str) -> None:
    with platform.storage.database.transaction(OWNER) as connection:
        assert connection.execute("SELECT masked_name(%s)", (name,)).fetchone() == (masked_name(name),)


def test_the_page_s_role_can_ask_one_number_and_read_no_table(platform: Platform, issued: Issued) -> None:
    database = platform.storage.database
    with database.transaction(Access(Role.PUBLIC)) as connection:
        found = connection.execute("SELECT holder FROM public_certificate(%s, '2026-11-22')", (issued.number,))
        assert found.fetchall() == [(masked_name(HEAD),)]
    for table in ("records", "devices", "units", "region_counts"):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            database.transaction(Access(Role.PUBLIC)) as connection,
        ):
            connection.execute(f"SELECT FROM {table}".encode())
    for role in set(Role) - {Role.OWNER, Role.PUBLIC}:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(Access(role)) as connection:
            connection.execute("SELECT public_certificate('x', '2026-11-22')")


def test_the_page_needs_no_script_loads_nothing_and_is_not_indexed(visitor: Visitor) -> None:
    answer = visitor.get("/certificates")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text
    assert not re.search(r"(src|href)=", answer.text)
    style = re.search(r"<style>(.*?)</style>", answer.text)
    assert style is not None


def test_what_somebody_types_is_shown_as_text(visitor: Visitor) -> None:
    answer = visitor.ask(number="<b>XY</b>")
    assert answer.status_code == 404
    assert "<b>" not in answer.text.lower()
    assert "&lt;b&gt;" in answer.text.lower()


def test_too_many_questions_are_told_in_a_page(platform: Platform, visitor: Visitor) -> None:
    door = platform.running.gateway.door
    before = door._trusted, door._rates
    door._trusted, door._rates = (), replace(door._rates, page=replace(door._rates.page, burst=2))
    try:
        answers = [visitor.get("/certificates") for _ in range(4)]
    finally:
        door._trusted, door._rates = before
    assert [answer.status_code for answer in answers][-1] == 429
    assert "查得太频繁了" in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_file_that_is_too_large_is_told_in_a_page(visitor: Visitor) -> None:
    answer = visitor.ask(number="", file=bytes(2 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert "文件太大了" in answer.text


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(number=st.text(max_size=60), check=st.text(max_size=12), code=st.text(max_size=60), file=st.binary(max_size=60))
def test_no_question_breaks_the_page(platform: Platform, number: str, check: str, code: str, file: bytes) -> None:
    look(platform.storage.database, CLOCK, Asked(number, check, code, file))
    hostile = seal(MARK, number, file, TODAY, (check, lambda _: file))
    look(platform.storage.database, CLOCK, Asked("", "", hostile))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=300))
def test_no_body_breaks_the_form(body: bytes) -> None:
    for content in (body, b"--b\r\n" + body, b'--b\r\nContent-Disposition: form-data; name="number"\r\n\r\n' + body):
        with suppress(Declined):
            found = read_form("multipart/form-data; boundary=b", content)
            assert found.keys() <= {"number", "check", "code", "file"}
