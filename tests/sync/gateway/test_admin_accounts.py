"""Accounts of the administration: passphrases, lock-out, sessions; and the log of what they did."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from jmdesk.core.clock import FixedClock, SystemClock
from sync.gateway.admin.accounts import FREE_TRIES, Account, AccountRole, Accounts, Locked
from sync.gateway.database import OWNER, Database
from tests.sync.gateway.staff import QIAN, SECRETS, SUN, WHY, ZHAO, Office, names, refusal


@pytest.fixture
def empty(new_database: Callable[[], str]) -> Iterator[Office]:
    database = Database(new_database())
    yield Office(database)
    database.close()


def test_the_first_two_accounts_must_be_able_to_do_each_other_s_other_half(empty: Office) -> None:
    found = empty.accounts.found
    assert refusal(lambda: found("sun", AccountRole.AUDITOR, SECRETS["sun"])) == "admin.first_roles"
    found("zhao", AccountRole.OPERATOR, SECRETS["zhao"])
    assert refusal(lambda: found("li", AccountRole.OPERATOR, SECRETS["sun"])) == "admin.first_roles"
    assert refusal(lambda: found("zhao", AccountRole.APPROVER, SECRETS["sun"])) == "admin.account_exists"
    found("qian", AccountRole.APPROVER, SECRETS["qian"])
    assert refusal(lambda: found("wu", AccountRole.APPROVER, SECRETS["sun"])) == "admin.four_eyes_only"


@pytest.mark.parametrize("passphrase", ["short", "zhao zhao zhao zhao", "aaaaaaaaaaaaaaaa", "abababababab"])
def test_weak_passphrases_are_not_taken(empty: Office, passphrase: str) -> None:
    found = empty.accounts.found
    assert refusal(lambda: found("zhao", AccountRole.OPERATOR, passphrase)) == "admin.weak_passphrase"


@pytest.mark.parametrize("name", ["", "a", "Zhao", "1zhao", "zhao qian", "赵", "x" * 33])
def test_names_that_could_be_mistaken_are_not_taken(empty: Office, name: str) -> None:
    found = empty.accounts.found
    assert refusal(lambda: found(name, AccountRole.OPERATOR, SECRETS["qian"])).startswith("admin.")
    assert names(empty) == []


def test_an_account_signs_in_with_its_passphrase_and_only_with_it(empty: Office) -> None:
    empty.staff()
    token, account = empty.accounts.open_session("sun", SECRETS["sun"])
    assert account == SUN == empty.accounts.of_token(token)
    assert empty.accounts.of_token(f"{token}x") is None
    assert refusal(lambda: empty.accounts.open_session("sun", "wrong")) == "admin.wrong_passphrase"
    assert refusal(lambda: empty.accounts.open_session("nobody", "wrong")) == "admin.wrong_passphrase"
    empty.accounts.close_session(token)
    assert empty.accounts.of_token(token) is None


def test_a_session_ends_when_it_is_left_alone_and_after_a_day_s_work(empty: Office) -> None:
    empty.staff()
    clock = FixedClock(SystemClock().now())
    accounts = Accounts(empty.database, clock)
    token, _ = accounts.open_session("sun", SECRETS["sun"])
    for _ in range(40):
        clock.advance(minutes=12)
        alive = accounts.of_token(token)
    assert alive is None
    idle, _ = accounts.open_session("sun", SECRETS["sun"])
    clock.advance(minutes=16)
    assert accounts.of_token(idle) is None


def test_guessing_locks_an_account_for_longer_and_longer(empty: Office) -> None:
    empty.staff()
    clock = FixedClock(SystemClock().now())
    accounts = Accounts(empty.database, clock)
    for _ in range(FREE_TRIES):
        assert refusal(lambda: accounts.check("sun", "wrong")) == "admin.wrong_passphrase"
    with pytest.raises(Locked) as first:
        accounts.check("sun", SECRETS["sun"])
    clock.advance(seconds=first.value.seconds)
    assert refusal(lambda: accounts.check("sun", "wrong")) == "admin.wrong_passphrase"
    with pytest.raises(Locked) as second:
        accounts.check("sun", SECRETS["sun"])
    assert second.value.seconds > first.value.seconds
    clock.advance(seconds=second.value.seconds)
    assert accounts.check("sun", SECRETS["sun"]) == SUN
    assert accounts.check("sun", SECRETS["sun"]) == SUN
    assert any(row["action"] == "account-locked" for row in empty.overview.log())


def test_a_proposed_account_cannot_act_before_it_is_approved(empty: Office) -> None:
    empty.staff()
    made = empty.proposals.propose_account(QIAN, "li", AccountRole.APPROVER, "a fourth one for tests", WHY)
    li = Account("li", AccountRole.APPROVER)
    assert refusal(lambda: empty.accounts.check("li", "a fourth one for tests")) == "admin.wrong_passphrase"
    with pytest.raises(psycopg.Error):
        empty.proposals.approve(li, made.id, WHY)


def test_a_disabled_account_is_out_at_once_and_two_must_remain(empty: Office) -> None:
    empty.staff()
    token, _ = empty.accounts.open_session("sun", SECRETS["sun"])
    empty.do("account-disable", "sun")
    assert empty.accounts.of_token(token) is None
    assert refusal(lambda: empty.accounts.check("sun", SECRETS["sun"])) == "admin.wrong_passphrase"
    made = empty.proposals.propose(ZHAO, "account-disable", "zhao", WHY)
    assert refusal(lambda: empty.proposals.approve(QIAN, made.id, WHY)) == "admin.last_accounts"
    assert "zhao" in names(empty)


# -- the log -----------------------------------------------------------------------------------------------------------


def test_the_log_tells_who_did_what_and_why_and_its_chain_holds(empty: Office) -> None:
    empty.staff()
    empty.do("account-disable", "sun")
    told_ = [(row["account"], row["action"], row["subject"]) for row in reversed(empty.overview.log())]
    assert told_ == [
        ("zhao", "account-founded", "zhao"),
        ("qian", "account-founded", "qian"),
        ("zhao", "proposed", "sun"),
        ("qian", "approved", "sun"),
        ("zhao", "proposed", "sun"),
        ("qian", "approved", "sun"),
    ]
    assert all(secret not in str(empty.overview.log()) for secret in SECRETS.values())
    check = empty.overview.check_log()
    assert (check.entries, check.broken, check.head) == (6, 0, empty.overview.log()[0]["hash"])


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE admin_log SET entry = replace(entry, 'zhao', 'qian') WHERE n = 3",
        "UPDATE admin_log SET account = 'qian' WHERE n = 3",
        "DELETE FROM admin_log WHERE n = 3",
    ],
)
def test_a_log_that_somebody_forced_is_found_out(empty: Office, harm: str) -> None:
    empty.staff()
    with empty.database.transaction(OWNER) as connection:
        connection.execute("ALTER TABLE admin_log DISABLE TRIGGER ALL")
        connection.execute(harm.encode())
        connection.execute("ALTER TABLE admin_log ENABLE TRIGGER ALL")
    assert empty.overview.check_log().broken in {3, 4}
