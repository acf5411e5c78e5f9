-- Administration: accounts, proposals under four eyes, and a log that only grows ---------------------------------------
-- Small tables that stay on the coordinator: nothing of this is distributed, so triggers are allowed.

CREATE TABLE admin_accounts (
  name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9._-]{1,31}$'),
  role text NOT NULL CHECK (role IN ('operator', 'approver', 'auditor')),
  secret text NOT NULL,
  state text NOT NULL CHECK (state IN ('proposed', 'active', 'disabled')),
  created timestamptz NOT NULL,
  failures integer NOT NULL DEFAULT 0,
  locked_until timestamptz,
  last_login timestamptz
);

CREATE UNLOGGED TABLE admin_sessions (
  token_digest bytea PRIMARY KEY,
  account text NOT NULL,
  expires timestamptz NOT NULL,
  last_used timestamptz NOT NULL
);

CREATE TABLE proposals (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  detail jsonb NOT NULL,
  reason text NOT NULL CHECK (length(reason) BETWEEN 4 AND 500),
  proposed_by text NOT NULL,
  proposed_at timestamptz NOT NULL,
  expires timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'rejected', 'withdrawn', 'expired')),
  decided_by text,
  decided_at timestamptz,
  decision text NOT NULL DEFAULT '',
  CONSTRAINT four_eyes CHECK (decided_by <> proposed_by),
  CONSTRAINT decided CHECK ((state IN ('approved', 'rejected')) = (decided_by IS NOT NULL)
    AND (state = 'open') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX proposals_open ON proposals (kind, subject) WHERE state = 'open';

-- Who proposes and who decides, held here too: whoever gets past the program still meets it.
CREATE FUNCTION guard_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'open' OR NOT EXISTS (SELECT FROM admin_accounts
        WHERE name = NEW.proposed_by AND state = 'active' AND role IN ('operator', 'approver')) THEN
      RAISE EXCEPTION 'proposal refused' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' OR OLD.state <> 'open'
      OR (OLD.id, OLD.kind, OLD.subject, OLD.detail, OLD.reason, OLD.proposed_by, OLD.proposed_at, OLD.expires)
        IS DISTINCT FROM
        (NEW.id, NEW.kind, NEW.subject, NEW.detail, NEW.reason, NEW.proposed_by, NEW.proposed_at, NEW.expires) THEN
    RAISE EXCEPTION 'a proposal is decided once and stays as it is' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NEW.state IN ('approved', 'rejected') AND NOT EXISTS (SELECT FROM admin_accounts
      WHERE name = NEW.decided_by AND state = 'active' AND role = 'approver') THEN
    RAISE EXCEPTION 'decision refused' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER guard_proposal BEFORE INSERT OR UPDATE OR DELETE ON proposals
  FOR EACH ROW EXECUTE FUNCTION guard_proposal();

-- What a device was granted before its scope was changed: the numbers that it gave outlive it (`enrol.free_block`).
CREATE TABLE former_scopes (
  device text NOT NULL,
  regions text[] NOT NULL,
  desk_block text NOT NULL,
  ended timestamptz NOT NULL
);

-- `hash` is the SHA-256 of `entry`, which names the hash before it.
CREATE TABLE admin_log (
  n bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  account text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  entry text NOT NULL,
  hash text NOT NULL
);
CREATE FUNCTION keep_admin_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log only grows' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER keep_admin_log BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_log
  FOR EACH STATEMENT EXECUTE FUNCTION keep_admin_log();

CREATE TABLE alarm_notes (
  county text NOT NULL,
  device text NOT NULL,
  at timestamptz NOT NULL,
  account text NOT NULL,
  note text NOT NULL,
  noted timestamptz NOT NULL,
  PRIMARY KEY (county, device, at)
);

-- The administration sees no value of a record and opens nothing; what it changes are states.
GRANT SELECT ON alembic_version, regions, region_moves, units, devices, device_requests, batches, alarms, trust
  TO jmdesk_admin;
GRANT SELECT (county, device, epoch, seq, idx, rid, verdict, version, detail) ON operations TO jmdesk_admin;
GRANT SELECT (county, type, rid, tombstone) ON records TO jmdesk_admin;
GRANT SELECT (kid, role, created, ends, destroyed) ON platform_keys TO jmdesk_admin;
GRANT INSERT ON operations TO jmdesk_admin;
GRANT UPDATE (state) ON batches TO jmdesk_admin;
GRANT UPDATE (state, settled) ON device_requests TO jmdesk_admin;
GRANT UPDATE (revoked, retired, end_epoch, end_seq, end_head, regions, roles, desk_block) ON devices TO jmdesk_admin;
GRANT SELECT, INSERT ON former_scopes TO jmdesk_admin, jmdesk_api;
GRANT SELECT (device), DELETE ON sessions TO jmdesk_admin;
GRANT UPDATE (approve_keys) ON units TO jmdesk_admin;
GRANT SELECT, INSERT, UPDATE ON admin_accounts TO jmdesk_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON admin_sessions TO jmdesk_admin;
GRANT SELECT, INSERT ON admin_log, alarm_notes TO jmdesk_admin;
GRANT SELECT ON proposals TO jmdesk_admin;
GRANT INSERT (kind, subject, detail, reason, proposed_by, proposed_at, expires) ON proposals TO jmdesk_admin;
GRANT UPDATE (state, decided_by, decided_at, decision) ON proposals TO jmdesk_admin;

CREATE POLICY admin ON batches TO jmdesk_admin USING (true);
CREATE POLICY admin ON platform_keys FOR SELECT TO jmdesk_admin USING (true);
CREATE POLICY admin ON alarms FOR SELECT TO jmdesk_admin USING (true);
CREATE POLICY admin ON records FOR SELECT TO jmdesk_admin USING (true);
CREATE POLICY admin_look ON operations FOR SELECT TO jmdesk_admin USING (true);
CREATE POLICY admin_refuse ON operations FOR INSERT TO jmdesk_admin WITH CHECK (verdict = 'rejected');

ALTER TABLE alarm_notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE alarm_notes FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON alarm_notes TO CURRENT_USER USING (true);
CREATE POLICY admin ON alarm_notes TO jmdesk_admin USING (true);
