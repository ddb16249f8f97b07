-- +goose Up
-- A version of a country's terms is never edited (R78); assignments name it.
-- +goose StatementBegin
CREATE TRIGGER country_terms_fixed BEFORE UPDATE ON country_terms BEGIN
    SELECT RAISE(ABORT, 'country terms are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER country_terms_kept BEFORE DELETE ON country_terms BEGIN
    SELECT RAISE(ABORT, 'country terms are append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER country_terms_kept;
DROP TRIGGER country_terms_fixed;
