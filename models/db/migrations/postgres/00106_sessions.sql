-- +goose Up
SET LOCAL lock_timeout = '2s';
-- Video sessions of tickets (S46). slots were proposed; agreed_slots are those that somebody of
-- the customer agreed to. next_at, a real instant, is when the meeting service is to be asked.
CREATE TABLE ticket_sessions (
    id           text PRIMARY KEY,
    ticket_id    text NOT NULL,
    account_id   text NOT NULL REFERENCES accounts (id),
    state        text NOT NULL CHECK (state IN ('AGREED','CANCELLED','HELD','NO_SHOW','PROPOSED','SCHEDULED')),
    slots        text NOT NULL,
    agreed_by    text,
    agreed_at    timestamptz,
    agreed_text  text NOT NULL,
    agreed_slots text NOT NULL,
    starts_at    timestamptz,
    ends_at      timestamptz,
    uid          text NOT NULL,
    sequence     bigint NOT NULL,
    provider     text NOT NULL CHECK (provider IN ('LINK','TEAMS','ZOOM')),
    meeting_id   text NOT NULL,
    join_url     text NOT NULL,
    proposed_by  text NOT NULL,
    created_at   timestamptz NOT NULL,
    version      bigint NOT NULL,
    attempts     bigint NOT NULL,
    next_at      timestamptz,
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
    time_zone  text NOT NULL,
    CONSTRAINT session_attendees_session_id_of_account FOREIGN KEY (account_id, session_id)
        REFERENCES ticket_sessions (account_id, id)
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
    added_at         timestamptz NOT NULL,
    ended_at         timestamptz,
    ended_by         text NOT NULL,
    code_id          text NOT NULL,
    code_hash        text NOT NULL,
    browser_hash     text NOT NULL,
    code_tries       bigint NOT NULL,
    code_sent_at     timestamptz,
    code_expires_at  timestamptz,
    token_hash       text NOT NULL,
    token_expires_at timestamptz
);
CREATE UNIQUE INDEX ticket_participants_live ON ticket_participants (ticket_id, email) WHERE ended_at IS NULL;
CREATE INDEX ticket_participants_account ON ticket_participants (account_id);
CREATE INDEX ticket_participants_token ON ticket_participants (token_hash) WHERE token_hash <> '';
CREATE INDEX ticket_participants_email ON ticket_participants (email);
CREATE INDEX session_attendees_email ON session_attendees (email);
ALTER TABLE ticket_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY ticket_sessions_scope ON ticket_sessions USING (roomcover_sees(account_id, NULL));
ALTER TABLE session_attendees ENABLE ROW LEVEL SECURITY;
ALTER TABLE session_attendees FORCE ROW LEVEL SECURITY;
CREATE POLICY session_attendees_scope ON session_attendees USING (roomcover_sees(account_id, NULL));
ALTER TABLE ticket_participants ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticket_participants FORCE ROW LEVEL SECURITY;
CREATE POLICY ticket_participants_scope ON ticket_participants USING (roomcover_sees(account_id, NULL));

-- +goose Down
DROP TABLE ticket_participants;
DROP TABLE session_attendees;
DROP TABLE ticket_sessions;
