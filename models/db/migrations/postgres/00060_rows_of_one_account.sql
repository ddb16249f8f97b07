-- +goose NO TRANSACTION
-- +goose Up
-- What a row of an account points to belongs to the same account. Each key is added
-- without a look at the rows that are there, which is done in a moment, and checked
-- against them while everybody works on; the key by the id alone goes after it, but for
-- rows that may be of no account yet.
SET lock_timeout = '2s';

ALTER TABLE licences DROP CONSTRAINT IF EXISTS licences_contract_id_of_account,
    ADD CONSTRAINT licences_contract_id_of_account FOREIGN KEY (account_id, contract_id)
    REFERENCES service_contracts (account_id, id) NOT VALID;
ALTER TABLE licences VALIDATE CONSTRAINT licences_contract_id_of_account;
ALTER TABLE licences DROP CONSTRAINT IF EXISTS licences_contract_id_fkey;

ALTER TABLE licences DROP CONSTRAINT IF EXISTS licences_renews_licence_id_of_account,
    ADD CONSTRAINT licences_renews_licence_id_of_account FOREIGN KEY (account_id, renews_licence_id)
    REFERENCES licences (account_id, id) NOT VALID;
ALTER TABLE licences VALIDATE CONSTRAINT licences_renews_licence_id_of_account;
ALTER TABLE licences DROP CONSTRAINT IF EXISTS licences_renews_licence_id_fkey;

ALTER TABLE devices DROP CONSTRAINT IF EXISTS devices_replaces_device_id_of_account,
    ADD CONSTRAINT devices_replaces_device_id_of_account FOREIGN KEY (account_id, replaces_device_id)
    REFERENCES devices (account_id, id) NOT VALID;
ALTER TABLE devices VALIDATE CONSTRAINT devices_replaces_device_id_of_account;
ALTER TABLE devices DROP CONSTRAINT IF EXISTS devices_replaces_device_id_fkey;

ALTER TABLE invitations DROP CONSTRAINT IF EXISTS invitations_supersedes_id_of_account,
    ADD CONSTRAINT invitations_supersedes_id_of_account FOREIGN KEY (account_id, supersedes_id)
    REFERENCES invitations (account_id, id) NOT VALID;
ALTER TABLE invitations VALIDATE CONSTRAINT invitations_supersedes_id_of_account;
ALTER TABLE invitations DROP CONSTRAINT IF EXISTS invitations_supersedes_id_fkey;

ALTER TABLE licence_assignments DROP CONSTRAINT IF EXISTS licence_assignments_licence_id_of_account,
    ADD CONSTRAINT licence_assignments_licence_id_of_account FOREIGN KEY (account_id, licence_id)
    REFERENCES licences (account_id, id) NOT VALID;
ALTER TABLE licence_assignments VALIDATE CONSTRAINT licence_assignments_licence_id_of_account;
ALTER TABLE licence_assignments DROP CONSTRAINT IF EXISTS licence_assignments_licence_id_fkey;

ALTER TABLE licence_assignments DROP CONSTRAINT IF EXISTS licence_assignments_room_id_of_account,
    ADD CONSTRAINT licence_assignments_room_id_of_account FOREIGN KEY (account_id, room_id)
    REFERENCES rooms (account_id, id) NOT VALID;
ALTER TABLE licence_assignments VALIDATE CONSTRAINT licence_assignments_room_id_of_account;
ALTER TABLE licence_assignments DROP CONSTRAINT IF EXISTS licence_assignments_room_id_fkey;

ALTER TABLE device_placements DROP CONSTRAINT IF EXISTS device_placements_device_id_of_account,
    ADD CONSTRAINT device_placements_device_id_of_account FOREIGN KEY (account_id, device_id)
    REFERENCES devices (account_id, id) NOT VALID;
ALTER TABLE device_placements VALIDATE CONSTRAINT device_placements_device_id_of_account;
ALTER TABLE device_placements DROP CONSTRAINT IF EXISTS device_placements_device_id_fkey;

