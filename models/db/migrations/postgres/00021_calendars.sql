-- +goose Up
-- The business days of a country, or of a region of it (C3). A library fills them
-- first; from then on these rows are the truth.
CREATE TABLE calendars (
    code           text PRIMARY KEY,
    country        text NOT NULL,
    region         text NOT NULL,
    weekend        jsonb NOT NULL,
    hours          jsonb NOT NULL,
    source         text NOT NULL,
    loaded_through bigint NOT NULL,
    alerts         jsonb NOT NULL,
    updated_at     timestamptz NOT NULL,
    version        bigint NOT NULL,
    UNIQUE (country, region)
);
-- A day that an operator took out stays, marked, so that loading never brings it back.
CREATE TABLE calendar_holidays (
    calendar   text NOT NULL REFERENCES calendars (code),
    on_day     text NOT NULL,
    name       text NOT NULL,
    origin     text NOT NULL CHECK (origin IN ('LOADED','OPERATOR')),
    removed    boolean NOT NULL,
    reason     text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (calendar, on_day)
);

-- +goose Down
DROP TABLE calendar_holidays;
DROP TABLE calendars;
