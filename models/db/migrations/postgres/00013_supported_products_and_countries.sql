-- +goose Up
-- Versions of rows; none is edited in place (R59a, R78).
CREATE TABLE product_models (
    code                    text NOT NULL,
    effective_from          text NOT NULL,
    effective_to            text NOT NULL,
    name                    text NOT NULL,
    kind                    text NOT NULL CHECK (kind IN ('HARDWARE','ACCESSORY','SOFTWARE','BUNDLE')),
    serialised              boolean NOT NULL,
    standard_warranty_years bigint NOT NULL,
    platform                text NOT NULL,
    components              jsonb NOT NULL,
    updated_at              timestamptz NOT NULL,
    PRIMARY KEY (code, effective_from)
);
CREATE TABLE country_terms (
    country        text NOT NULL,
    version        bigint NOT NULL,
    effective_from text NOT NULL,
    available      boolean NOT NULL,
    rma_speed      text NOT NULL,
    languages      jsonb NOT NULL,
    note           text NOT NULL,
    published_at   timestamptz NOT NULL,
    PRIMARY KEY (country, version)
);

-- +goose Down
DROP TABLE country_terms;
DROP TABLE product_models;
