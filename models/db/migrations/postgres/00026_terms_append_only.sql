-- +goose Up
-- A version of a country's terms is never edited (R78); assignments name it.
-- +goose StatementBegin
CREATE FUNCTION roomcover_terms_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'country terms are append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER country_terms_append_only BEFORE UPDATE OR DELETE ON country_terms FOR EACH ROW EXECUTE FUNCTION roomcover_terms_append_only();

-- +goose Down
DROP TRIGGER country_terms_append_only ON country_terms;
DROP FUNCTION roomcover_terms_append_only();
