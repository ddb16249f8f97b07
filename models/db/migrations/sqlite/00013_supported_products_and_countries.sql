-- +goose Up
-- Versions of rows; none is edited in place (R59a, R78).
CREATE TABLE product_models (
    code                    text NOT NULL,
    effective_from          text NOT NULL,
    effective_to            text NOT NULL,
    name                    text NOT NULL,
    kind                    text NOT NULL CHECK (kind IN ('HARDWARE','ACCESSORY','SOFTWARE','BUNDLE')),
    serialised              boolean NOT NULL,
    standard_warranty_years integer NOT NULL,
    platform                text NOT NULL,
    components              text NOT NULL,
    updated_at              datetime NOT NULL,
    PRIMARY KEY (code, effective_from)
);
CREATE TABLE country_terms (
    country        text NOT NULL,
    version        integer NOT NULL,
    effective_from text NOT NULL,
    available      boolean NOT NULL,
    rma_speed      text NOT NULL,
    languages      text NOT NULL,
    note           text NOT NULL,
    published_at   datetime NOT NULL,
    PRIMARY KEY (country, version)
);

-- +goose Down
DROP TABLE country_terms;
DROP TABLE product_models;
