-- Distribute a gateway's database over a Citus cluster, by county. Run once, as the owner, on the coordinator, on the
-- schema as the migrations left it; the programs stay as they are. Every worker needs the same logins as the coordinator
-- (the gateway connects as one of them, and so does the coordinator to its workers).
--
--   psql "$OWNER_URL" -v ON_ERROR_STOP=1 -f distribute.sql
--
-- What is named in neither list stays on the coordinator: keys, sessions, the administration with its triggers, and the
-- counties' heads, one row a county, locked in one order, which no second copy could make quicker.

CREATE EXTENSION IF NOT EXISTS citus;

-- Scope is set with SET LOCAL in each transaction and must reach the workers, whose policies read it.
DO $$
BEGIN
  EXECUTE format('ALTER DATABASE %I SET citus.propagate_set_commands = ''local''', current_database());
END $$;

-- Small and joined with what grows: a copy on every node.
SELECT create_reference_table(small::regclass)
FROM unnest(ARRAY['regions', 'region_closure', 'region_moves', 'units', 'devices', 'former_scopes']) AS small;

-- Grows with the work: by county, all of a county's rows on one node, so that a batch is one node's transaction.
SELECT create_distributed_table('records', 'county');
SELECT create_distributed_table(growing::regclass, 'county', colocate_with => 'records')
FROM unnest(ARRAY['batches', 'batch_parts', 'batch_attachments', 'receipt_parts', 'operations', 'changes', 'alarms',
  'evidence', 'attachments', 'attachment_verdicts']) AS growing;

-- A county that outgrows its neighbours gets a shard of its own: isolate_tenant_to_new_shard('records', '440785', 'CASCADE').
SELECT * FROM citus_tables ORDER BY table_name;
