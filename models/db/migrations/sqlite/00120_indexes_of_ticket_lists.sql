-- +goose Up
-- Lists of tickets in the order, and by what, people ask for them: an agent's own and nobody's, those
-- of a state or a severity or that wait for somebody, and a customer's by severity, by what is due
-- and by the last word; and how many of a customer's stand how.
CREATE INDEX tickets_assignee ON tickets (assignee_id, id) WHERE assignee_id IS NOT NULL;
CREATE INDEX tickets_assignee_open ON tickets (assignee_id, id) WHERE closed_at IS NULL;
CREATE INDEX tickets_severity_open ON tickets (severity, id) WHERE closed_at IS NULL;
CREATE INDEX tickets_state ON tickets (state, id);
CREATE INDEX tickets_turn ON tickets (turn, id);
CREATE INDEX tickets_account_severity ON tickets (account_id, severity, id);
CREATE INDEX tickets_account_due ON tickets (account_id, (effective_due IS NULL), effective_due, id);
CREATE INDEX tickets_account_last_word ON tickets (account_id, last_word_at, id);
CREATE INDEX tickets_account_counts ON tickets (account_id, state, turn, severity);

-- +goose Down
DROP INDEX tickets_account_counts;
DROP INDEX tickets_account_last_word;
DROP INDEX tickets_account_due;
DROP INDEX tickets_account_severity;
DROP INDEX tickets_turn;
DROP INDEX tickets_state;
DROP INDEX tickets_severity_open;
DROP INDEX tickets_assignee_open;
DROP INDEX tickets_assignee;
