-- +goose Up
-- Video sessions of tickets (S46). slots were proposed; agreed_slots are those that somebody of
-- the customer agreed to. next_at, a real instant, is when the meeting service is to be asked.
CREATE TABLE ticket_sessions (
    id           text PRIMARY KEY,
    ticket_id    text NOT NULL,
    account_id   text NOT NULL REFERENCES accounts (id),
    state        text NOT NULL CHECK (state IN ('AGREED','CANCELLED','HELD','NO_SHOW','PROPOSED','SCHEDULED')),
    slots        text NOT NULL,
    agreed_by    text,
    agreed_at    datetime,
    agreed_text  text NOT NULL,
    agreed_slots text NOT NULL,
    starts_at    datetime,
    ends_at      datetime,
    uid          text NOT NULL,
    sequence     integer NOT NULL,
    provider     text NOT NULL CHECK (provider IN ('LINK','TEAMS','ZOOM')),
    meeting_id   text NOT NULL,
    join_url     text NOT NULL,
    proposed_by  text NOT NULL,
    created_at   datetime NOT NULL,
    version      integer NOT NULL,
    attempts     integer NOT NULL,
    next_at      datetime,
    CONSTRAINT ticket_sessions_of_account UNIQUE (account_id, id)
);
CREATE INDEX ticket_sessions_ticket ON ticket_sessions (ticket_id, id);
CREATE INDEX ticket_sessions_account ON ticket_sessions (account_id);
CREATE UNIQUE INDEX ticket_sessions_uid ON ticket_sessions (uid);
CREATE INDEX ticket_sessions_next ON ticket_sessions (next_at) WHERE next_at IS NOT NULL;
-- Who is invited, each with a mail of their own.
CREATE TABLE session_attendees (
    id         text PRIMARY KEY,
    session_id text NOT NULL REFERENCES ticket_sessions (id),
    account_id text NOT NULL REFERENCES accounts (id),
    email      text NOT NULL,
    name       text NOT NULL,
    locale     text NOT NULL,
    time_zone  text NOT NULL
);
CREATE UNIQUE INDEX session_attendees_once ON session_attendees (session_id, email);
CREATE INDEX session_attendees_account ON session_attendees (account_id);
-- People who see one ticket and nothing else (S47), with the code that was mailed last and the
-- session of who signed in last.
CREATE TABLE ticket_participants (
    id               text PRIMARY KEY,
    ticket_id        text NOT NULL,
    account_id       text NOT NULL REFERENCES accounts (id),
    email            text NOT NULL,
    name             text NOT NULL,
    company          text NOT NULL,
    added_by         text NOT NULL,
    added_at         datetime NOT NULL,
    ended_at         datetime,
    ended_by         text NOT NULL,
    code_id          text NOT NULL,
    code_hash        text NOT NULL,
    browser_hash     text NOT NULL,
    code_tries       integer NOT NULL,
    code_sent_at     datetime,
    code_expires_at  datetime,
    token_hash       text NOT NULL,
    token_expires_at datetime
);
CREATE UNIQUE INDEX ticket_participants_live ON ticket_participants (ticket_id, email) WHERE ended_at IS NULL;
CREATE INDEX ticket_participants_account ON ticket_participants (account_id);
CREATE INDEX ticket_participants_token ON ticket_participants (token_hash) WHERE token_hash <> '';
CREATE INDEX ticket_participants_email ON ticket_participants (email);
CREATE INDEX session_attendees_email ON session_attendees (email);
-- +goose StatementBegin
CREATE TRIGGER session_attendees_session_id_of_account_on_insert BEFORE INSERT ON session_attendees
WHEN NEW.account_id IS NOT NULL AND NEW.session_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM ticket_sessions WHERE id = NEW.session_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: session_attendees.session_id is of another account');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER session_attendees_session_id_of_account_on_update BEFORE UPDATE OF account_id, session_id ON session_attendees
WHEN NEW.account_id IS NOT NULL AND NEW.session_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM ticket_sessions WHERE id = NEW.session_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: session_attendees.session_id is of another account');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE ticket_participants;
DROP TABLE session_attendees;
DROP TABLE ticket_sessions;
