-- +goose Up
-- Which tickets came, were resolved and were answered within a period of whole weeks, and which
-- promises were broken in it: what the numbers of the operators are computed from.
CREATE INDEX tickets_opened ON tickets (opened_at);
CREATE INDEX tickets_resolved ON tickets (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX ticket_clocks_answered ON ticket_clocks (ended_at) WHERE kind = 'FIRST_RESPONSE' AND ended_at IS NOT NULL;
CREATE INDEX ticket_clock_marks_breaches ON ticket_clock_marks (at) WHERE kind = 'BREACH';

-- +goose Down
DROP INDEX ticket_clock_marks_breaches;
DROP INDEX ticket_clocks_answered;
DROP INDEX tickets_resolved;
DROP INDEX tickets_opened;
