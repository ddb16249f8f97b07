-- +goose Up
-- Row-level security (C5): the second fence behind the scope that every query
-- carries. A connection is opened with roomcover.scope = 'system' for the
-- service's own work; a transaction for a tenant sets its accounts and its
-- organisation, and sees nothing else even without a WHERE. FORCE holds for the
-- owner of the tables too; only a superuser passes, so the service must not be one.
-- +goose StatementBegin
CREATE FUNCTION roomcover_sees(account text, VARIADIC orgs text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('roomcover.scope', true) = 'system'
        OR account = ANY (string_to_array(current_setting('roomcover.accounts', true), ','))
        OR current_setting('roomcover.org', true) = ANY (orgs)
$$;
-- +goose StatementEnd
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
CREATE POLICY accounts_scope ON accounts USING (roomcover_sees(id, NULL));
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE orders FORCE ROW LEVEL SECURITY;
CREATE POLICY orders_scope ON orders USING (roomcover_sees(account_id, reseller_id, distributor_id, submitted_by));
ALTER TABLE service_contracts ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_contracts FORCE ROW LEVEL SECURITY;
CREATE POLICY service_contracts_scope ON service_contracts USING (roomcover_sees(account_id, NULL));
ALTER TABLE licences ENABLE ROW LEVEL SECURITY;
ALTER TABLE licences FORCE ROW LEVEL SECURITY;
CREATE POLICY licences_scope ON licences USING (roomcover_sees(account_id, NULL));
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY invitations_scope ON invitations USING (roomcover_sees(account_id, NULL));
ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;
CREATE POLICY memberships_scope ON memberships USING (roomcover_sees(account_id, NULL));
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifications FORCE ROW LEVEL SECURITY;
CREATE POLICY notifications_scope ON notifications USING (roomcover_sees(account_id, NULL));
ALTER TABLE operator_tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE operator_tasks FORCE ROW LEVEL SECURITY;
CREATE POLICY operator_tasks_scope ON operator_tasks USING (roomcover_sees(account_id, NULL));
ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_events FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_events_scope ON audit_events USING (roomcover_sees(account_id, NULL));
ALTER TABLE order_refusals ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_refusals FORCE ROW LEVEL SECURITY;
CREATE POLICY order_refusals_scope ON order_refusals USING (roomcover_sees(NULL, org_id));
ALTER TABLE import_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY import_jobs_scope ON import_jobs USING (roomcover_sees(NULL, org_id));
ALTER TABLE order_lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_lines FORCE ROW LEVEL SECURITY;
CREATE POLICY order_lines_scope ON order_lines USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM orders o WHERE o.id = order_lines.order_id));
ALTER TABLE order_cancellations ENABLE ROW LEVEL SECURITY;
ALTER TABLE order_cancellations FORCE ROW LEVEL SECURITY;
CREATE POLICY order_cancellations_scope ON order_cancellations USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM orders o WHERE o.id = order_cancellations.order_id));

-- +goose Down
DROP POLICY accounts_scope ON accounts;
ALTER TABLE accounts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE accounts DISABLE ROW LEVEL SECURITY;
DROP POLICY orders_scope ON orders;
ALTER TABLE orders NO FORCE ROW LEVEL SECURITY;
ALTER TABLE orders DISABLE ROW LEVEL SECURITY;
DROP POLICY service_contracts_scope ON service_contracts;
ALTER TABLE service_contracts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE service_contracts DISABLE ROW LEVEL SECURITY;
DROP POLICY licences_scope ON licences;
ALTER TABLE licences NO FORCE ROW LEVEL SECURITY;
ALTER TABLE licences DISABLE ROW LEVEL SECURITY;
DROP POLICY invitations_scope ON invitations;
ALTER TABLE invitations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE invitations DISABLE ROW LEVEL SECURITY;
DROP POLICY memberships_scope ON memberships;
ALTER TABLE memberships NO FORCE ROW LEVEL SECURITY;
ALTER TABLE memberships DISABLE ROW LEVEL SECURITY;
DROP POLICY notifications_scope ON notifications;
ALTER TABLE notifications NO FORCE ROW LEVEL SECURITY;
ALTER TABLE notifications DISABLE ROW LEVEL SECURITY;
DROP POLICY operator_tasks_scope ON operator_tasks;
ALTER TABLE operator_tasks NO FORCE ROW LEVEL SECURITY;
ALTER TABLE operator_tasks DISABLE ROW LEVEL SECURITY;
DROP POLICY audit_events_scope ON audit_events;
ALTER TABLE audit_events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_events DISABLE ROW LEVEL SECURITY;
DROP POLICY order_refusals_scope ON order_refusals;
ALTER TABLE order_refusals NO FORCE ROW LEVEL SECURITY;
ALTER TABLE order_refusals DISABLE ROW LEVEL SECURITY;
DROP POLICY import_jobs_scope ON import_jobs;
ALTER TABLE import_jobs NO FORCE ROW LEVEL SECURITY;
ALTER TABLE import_jobs DISABLE ROW LEVEL SECURITY;
DROP POLICY order_lines_scope ON order_lines;
ALTER TABLE order_lines NO FORCE ROW LEVEL SECURITY;
ALTER TABLE order_lines DISABLE ROW LEVEL SECURITY;
DROP POLICY order_cancellations_scope ON order_cancellations;
ALTER TABLE order_cancellations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE order_cancellations DISABLE ROW LEVEL SECURITY;
DROP FUNCTION roomcover_sees(text, VARIADIC text[]);
