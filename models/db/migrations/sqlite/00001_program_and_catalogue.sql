-- +goose Up
CREATE TABLE programs (
    id         text PRIMARY KEY,
    config     text NOT NULL,
    version    integer NOT NULL,
    updated_at datetime NOT NULL
);
CREATE TABLE catalogue_skus (
    code           text PRIMARY KEY,
    service_type   text NOT NULL CHECK (service_type IN ('SELECT','SYNC_PLUS','EXT_WARRANTY','JUMPSTART')),
    term_years     integer NOT NULL CHECK (term_years BETWEEN 0 AND 5),
    bundle         boolean NOT NULL,
    effective_from text NOT NULL,
    effective_to   text NOT NULL,
    updated_at     datetime NOT NULL
);

-- +goose Down
DROP TABLE catalogue_skus;
DROP TABLE programs;