ALTER TABLE device_placements DROP CONSTRAINT IF EXISTS device_placements_room_id_of_account,
    ADD CONSTRAINT device_placements_room_id_of_account FOREIGN KEY (account_id, room_id)
    REFERENCES rooms (account_id, id) NOT VALID;
ALTER TABLE device_placements VALIDATE CONSTRAINT device_placements_room_id_of_account;
ALTER TABLE device_placements DROP CONSTRAINT IF EXISTS device_placements_room_id_fkey;

ALTER TABLE device_claims DROP CONSTRAINT IF EXISTS device_claims_room_id_of_account,
    ADD CONSTRAINT device_claims_room_id_of_account FOREIGN KEY (account_id, room_id)
    REFERENCES rooms (account_id, id) NOT VALID;
ALTER TABLE device_claims VALIDATE CONSTRAINT device_claims_room_id_of_account;
ALTER TABLE device_claims DROP CONSTRAINT IF EXISTS device_claims_room_id_fkey;

ALTER TABLE warranty_attachments DROP CONSTRAINT IF EXISTS warranty_attachments_licence_id_of_account,
    ADD CONSTRAINT warranty_attachments_licence_id_of_account FOREIGN KEY (account_id, licence_id)
    REFERENCES licences (account_id, id) NOT VALID;
ALTER TABLE warranty_attachments VALIDATE CONSTRAINT warranty_attachments_licence_id_of_account;
ALTER TABLE warranty_attachments DROP CONSTRAINT IF EXISTS warranty_attachments_licence_id_fkey;

ALTER TABLE memberships DROP CONSTRAINT IF EXISTS memberships_invitation_id_of_account,
    ADD CONSTRAINT memberships_invitation_id_of_account FOREIGN KEY (account_id, invitation_id)
    REFERENCES invitations (account_id, id) NOT VALID;
ALTER TABLE memberships VALIDATE CONSTRAINT memberships_invitation_id_of_account;
ALTER TABLE memberships DROP CONSTRAINT IF EXISTS memberships_invitation_id_fkey;

ALTER TABLE contact_questions DROP CONSTRAINT IF EXISTS contact_questions_invitation_id_of_account,
    ADD CONSTRAINT contact_questions_invitation_id_of_account FOREIGN KEY (account_id, invitation_id)
    REFERENCES invitations (account_id, id) NOT VALID;
ALTER TABLE contact_questions VALIDATE CONSTRAINT contact_questions_invitation_id_of_account;
ALTER TABLE contact_questions DROP CONSTRAINT IF EXISTS contact_questions_invitation_id_fkey;

ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_device_id_of_account,
    ADD CONSTRAINT rmas_device_id_of_account FOREIGN KEY (account_id, device_id)
    REFERENCES devices (account_id, id) NOT VALID;
ALTER TABLE rmas VALIDATE CONSTRAINT rmas_device_id_of_account;
ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_device_id_fkey;

ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_replacement_device_id_of_account,
    ADD CONSTRAINT rmas_replacement_device_id_of_account FOREIGN KEY (account_id, replacement_device_id)
    REFERENCES devices (account_id, id) NOT VALID;
ALTER TABLE rmas VALIDATE CONSTRAINT rmas_replacement_device_id_of_account;
ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_replacement_device_id_fkey;

ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_room_id_of_account,
    ADD CONSTRAINT rmas_room_id_of_account FOREIGN KEY (account_id, room_id)
    REFERENCES rooms (account_id, id) NOT VALID;
ALTER TABLE rmas VALIDATE CONSTRAINT rmas_room_id_of_account;
ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_room_id_fkey;

ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_site_id_of_account,
    ADD CONSTRAINT rmas_site_id_of_account FOREIGN KEY (account_id, site_id)
    REFERENCES sites (account_id, id) NOT VALID;
ALTER TABLE rmas VALIDATE CONSTRAINT rmas_site_id_of_account;
ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_site_id_fkey;

ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_spare_unit_id_of_account,
    ADD CONSTRAINT rmas_spare_unit_id_of_account FOREIGN KEY (account_id, spare_unit_id)
    REFERENCES spare_units (account_id, id) NOT VALID;
