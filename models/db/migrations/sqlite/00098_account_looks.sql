-- +goose Up
-- Who of the operator's people looks at the portal as a customer sees it, for half an hour at
-- most: a secret in the browser opens it, and it ends with the session of the console that it
-- was begun in. What stays is the audit of the account.
CREATE TABLE account_looks (
    token_hash   text PRIMARY KEY,
    session_hash text NOT NULL,
    operator_id  text NOT NULL REFERENCES operators (id),
    account_id   text NOT NULL REFERENCES accounts (id),
    started_at   datetime NOT NULL,
    expires_at   datetime NOT NULL
);
CREATE INDEX account_looks_session ON account_looks (session_hash);
CREATE INDEX account_looks_operator ON account_looks (operator_id);
CREATE INDEX account_looks_account ON account_looks (account_id);
CREATE INDEX account_looks_expires ON account_looks (expires_at);

-- +goose Down
DROP TABLE account_looks;
