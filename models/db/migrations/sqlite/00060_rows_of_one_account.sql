-- +goose Up
-- What a row of an account points to belongs to the same account. SQLite adds no foreign
-- key to a table that is there: triggers do the same.

-- +goose StatementBegin
CREATE TRIGGER licences_contract_id_of_account_on_insert BEFORE INSERT ON licences
WHEN NEW.account_id IS NOT NULL AND NEW.contract_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM service_contracts WHERE id = NEW.contract_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: licences.contract_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER licences_contract_id_of_account_on_update BEFORE UPDATE OF account_id, contract_id ON licences
WHEN NEW.account_id IS NOT NULL AND NEW.contract_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM service_contracts WHERE id = NEW.contract_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: licences.contract_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER licences_renews_licence_id_of_account_on_insert BEFORE INSERT ON licences
WHEN NEW.account_id IS NOT NULL AND NEW.renews_licence_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM licences WHERE id = NEW.renews_licence_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: licences.renews_licence_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER licences_renews_licence_id_of_account_on_update BEFORE UPDATE OF account_id, renews_licence_id ON licences
WHEN NEW.account_id IS NOT NULL AND NEW.renews_licence_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM licences WHERE id = NEW.renews_licence_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: licences.renews_licence_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER devices_replaces_device_id_of_account_on_insert BEFORE INSERT ON devices
WHEN NEW.account_id IS NOT NULL AND NEW.replaces_device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.replaces_device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: devices.replaces_device_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER devices_replaces_device_id_of_account_on_update BEFORE UPDATE OF account_id, replaces_device_id ON devices
WHEN NEW.account_id IS NOT NULL AND NEW.replaces_device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.replaces_device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: devices.replaces_device_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER invitations_supersedes_id_of_account_on_insert BEFORE INSERT ON invitations
WHEN NEW.account_id IS NOT NULL AND NEW.supersedes_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM invitations WHERE id = NEW.supersedes_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: invitations.supersedes_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER invitations_supersedes_id_of_account_on_update BEFORE UPDATE OF account_id, supersedes_id ON invitations
WHEN NEW.account_id IS NOT NULL AND NEW.supersedes_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM invitations WHERE id = NEW.supersedes_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: invitations.supersedes_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER licence_assignments_licence_id_of_account_on_insert BEFORE INSERT ON licence_assignments
WHEN NEW.account_id IS NOT NULL AND NEW.licence_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM licences WHERE id = NEW.licence_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: licence_assignments.licence_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER licence_assignments_licence_id_of_account_on_update BEFORE UPDATE OF account_id, licence_id ON licence_assignments
WHEN NEW.account_id IS NOT NULL AND NEW.licence_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM licences WHERE id = NEW.licence_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: licence_assignments.licence_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER licence_assignments_room_id_of_account_on_insert BEFORE INSERT ON licence_assignments
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: licence_assignments.room_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER licence_assignments_room_id_of_account_on_update BEFORE UPDATE OF account_id, room_id ON licence_assignments
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: licence_assignments.room_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER device_placements_device_id_of_account_on_insert BEFORE INSERT ON device_placements
WHEN NEW.account_id IS NOT NULL AND NEW.device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: device_placements.device_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER device_placements_device_id_of_account_on_update BEFORE UPDATE OF account_id, device_id ON device_placements
WHEN NEW.account_id IS NOT NULL AND NEW.device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: device_placements.device_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER device_placements_room_id_of_account_on_insert BEFORE INSERT ON device_placements
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: device_placements.room_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER device_placements_room_id_of_account_on_update BEFORE UPDATE OF account_id, room_id ON device_placements
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: device_placements.room_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER device_claims_room_id_of_account_on_insert BEFORE INSERT ON device_claims
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: device_claims.room_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER device_claims_room_id_of_account_on_update BEFORE UPDATE OF account_id, room_id ON device_claims
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: device_claims.room_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER warranty_attachments_licence_id_of_account_on_insert BEFORE INSERT ON warranty_attachments
WHEN NEW.account_id IS NOT NULL AND NEW.licence_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM licences WHERE id = NEW.licence_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: warranty_attachments.licence_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER warranty_attachments_licence_id_of_account_on_update BEFORE UPDATE OF account_id, licence_id ON warranty_attachments
WHEN NEW.account_id IS NOT NULL AND NEW.licence_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM licences WHERE id = NEW.licence_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: warranty_attachments.licence_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER memberships_invitation_id_of_account_on_insert BEFORE INSERT ON memberships
WHEN NEW.account_id IS NOT NULL AND NEW.invitation_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM invitations WHERE id = NEW.invitation_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: memberships.invitation_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER memberships_invitation_id_of_account_on_update BEFORE UPDATE OF account_id, invitation_id ON memberships
WHEN NEW.account_id IS NOT NULL AND NEW.invitation_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM invitations WHERE id = NEW.invitation_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: memberships.invitation_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER contact_questions_invitation_id_of_account_on_insert BEFORE INSERT ON contact_questions
WHEN NEW.account_id IS NOT NULL AND NEW.invitation_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM invitations WHERE id = NEW.invitation_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: contact_questions.invitation_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER contact_questions_invitation_id_of_account_on_update BEFORE UPDATE OF account_id, invitation_id ON contact_questions
WHEN NEW.account_id IS NOT NULL AND NEW.invitation_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM invitations WHERE id = NEW.invitation_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: contact_questions.invitation_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_device_id_of_account_on_insert BEFORE INSERT ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.device_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_device_id_of_account_on_update BEFORE UPDATE OF account_id, device_id ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.device_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_replacement_device_id_of_account_on_insert BEFORE INSERT ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.replacement_device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.replacement_device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.replacement_device_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_replacement_device_id_of_account_on_update BEFORE UPDATE OF account_id, replacement_device_id ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.replacement_device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.replacement_device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.replacement_device_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_room_id_of_account_on_insert BEFORE INSERT ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.room_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_room_id_of_account_on_update BEFORE UPDATE OF account_id, room_id ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.room_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rooms WHERE id = NEW.room_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.room_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_site_id_of_account_on_insert BEFORE INSERT ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.site_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sites WHERE id = NEW.site_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.site_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_site_id_of_account_on_update BEFORE UPDATE OF account_id, site_id ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.site_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sites WHERE id = NEW.site_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.site_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_spare_unit_id_of_account_on_insert BEFORE INSERT ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.spare_unit_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM spare_units WHERE id = NEW.spare_unit_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.spare_unit_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_spare_unit_id_of_account_on_update BEFORE UPDATE OF account_id, spare_unit_id ON rmas
WHEN NEW.account_id IS NOT NULL AND NEW.spare_unit_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM spare_units WHERE id = NEW.spare_unit_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: rmas.spare_unit_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER spare_units_site_id_of_account_on_insert BEFORE INSERT ON spare_units
WHEN NEW.account_id IS NOT NULL AND NEW.site_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sites WHERE id = NEW.site_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: spare_units.site_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER spare_units_site_id_of_account_on_update BEFORE UPDATE OF account_id, site_id ON spare_units
WHEN NEW.account_id IS NOT NULL AND NEW.site_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sites WHERE id = NEW.site_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: spare_units.site_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER spare_units_device_id_of_account_on_insert BEFORE INSERT ON spare_units
WHEN NEW.account_id IS NOT NULL AND NEW.device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: spare_units.device_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER spare_units_device_id_of_account_on_update BEFORE UPDATE OF account_id, device_id ON spare_units
WHEN NEW.account_id IS NOT NULL AND NEW.device_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM devices WHERE id = NEW.device_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: spare_units.device_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER spare_units_rma_id_of_account_on_insert BEFORE INSERT ON spare_units
WHEN NEW.account_id IS NOT NULL AND NEW.rma_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rmas WHERE id = NEW.rma_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: spare_units.rma_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER spare_units_rma_id_of_account_on_update BEFORE UPDATE OF account_id, rma_id ON spare_units
WHEN NEW.account_id IS NOT NULL AND NEW.rma_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rmas WHERE id = NEW.rma_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: spare_units.rma_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER shipments_site_id_of_account_on_insert BEFORE INSERT ON shipments
WHEN NEW.account_id IS NOT NULL AND NEW.site_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sites WHERE id = NEW.site_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: shipments.site_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER shipments_site_id_of_account_on_update BEFORE UPDATE OF account_id, site_id ON shipments
WHEN NEW.account_id IS NOT NULL AND NEW.site_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM sites WHERE id = NEW.site_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: shipments.site_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER shipment_labels_shipment_id_of_account_on_insert BEFORE INSERT ON shipment_labels
WHEN NEW.account_id IS NOT NULL AND NEW.shipment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM shipments WHERE id = NEW.shipment_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: shipment_labels.shipment_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER shipment_labels_shipment_id_of_account_on_update BEFORE UPDATE OF account_id, shipment_id ON shipment_labels
WHEN NEW.account_id IS NOT NULL AND NEW.shipment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM shipments WHERE id = NEW.shipment_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: shipment_labels.shipment_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER shipment_scans_shipment_id_of_account_on_insert BEFORE INSERT ON shipment_scans
WHEN NEW.account_id IS NOT NULL AND NEW.shipment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM shipments WHERE id = NEW.shipment_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: shipment_scans.shipment_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER shipment_scans_shipment_id_of_account_on_update BEFORE UPDATE OF account_id, shipment_id ON shipment_scans
WHEN NEW.account_id IS NOT NULL AND NEW.shipment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM shipments WHERE id = NEW.shipment_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: shipment_scans.shipment_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER carrier_events_shipment_id_of_account_on_insert BEFORE INSERT ON carrier_events
WHEN NEW.account_id IS NOT NULL AND NEW.shipment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM shipments WHERE id = NEW.shipment_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: carrier_events.shipment_id is of another account');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER carrier_events_shipment_id_of_account_on_update BEFORE UPDATE OF account_id, shipment_id ON carrier_events
WHEN NEW.account_id IS NOT NULL AND NEW.shipment_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM shipments WHERE id = NEW.shipment_id AND account_id = NEW.account_id)
BEGIN
    SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: carrier_events.shipment_id is of another account');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER licences_contract_id_of_account_on_insert;
