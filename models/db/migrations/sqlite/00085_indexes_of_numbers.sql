-- +goose Up
-- What came, and what ended, within a period of whole weeks, which the numbers of the operators
-- are computed from.
CREATE INDEX orders_created ON orders (created_at, submitted_by);
CREATE INDEX invitations_accepted ON invitations (state_since) WHERE state = 'ACCEPTED';
CREATE INDEX invitations_unclaimed ON invitations (expires_at) WHERE state <> 'ACCEPTED';
CREATE INDEX rmas_created ON rmas (created_at);
CREATE INDEX rmas_arrived ON rmas (COALESCE(delivered_at, swapped_at));
CREATE INDEX rmas_closed ON rmas (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX spare_units_created ON spare_units (created_at);
CREATE INDEX spare_units_on_site ON spare_units (on_site_at) WHERE on_site_at IS NOT NULL;
CREATE INDEX spare_units_closed ON spare_units (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX notifications_sent ON notifications (sent_at, template) WHERE state IN ('SENT','DELIVERED');

-- +goose Down
DROP INDEX notifications_sent;
DROP INDEX spare_units_closed;
DROP INDEX spare_units_on_site;
DROP INDEX spare_units_created;
DROP INDEX rmas_closed;
DROP INDEX rmas_arrived;
DROP INDEX rmas_created;
DROP INDEX invitations_unclaimed;
DROP INDEX invitations_accepted;
DROP INDEX orders_created;
