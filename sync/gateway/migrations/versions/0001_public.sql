-- The public page: one certificate by its number -----------------------------------------------------------------------
-- The role behind the page may call two functions and read no table, so that nobody who takes the page over can list
-- certificates, unmask a name or see a record that is not published.

CREATE INDEX records_by_certificate ON records ((fields ->> 'cert_no')) WHERE type IN ('R16', 'R23');
CREATE INDEX records_by_issue ON records ((fields -> 'details' ->> 'cert_no'))
  WHERE type = 'workflow_event' AND fields -> 'details' ? 'cert_no';
CREATE INDEX records_by_removal ON records (county, (fields ->> 'target_ref'))
  WHERE type = 'workflow_event' AND fields ->> 'step' = 'remove';
CREATE INDEX records_by_consent ON records (county, (fields ->> 'subject_id')) WHERE type = 'R04';

-- As a notice shows it: one character hidden.
CREATE FUNCTION masked_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN length(name) <= 1 THEN repeat('*', length(name)) ELSE left(name, 1) || '*' || substr(name, 3) END;

-- The record id that a value is, or nothing: a value from outside must not break the question.
CREATE FUNCTION rid_in(value text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN value ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN value::uuid END;

-- Nothing of a household but what its notice said, and that only while the rating stands and the household agrees to be
-- published. `day` is today in Beijing. `standing`: valid, expired, reissued, withdrawn, ended.
CREATE FUNCTION public_certificate(wanted text, day text)
RETURNS TABLE (kind text, standing text, rid text, region text, holder text, grade text, org text, document text,
  office text, issued text, valid_to text, digest text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH issue AS (
    SELECT county, rid_in(substr(fields ->> 'target_ref', 5)) AS rid, fields
    FROM records
    WHERE type = 'workflow_event' AND fields -> 'details' ? 'cert_no' AND fields -> 'details' ->> 'cert_no' = wanted
      AND starts_with(fields ->> 'target_ref', 'R16:')
  ), household AS (
    SELECT county, rid FROM records WHERE type = 'R16' AND fields ->> 'cert_no' = wanted
    UNION SELECT county, rid FROM issue
  ), standings AS (
    SELECT r.*,
      CASE
        WHEN r.tombstone OR r.fields ->> 'rating_status' IN ('70', '80') THEN 'withdrawn'
        WHEN r.fields ->> 'cert_no' IS DISTINCT FROM wanted THEN 'reissued'
        WHEN r.fields ->> 'rating_status' NOT IN ('50', '60') OR NOT r.fields ? 'publicity_range'
          OR NOT EXISTS (SELECT FROM records AS c
            WHERE c.county = r.county AND c.type = 'R04' AND c.fields ->> 'subject_id' = 'R05:' || (r.fields ->> 'household_id')
              AND NOT c.tombstone AND c.fields ->> 'consent_kind' = 'C4' AND c.fields ->> 'consent_state' IN ('1', '2')
              AND NOT c.fields ? 'revoked_at' AND coalesce(c.fields ->> 'valid_to', day) >= day)
        THEN 'ended'
        WHEN r.fields ->> 'valid_to' < day THEN 'expired'
        ELSE 'valid'
      END AS standing
    FROM household AS h JOIN records AS r ON r.county = h.county AND r.type = 'R16' AND r.rid = h.rid
  )
  SELECT 'household', s.standing, s.rid::text, s.region,
    CASE WHEN s.standing = 'valid' THEN masked_name(coalesce(head.fields ->> 'person_name', '')) ELSE '' END,
    CASE WHEN s.standing = 'valid' THEN coalesce(s.fields ->> 'grade', '') ELSE '' END,
    coalesce(s.fields ->> 'award_org', ''), coalesce(s.fields ->> 'award_doc_no', ''), coalesce(u.name, ''),
    coalesce(issue.fields -> 'details' ->> 'on',
      ((issue.fields ->> 'event_at')::timestamptz AT TIME ZONE 'Asia/Shanghai')::date::text, ''),
    coalesce(s.fields ->> 'valid_to', ''), coalesce(issue.fields -> 'details' ->> 'cert_digest', '')
  FROM standings AS s
  LEFT JOIN issue ON issue.county = s.county AND issue.rid = s.rid
  LEFT JOIN records AS house ON house.county = s.county AND house.type = 'R05'
    AND house.rid = rid_in(s.fields ->> 'household_id') AND NOT house.tombstone
  LEFT JOIN records AS head ON head.county = s.county AND head.type = 'R06'
    AND head.rid = rid_in(house.fields ->> 'head_person_id') AND NOT head.tombstone
  LEFT JOIN units AS u ON u.unit = coalesce(issue.fields ->> 'org_uscc', s.unit)
  UNION ALL
  SELECT 'enterprise',
    CASE
      WHEN r.fields ->> 'decision' = '4' THEN 'withdrawn'
      WHEN r.fields ->> 'decision' IS DISTINCT FROM '1' THEN 'ended'
      WHEN r.fields ->> 'valid_to' < day THEN 'expired'
      ELSE 'valid'
    END,
    r.rid::text, r.region, coalesce(firm.fields ->> 'ent_name', r.fields ->> 'x_subject_name', ''), '', '', '',
    coalesce(u.name, ''), '', coalesce(r.fields ->> 'valid_to', ''), ''
  FROM records AS r
  LEFT JOIN records AS firm ON firm.county = r.county AND firm.type = 'R20' AND firm.rid = rid_in(r.fields ->> 'uscc')
    AND NOT firm.tombstone
  LEFT JOIN units AS u ON u.unit = r.unit
  WHERE r.type = 'R23' AND r.fields ->> 'cert_no' = wanted AND NOT r.tombstone
  UNION ALL
  -- A village or town is asked for by what names it: XC or XZ, its code and the year.
  SELECT CASE r.type WHEN 'R17' THEN 'village' ELSE 'town' END,
    CASE WHEN EXISTS (SELECT FROM records AS e
        WHERE e.county = r.county AND e.type = 'workflow_event' AND e.fields ->> 'step' = 'remove'
          AND e.fields ->> 'target_ref' = r.type || ':' || r.rid::text AND NOT e.tombstone)
      THEN 'withdrawn' ELSE 'valid' END,
    r.rid::text, r.region, coalesce(place.name, ''), coalesce(r.fields ->> 'village_grade', r.fields ->> 'town_grade'),
    coalesce(r.fields ->> 'award_org', ''), r.fields ->> 'award_doc_no', coalesce(u.name, ''),
    coalesce(r.fields ->> 'plaque_date', ''), '', ''
  FROM records AS r
  LEFT JOIN regions AS place ON place.code = r.fields ->> 'region_code'
  LEFT JOIN units AS u ON u.unit = r.unit
  WHERE wanted ~ '^X[CZ][0-9]{16}$' AND r.county = substr(wanted, 3, 6)
    AND r.type = CASE left(wanted, 2) WHEN 'XC' THEN 'R17' ELSE 'R18' END
    AND r.fields ->> 'region_code' = substr(wanted, 3, 12) AND r.fields ->> 'rating_year' = substr(wanted, 15)
    AND coalesce(r.fields ->> 'village_grade', r.fields ->> 'town_grade') > '0'
    AND r.fields ? 'award_doc_no' AND NOT r.tombstone
$$;

-- Whose key signed a certificate: public key, unit, where it may sign, and whether it still may.
CREATE FUNCTION public_signer(wanted text)
RETURNS TABLE (public bytea, office text, regions text[], revoked boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH ever AS (
    SELECT regions FROM devices WHERE device = wanted
    UNION ALL SELECT regions FROM former_scopes WHERE device = wanted  -- what it signed there holds on
  ), worked AS (SELECT DISTINCT unnest(ever.regions) AS prefix FROM ever)
  SELECT d.public, coalesce(u.name, ''), ARRAY(SELECT prefix FROM worked) || ARRAY(SELECT DISTINCT moved.new
      FROM region_moves AS moved JOIN worked ON starts_with(moved.old, worked.prefix)),
    d.revoked IS NOT NULL
  FROM devices AS d LEFT JOIN units AS u ON u.unit = d.unit WHERE d.device = wanted
$$;

REVOKE ALL ON FUNCTION public_certificate, public_signer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_certificate, public_signer TO jmdesk_public;
GRANT SELECT ON alembic_version TO jmdesk_public;
