-- +goose NO TRANSACTION
-- +goose Up
-- The fence no longer opens for a setting that any statement can change: what runs as the
-- tenant's role sees the rows of its accounts, whatever roomcover.scope says. The role is
-- named by its setting, which holds in functions of the owner too. Each policy is changed
-- by itself, in a moment, and gives way to who reads the table for long.
SET lock_timeout = '2s';
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION roomcover_open() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('roomcover.scope', true) = 'system'
        AND current_setting('role') <> 'roomcover_tenant'
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION roomcover_sees(account text, VARIADIC orgs text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT roomcover_open()
        OR account = ANY (string_to_array(current_setting('roomcover.accounts', true), ','))
        OR current_setting('roomcover.org', true) = ANY (orgs)
$$;
-- +goose StatementEnd
ALTER POLICY order_lines_scope ON order_lines USING (roomcover_open() OR EXISTS (SELECT 1 FROM orders o WHERE o.id = order_lines.order_id));
ALTER POLICY order_cancellations_scope ON order_cancellations USING (roomcover_open() OR EXISTS (SELECT 1 FROM orders o WHERE o.id = order_cancellations.order_id));
ALTER POLICY import_rows_scope ON import_rows USING (roomcover_open() OR EXISTS (SELECT 1 FROM import_jobs j WHERE j.id = import_rows.job_id));
ALTER POLICY notification_attempts_scope ON notification_attempts USING (roomcover_open() OR EXISTS (SELECT 1 FROM notifications n WHERE n.id = notification_attempts.notification_id));
ALTER POLICY users_scope ON users USING (roomcover_open() OR EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id));
ALTER POLICY identities_scope ON identities USING (roomcover_open());
ALTER POLICY sessions_scope ON sessions USING (roomcover_open());
ALTER POLICY challenges_scope ON challenges USING (roomcover_open());
ALTER POLICY throttles_scope ON throttles USING (roomcover_open());
ALTER POLICY idempotency_keys_scope ON idempotency_keys USING (roomcover_open());
ALTER POLICY outbox_events_scope ON outbox_events USING (roomcover_open());
ALTER POLICY csms_scope ON csms USING (roomcover_open() OR EXISTS (SELECT 1 FROM accounts a WHERE a.csm_id = csms.id));
ALTER POLICY org_spellings_scope ON org_spellings USING (roomcover_open());
ALTER POLICY org_mail_domains_scope ON org_mail_domains USING (roomcover_open());
ALTER POLICY org_relations_scope ON org_relations USING (roomcover_open());
ALTER POLICY sign_in_places_scope ON sign_in_places USING (roomcover_open());
ALTER POLICY spare_ledger_scope ON spare_ledger USING (roomcover_open() OR EXISTS (SELECT 1 FROM accounts a WHERE a.parent_org_id = spare_ledger.parent_org_id));
-- The heads of the audit are written by the owner alone, in the name of whoever appends.
ALTER FUNCTION roomcover_audit_heads() SECURITY DEFINER;
-- What runs as the owner looks into temporary tables last: there anybody could put others of the
-- same names.
-- +goose StatementBegin
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION roomcover_audit_heads() '
        'SET search_path = pg_catalog, %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION roomcover_audit_ends(text) '
        'SET search_path = pg_catalog, %I, pg_temp', current_schema());
END $$;
-- +goose StatementEnd
RESET lock_timeout;

-- +goose Down
ALTER FUNCTION roomcover_audit_heads() SECURITY INVOKER;
ALTER FUNCTION roomcover_audit_heads() RESET search_path;
ALTER POLICY order_lines_scope ON order_lines USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM orders o WHERE o.id = order_lines.order_id));
ALTER POLICY order_cancellations_scope ON order_cancellations USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM orders o WHERE o.id = order_cancellations.order_id));
ALTER POLICY import_rows_scope ON import_rows USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM import_jobs j WHERE j.id = import_rows.job_id));
ALTER POLICY notification_attempts_scope ON notification_attempts USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM notifications n WHERE n.id = notification_attempts.notification_id));
ALTER POLICY users_scope ON users USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id));
ALTER POLICY identities_scope ON identities USING (current_setting('roomcover.scope', true) = 'system');
ALTER POLICY sessions_scope ON sessions USING (current_setting('roomcover.scope', true) = 'system');
ALTER POLICY challenges_scope ON challenges USING (current_setting('roomcover.scope', true) = 'system');
ALTER POLICY throttles_scope ON throttles USING (current_setting('roomcover.scope', true) = 'system');
ALTER POLICY idempotency_keys_scope ON idempotency_keys USING (current_setting('roomcover.scope', true) = 'system');
ALTER POLICY outbox_events_scope ON outbox_events USING (current_setting('roomcover.scope', true) = 'system');
ALTER POLICY csms_scope ON csms USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM accounts a WHERE a.csm_id = csms.id));
ALTER POLICY org_spellings_scope ON org_spellings USING (current_setting('roomcover.scope', true) = 'system');
ALTER POLICY org_mail_domains_scope ON org_mail_domains USING (current_setting('roomcover.scope', true) = 'system');
ALTER POLICY org_relations_scope ON org_relations USING (current_setting('roomcover.scope', true) = 'system');
ALTER POLICY sign_in_places_scope ON sign_in_places USING (current_setting('roomcover.scope', true) = 'system');
ALTER POLICY spare_ledger_scope ON spare_ledger USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM accounts a WHERE a.parent_org_id = spare_ledger.parent_org_id));
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION roomcover_sees(account text, VARIADIC orgs text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('roomcover.scope', true) = 'system'
        OR account = ANY (string_to_array(current_setting('roomcover.accounts', true), ','))
        OR current_setting('roomcover.org', true) = ANY (orgs)
$$;
-- +goose StatementEnd
DROP FUNCTION roomcover_open();
