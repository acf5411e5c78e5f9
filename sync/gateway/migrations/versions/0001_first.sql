-- Roles belong to the whole server: another gateway's database may have made them already. Each is a login once `setup`
-- or an administrator gives it a password. SET: since PostgreSQL 16 whoever makes a role may grant it, not yet take it.
DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['jmdesk_api', 'jmdesk_ingest', 'jmdesk_signer', 'jmdesk_read', 'jmdesk_audit',
    'jmdesk_admin', 'jmdesk_public'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END;
    END IF;
    IF NOT pg_has_role(current_user, wanted, 'SET') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER WITH SET TRUE, INHERIT FALSE', wanted);
    END IF;
  END LOOP;
END $$;

-- Reference tables ---------------------------------------------------------------------------------------------------

CREATE TABLE regions (
  code text PRIMARY KEY CHECK (code ~ '^[0-9]{12}$'),
  name text NOT NULL,
  level text NOT NULL,
  parent text
);

CREATE TABLE region_closure (
  ancestor text NOT NULL,
  descendant text NOT NULL,
  depth smallint NOT NULL,
  PRIMARY KEY (ancestor, descendant)
);

CREATE TABLE region_edition (edition text PRIMARY KEY);

CREATE TABLE platform (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  server_epoch text NOT NULL,
  root text NOT NULL,
  created timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE platform_keys (
  kid text PRIMARY KEY,
  role text NOT NULL,
  suite text NOT NULL,
  public bytea NOT NULL,
  sealed bytea NOT NULL,
  created timestamptz NOT NULL DEFAULT now(),
  -- Of opening keys: since when desks seal to another, and since when the private half is gone.
  ends timestamptz,
  destroyed timestamptz
);

CREATE TABLE trust (
  version bigint PRIMARY KEY,
  envelope bytea NOT NULL,
  created timestamptz NOT NULL DEFAULT now()
);

-- Signed packages, for good: ratings and late work point at what was once in force.
CREATE TABLE packages (
  digest text PRIMARY KEY,
  kind text NOT NULL,
  name text NOT NULL,
  version text NOT NULL,
  sequence bigint NOT NULL,
  effective text NOT NULL,
  until text NOT NULL,
  min_client text NOT NULL,
  issued text NOT NULL,
  created timestamptz NOT NULL,
  envelope bytea NOT NULL,
  UNIQUE (kind, name, sequence)
);

CREATE TABLE region_moves (
  edition text NOT NULL,
  old text NOT NULL,
  new text NOT NULL,
  effective text NOT NULL,
  until text NOT NULL,
  PRIMARY KEY (edition, old)
);

CREATE TABLE units (
  unit text PRIMARY KEY,
  name text NOT NULL,
  kind text NOT NULL,
  region text NOT NULL CHECK (region ~ '^[0-9]{12}$'),
  active boolean NOT NULL DEFAULT true,
  approve_keys boolean NOT NULL DEFAULT false
);

CREATE TABLE enrol_codes (
  code_id text PRIMARY KEY,
  proof_key bytea,
  unit text NOT NULL,
  regions text[] NOT NULL,
  roles text[] NOT NULL,
  created timestamptz NOT NULL DEFAULT now(),
  expires timestamptz NOT NULL,
  tries smallint NOT NULL DEFAULT 0,
  used timestamptz,
  used_by text
);

CREATE TABLE devices (
  device text PRIMARY KEY,
  public bytea NOT NULL,
  kem_public bytea NOT NULL,
  suite text NOT NULL,
  unit text NOT NULL,
  county text NOT NULL,
  regions text[] NOT NULL,
  roles text[] NOT NULL,
  desk_block text NOT NULL,
  epoch bigint NOT NULL DEFAULT 1,
  revoked timestamptz,
  retired timestamptz,
  replaced_by text,
  end_epoch bigint NOT NULL DEFAULT 0,
  end_seq bigint NOT NULL DEFAULT 0,
  end_head text NOT NULL DEFAULT '',
  client text NOT NULL,
  clock_skew bigint,
  enrolled timestamptz NOT NULL DEFAULT now(),
  last_seen timestamptz,
  ack_cursor bigint NOT NULL DEFAULT 0
);

-- What devices asked for with their own signature, and the grant that answered it, for ever: whoever lost the answer asks
-- again with the same bytes. `subject` is the key that the request is about: the one that signed it, or is replaced.
CREATE TABLE device_requests (
  digest text PRIMARY KEY,
  purpose text NOT NULL,
  device text NOT NULL,
  subject text NOT NULL,
  unit text NOT NULL,
  county text NOT NULL,
  envelope bytea NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'approved', 'granted', 'rejected', 'replaced')),
  received timestamptz NOT NULL,
  settled timestamptz,
  answer bytea
);
CREATE INDEX device_requests_waiting ON device_requests (received) WHERE state = 'waiting';