ALTER TABLE rmas VALIDATE CONSTRAINT rmas_spare_unit_id_of_account;
ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_spare_unit_id_fkey;

ALTER TABLE spare_units DROP CONSTRAINT IF EXISTS spare_units_site_id_of_account,
    ADD CONSTRAINT spare_units_site_id_of_account FOREIGN KEY (account_id, site_id)
    REFERENCES sites (account_id, id) NOT VALID;
ALTER TABLE spare_units VALIDATE CONSTRAINT spare_units_site_id_of_account;

ALTER TABLE spare_units DROP CONSTRAINT IF EXISTS spare_units_device_id_of_account,
    ADD CONSTRAINT spare_units_device_id_of_account FOREIGN KEY (account_id, device_id)
    REFERENCES devices (account_id, id) NOT VALID;
ALTER TABLE spare_units VALIDATE CONSTRAINT spare_units_device_id_of_account;

ALTER TABLE spare_units DROP CONSTRAINT IF EXISTS spare_units_rma_id_of_account,
    ADD CONSTRAINT spare_units_rma_id_of_account FOREIGN KEY (account_id, rma_id)
    REFERENCES rmas (account_id, id) NOT VALID;
ALTER TABLE spare_units VALIDATE CONSTRAINT spare_units_rma_id_of_account;

ALTER TABLE shipments DROP CONSTRAINT IF EXISTS shipments_site_id_of_account,
    ADD CONSTRAINT shipments_site_id_of_account FOREIGN KEY (account_id, site_id)
    REFERENCES sites (account_id, id) NOT VALID;
ALTER TABLE shipments VALIDATE CONSTRAINT shipments_site_id_of_account;
ALTER TABLE shipments DROP CONSTRAINT IF EXISTS shipments_site_id_fkey;

ALTER TABLE shipment_labels DROP CONSTRAINT IF EXISTS shipment_labels_shipment_id_of_account,
    ADD CONSTRAINT shipment_labels_shipment_id_of_account FOREIGN KEY (account_id, shipment_id)
    REFERENCES shipments (account_id, id) NOT VALID;
ALTER TABLE shipment_labels VALIDATE CONSTRAINT shipment_labels_shipment_id_of_account;
ALTER TABLE shipment_labels DROP CONSTRAINT IF EXISTS shipment_labels_shipment_id_fkey;

ALTER TABLE shipment_scans DROP CONSTRAINT IF EXISTS shipment_scans_shipment_id_of_account,
    ADD CONSTRAINT shipment_scans_shipment_id_of_account FOREIGN KEY (account_id, shipment_id)
    REFERENCES shipments (account_id, id) NOT VALID;
ALTER TABLE shipment_scans VALIDATE CONSTRAINT shipment_scans_shipment_id_of_account;
ALTER TABLE shipment_scans DROP CONSTRAINT IF EXISTS shipment_scans_shipment_id_fkey;

ALTER TABLE carrier_events DROP CONSTRAINT IF EXISTS carrier_events_shipment_id_of_account,
    ADD CONSTRAINT carrier_events_shipment_id_of_account FOREIGN KEY (account_id, shipment_id)
    REFERENCES shipments (account_id, id) NOT VALID;
ALTER TABLE carrier_events VALIDATE CONSTRAINT carrier_events_shipment_id_of_account;

RESET lock_timeout;

-- +goose Down
ALTER TABLE licences DROP CONSTRAINT licences_contract_id_of_account,
    ADD CONSTRAINT licences_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES service_contracts (id);
ALTER TABLE licences DROP CONSTRAINT licences_renews_licence_id_of_account,
    ADD CONSTRAINT licences_renews_licence_id_fkey FOREIGN KEY (renews_licence_id) REFERENCES licences (id);
