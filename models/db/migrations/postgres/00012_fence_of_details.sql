-- +goose Up
-- What hangs on a fenced row is behind the same fence (C5).
ALTER TABLE import_rows ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_rows FORCE ROW LEVEL SECURITY;
CREATE POLICY import_rows_scope ON import_rows USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM import_jobs j WHERE j.id = import_rows.job_id));
ALTER TABLE notification_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification_attempts FORCE ROW LEVEL SECURITY;
CREATE POLICY notification_attempts_scope ON notification_attempts USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM notifications n WHERE n.id = notification_attempts.notification_id));

-- +goose Down
DROP POLICY notification_attempts_scope ON notification_attempts;
ALTER TABLE notification_attempts NO FORCE ROW LEVEL SECURITY;
ALTER TABLE notification_attempts DISABLE ROW LEVEL SECURITY;
DROP POLICY import_rows_scope ON import_rows;
ALTER TABLE import_rows NO FORCE ROW LEVEL SECURITY;
ALTER TABLE import_rows DISABLE ROW LEVEL SECURITY;
