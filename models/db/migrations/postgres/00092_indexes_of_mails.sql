-- +goose NO TRANSACTION
-- +goose Up
-- Operators look for the mails of a person, by the beginning of an address, and of a customer.
DROP INDEX CONCURRENTLY IF EXISTS notifications_recipient;
CREATE INDEX CONCURRENTLY notifications_recipient ON notifications (recipient text_pattern_ops, id);
DROP INDEX CONCURRENTLY IF EXISTS notifications_of_account;
CREATE INDEX CONCURRENTLY notifications_of_account ON notifications (account_id, id);

-- +goose Down
DROP INDEX notifications_of_account;
DROP INDEX notifications_recipient;
