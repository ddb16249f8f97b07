-- +goose Up
-- Operators look for the mails of a person, by the beginning of an address, and of a customer.
CREATE INDEX notifications_recipient ON notifications (recipient, id);
CREATE INDEX notifications_of_account ON notifications (account_id, id);

-- +goose Down
DROP INDEX notifications_of_account;
DROP INDEX notifications_recipient;
