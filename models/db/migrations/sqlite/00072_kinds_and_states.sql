-- +goose Up
-- Each column that holds a kind or a state of ours holds one that the program knows. SQLite adds
-- no check to a table that is there: triggers do the same.

-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_insert BEFORE INSERT ON operator_tasks
WHEN NOT (NEW.kind IN (
    'REVIEW_ORDER', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'INVITATION_UNCLAIMED',
    'INVITATION_REQUESTED', 'DECIDE_CONTACT', 'PROCESS_STUCK', 'OUTBOX_STUCK', 'SWEEP_LATE',
    'SWEEP_FAILED', 'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'CALENDAR_WITHOUT_HOLIDAYS',
    'CALENDAR_WITHOUT_WORKING_TIME', 'WARRANTY_UNMATCHED', 'WARRANTY_CLAIMED', 'ONE_PARENT',
    'NEAR_ACCOUNT', 'ASSIGN_CSM', 'DECIDE_RMA', 'RMA_LATE', 'RMA_PARCEL_SILENT', 'AWAITING_STOCK',
    'RMA_WRONG_UNIT', 'RMA_FEE', 'LABEL_UNREADABLE', 'CHOOSE_SPARE', 'SPARE_FEE', 'BREAK_GLASS_USED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER operator_tasks_kind_check_on_update BEFORE UPDATE OF kind ON operator_tasks
WHEN NOT (NEW.kind IN (
    'REVIEW_ORDER', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'INVITATION_UNCLAIMED',
    'INVITATION_REQUESTED', 'DECIDE_CONTACT', 'PROCESS_STUCK', 'OUTBOX_STUCK', 'SWEEP_LATE',
    'SWEEP_FAILED', 'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'CALENDAR_WITHOUT_HOLIDAYS',
    'CALENDAR_WITHOUT_WORKING_TIME', 'WARRANTY_UNMATCHED', 'WARRANTY_CLAIMED', 'ONE_PARENT',
    'NEAR_ACCOUNT', 'ASSIGN_CSM', 'DECIDE_RMA', 'RMA_LATE', 'RMA_PARCEL_SILENT', 'AWAITING_STOCK',
    'RMA_WRONG_UNIT', 'RMA_FEE', 'LABEL_UNREADABLE', 'CHOOSE_SPARE', 'SPARE_FEE', 'BREAK_GLASS_USED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: operator_tasks.kind');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER outbox_events_kind_check_on_insert BEFORE INSERT ON outbox_events
WHEN NOT (NEW.kind IN (
    'order.start', 'order.decided', 'order.cancelled', 'order.retry', 'invitation.start',
    'invitation.closed', 'invitation.retry', 'mail.start', 'import.start', 'shipment.moved',
    'rma.start', 'rma.changed', 'rma.retry', 'spare.start', 'spare.changed', 'spare.retry',
    'event.rma_breached', 'event.fee_billed', 'event.fee_credited'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: outbox_events.kind');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER outbox_events_kind_check_on_update BEFORE UPDATE OF kind ON outbox_events
WHEN NOT (NEW.kind IN (
    'order.start', 'order.decided', 'order.cancelled', 'order.retry', 'invitation.start',
    'invitation.closed', 'invitation.retry', 'mail.start', 'import.start', 'shipment.moved',
    'rma.start', 'rma.changed', 'rma.retry', 'spare.start', 'spare.changed', 'spare.retry',
    'event.rma_breached', 'event.fee_billed', 'event.fee_credited'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: outbox_events.kind');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER notification_attempts_outcome_check_on_insert BEFORE INSERT ON notification_attempts
WHEN NOT (NEW.outcome IN (
    'QUEUED', 'SENDING', 'SENT', 'DELIVERED', 'SOFT_FAIL', 'HARD_BOUNCED', 'SUPPRESSED', 'UNKNOWN'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: notification_attempts.outcome');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER notification_attempts_outcome_check_on_update BEFORE UPDATE OF outcome ON notification_attempts
WHEN NOT (NEW.outcome IN (
    'QUEUED', 'SENDING', 'SENT', 'DELIVERED', 'SOFT_FAIL', 'HARD_BOUNCED', 'SUPPRESSED', 'UNKNOWN'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: notification_attempts.outcome');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER product_models_platform_check_on_insert BEFORE INSERT ON product_models
WHEN NOT (NEW.platform IN (
    '', 'MTR_WINDOWS', 'MTR_ANDROID', 'ZOOM_PC', 'ZOOM_APPLIANCE', 'OTHER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: product_models.platform');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER product_models_platform_check_on_update BEFORE UPDATE OF platform ON product_models
WHEN NOT (NEW.platform IN (
    '', 'MTR_WINDOWS', 'MTR_ANDROID', 'ZOOM_PC', 'ZOOM_APPLIANCE', 'OTHER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: product_models.platform');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER country_terms_rma_speed_check_on_insert BEFORE INSERT ON country_terms
WHEN NOT (NEW.rma_speed IN ('', 'NBD', 'STANDARD') OR NEW.rma_speed GLOB '[1-9]BD' OR NEW.rma_speed GLOB '[1-9][0-9]BD')
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: country_terms.rma_speed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER country_terms_rma_speed_check_on_update BEFORE UPDATE OF rma_speed ON country_terms
WHEN NOT (NEW.rma_speed IN ('', 'NBD', 'STANDARD') OR NEW.rma_speed GLOB '[1-9]BD' OR NEW.rma_speed GLOB '[1-9][0-9]BD')
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: country_terms.rma_speed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER import_jobs_requested_role_check_on_insert BEFORE INSERT ON import_jobs
WHEN NOT (NEW.requested_role IN (
    '', 'SYSTEM', 'CUSTOMER_ADMIN', 'CUSTOMER_READ_ONLY', 'PARTNER_ADMIN', 'PARTNER_READ_ONLY',
    'RESELLER', 'DISTRIBUTOR', 'OPERATOR_AGENT', 'OPERATOR_LEAD', 'OPERATOR_CSM', 'OPERATOR_MANAGER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: import_jobs.requested_role');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER import_jobs_requested_role_check_on_update BEFORE UPDATE OF requested_role ON import_jobs
WHEN NOT (NEW.requested_role IN (
    '', 'SYSTEM', 'CUSTOMER_ADMIN', 'CUSTOMER_READ_ONLY', 'PARTNER_ADMIN', 'PARTNER_READ_ONLY',
    'RESELLER', 'DISTRIBUTOR', 'OPERATOR_AGENT', 'OPERATOR_LEAD', 'OPERATOR_CSM', 'OPERATOR_MANAGER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: import_jobs.requested_role');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER org_spellings_kind_check_on_insert BEFORE INSERT ON org_spellings
WHEN NOT (NEW.kind IN ('OPERATOR', 'CUSTOMER_PARENT', 'DISTRIBUTOR', 'RESELLER', 'PARTNER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: org_spellings.kind');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER org_spellings_kind_check_on_update BEFORE UPDATE OF kind ON org_spellings
WHEN NOT (NEW.kind IN ('OPERATOR', 'CUSTOMER_PARENT', 'DISTRIBUTOR', 'RESELLER', 'PARTNER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: org_spellings.kind');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sign_in_places_kind_check_on_insert BEFORE INSERT ON sign_in_places
WHEN NOT (NEW.kind IN ('NETWORK', 'BROWSER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: sign_in_places.kind');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sign_in_places_kind_check_on_update BEFORE UPDATE OF kind ON sign_in_places
WHEN NOT (NEW.kind IN ('NETWORK', 'BROWSER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: sign_in_places.kind');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER api_tokens_role_check_on_insert BEFORE INSERT ON api_tokens
WHEN NOT (NEW.role IN (
    'CUSTOMER_ADMIN', 'CUSTOMER_READ_ONLY', 'PARTNER_ADMIN', 'PARTNER_READ_ONLY', 'RESELLER',
    'DISTRIBUTOR', 'OPERATOR_AGENT', 'OPERATOR_LEAD', 'OPERATOR_CSM', 'OPERATOR_MANAGER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: api_tokens.role');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER api_tokens_role_check_on_update BEFORE UPDATE OF role ON api_tokens
WHEN NOT (NEW.role IN (
    'CUSTOMER_ADMIN', 'CUSTOMER_READ_ONLY', 'PARTNER_ADMIN', 'PARTNER_READ_ONLY', 'RESELLER',
    'DISTRIBUTOR', 'OPERATOR_AGENT', 'OPERATOR_LEAD', 'OPERATOR_CSM', 'OPERATOR_MANAGER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: api_tokens.role');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER orders_service_type_check_on_insert BEFORE INSERT ON orders
WHEN NOT (NEW.service_type IN ('SELECT', 'SYNC_PLUS', 'EXT_WARRANTY', 'JUMPSTART'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: orders.service_type');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER orders_service_type_check_on_update BEFORE UPDATE OF service_type ON orders
WHEN NOT (NEW.service_type IN ('SELECT', 'SYNC_PLUS', 'EXT_WARRANTY', 'JUMPSTART'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: orders.service_type');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER orders_invite_as_check_on_insert BEFORE INSERT ON orders
WHEN NOT (NEW.invite_as IN ('', 'ADMIN', 'READ_ONLY', 'NONE'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: orders.invite_as');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER orders_invite_as_check_on_update BEFORE UPDATE OF invite_as ON orders
WHEN NOT (NEW.invite_as IN ('', 'ADMIN', 'READ_ONLY', 'NONE'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: orders.invite_as');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER order_lines_service_type_check_on_insert BEFORE INSERT ON order_lines
WHEN NOT (NEW.service_type IN ('SELECT', 'SYNC_PLUS', 'EXT_WARRANTY', 'JUMPSTART'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: order_lines.service_type');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER order_lines_service_type_check_on_update BEFORE UPDATE OF service_type ON order_lines
WHEN NOT (NEW.service_type IN ('SELECT', 'SYNC_PLUS', 'EXT_WARRANTY', 'JUMPSTART'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: order_lines.service_type');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER order_cancellations_role_check_on_insert BEFORE INSERT ON order_cancellations
WHEN NOT (NEW.role IN (
    'SYSTEM', 'CUSTOMER_ADMIN', 'CUSTOMER_READ_ONLY', 'PARTNER_ADMIN', 'PARTNER_READ_ONLY',
    'RESELLER', 'DISTRIBUTOR', 'OPERATOR_AGENT', 'OPERATOR_LEAD', 'OPERATOR_CSM', 'OPERATOR_MANAGER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: order_cancellations.role');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER order_cancellations_role_check_on_update BEFORE UPDATE OF role ON order_cancellations
WHEN NOT (NEW.role IN (
    'SYSTEM', 'CUSTOMER_ADMIN', 'CUSTOMER_READ_ONLY', 'PARTNER_ADMIN', 'PARTNER_READ_ONLY',
    'RESELLER', 'DISTRIBUTOR', 'OPERATOR_AGENT', 'OPERATOR_LEAD', 'OPERATOR_CSM', 'OPERATOR_MANAGER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: order_cancellations.role');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER service_contracts_start_reason_check_on_insert BEFORE INSERT ON service_contracts
WHEN NOT (NEW.start_reason IN (
    '', 'FALLBACK_60_DAYS', 'FIRST_ASSIGNMENT', 'PURCHASE', 'RENEWAL'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: service_contracts.start_reason');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER service_contracts_start_reason_check_on_update BEFORE UPDATE OF start_reason ON service_contracts
WHEN NOT (NEW.start_reason IN (
    '', 'FALLBACK_60_DAYS', 'FIRST_ASSIGNMENT', 'PURCHASE', 'RENEWAL'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: service_contracts.start_reason');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER licence_assignments_end_reason_check_on_insert BEFORE INSERT ON licence_assignments
WHEN NOT (NEW.end_reason IN ('', 'RELEASED', 'MOVED', 'ROOM_ARCHIVED', 'CANCELLED', 'EXPIRED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: licence_assignments.end_reason');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER licence_assignments_end_reason_check_on_update BEFORE UPDATE OF end_reason ON licence_assignments
WHEN NOT (NEW.end_reason IN ('', 'RELEASED', 'MOVED', 'ROOM_ARCHIVED', 'CANCELLED', 'EXPIRED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: licence_assignments.end_reason');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER warranty_attachments_end_reason_check_on_insert BEFORE INSERT ON warranty_attachments
WHEN NOT (NEW.end_reason IN ('', 'RELEASED', 'MOVED', 'ROOM_ARCHIVED', 'CANCELLED', 'EXPIRED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: warranty_attachments.end_reason');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER warranty_attachments_end_reason_check_on_update BEFORE UPDATE OF end_reason ON warranty_attachments
WHEN NOT (NEW.end_reason IN ('', 'RELEASED', 'MOVED', 'ROOM_ARCHIVED', 'CANCELLED', 'EXPIRED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: warranty_attachments.end_reason');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER earlier_warranties_why_check_on_insert BEFORE INSERT ON earlier_warranties
WHEN NOT (NEW.why IN (
    '', 'NO_ACCOUNT', 'SEVERAL_ACCOUNTS', 'SERIAL_ELSEWHERE', 'THE_SAME_IS_THERE'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: earlier_warranties.why');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER earlier_warranties_why_check_on_update BEFORE UPDATE OF why ON earlier_warranties
WHEN NOT (NEW.why IN (
    '', 'NO_ACCOUNT', 'SEVERAL_ACCOUNTS', 'SERIAL_ELSEWHERE', 'THE_SAME_IS_THERE'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: earlier_warranties.why');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER shipments_service_check_on_insert BEFORE INSERT ON shipments
WHEN NOT (NEW.service IN ('', 'EXPRESS', 'STANDARD'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: shipments.service');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER shipments_service_check_on_update BEFORE UPDATE OF service ON shipments
WHEN NOT (NEW.service IN ('', 'EXPRESS', 'STANDARD'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: shipments.service');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER shipment_scans_source_check_on_insert BEFORE INSERT ON shipment_scans
WHEN NOT (NEW.source IN ('CARRIER', 'DEPOT', 'OPERATOR', 'SERVICE'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: shipment_scans.source');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER shipment_scans_source_check_on_update BEFORE UPDATE OF source ON shipment_scans
WHEN NOT (NEW.source IN ('CARRIER', 'DEPOT', 'OPERATOR', 'SERVICE'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: shipment_scans.source');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_cover_kind_check_on_insert BEFORE INSERT ON rmas
WHEN NOT (NEW.cover_kind IN (
    '', 'SELECT', 'EXTENDED_WARRANTY', 'STANDARD_WARRANTY', 'REPLACEMENT_WARRANTY', 'JUMPSTART'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.cover_kind');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_cover_kind_check_on_update BEFORE UPDATE OF cover_kind ON rmas
WHEN NOT (NEW.cover_kind IN (
    '', 'SELECT', 'EXTENDED_WARRANTY', 'STANDARD_WARRANTY', 'REPLACEMENT_WARRANTY', 'JUMPSTART'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.cover_kind');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_speed_check_on_insert BEFORE INSERT ON rmas
WHEN NOT (NEW.speed IN ('', 'NBD', 'STANDARD') OR NEW.speed GLOB '[1-9]BD' OR NEW.speed GLOB '[1-9][0-9]BD')
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.speed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_speed_check_on_update BEFORE UPDATE OF speed ON rmas
WHEN NOT (NEW.speed IN ('', 'NBD', 'STANDARD') OR NEW.speed GLOB '[1-9]BD' OR NEW.speed GLOB '[1-9][0-9]BD')
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.speed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_outbound_check_on_insert BEFORE INSERT ON rmas
WHEN NOT (NEW.outbound IN (
    'REQUESTED', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'BACKORDERED', 'ALLOCATED', 'SHIPPED',
    'DELIVERED', 'SWAPPED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.outbound');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_outbound_check_on_update BEFORE UPDATE OF outbound ON rmas
WHEN NOT (NEW.outbound IN (
    'REQUESTED', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'BACKORDERED', 'ALLOCATED', 'SHIPPED',
    'DELIVERED', 'SWAPPED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.outbound');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_return_track_check_on_insert BEFORE INSERT ON rmas
WHEN NOT (NEW.return_track IN (
    'NOT_DUE', 'AWAITING_RETURN', 'OVERDUE', 'RETURN_IN_TRANSIT', 'RETURN_RECEIVED', 'INSPECTED',
    'NO_RETURN_REQUIRED', 'NON_RETURN_BILLED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.return_track');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_return_track_check_on_update BEFORE UPDATE OF return_track ON rmas
WHEN NOT (NEW.return_track IN (
    'NOT_DUE', 'AWAITING_RETURN', 'OVERDUE', 'RETURN_IN_TRANSIT', 'RETURN_RECEIVED', 'INSPECTED',
    'NO_RETURN_REQUIRED', 'NON_RETURN_BILLED'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.return_track');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_next_timer_check_on_insert BEFORE INSERT ON rmas
WHEN NOT (NEW.next_timer IN (
    '', 'PROMISE_BREACH', 'CARRIER_SILENCE', 'RETURN_REMINDER', 'RETURN_OVERDUE',
    'FEE_CONFIRMATION'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.next_timer');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_next_timer_check_on_update BEFORE UPDATE OF next_timer ON rmas
WHEN NOT (NEW.next_timer IN (
    '', 'PROMISE_BREACH', 'CARRIER_SILENCE', 'RETURN_REMINDER', 'RETURN_OVERDUE',
    'FEE_CONFIRMATION'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.next_timer');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_reject_code_check_on_insert BEFORE INSERT ON rmas
WHEN NOT (NEW.reject_code IN ('', 'NO_DEFECT', 'NOT_ELIGIBLE', 'FRAUD_SUSPECTED', 'NO_ANSWER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.reject_code');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rmas_reject_code_check_on_update BEFORE UPDATE OF reject_code ON rmas
WHEN NOT (NEW.reject_code IN ('', 'NO_DEFECT', 'NOT_ELIGIBLE', 'FRAUD_SUSPECTED', 'NO_ANSWER'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: rmas.reject_code');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER spare_units_next_timer_check_on_insert BEFORE INSERT ON spare_units
WHEN NOT (NEW.next_timer IN ('', 'RECALL_REMINDER', 'RECALL_DUE'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: spare_units.next_timer');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER spare_units_next_timer_check_on_update BEFORE UPDATE OF next_timer ON spare_units
WHEN NOT (NEW.next_timer IN ('', 'RECALL_REMINDER', 'RECALL_DUE'))
BEGIN
    SELECT RAISE(ABORT, 'CHECK constraint failed: spare_units.next_timer');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER spare_units_next_timer_check_on_update;
DROP TRIGGER spare_units_next_timer_check_on_insert;
DROP TRIGGER rmas_reject_code_check_on_update;
DROP TRIGGER rmas_reject_code_check_on_insert;
DROP TRIGGER rmas_next_timer_check_on_update;
DROP TRIGGER rmas_next_timer_check_on_insert;
DROP TRIGGER rmas_return_track_check_on_update;
DROP TRIGGER rmas_return_track_check_on_insert;
DROP TRIGGER rmas_outbound_check_on_update;
DROP TRIGGER rmas_outbound_check_on_insert;
DROP TRIGGER rmas_speed_check_on_update;
DROP TRIGGER rmas_speed_check_on_insert;
DROP TRIGGER rmas_cover_kind_check_on_update;
DROP TRIGGER rmas_cover_kind_check_on_insert;
DROP TRIGGER shipment_scans_source_check_on_update;
DROP TRIGGER shipment_scans_source_check_on_insert;
DROP TRIGGER shipments_service_check_on_update;
DROP TRIGGER shipments_service_check_on_insert;
DROP TRIGGER earlier_warranties_why_check_on_update;
DROP TRIGGER earlier_warranties_why_check_on_insert;
DROP TRIGGER warranty_attachments_end_reason_check_on_update;
DROP TRIGGER warranty_attachments_end_reason_check_on_insert;
DROP TRIGGER licence_assignments_end_reason_check_on_update;
DROP TRIGGER licence_assignments_end_reason_check_on_insert;
DROP TRIGGER service_contracts_start_reason_check_on_update;
DROP TRIGGER service_contracts_start_reason_check_on_insert;
DROP TRIGGER order_cancellations_role_check_on_update;
DROP TRIGGER order_cancellations_role_check_on_insert;
DROP TRIGGER order_lines_service_type_check_on_update;
DROP TRIGGER order_lines_service_type_check_on_insert;
DROP TRIGGER orders_invite_as_check_on_update;
DROP TRIGGER orders_invite_as_check_on_insert;
DROP TRIGGER orders_service_type_check_on_update;
DROP TRIGGER orders_service_type_check_on_insert;
DROP TRIGGER api_tokens_role_check_on_update;
DROP TRIGGER api_tokens_role_check_on_insert;
DROP TRIGGER sign_in_places_kind_check_on_update;
DROP TRIGGER sign_in_places_kind_check_on_insert;
DROP TRIGGER org_spellings_kind_check_on_update;
DROP TRIGGER org_spellings_kind_check_on_insert;
DROP TRIGGER import_jobs_requested_role_check_on_update;
DROP TRIGGER import_jobs_requested_role_check_on_insert;
DROP TRIGGER country_terms_rma_speed_check_on_update;
DROP TRIGGER country_terms_rma_speed_check_on_insert;
DROP TRIGGER product_models_platform_check_on_update;
DROP TRIGGER product_models_platform_check_on_insert;
DROP TRIGGER notification_attempts_outcome_check_on_update;
DROP TRIGGER notification_attempts_outcome_check_on_insert;
DROP TRIGGER outbox_events_kind_check_on_update;
DROP TRIGGER outbox_events_kind_check_on_insert;
DROP TRIGGER operator_tasks_kind_check_on_update;
DROP TRIGGER operator_tasks_kind_check_on_insert;
