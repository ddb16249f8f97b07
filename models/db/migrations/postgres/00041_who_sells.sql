-- +goose Up
-- Who is who among sellers and parents (S59, S60), what operators keep of them (R115b, S65),
-- and whose a purchase order's number is (S65). The keys are filled by the program when it
-- migrates: it folds Unicode in one way on both databases.
ALTER TABLE orgs ADD COLUMN full_key text NOT NULL DEFAULT '';
ALTER TABLE orgs ADD COLUMN company_key text NOT NULL DEFAULT '';
ALTER TABLE orgs ADD COLUMN country text NOT NULL DEFAULT '';
ALTER TABLE orgs ADD COLUMN notices_to text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX orgs_identity ON orgs (kind, full_key, country) WHERE full_key <> '';
CREATE INDEX orgs_company ON orgs (company_key, kind);
CREATE TABLE org_spellings (
    kind        text NOT NULL,
    full_key    text NOT NULL,
    country     text NOT NULL,
    org_id      text NOT NULL REFERENCES orgs (id),
    name        text NOT NULL,
    company_key text NOT NULL,
    PRIMARY KEY (kind, full_key, country)
);
CREATE INDEX org_spellings_company ON org_spellings (company_key);
CREATE INDEX org_spellings_org ON org_spellings (org_id);
CREATE TABLE org_mail_domains (
    org_id text NOT NULL REFERENCES orgs (id),
    domain text NOT NULL,
    PRIMARY KEY (org_id, domain)
);
CREATE TABLE org_relations (
    distributor_id text NOT NULL REFERENCES orgs (id),
    reseller_id    text NOT NULL REFERENCES orgs (id),
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (distributor_id, reseller_id)
);
CREATE INDEX org_relations_reseller ON org_relations (reseller_id);
-- What operators keep of sellers is read by the service alone (C5).
ALTER TABLE org_spellings ENABLE ROW LEVEL SECURITY;
ALTER TABLE org_spellings FORCE ROW LEVEL SECURITY;
CREATE POLICY org_spellings_scope ON org_spellings USING (current_setting('roomcover.scope', true) = 'system');
ALTER TABLE org_mail_domains ENABLE ROW LEVEL SECURITY;
ALTER TABLE org_mail_domains FORCE ROW LEVEL SECURITY;
CREATE POLICY org_mail_domains_scope ON org_mail_domains USING (current_setting('roomcover.scope', true) = 'system');
ALTER TABLE org_relations ENABLE ROW LEVEL SECURITY;
ALTER TABLE org_relations FORCE ROW LEVEL SECURITY;
CREATE POLICY org_relations_scope ON org_relations USING (current_setting('roomcover.scope', true) = 'system');
ALTER TABLE orders ADD COLUMN po_key text NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN customer_hash text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE orders DROP COLUMN customer_hash;
ALTER TABLE orders DROP COLUMN po_key;
DROP TABLE org_relations;
DROP TABLE org_mail_domains;
DROP TABLE org_spellings;
DROP INDEX orgs_company;
DROP INDEX orgs_identity;
ALTER TABLE orgs DROP COLUMN notices_to;
ALTER TABLE orgs DROP COLUMN country;
ALTER TABLE orgs DROP COLUMN company_key;
ALTER TABLE orgs DROP COLUMN full_key;
