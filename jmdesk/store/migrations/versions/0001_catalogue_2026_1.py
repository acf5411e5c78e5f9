"""The store of catalogue JM-CAT-2026.1: 29 record types, two side types, and the store's own tables.

Self-contained: no import of project models. A test holds that the head revision equals the catalogue's tables.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
    CREATE TABLE assessment ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, subject_id TEXT, rating_year
    INTEGER, item VARCHAR(10), facts TEXT, basis VARCHAR(200), evidence_digest TEXT, assessed_on TEXT, assessor_id TEXT,
    PRIMARY KEY (rid) );
    CREATE INDEX ix_assessment_region ON assessment (rec_region);
    CREATE INDEX ix_assessment_subject_id ON assessment (subject_id);
    CREATE INDEX ix_assessment_voided ON assessment (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE attachment_contents ( sha256 TEXT NOT NULL, original_sha256 TEXT NOT NULL, media TEXT NOT NULL, size
    INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, pages INTEGER NOT NULL, scripted INTEGER NOT
    NULL, added_at TEXT NOT NULL, thumbnail BLOB, content BLOB NOT NULL, PRIMARY KEY (sha256) );
    CREATE TABLE attachment_links ( link TEXT NOT NULL, type TEXT NOT NULL, rid TEXT NOT NULL, field TEXT NOT NULL,
    sha256 TEXT NOT NULL, caption TEXT NOT NULL, added_at TEXT NOT NULL, added_by TEXT NOT NULL, named INTEGER,
    removed_at TEXT, removed_by TEXT, removed_for TEXT, PRIMARY KEY (link) );
    CREATE INDEX ix_attachment_links_rid ON attachment_links (rid);
    CREATE INDEX ix_attachment_links_sha256 ON attachment_links (sha256);
    CREATE TABLE attachment_sendings ( sha256 TEXT NOT NULL, county TEXT NOT NULL, state TEXT NOT NULL, batch_id TEXT, n
    INTEGER, code TEXT, settled_at TEXT, PRIMARY KEY (sha256, county) );
    CREATE INDEX ix_attachment_sendings_batch ON attachment_sendings (batch_id);
    CREATE INDEX ix_attachment_sendings_state ON attachment_sendings (state);
    CREATE TABLE awaiting_consent ( rid TEXT NOT NULL, field TEXT NOT NULL, type TEXT NOT NULL, household TEXT NOT NULL,
    lock TEXT NOT NULL, value TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (rid, field) );
    CREATE INDEX ix_awaiting_household ON awaiting_consent (household);
    CREATE INDEX ix_awaiting_id_no ON awaiting_consent (value) WHERE field = 'id_no';
    CREATE TABLE bank_agg ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, bank_uscc VARCHAR(18), region_code
    VARCHAR(12), period VARCHAR(6), loan_hh INTEGER, arrears_hh INTEGER, loan_balance INTEGER, npl_balance INTEGER,
    line_hh INTEGER, line_amt INTEGER, used_amt INTEGER, suppressed BOOLEAN, PRIMARY KEY (rid) );
    CREATE INDEX ix_bank_agg_bank_uscc ON bank_agg (bank_uscc);
    CREATE INDEX ix_bank_agg_region ON bank_agg (rec_region);
    CREATE INDEX ix_bank_agg_region_code ON bank_agg (region_code);
    CREATE INDEX ix_bank_agg_voided ON bank_agg (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE batches ( batch_id TEXT NOT NULL, device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
    state TEXT NOT NULL, records INTEGER NOT NULL, file TEXT NOT NULL, manifest_sha256 TEXT NOT NULL, created_at TEXT
    NOT NULL, custody BLOB, receipt BLOB, totals TEXT, settled_at TEXT, PRIMARY KEY (batch_id) );
    CREATE UNIQUE INDEX ux_batches_chain ON batches (device, epoch, seq);
    CREATE TABLE "case" ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT NOT
    NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at TEXT
    NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT NULL,
    field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, case_no VARCHAR(24), case_kind TEXT,
    applicant_id TEXT, target_ref VARCHAR(60), reason VARCHAR(1000), materials_digest TEXT, received_at TEXT,
    accepted_at TEXT, annotated_at TEXT, due_at TEXT, result TEXT, replied_at TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_case_applicant_id ON "case" (applicant_id);
    CREATE INDEX ix_case_case_no ON "case" (case_no);
    CREATE INDEX ix_case_region ON "case" (rec_region);
    CREATE INDEX ix_case_target_ref ON "case" (target_ref);
    CREATE INDEX ix_case_voided ON "case" (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE change_log ( seq INTEGER NOT NULL, command TEXT NOT NULL, verb TEXT NOT NULL, at TEXT NOT NULL, actor
    TEXT NOT NULL, type TEXT NOT NULL, rid TEXT NOT NULL, commitment BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY
    (seq) );
    CREATE INDEX ix_change_log_rid ON change_log (rid);
    CREATE TABLE complaint ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, complaint_no VARCHAR(24), channel
    TEXT, complainant_kind TEXT, is_anonymous BOOLEAN, complainant_name VARCHAR(50), complainant_phone VARCHAR(20),
    complainant_addr VARCHAR(120), agent_name VARCHAR(50), complainant_uscc VARCHAR(18), uscc TEXT, respondent_name
    VARCHAR(120), respondent_is_member BOOLEAN, product VARCHAR(80), product_model VARCHAR(80), order_no VARCHAR(60),
    purchase_date TEXT, problem_class TEXT, amount INTEGER, known_date TEXT, claims TEXT, facts VARCHAR(2000),
    received_at TEXT, handler_id TEXT, accept_decision TEXT, accepted_at TEXT, replied_at TEXT, mediation_at TEXT,
    mediator_id TEXT, outcome TEXT, recovered_amount INTEGER, agreement_due TEXT, agreement_performed TEXT, closed_at
    TEXT, fault TEXT, satisfaction INTEGER, PRIMARY KEY (rid) );
    CREATE INDEX ix_complaint_complaint_no ON complaint (complaint_no);
    CREATE INDEX ix_complaint_region ON complaint (rec_region);
    CREATE INDEX ix_complaint_uscc ON complaint (uscc);
    CREATE INDEX ix_complaint_voided ON complaint (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE consent ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT NOT
    NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at TEXT
    NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT NULL,
    field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, consent_id TEXT, subject_type TEXT,
    subject_id TEXT, consent_kind TEXT, consent_state TEXT, scope_items TEXT, purpose TEXT, recipient_uscc VARCHAR(18),
    notice_version VARCHAR(20), consent_method TEXT, signed_at TEXT, valid_to TEXT, doc_digest TEXT, witness
    VARCHAR(30), revoked_at TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_consent_region ON consent (rec_region);
    CREATE INDEX ix_consent_subject_id ON consent (subject_id);
    CREATE INDEX ix_consent_voided ON consent (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE drafts ( user TEXT NOT NULL, page TEXT NOT NULL, record TEXT NOT NULL, content TEXT NOT NULL, saved_at
    TEXT NOT NULL, PRIMARY KEY (user, page, record) );
    CREATE TABLE ent_event ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, event_id TEXT, uscc TEXT, polarity
    TEXT, event_cat TEXT, event_date TEXT, basis_kind TEXT, doc_no VARCHAR(60), content VARCHAR(500), amount INTEGER,
    evidence_digest TEXT, publicity TEXT, publicity_to TEXT, repair_status TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_ent_event_region ON ent_event (rec_region);
    CREATE INDEX ix_ent_event_uscc ON ent_event (uscc);
    CREATE INDEX ix_ent_event_voided ON ent_event (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE enterprise ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, uscc VARCHAR(18), ent_name
    VARCHAR(120), ent_type TEXT, legal_rep VARCHAR(50), region_code VARCHAR(12), industry_code VARCHAR(4), cluster TEXT,
    member_no VARCHAR(20), member_since TEXT, ent_size TEXT, above_scale BOOLEAN, employees INTEGER, revenue_main
    INTEGER, revenue_year INTEGER, tax_grade TEXT, customs_grade TEXT, env_grade TEXT, labor_grade TEXT, contract_pct
    INTEGER, ext_agency VARCHAR(60), ext_grade TEXT, pledge_date TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_enterprise_region ON enterprise (rec_region);
    CREATE INDEX ix_enterprise_region_code ON enterprise (region_code);
    CREATE INDEX ix_enterprise_uscc ON enterprise (uscc);
    CREATE INDEX ix_enterprise_voided ON enterprise (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE green_card ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, gc_year INTEGER, uscc TEXT,
    revenue_main INTEGER, base_score INTEGER, gain_score INTEGER, loss_score INTEGER, veto_codes TEXT, dept_scores TEXT,
    total INTEGER, gc_grade TEXT, is_green BOOLEAN, is_backbone BOOLEAN, benefits TEXT, doc_no VARCHAR(60), PRIMARY KEY
    (rid) );
    CREATE INDEX ix_green_card_gc_year ON green_card (gc_year);
    CREATE INDEX ix_green_card_region ON green_card (rec_region);
    CREATE INDEX ix_green_card_uscc ON green_card (uscc);
    CREATE INDEX ix_green_card_voided ON green_card (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE hh_asset ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, household_id TEXT, asset_kind TEXT,
    qty INTEGER, area_m2 INTEGER, struct TEXT, built_year INTEGER, est_value INTEGER, value_basis TEXT, PRIMARY KEY
    (rid) );
    CREATE INDEX ix_hh_asset_household_id ON hh_asset (household_id);
    CREATE INDEX ix_hh_asset_voided ON hh_asset (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE hh_debt ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT NOT
    NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at TEXT
    NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT NULL,
    field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, household_id TEXT, creditor_type TEXT,
    creditor_name VARCHAR(80), amount INTEGER, balance INTEGER, start_date TEXT, due_date TEXT, five_class TEXT,
    overdue_days INTEGER, guarantee_kind TEXT, guarantee_out INTEGER, debt_source TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_hh_debt_household_id ON hh_debt (household_id);
    CREATE INDEX ix_hh_debt_voided ON hh_debt (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE hh_honor ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, subject_id TEXT, honor_level TEXT,
    honor_title VARCHAR(80), honor_org VARCHAR(80), honor_date TEXT, doc_no VARCHAR(60), opt_out BOOLEAN, PRIMARY KEY
    (rid) );
    CREATE INDEX ix_hh_honor_region ON hh_honor (rec_region);
    CREATE INDEX ix_hh_honor_subject_id ON hh_honor (subject_id);
    CREATE INDEX ix_hh_honor_voided ON hh_honor (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE hh_income ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, household_id TEXT, year INTEGER,
    income_crop INTEGER, income_breed INTEGER, income_labor INTEGER, income_business INTEGER, income_property INTEGER,
    income_transfer INTEGER, income_other INTEGER, income_total INTEGER, cost_production INTEGER, exp_living INTEGER,
    exp_total INTEGER, net_income INTEGER, evidence_level TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_hh_income_household_id ON hh_income (household_id);
    CREATE INDEX ix_hh_income_voided ON hh_income (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE hh_insurance ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source
    TEXT NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL,
    rec_updated_at TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version
    INTEGER NOT NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, household_id TEXT,
    ins_kind TEXT, insurer VARCHAR(80), insured_amt INTEGER, ins_from TEXT, ins_to TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_hh_insurance_household_id ON hh_insurance (household_id);
    CREATE INDEX ix_hh_insurance_voided ON hh_insurance (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE hh_land ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT NOT
    NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at TEXT
    NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT NULL,
    field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, household_id TEXT, land_kind TEXT, area_mu
    INTEGER, right_type TEXT, right_cert_no VARCHAR(40), right_end TEXT, output_value INTEGER, PRIMARY KEY (rid) );
    CREATE INDEX ix_hh_land_household_id ON hh_land (household_id);
    CREATE INDEX ix_hh_land_voided ON hh_land (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE hh_production ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source
    TEXT NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL,
    rec_updated_at TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version
    INTEGER NOT NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, household_id TEXT,
    season VARCHAR(10), product_code TEXT, scale_qty INTEGER, output_qty INTEGER, sales_channel TEXT, has_contract
    BOOLEAN, fulfil_rate INTEGER, PRIMARY KEY (rid) );
    CREATE INDEX ix_hh_production_household_id ON hh_production (household_id);
    CREATE INDEX ix_hh_production_voided ON hh_production (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE hh_rating ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, rating_id TEXT, household_id TEXT,
    model_ver VARCHAR(30), rating_year INTEGER, applicable_max INTEGER, score INTEGER, grade TEXT, veto_codes TEXT,
    item_scores TEXT, input_digest TEXT, first_rater TEXT, second_rater TEXT, publicity_range TEXT, valid_to TEXT,
    cert_no VARCHAR(30), award_org VARCHAR(80), award_doc_no VARCHAR(60), rating_status TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_hh_rating_board ON hh_rating (rating_year, rec_region, grade, rating_status, rec_voided);
    CREATE INDEX ix_hh_rating_newest ON hh_rating (household_id, rid, rec_voided, grade);
    CREATE INDEX ix_hh_rating_voided ON hh_rating (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE honest_selection ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source
    TEXT NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL,
    rec_updated_at TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version
    INTEGER NOT NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, batch_no VARCHAR(20),
    uscc TEXT, model_ver VARCHAR(30), score INTEGER, veto_codes TEXT, publicity_range TEXT, objections INTEGER, decision
    TEXT, cert_no VARCHAR(30), valid_to TEXT, revoke_reason TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_honest_selection_batch_no ON honest_selection (batch_no);
    CREATE INDEX ix_honest_selection_region ON honest_selection (rec_region);
    CREATE INDEX ix_honest_selection_uscc ON honest_selection (uscc);
    CREATE INDEX ix_honest_selection_voided ON honest_selection (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE household ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, household_id VARCHAR(18),
    old_household_no VARCHAR(40), contractor_code VARCHAR(18), register_no VARCHAR(20), head_person_id TEXT, region_code
    VARCHAR(12), group_no VARCHAR(10), address VARCHAR(120), household_type TEXT, population INTEGER, labor_count
    INTEGER, resident_status TEXT, main_industry VARCHAR(4), industry_since INTEGER, phone VARCHAR(20), collect_date
    TEXT, collector_id TEXT, verifier_id TEXT, verify_level TEXT, archive_status TEXT, completeness_pct INTEGER, PRIMARY
    KEY (rid) );
    CREATE INDEX ix_household_head_person_id ON household (head_person_id);
    CREATE INDEX ix_household_household_id ON household (household_id);
    CREATE INDEX ix_household_region ON household (rec_region);
    CREATE INDEX ix_household_region_code ON household (region_code);
    CREATE INDEX ix_household_voided ON household (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE household_standings ( number TEXT NOT NULL, rid TEXT NOT NULL, region TEXT NOT NULL, village_group TEXT
    NOT NULL, sync TEXT NOT NULL, grade TEXT NOT NULL, due TEXT NOT NULL, consents INTEGER NOT NULL, waiting INTEGER NOT
    NULL, incomplete INTEGER NOT NULL, PRIMARY KEY (number, rid) ) WITHOUT ROWID;
    CREATE UNIQUE INDEX ux_household_standings_rid ON household_standings (rid);
    CREATE TABLE incoming ( rid TEXT NOT NULL, type TEXT NOT NULL, content TEXT NOT NULL, received_at TEXT NOT NULL,
    PRIMARY KEY (rid) );
    CREATE TABLE negative ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, subject_id TEXT, neg_type TEXT,
    doc_no VARCHAR(60), neg_org VARCHAR(80), found_date TEXT, end_date TEXT, severity TEXT, notice_date TEXT,
    retain_until TEXT, subject_statement VARCHAR(500), neg_status TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_negative_region ON negative (rec_region);
    CREATE INDEX ix_negative_subject_id ON negative (subject_id);
    CREATE INDEX ix_negative_voided ON negative (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE org ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT NOT
    NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at TEXT
    NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT NULL,
    field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, org_uscc VARCHAR(18), org_name
    VARCHAR(100), org_type TEXT, region_code VARCHAR(12), contact_name VARCHAR(30), contact_phone VARCHAR(20),
    org_status TEXT, catalog_version VARCHAR(20), PRIMARY KEY (rid) );
    CREATE INDEX ix_org_org_uscc ON org (org_uscc);
    CREATE INDEX ix_org_region ON org (rec_region);
    CREATE INDEX ix_org_region_code ON org (region_code);
    CREATE INDEX ix_org_voided ON org (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE outbox ( id INTEGER NOT NULL, type TEXT NOT NULL, rid TEXT NOT NULL, state TEXT NOT NULL, fields TEXT
    NOT NULL, op TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, batch_id TEXT, batch_index
    INTEGER, verdict TEXT, verdict_code TEXT, verdict_path TEXT, verdict_params TEXT, settled_at TEXT, PRIMARY KEY (id)
    );
    CREATE INDEX ix_outbox_batch ON outbox (batch_id, batch_index) WHERE batch_id IS NOT NULL;
    CREATE INDEX ix_outbox_rid ON outbox (rid);
    CREATE INDEX ix_outbox_state ON outbox (state, type);
    CREATE TABLE package ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT NOT
    NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at TEXT
    NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT NULL,
    field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, pkg_id VARCHAR(40), pkg_kind TEXT,
    pkg_version VARCHAR(20), platform TEXT, pkg_digest VARCHAR(64), pkg_sig VARCHAR(200), min_client VARCHAR(20),
    effective_from TEXT, release_channel TEXT, rollback_to VARCHAR(20), PRIMARY KEY (rid) );
    CREATE INDEX ix_package_pkg_id ON package (pkg_id);
    CREATE INDEX ix_package_region ON package (rec_region);
    CREATE INDEX ix_package_voided ON package (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE packages ( digest TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
    sequence INTEGER NOT NULL, effective TEXT NOT NULL, until TEXT NOT NULL, min_client TEXT NOT NULL, issued TEXT NOT
    NULL, envelope BLOB NOT NULL, files TEXT NOT NULL, received_at TEXT NOT NULL, outcome TEXT, PRIMARY KEY (digest) );
    CREATE UNIQUE INDEX ux_packages_sequence ON packages (kind, name, sequence);
    CREATE TABLE papers ( number TEXT NOT NULL, template TEXT NOT NULL, version TEXT NOT NULL, label TEXT NOT NULL, type
    TEXT NOT NULL, rid TEXT NOT NULL, issued_at TEXT NOT NULL, issued_by TEXT NOT NULL, document BLOB, voided_at TEXT,
    void_reason TEXT, PRIMARY KEY (number) );
    CREATE INDEX ix_papers_record ON papers (type, rid);
    CREATE TABLE person ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT NOT
    NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at TEXT
    NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT NULL,
    field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, person_id TEXT, household_id TEXT,
    person_name VARCHAR(50), id_type TEXT, id_no VARCHAR(18), sex TEXT, birth_date TEXT, relation TEXT, is_labor
    BOOLEAN, occupation TEXT, education TEXT, marital TEXT, ethnic TEXT, is_under14 BOOLEAN, PRIMARY KEY (rid) );
    CREATE INDEX ix_person_household_id ON person (household_id);
    CREATE INDEX ix_person_id_no ON person (id_no);
    CREATE INDEX ix_person_voided ON person (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE query_log ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, log_seq INTEGER, user_id TEXT,
    org_uscc VARCHAR(18), query_at TEXT, subject_id TEXT, purpose TEXT, consent_id TEXT, fields TEXT, prev_digest TEXT,
    digest TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_query_log_log_seq ON query_log (log_seq);
    CREATE INDEX ix_query_log_region ON query_log (rec_region);
    CREATE INDEX ix_query_log_subject_id ON query_log (subject_id);
    CREATE INDEX ix_query_log_voided ON query_log (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE region ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT NOT
    NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at TEXT
    NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT NULL,
    field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, region_code VARCHAR(12), region_name
    VARCHAR(50), region_level TEXT, parent_code VARCHAR(12), households_total INTEGER, households_resident INTEGER,
    count_source VARCHAR(80), counted_on TEXT, count_basis TEXT, valid_from TEXT, valid_to TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_region_region ON region (rec_region);
    CREATE INDEX ix_region_region_code ON region (region_code);
    CREATE INDEX ix_region_voided ON region (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE review_batches ( number TEXT NOT NULL, region TEXT NOT NULL, year INTEGER NOT NULL, opened_at TEXT NOT
    NULL, opened_by TEXT NOT NULL, unit TEXT NOT NULL, notice TEXT, posted_proof TEXT, PRIMARY KEY (number) );
    CREATE TABLE review_cases ( rating TEXT NOT NULL, batch TEXT NOT NULL, household TEXT NOT NULL, PRIMARY KEY (rating)
    );
    CREATE INDEX ix_review_cases_batch ON review_cases (batch);
    CREATE TABLE review_seats ( batch TEXT NOT NULL, no TEXT NOT NULL, name TEXT NOT NULL, duty TEXT NOT NULL, household
    TEXT NOT NULL, address TEXT NOT NULL, attended INTEGER NOT NULL, PRIMARY KEY (batch, no) );
    CREATE TABLE review_ties ( batch TEXT NOT NULL, no TEXT NOT NULL, household TEXT NOT NULL, kind TEXT NOT NULL,
    ground TEXT NOT NULL, at TEXT NOT NULL, "by" TEXT NOT NULL, PRIMARY KEY (batch, no, household) );
    CREATE TABLE review_vote ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, review_batch VARCHAR(20),
    reviewer_no VARCHAR(10), household_id TEXT, knows_household BOOLEAN, recused BOOLEAN, item_scores TEXT,
    reject_reason TEXT, voted_at TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_review_vote_household_id ON review_vote (household_id);
    CREATE INDEX ix_review_vote_review_batch ON review_vote (review_batch);
    CREATE INDEX ix_review_vote_voided ON review_vote (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE search_entries ( id INTEGER NOT NULL, rid TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
    PRIMARY KEY (id) );
    CREATE INDEX ix_search_entries_subject ON search_entries (subject);
    CREATE UNIQUE INDEX ux_search_entries_rid ON search_entries (rid);
    CREATE TABLE settings ( name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name) );
    CREATE TABLE sighted ( rid TEXT NOT NULL, PRIMARY KEY (rid) ) WITHOUT ROWID;
    CREATE TABLE stale_standings ( rid TEXT NOT NULL, PRIMARY KEY (rid) ) WITHOUT ROWID;
    CREATE TABLE sync_batch ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, batch_no VARCHAR(40),
    catalog_version VARCHAR(20), org_uscc VARCHAR(18), seq INTEGER, record_counts TEXT, manifest_digest VARCHAR(64),
    signature VARCHAR(200), cert_sn VARCHAR(64), created_at TEXT, receipt_no VARCHAR(40), receipt_status TEXT, rejects
    TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_sync_batch_batch_no ON sync_batch (batch_no);
    CREATE INDEX ix_sync_batch_region ON sync_batch (rec_region);
    CREATE INDEX ix_sync_batch_voided ON sync_batch (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE sync_diary ( id INTEGER NOT NULL, at TEXT NOT NULL, way TEXT NOT NULL, outcome TEXT NOT NULL, sent
    INTEGER NOT NULL, received INTEGER NOT NULL, refused INTEGER NOT NULL, told TEXT NOT NULL, PRIMARY KEY (id) );
    CREATE TABLE town_rating ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT
    NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at
    TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT
    NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, region_code VARCHAR(12), rating_year
    INTEGER, village_total INTEGER, village_credit INTEGER, hh_credit_pct INTEGER, no_arrears_pct INTEGER, npl_pct
    INTEGER, score INTEGER, town_grade TEXT, award_org VARCHAR(80), award_doc_no VARCHAR(60), PRIMARY KEY (rid) );
    CREATE INDEX ix_town_rating_region ON town_rating (rec_region);
    CREATE INDEX ix_town_rating_region_code ON town_rating (region_code);
    CREATE INDEX ix_town_rating_voided ON town_rating (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE user ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source TEXT NOT
    NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL, rec_updated_at TEXT
    NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version INTEGER NOT NULL,
    field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, user_id TEXT, user_name VARCHAR(30), role
    TEXT, org_uscc TEXT, cert_sn VARCHAR(64), user_status TEXT, last_login_at TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_user_region ON user (rec_region);
    CREATE INDEX ix_user_voided ON user (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE village_rating ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source
    TEXT NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL,
    rec_updated_at TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version
    INTEGER NOT NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, region_code VARCHAR(12),
    rating_year INTEGER, hh_base INTEGER, hh_filed INTEGER, hh_credit INTEGER, hh_loan INTEGER, hh_no_arrears INTEGER,
    loan_balance INTEGER, npl_balance INTEGER, npl_prev INTEGER, score INTEGER, village_grade TEXT, plaque_date TEXT,
    award_org VARCHAR(80), award_doc_no VARCHAR(60), PRIMARY KEY (rid) );
    CREATE INDEX ix_village_rating_region ON village_rating (rec_region);
    CREATE INDEX ix_village_rating_region_code ON village_rating (region_code);
    CREATE INDEX ix_village_rating_voided ON village_rating (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE workflow_event ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source
    TEXT NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL,
    rec_updated_at TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version
    INTEGER NOT NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, target_ref TEXT, step
    VARCHAR(40), event_at TEXT, actor_id TEXT, org_uscc VARCHAR(18), due_at TEXT, reason VARCHAR(500), details TEXT,
    PRIMARY KEY (rid) );
    CREATE INDEX ix_workflow_event_latest ON workflow_event (target_ref, event_at, rid, step, rec_voided);
    CREATE INDEX ix_workflow_event_region ON workflow_event (rec_region);
    CREATE INDEX ix_workflow_event_voided ON workflow_event (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE zyb_referral ( rid TEXT NOT NULL, rec_region TEXT NOT NULL, rec_catalogue TEXT NOT NULL, rec_source
    TEXT NOT NULL, rec_created_by TEXT NOT NULL, rec_created_at TEXT NOT NULL, rec_updated_by TEXT NOT NULL,
    rec_updated_at TEXT NOT NULL, rec_revision INTEGER NOT NULL, rec_voided TEXT, rec_sync TEXT NOT NULL, base_version
    INTEGER NOT NULL, field_versions TEXT NOT NULL, server_epoch TEXT NOT NULL, extension TEXT, referral_no VARCHAR(24),
    applicant_id TEXT, applicant_kind TEXT, grade_at_apply TEXT, amount INTEGER, loan_purpose VARCHAR(100), bank_uscc
    VARCHAR(18), insurer_uscc VARCHAR(18), rate_pct INTEGER, premium_pct INTEGER, referral_status TEXT, default_flag
    BOOLEAN, payouts TEXT, PRIMARY KEY (rid) );
    CREATE INDEX ix_zyb_referral_applicant_id ON zyb_referral (applicant_id);
    CREATE INDEX ix_zyb_referral_referral_no ON zyb_referral (referral_no);
    CREATE INDEX ix_zyb_referral_region ON zyb_referral (rec_region);
    CREATE INDEX ix_zyb_referral_voided ON zyb_referral (rec_voided) WHERE rec_voided IS NOT NULL;
    CREATE TABLE change_values ( seq INTEGER NOT NULL, salt BLOB NOT NULL, content TEXT NOT NULL, PRIMARY KEY (seq),
    FOREIGN KEY(seq) REFERENCES change_log (seq) );
    CREATE VIRTUAL TABLE search_terms USING fts5(terms, content='', contentless_delete=1, detail=none,
    prefix='1,2,3,4,5', tokenize='unicode61 remove_diacritics 0');
"""

