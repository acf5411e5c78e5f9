"""People of an administration for tests: an operator, an approver, an auditor; all invented."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jmdesk.core.clock import SystemClock
from jmdesk.core.errors import Refused
from sync.gateway.admin.accounts import ADMIN, Account, AccountRole, Accounts
from sync.gateway.admin.overview import Overview
from sync.gateway.admin.proposals import Proposals
from sync.gateway.database import Database

SECRETS = {"zhao": "kuaile de lüren 2026", "qian": "another quiet harbour", "sun": "third lamp at dusk"}
ZHAO, QIAN = Account("zhao", AccountRole.OPERATOR), Account("qian", AccountRole.APPROVER)
SUN = Account("sun", AccountRole.AUDITOR)
WHY = "核对过，情况属实"


class Office:
    """The administration of a platform, with an operator, an approver and an auditor."""

    def __init__(self, database: Database) -> None:
        clock = SystemClock()
        self.database = database
        self.accounts = Accounts(database, clock)
        self.proposals = Proposals(database, clock)
        self.overview = Overview(database, clock)

    def staff(self) -> None:
        """Make the three accounts."""
        for account in (ZHAO, QIAN):
            self.accounts.found(account.name, account.role, SECRETS[account.name])
        made = self.proposals.propose_account(ZHAO, "sun", AccountRole.AUDITOR, SECRETS["sun"], WHY)
        self.proposals.approve(QIAN, made.id, WHY)

    def do(self, kind: str, subject: str) -> None:
        """Propose and approve."""
        self.proposals.approve(QIAN, self.proposals.propose(ZHAO, kind, subject, WHY).id, WHY)


def refusal(work: Callable[[], object]) -> str:
    """The code with which something is refused."""
    with pytest.raises(Refused) as raised:
        work()
    return raised.value.code


def names(office: Office) -> list[str]:
    """The accounts that may act."""
    with office.database.transaction(ADMIN) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM admin_accounts WHERE state = 'active'")]
