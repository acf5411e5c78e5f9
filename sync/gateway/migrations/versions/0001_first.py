"""The gateway's first schema: platform, units and devices, batches, records, ledger, and who may see what.

Tables that grow carry the county code in their primary key and refer to nothing across counties, so that Citus can
distribute them unchanged. Row-level security is on ``county = ANY(setting)`` plus the code prefix: no subqueries, no
triggers (both are refused on distributed tables).
"""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _run(statements: str) -> None:
    # Straight to the driver: without parameters it takes the file as it stands, per cent signs and all.
    connection: Any = op.get_bind().connection.driver_connection
    connection.execute(statements)


def upgrade() -> None:
    _run(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    for name in ("0001_admin.sql", "0001_public.sql"):
        _run(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def downgrade() -> None:
    tables = (
        "attachment_verdicts attachments evidence batch_attachments"
        " changes operations receipt_parts batch_parts records batches alarms counties sessions challenges enrol_codes"
        " device_requests devices units packages region_moves platform_keys trust platform"
        " region_closure region_edition regions"
    )
    _run("DROP FUNCTION public_certificate, public_signer, masked_name, rid_in")
    _run("DROP TABLE alarm_notes, admin_log, former_scopes, proposals, admin_sessions, admin_accounts")
    _run("DROP FUNCTION guard_proposal, keep_admin_log")
    _run("DROP VIEW batch_overview, region_counts, ledger_overview")
    _run(f"DROP TABLE {', '.join(tables.split())}")
