-- +goose Up
-- What an order line renews: its licences name those of this contract (S4).
ALTER TABLE order_lines ADD COLUMN renews_contract_id text REFERENCES service_contracts (id);

-- +goose Down
ALTER TABLE order_lines DROP COLUMN renews_contract_id;