-- Minutes long and worthless after a crash.
CREATE UNLOGGED TABLE challenges (
  nonce text PRIMARY KEY,
  device text NOT NULL,
  expires timestamptz NOT NULL
);

CREATE UNLOGGED TABLE sessions (
  token_digest bytea PRIMARY KEY,
  device text NOT NULL,
  expires timestamptz NOT NULL
);

-- Per county -----------------------------------------------------------------------------------------------------------

-- The last position handed out in a county. Locked before positions are given and until they are committed, so that
-- whoever reads a head can see every change up to it.
CREATE TABLE counties (
  county text PRIMARY KEY,
  head bigint NOT NULL DEFAULT 0
);

CREATE TABLE batches (
  county text NOT NULL,
  device text NOT NULL,
  epoch bigint NOT NULL,
  seq bigint NOT NULL,
  batch_id uuid NOT NULL,
  unit text NOT NULL,
  state text NOT NULL,
  digest text NOT NULL,
  envelope bytea NOT NULL,
  records integer NOT NULL,
  parts integer NOT NULL,
  courier text NOT NULL,
  announced timestamptz NOT NULL DEFAULT now(),
  received timestamptz,
  processed timestamptz,
  custody bytea,
  receipt bytea,
  totals jsonb,
  flags text[] NOT NULL DEFAULT '{}',
  -- What the parts and attachments weigh, as announced: this counts against the spool's quotas until they are let go.
  bytes bigint NOT NULL DEFAULT 0,
  -- A batch whose processing breaks the program is tried a few times and then set aside, in custody, for a person.
  tries smallint NOT NULL DEFAULT 0,
  starts smallint NOT NULL DEFAULT 0,
  aside timestamptz,
  fault text NOT NULL DEFAULT '',
  PRIMARY KEY (county, device, epoch, seq)
);
CREATE UNIQUE INDEX batches_by_id ON batches (county, batch_id);
CREATE INDEX batches_waiting ON batches (received) WHERE state = 'in_custody';
CREATE INDEX batches_spooled ON batches (device, unit, bytes)
  WHERE state IN ('announced', 'in_custody', 'awaiting_release');

CREATE TABLE batch_parts (
  county text NOT NULL,
  device text NOT NULL,
  epoch bigint NOT NULL,
  seq bigint NOT NULL,
  n integer NOT NULL,
  ciphertext bytea NOT NULL,
  PRIMARY KEY (county, device, epoch, seq, n)
);
ALTER TABLE batch_parts ALTER ciphertext SET STORAGE EXTERNAL;

CREATE TABLE receipt_parts (LIKE batch_parts INCLUDING ALL);

CREATE TABLE batch_attachments (LIKE batch_parts INCLUDING ALL);

-- Which record names which document, by the SHA-256 of its content; what was named once stays named.
CREATE TABLE evidence (
  county text NOT NULL,
  rid uuid NOT NULL,
  sha256 text NOT NULL,
  type text NOT NULL,
  op_id text NOT NULL,
  PRIMARY KEY (county, rid, sha256)
);
CREATE INDEX evidence_by_content ON evidence (county, sha256);

-- Documents as they came: sealed, with the wrapped keys that open them. One row per content and county.
CREATE TABLE attachments (
  county text NOT NULL,
  sha256 text NOT NULL,
  type text NOT NULL,
  rid uuid NOT NULL,
  region text NOT NULL,
  unit text NOT NULL,
  media text NOT NULL,
  raw_size integer NOT NULL,
  batch_id uuid NOT NULL,
  device text NOT NULL,
  n integer NOT NULL,
  enc jsonb NOT NULL,
  received timestamptz NOT NULL,
  ciphertext bytea NOT NULL,
  PRIMARY KEY (county, sha256)
);
ALTER TABLE attachments ALTER ciphertext SET STORAGE EXTERNAL;

