"""Records move: out of a region that is no more into the one in its place, and to the record that they are part of.

With the place go the scope, the counts and the changes. A desk moves what it holds by itself; the platform holds more,
also of offices that are gone. A moved record keeps its values and its version and gets a new position, so that every
desk of the new region hears of it, however far it has pulled. Between counties nothing moves: there desks make records
anew.
"""

from __future__ import annotations

import logging
from typing import Final, LiteralString

from sync.gateway.database import Access, Connection, Database, one
from sync.gateway.journal import event
from sync.gateway.ledger import lock_heads, move_heads

log = logging.getLogger("jmdesk.gateway.relocation")

_TODAY: Final[LiteralString] = "(now() AT TIME ZONE 'Asia/Shanghai')::date::text"
_IN_FORCE: Final[LiteralString] = (
    "FROM region_moves WHERE left(old, 6) = left(new, 6) AND effective <= "
    + _TODAY
    + " AND (until = '' OR until > "
    + _TODAY
    + ")"
)
_MOVE: Final = """
WITH lying AS (
  SELECT ctid AS at_row, row_number() OVER (ORDER BY position, type, rid) AS place
  FROM records WHERE county = %(county)s AND region = %(old)s
), moved AS (
  UPDATE records SET region = %(new)s, position = %(head)s + lying.place FROM lying
  WHERE records.county = %(county)s AND records.ctid = lying.at_row
  RETURNING records.type, records.rid, records.version, records.position
), told AS (
  INSERT INTO changes (county, position, type, rid, version, op_id)
  SELECT %(county)s, position, type, rid, version, %(name)s FROM moved RETURNING 1
)
SELECT count(*) FROM told
"""

_AWAITING: Final = "SELECT array_agg(DISTINCT county) FROM records WHERE county = ANY(%s) AND awaits <> ''"
# Row by row through keys and row addresses, whatever PostgreSQL knows of the tables: of one that was just filled it
# knows nothing, takes a county for a handful of rows and would go through all of it for each record that moves.
_FOLLOW: Final = """
WITH placed AS (
  SELECT child.ctid AS at_row, parent.region, child.region <> parent.region AS elsewhere,
    count(*) FILTER (WHERE child.region <> parent.region) OVER (ORDER BY child.position, child.type, child.rid) AS place
  FROM records AS child, LATERAL (
    SELECT region FROM records
    WHERE county = %(county)s AND type = split_part(child.awaits, ':', 1)
      AND rid = split_part(child.awaits, ':', 2)::uuid AND awaits = '' LIMIT 1) AS parent
  WHERE child.county = %(county)s AND child.awaits <> ''
), settled AS (
  UPDATE records SET region = placed.region, awaits = '',
    position = CASE WHEN elsewhere THEN %(head)s + place ELSE position END
  FROM placed WHERE records.county = %(county)s AND records.ctid = at_row
  RETURNING records.type, records.rid, records.version, records.position, records.region, elsewhere
), papers AS (
  UPDATE attachments SET region = kept.region FROM (
    SELECT paper.at_row, settled.region FROM settled,
      LATERAL (SELECT sha256 FROM evidence WHERE county = %(county)s AND rid = settled.rid OFFSET 0) AS named,
      LATERAL (SELECT ctid AS at_row FROM attachments WHERE county = %(county)s AND sha256 = named.sha256
        AND type = settled.type AND rid = settled.rid LIMIT 1) AS paper
    WHERE elsewhere) AS kept
  WHERE attachments.county = %(county)s AND attachments.ctid = kept.at_row
), told AS (
  INSERT INTO changes (county, position, type, rid, version, op_id)
  SELECT %(county)s, position, type, rid, version, %(name)s FROM settled WHERE elsewhere RETURNING 1
)
SELECT (SELECT count(*) FROM settled), (SELECT count(*) FROM told)
"""


class Relocation:
    """Moves what there is to move, when the regions in force are others than before, and whenever it is told to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: object = None

    def look(self, access: Access, *, anyway: bool = False) -> int:
        """Move the records of regions that are no more; how many. ``access``: ingest's, over every county."""

        def state(connection: Connection) -> object:
            return one(connection, f"SELECT count(*), max(effective), max(edition), {_TODAY} {_IN_FORCE}")

        found = self._database.run(access, state)
        if found == self._known and not anyway:
            return 0
        moved = self._database.run(access, relocate)
        self._known = found
        if moved:
            event(log, logging.INFO, "records moved to the regions of today", records=moved)
        return moved


def relocate(connection: Connection) -> int:
    """Move every record that lies in a region which another took the place of; how many. May be repeated."""
    rows = connection.execute(
        f"SELECT DISTINCT ON (old) old, new, edition {_IN_FORCE} ORDER BY old, effective DESC, edition DESC"
    ).fetchall()
    if not rows:
        return 0
    heads = lock_heads(connection, sorted({old[:6] for old, _, _ in rows}))
    total = 0
    for old, new, edition in rows:
        county = old[:6]
        if county not in heads:
            continue
        told = {"county": county, "old": old, "new": new, "head": heads[county], "name": f"regions.{edition}"}
        (moved,) = one(connection, _MOVE, told)
        connection.execute(
            "UPDATE attachments SET region = %(new)s WHERE county = %(county)s AND region = %(old)s", told
        )
        heads[county] += moved
        total += moved
    move_heads(connection, heads)
    return total


def follow(connection: Connection, heads: dict[str, int], batch_id: str) -> None:
    """Move what came before the record that it is part of to where that one lies, and what awaited it in turn.

    Until then it lies at the home of the desk that sent it, where nobody else may see it. ``heads`` are locked ones and
    move on; ``batch_id`` stands for the operation in the list of changes.
    """
    (awaiting,) = one(connection, _AWAITING, (list(heads),))
    for county in awaiting or ():
        settled = 1
        while settled:
            told = {"county": county, "head": heads[county], "name": f"parents.{batch_id}"}
            settled, moved = one(connection, _FOLLOW, told)
            heads[county] += moved
