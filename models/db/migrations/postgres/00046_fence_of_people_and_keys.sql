-- +goose Up
-- Whatever a tenant's transaction has no business with is behind the fence too (C5): the
-- sign-in of people, tokens, kept answers, and what waits for workflows.
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY users_scope ON users USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = users.id));
ALTER TABLE identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE identities FORCE ROW LEVEL SECURITY;
CREATE POLICY identities_scope ON identities USING (current_setting('roomcover.scope', true) = 'system');
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY sessions_scope ON sessions USING (current_setting('roomcover.scope', true) = 'system');
ALTER TABLE challenges ENABLE ROW LEVEL SECURITY;
ALTER TABLE challenges FORCE ROW LEVEL SECURITY;
CREATE POLICY challenges_scope ON challenges USING (current_setting('roomcover.scope', true) = 'system');
ALTER TABLE throttles ENABLE ROW LEVEL SECURITY;
ALTER TABLE throttles FORCE ROW LEVEL SECURITY;
CREATE POLICY throttles_scope ON throttles USING (current_setting('roomcover.scope', true) = 'system');
ALTER TABLE api_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY api_tokens_scope ON api_tokens USING (roomcover_sees(account_id, org_id));
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY idempotency_keys_scope ON idempotency_keys USING (current_setting('roomcover.scope', true) = 'system');
ALTER TABLE outbox_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox_events FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_events_scope ON outbox_events USING (current_setting('roomcover.scope', true) = 'system');
-- Everybody's changes tell workflows; only the relay reads what they tell.
CREATE POLICY outbox_events_told ON outbox_events FOR INSERT WITH CHECK (true);
-- A seller's name is no secret among those who trade; a customer's group is its own.
ALTER TABLE orgs ENABLE ROW LEVEL SECURITY;
ALTER TABLE orgs FORCE ROW LEVEL SECURITY;
CREATE POLICY orgs_scope ON orgs USING (kind <> 'CUSTOMER_PARENT' OR roomcover_sees(NULL, id) OR EXISTS (SELECT 1 FROM accounts a WHERE a.parent_org_id = orgs.id));
ALTER TABLE csms ENABLE ROW LEVEL SECURITY;
ALTER TABLE csms FORCE ROW LEVEL SECURITY;
CREATE POLICY csms_scope ON csms USING (current_setting('roomcover.scope', true) = 'system' OR EXISTS (SELECT 1 FROM accounts a WHERE a.csm_id = csms.id));

-- +goose Down
DROP POLICY csms_scope ON csms;
ALTER TABLE csms NO FORCE ROW LEVEL SECURITY;
ALTER TABLE csms DISABLE ROW LEVEL SECURITY;
DROP POLICY orgs_scope ON orgs;
ALTER TABLE orgs NO FORCE ROW LEVEL SECURITY;
ALTER TABLE orgs DISABLE ROW LEVEL SECURITY;
DROP POLICY outbox_events_told ON outbox_events;
DROP POLICY outbox_events_scope ON outbox_events;
ALTER TABLE outbox_events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE outbox_events DISABLE ROW LEVEL SECURITY;
DROP POLICY idempotency_keys_scope ON idempotency_keys;
ALTER TABLE idempotency_keys NO FORCE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys DISABLE ROW LEVEL SECURITY;
DROP POLICY api_tokens_scope ON api_tokens;
ALTER TABLE api_tokens NO FORCE ROW LEVEL SECURITY;
ALTER TABLE api_tokens DISABLE ROW LEVEL SECURITY;
DROP POLICY throttles_scope ON throttles;
ALTER TABLE throttles NO FORCE ROW LEVEL SECURITY;
ALTER TABLE throttles DISABLE ROW LEVEL SECURITY;
DROP POLICY challenges_scope ON challenges;
ALTER TABLE challenges NO FORCE ROW LEVEL SECURITY;
ALTER TABLE challenges DISABLE ROW LEVEL SECURITY;
DROP POLICY sessions_scope ON sessions;
ALTER TABLE sessions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions DISABLE ROW LEVEL SECURITY;
DROP POLICY identities_scope ON identities;
ALTER TABLE identities NO FORCE ROW LEVEL SECURITY;
ALTER TABLE identities DISABLE ROW LEVEL SECURITY;
DROP POLICY users_scope ON users;
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
ALTER TABLE users DISABLE ROW LEVEL SECURITY;