ALTER TABLE devices DROP CONSTRAINT devices_replaces_device_id_of_account,
    ADD CONSTRAINT devices_replaces_device_id_fkey FOREIGN KEY (replaces_device_id) REFERENCES devices (id);
ALTER TABLE invitations DROP CONSTRAINT invitations_supersedes_id_of_account,
    ADD CONSTRAINT invitations_supersedes_id_fkey FOREIGN KEY (supersedes_id) REFERENCES invitations (id);
ALTER TABLE licence_assignments DROP CONSTRAINT licence_assignments_licence_id_of_account,
    ADD CONSTRAINT licence_assignments_licence_id_fkey FOREIGN KEY (licence_id) REFERENCES licences (id);
ALTER TABLE licence_assignments DROP CONSTRAINT licence_assignments_room_id_of_account,
    ADD CONSTRAINT licence_assignments_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id);
ALTER TABLE device_placements DROP CONSTRAINT device_placements_device_id_of_account,
    ADD CONSTRAINT device_placements_device_id_fkey FOREIGN KEY (device_id) REFERENCES devices (id);
ALTER TABLE device_placements DROP CONSTRAINT device_placements_room_id_of_account,
    ADD CONSTRAINT device_placements_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id);
ALTER TABLE device_claims DROP CONSTRAINT device_claims_room_id_of_account,
    ADD CONSTRAINT device_claims_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id);
ALTER TABLE warranty_attachments DROP CONSTRAINT warranty_attachments_licence_id_of_account,
    ADD CONSTRAINT warranty_attachments_licence_id_fkey FOREIGN KEY (licence_id) REFERENCES licences (id);
ALTER TABLE memberships DROP CONSTRAINT memberships_invitation_id_of_account,
    ADD CONSTRAINT memberships_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES invitations (id);
ALTER TABLE contact_questions DROP CONSTRAINT contact_questions_invitation_id_of_account,
    ADD CONSTRAINT contact_questions_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES invitations (id);
ALTER TABLE rmas DROP CONSTRAINT rmas_device_id_of_account,
    ADD CONSTRAINT rmas_device_id_fkey FOREIGN KEY (device_id) REFERENCES devices (id);
ALTER TABLE rmas DROP CONSTRAINT rmas_replacement_device_id_of_account,
    ADD CONSTRAINT rmas_replacement_device_id_fkey FOREIGN KEY (replacement_device_id) REFERENCES devices (id);
ALTER TABLE rmas DROP CONSTRAINT rmas_room_id_of_account,
    ADD CONSTRAINT rmas_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id);
ALTER TABLE rmas DROP CONSTRAINT rmas_site_id_of_account,
    ADD CONSTRAINT rmas_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id);
ALTER TABLE rmas DROP CONSTRAINT rmas_spare_unit_id_of_account,
    ADD CONSTRAINT rmas_spare_unit_id_fkey FOREIGN KEY (spare_unit_id) REFERENCES spare_units (id);
ALTER TABLE spare_units DROP CONSTRAINT spare_units_site_id_of_account;
ALTER TABLE spare_units DROP CONSTRAINT spare_units_device_id_of_account;
ALTER TABLE spare_units DROP CONSTRAINT spare_units_rma_id_of_account;
ALTER TABLE shipments DROP CONSTRAINT shipments_site_id_of_account,
    ADD CONSTRAINT shipments_site_id_fkey FOREIGN KEY (site_id) REFERENCES sites (id);
ALTER TABLE shipment_labels DROP CONSTRAINT shipment_labels_shipment_id_of_account,
    ADD CONSTRAINT shipment_labels_shipment_id_fkey FOREIGN KEY (shipment_id) REFERENCES shipments (id);
ALTER TABLE shipment_scans DROP CONSTRAINT shipment_scans_shipment_id_of_account,
    ADD CONSTRAINT shipment_scans_shipment_id_fkey FOREIGN KEY (shipment_id) REFERENCES shipments (id);
ALTER TABLE carrier_events DROP CONSTRAINT carrier_events_shipment_id_of_account;