DROP TRIGGER licences_contract_id_of_account_on_update;
DROP TRIGGER licences_renews_licence_id_of_account_on_insert;
DROP TRIGGER licences_renews_licence_id_of_account_on_update;
DROP TRIGGER devices_replaces_device_id_of_account_on_insert;
DROP TRIGGER devices_replaces_device_id_of_account_on_update;
DROP TRIGGER invitations_supersedes_id_of_account_on_insert;
DROP TRIGGER invitations_supersedes_id_of_account_on_update;
DROP TRIGGER licence_assignments_licence_id_of_account_on_insert;
DROP TRIGGER licence_assignments_licence_id_of_account_on_update;
DROP TRIGGER licence_assignments_room_id_of_account_on_insert;
DROP TRIGGER licence_assignments_room_id_of_account_on_update;
DROP TRIGGER device_placements_device_id_of_account_on_insert;
DROP TRIGGER device_placements_device_id_of_account_on_update;
DROP TRIGGER device_placements_room_id_of_account_on_insert;
DROP TRIGGER device_placements_room_id_of_account_on_update;
DROP TRIGGER device_claims_room_id_of_account_on_insert;
DROP TRIGGER device_claims_room_id_of_account_on_update;
DROP TRIGGER warranty_attachments_licence_id_of_account_on_insert;
DROP TRIGGER warranty_attachments_licence_id_of_account_on_update;
DROP TRIGGER memberships_invitation_id_of_account_on_insert;
DROP TRIGGER memberships_invitation_id_of_account_on_update;
DROP TRIGGER contact_questions_invitation_id_of_account_on_insert;
DROP TRIGGER contact_questions_invitation_id_of_account_on_update;
DROP TRIGGER rmas_device_id_of_account_on_insert;
DROP TRIGGER rmas_device_id_of_account_on_update;
DROP TRIGGER rmas_replacement_device_id_of_account_on_insert;
DROP TRIGGER rmas_replacement_device_id_of_account_on_update;
DROP TRIGGER rmas_room_id_of_account_on_insert;
DROP TRIGGER rmas_room_id_of_account_on_update;
DROP TRIGGER rmas_site_id_of_account_on_insert;
DROP TRIGGER rmas_site_id_of_account_on_update;
DROP TRIGGER rmas_spare_unit_id_of_account_on_insert;
DROP TRIGGER rmas_spare_unit_id_of_account_on_update;
DROP TRIGGER spare_units_site_id_of_account_on_insert;
DROP TRIGGER spare_units_site_id_of_account_on_update;
DROP TRIGGER spare_units_device_id_of_account_on_insert;
DROP TRIGGER spare_units_device_id_of_account_on_update;
DROP TRIGGER spare_units_rma_id_of_account_on_insert;
DROP TRIGGER spare_units_rma_id_of_account_on_update;
DROP TRIGGER shipments_site_id_of_account_on_insert;
DROP TRIGGER shipments_site_id_of_account_on_update;
DROP TRIGGER shipment_labels_shipment_id_of_account_on_insert;
DROP TRIGGER shipment_labels_shipment_id_of_account_on_update;
DROP TRIGGER shipment_scans_shipment_id_of_account_on_insert;
DROP TRIGGER shipment_scans_shipment_id_of_account_on_update;
DROP TRIGGER carrier_events_shipment_id_of_account_on_insert;
DROP TRIGGER carrier_events_shipment_id_of_account_on_update;