TRIGGERS = """
    CREATE TRIGGER household_added AFTER INSERT ON household BEGIN INSERT OR IGNORE INTO stale_standings VALUES
    (NEW.rid); END

    CREATE TRIGGER household_changed AFTER UPDATE OF rec_revision, rec_voided, rec_region ON household BEGIN INSERT OR
    IGNORE INTO stale_standings VALUES (NEW.rid); END

    CREATE TRIGGER household_synced AFTER UPDATE OF rec_sync ON household BEGIN UPDATE household_standings SET sync =
    NEW.rec_sync WHERE rid = NEW.rid; END

    CREATE TRIGGER household_gone AFTER DELETE ON household BEGIN DELETE FROM household_standings WHERE rid = OLD.rid;
    END

    CREATE TRIGGER person_added AFTER INSERT ON person BEGIN INSERT OR IGNORE INTO stale_standings SELECT
    NEW.household_id WHERE NEW.household_id <> ''; END

    CREATE TRIGGER person_changed AFTER UPDATE OF rec_revision, rec_voided ON person BEGIN INSERT OR IGNORE INTO
    stale_standings SELECT OLD.household_id WHERE OLD.household_id <> ''; INSERT OR IGNORE INTO stale_standings SELECT
    NEW.household_id WHERE NEW.household_id <> ''; END

    CREATE TRIGGER person_gone AFTER DELETE ON person BEGIN INSERT OR IGNORE INTO stale_standings SELECT
    OLD.household_id WHERE OLD.household_id <> ''; END

    CREATE TRIGGER hh_rating_added AFTER INSERT ON hh_rating BEGIN INSERT OR IGNORE INTO stale_standings SELECT
    NEW.household_id WHERE NEW.household_id <> ''; END

    CREATE TRIGGER hh_rating_changed AFTER UPDATE OF rec_revision, rec_voided ON hh_rating BEGIN INSERT OR IGNORE INTO
    stale_standings SELECT OLD.household_id WHERE OLD.household_id <> ''; INSERT OR IGNORE INTO stale_standings SELECT
    NEW.household_id WHERE NEW.household_id <> ''; END

    CREATE TRIGGER hh_rating_gone AFTER DELETE ON hh_rating BEGIN INSERT OR IGNORE INTO stale_standings SELECT
    OLD.household_id WHERE OLD.household_id <> ''; END

    CREATE TRIGGER consent_added AFTER INSERT ON consent BEGIN INSERT OR IGNORE INTO stale_standings SELECT
    substr(NEW.subject_id, 5) WHERE substr(NEW.subject_id, 5) <> ''; END

    CREATE TRIGGER consent_changed AFTER UPDATE OF rec_revision, rec_voided ON consent BEGIN INSERT OR IGNORE INTO
    stale_standings SELECT substr(OLD.subject_id, 5) WHERE substr(OLD.subject_id, 5) <> ''; INSERT OR IGNORE INTO
    stale_standings SELECT substr(NEW.subject_id, 5) WHERE substr(NEW.subject_id, 5) <> ''; END

    CREATE TRIGGER consent_gone AFTER DELETE ON consent BEGIN INSERT OR IGNORE INTO stale_standings SELECT
    substr(OLD.subject_id, 5) WHERE substr(OLD.subject_id, 5) <> ''; END

    CREATE TRIGGER awaiting_consent_added AFTER INSERT ON awaiting_consent BEGIN INSERT OR IGNORE INTO stale_standings
    SELECT NEW.household WHERE NEW.household <> ''; END

    CREATE TRIGGER awaiting_consent_gone AFTER DELETE ON awaiting_consent BEGIN INSERT OR IGNORE INTO stale_standings
    SELECT OLD.household WHERE OLD.household <> ''; END
"""


def upgrade() -> None:
    for statement in (*TABLES.split(";\n"), *TRIGGERS.split("\n\n")):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE search_terms")
    for statement in reversed(TABLES.split(";\n")):
        words = statement.split()
        if words[:2] == ["CREATE", "TABLE"]:
            op.execute(f"DROP TABLE {words[2]}")