CREATE TABLE attachment_verdicts (
  county text NOT NULL,
  device text NOT NULL,
  epoch bigint NOT NULL,
  seq bigint NOT NULL,
  n integer NOT NULL,
  verdict text NOT NULL,
  code text NOT NULL,
  PRIMARY KEY (county, device, epoch, seq, n)
);

-- One row per operation for ever: what became of it. `detail` (a conflict's values) goes once the receipt is sealed.
CREATE TABLE operations (
  county text NOT NULL,
  device text NOT NULL,
  epoch bigint NOT NULL,
  seq bigint NOT NULL,
  idx integer NOT NULL,
  rid text NOT NULL,
  verdict text NOT NULL,
  version integer NOT NULL,
  detail jsonb,
  PRIMARY KEY (county, device, epoch, seq, idx)
);

-- `versions` and `writers` name only fields older than the record: field → version, version → op_id. `awaits`: the record
-- (type:rid) that says where this one lies, until that one is here and has its own place.
CREATE TABLE records (
  county text NOT NULL,
  type text NOT NULL,
  rid uuid NOT NULL,
  region text NOT NULL,
  unit text NOT NULL,
  version integer NOT NULL,
  position bigint NOT NULL,
  tombstone boolean NOT NULL,
  fields jsonb NOT NULL,
  versions jsonb NOT NULL,
  writers jsonb NOT NULL,
  writer text NOT NULL,
  at text NOT NULL,
  reason text NOT NULL,
  awaits text NOT NULL DEFAULT '',
  PRIMARY KEY (county, type, rid)
);
CREATE INDEX records_by_position ON records (position, county);
CREATE INDEX records_awaiting ON records (county, awaits) WHERE awaits <> '';

CREATE TABLE changes (
  county text NOT NULL,
  position bigint NOT NULL,
  type text NOT NULL,
  rid uuid NOT NULL,
  version integer NOT NULL,
  op_id text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (county, position)
);

CREATE TABLE alarms (
  county text NOT NULL,
  device text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind text NOT NULL,
  epoch bigint NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (county, device, at)
);

-- What operators look at: overviews without a value of any record ------------------------------------------------------

CREATE VIEW batch_overview WITH (security_invoker) AS
  SELECT county, device, unit, epoch, seq, batch_id, state, records, parts, bytes, announced, received, processed,
    totals, flags, tries, aside, fault
  FROM batches;

CREATE VIEW region_counts WITH (security_invoker) AS
  SELECT records.county, closure.ancestor AS region, records.type, count(*) AS records
  FROM records JOIN region_closure AS closure ON closure.descendant = records.region
  WHERE NOT records.tombstone
  GROUP BY 1, 2, 3;

CREATE VIEW ledger_overview WITH (security_invoker) AS
  SELECT county, position, type, rid, version, op_id, at FROM changes;

-- Who may do what ------------------------------------------------------------------------------------------------------

GRANT SELECT ON alembic_version TO jmdesk_api, jmdesk_ingest, jmdesk_signer, jmdesk_read, jmdesk_audit;
GRANT SELECT ON platform_keys TO jmdesk_ingest, jmdesk_signer;
GRANT SELECT, INSERT ON alarms TO jmdesk_ingest;
GRANT SELECT ON batch_overview, region_counts, ledger_overview TO jmdesk_read;
-- Who audits sees what was done and by which device, and no value: no fields, no envelopes, no conflict's details.
GRANT SELECT (county, device, unit, epoch, seq, batch_id, state, records, parts, bytes, announced, received, processed,
  totals, flags, tries, aside, fault, digest, courier) ON batches TO jmdesk_audit;
GRANT SELECT (county, device, epoch, seq, idx, rid, verdict, version) ON operations TO jmdesk_audit;
GRANT SELECT ON batch_overview, ledger_overview, changes, alarms, counties, regions, region_closure, units TO jmdesk_audit;

GRANT SELECT ON regions, region_closure, region_moves, packages, platform, trust, units
  TO jmdesk_api, jmdesk_ingest, jmdesk_read;
GRANT SELECT ON devices TO jmdesk_ingest, jmdesk_read;
GRANT SELECT, INSERT, UPDATE ON devices TO jmdesk_api;
GRANT SELECT, UPDATE ON enrol_codes TO jmdesk_api;
GRANT SELECT, INSERT, UPDATE ON device_requests TO jmdesk_api;
GRANT SELECT ON device_requests TO jmdesk_read;
GRANT SELECT, INSERT, DELETE ON challenges, sessions TO jmdesk_api;
GRANT SELECT, UPDATE ON counties TO jmdesk_api, jmdesk_ingest;
GRANT SELECT, INSERT, UPDATE ON batches TO jmdesk_api;
GRANT SELECT, INSERT ON batch_parts, batch_attachments TO jmdesk_api;
GRANT SELECT ON receipt_parts, records TO jmdesk_api;
GRANT INSERT ON alarms TO jmdesk_api;
GRANT SELECT, UPDATE ON batches TO jmdesk_ingest;
GRANT SELECT, DELETE ON batch_parts, batch_attachments TO jmdesk_ingest;
GRANT SELECT, INSERT ON evidence, attachments, attachment_verdicts TO jmdesk_ingest;
GRANT UPDATE (region) ON attachments TO jmdesk_ingest;
GRANT SELECT ON evidence, attachment_verdicts TO jmdesk_read;
GRANT SELECT (county, sha256, type, rid, region, unit, media, raw_size, batch_id, device, n, received) ON attachments
  TO jmdesk_read;
GRANT SELECT, INSERT, DELETE ON receipt_parts TO jmdesk_ingest;
GRANT SELECT, INSERT, UPDATE ON operations, records TO jmdesk_ingest;
GRANT INSERT ON changes TO jmdesk_ingest;
GRANT SELECT ON counties, batches, operations, records, changes, alarms TO jmdesk_read;

DO $$
DECLARE growing text;
BEGIN
  FOREACH growing IN ARRAY
    ARRAY['batches', 'batch_parts', 'receipt_parts', 'operations', 'records', 'changes', 'alarms',
      'batch_attachments', 'evidence', 'attachments', 'attachment_verdicts'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', growing);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', growing);
    EXECUTE format(
      $policy$CREATE POLICY ingest ON %I TO jmdesk_ingest
        USING (county = ANY (string_to_array(current_setting('jmdesk.counties', true), ',')))$policy$, growing);
    -- The owner is who migrates and administers; forced, so that a policy says so and not an exception.
    EXECUTE format('CREATE POLICY own ON %I TO CURRENT_USER USING (true)', growing);
  END LOOP;
  -- Whoever looks names counties, or * for all of them; who names none sees nothing.
  FOREACH growing IN ARRAY ARRAY['batches', 'batch_parts', 'receipt_parts', 'operations', 'changes', 'alarms',
    'evidence', 'attachment_verdicts'] LOOP
    EXECUTE format(
      $policy$CREATE POLICY look ON %I FOR SELECT TO jmdesk_read, jmdesk_audit
        USING ((string_to_array(current_setting('jmdesk.counties', true), ',')) && ARRAY[county, '*'])$policy$, growing);
  END LOOP;
  FOREACH growing IN ARRAY ARRAY['batches', 'batch_parts', 'receipt_parts', 'alarms', 'batch_attachments'] LOOP
    EXECUTE format(
      $policy$CREATE POLICY api ON %I TO jmdesk_api
        USING (county = ANY (string_to_array(current_setting('jmdesk.counties', true), ',')))$policy$, growing);
  END LOOP;
END $$;

CREATE POLICY look ON records FOR SELECT TO jmdesk_read
  USING ((string_to_array(current_setting('jmdesk.counties', true), ',')) && ARRAY[county, '*']
    AND region LIKE ANY (string_to_array(current_setting('jmdesk.regions', true), ',')));

CREATE POLICY look ON attachments FOR SELECT TO jmdesk_read
  USING ((string_to_array(current_setting('jmdesk.counties', true), ',')) && ARRAY[county, '*']
    AND region LIKE ANY (string_to_array(current_setting('jmdesk.regions', true), ',')));

-- Each process reads only the keys that are its own to use; they are sealed under its own key file besides.
ALTER TABLE platform_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON platform_keys TO CURRENT_USER USING (true);
CREATE POLICY ingest ON platform_keys FOR SELECT TO jmdesk_ingest USING (role = 'recipient');
CREATE POLICY signer ON platform_keys FOR SELECT TO jmdesk_signer USING (role <> 'recipient');

CREATE POLICY api ON records FOR SELECT TO jmdesk_api
  USING (county = ANY (string_to_array(current_setting('jmdesk.counties', true), ','))
    AND region LIKE ANY (string_to_array(current_setting('jmdesk.regions', true), ',')));
