-- +goose NO TRANSACTION
-- +goose Up
-- Each column that holds a kind or a state of ours holds one that the program knows. A check is
-- added without a look at the rows that are there, which is done in a moment, and then they are
-- looked at while everybody works on. A test compares each with the program's constants.
SET lock_timeout = '2s';

ALTER TABLE operator_tasks DROP CONSTRAINT IF EXISTS operator_tasks_kind_check,
    ADD CONSTRAINT operator_tasks_kind_check CHECK (kind IN (
        'REVIEW_ORDER', 'MAIL_UNDELIVERABLE', 'MAIL_UNKNOWN', 'INVITATION_UNCLAIMED',
        'INVITATION_REQUESTED', 'DECIDE_CONTACT', 'PROCESS_STUCK', 'OUTBOX_STUCK', 'SWEEP_LATE',
        'SWEEP_FAILED', 'SERIAL_CLAIMED', 'SHIPMENT_CONTRADICTED', 'CALENDAR_WITHOUT_HOLIDAYS',
        'CALENDAR_WITHOUT_WORKING_TIME', 'WARRANTY_UNMATCHED', 'WARRANTY_CLAIMED', 'ONE_PARENT',
        'NEAR_ACCOUNT', 'ASSIGN_CSM', 'DECIDE_RMA', 'RMA_LATE', 'RMA_PARCEL_SILENT',
        'AWAITING_STOCK', 'RMA_WRONG_UNIT', 'RMA_FEE', 'LABEL_UNREADABLE', 'CHOOSE_SPARE',
        'SPARE_FEE', 'BREAK_GLASS_USED')) NOT VALID;
ALTER TABLE operator_tasks VALIDATE CONSTRAINT operator_tasks_kind_check;

ALTER TABLE outbox_events DROP CONSTRAINT IF EXISTS outbox_events_kind_check,
    ADD CONSTRAINT outbox_events_kind_check CHECK (kind IN (
        'order.start', 'order.decided', 'order.cancelled', 'order.retry', 'invitation.start',
        'invitation.closed', 'invitation.retry', 'mail.start', 'import.start', 'shipment.moved',
        'rma.start', 'rma.changed', 'rma.retry', 'spare.start', 'spare.changed', 'spare.retry',
        'event.rma_breached', 'event.fee_billed', 'event.fee_credited')) NOT VALID;
ALTER TABLE outbox_events VALIDATE CONSTRAINT outbox_events_kind_check;

ALTER TABLE notification_attempts DROP CONSTRAINT IF EXISTS notification_attempts_outcome_check,
    ADD CONSTRAINT notification_attempts_outcome_check CHECK (outcome IN (
        'QUEUED', 'SENDING', 'SENT', 'DELIVERED', 'SOFT_FAIL', 'HARD_BOUNCED', 'SUPPRESSED',
        'UNKNOWN')) NOT VALID;
ALTER TABLE notification_attempts VALIDATE CONSTRAINT notification_attempts_outcome_check;

ALTER TABLE product_models DROP CONSTRAINT IF EXISTS product_models_platform_check,
    ADD CONSTRAINT product_models_platform_check CHECK (platform IN (
        '', 'MTR_WINDOWS', 'MTR_ANDROID', 'ZOOM_PC', 'ZOOM_APPLIANCE', 'OTHER')) NOT VALID;
ALTER TABLE product_models VALIDATE CONSTRAINT product_models_platform_check;

ALTER TABLE country_terms DROP CONSTRAINT IF EXISTS country_terms_rma_speed_check,
    ADD CONSTRAINT country_terms_rma_speed_check CHECK (rma_speed ~ '^(|NBD|STANDARD|[1-9][0-9]?BD)$') NOT VALID;
ALTER TABLE country_terms VALIDATE CONSTRAINT country_terms_rma_speed_check;

ALTER TABLE import_jobs DROP CONSTRAINT IF EXISTS import_jobs_requested_role_check,
    ADD CONSTRAINT import_jobs_requested_role_check CHECK (requested_role IN (
        '', 'SYSTEM', 'CUSTOMER_ADMIN', 'CUSTOMER_READ_ONLY', 'PARTNER_ADMIN',
        'PARTNER_READ_ONLY', 'RESELLER', 'DISTRIBUTOR', 'OPERATOR_AGENT', 'OPERATOR_LEAD',
        'OPERATOR_CSM', 'OPERATOR_MANAGER')) NOT VALID;
ALTER TABLE import_jobs VALIDATE CONSTRAINT import_jobs_requested_role_check;

ALTER TABLE org_spellings DROP CONSTRAINT IF EXISTS org_spellings_kind_check,
    ADD CONSTRAINT org_spellings_kind_check CHECK (kind IN (
        'OPERATOR', 'CUSTOMER_PARENT', 'DISTRIBUTOR', 'RESELLER', 'PARTNER')) NOT VALID;
ALTER TABLE org_spellings VALIDATE CONSTRAINT org_spellings_kind_check;

ALTER TABLE sign_in_places DROP CONSTRAINT IF EXISTS sign_in_places_kind_check,
    ADD CONSTRAINT sign_in_places_kind_check CHECK (kind IN ('NETWORK', 'BROWSER')) NOT VALID;
ALTER TABLE sign_in_places VALIDATE CONSTRAINT sign_in_places_kind_check;

ALTER TABLE api_tokens DROP CONSTRAINT IF EXISTS api_tokens_role_check,
    ADD CONSTRAINT api_tokens_role_check CHECK (role IN (
        'CUSTOMER_ADMIN', 'CUSTOMER_READ_ONLY', 'PARTNER_ADMIN', 'PARTNER_READ_ONLY', 'RESELLER',
        'DISTRIBUTOR', 'OPERATOR_AGENT', 'OPERATOR_LEAD', 'OPERATOR_CSM', 'OPERATOR_MANAGER')) NOT VALID;
ALTER TABLE api_tokens VALIDATE CONSTRAINT api_tokens_role_check;

ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_service_type_check,
    ADD CONSTRAINT orders_service_type_check CHECK (service_type IN (
        'SELECT', 'SYNC_PLUS', 'EXT_WARRANTY', 'JUMPSTART')) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_service_type_check;

ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_invite_as_check,
    ADD CONSTRAINT orders_invite_as_check CHECK (invite_as IN (
        '', 'ADMIN', 'READ_ONLY', 'NONE')) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_invite_as_check;

ALTER TABLE order_lines DROP CONSTRAINT IF EXISTS order_lines_service_type_check,
    ADD CONSTRAINT order_lines_service_type_check CHECK (service_type IN (
        'SELECT', 'SYNC_PLUS', 'EXT_WARRANTY', 'JUMPSTART')) NOT VALID;
ALTER TABLE order_lines VALIDATE CONSTRAINT order_lines_service_type_check;

ALTER TABLE order_cancellations DROP CONSTRAINT IF EXISTS order_cancellations_role_check,
    ADD CONSTRAINT order_cancellations_role_check CHECK (role IN (
        'SYSTEM', 'CUSTOMER_ADMIN', 'CUSTOMER_READ_ONLY', 'PARTNER_ADMIN', 'PARTNER_READ_ONLY',
        'RESELLER', 'DISTRIBUTOR', 'OPERATOR_AGENT', 'OPERATOR_LEAD', 'OPERATOR_CSM', 'OPERATOR_MANAGER')) NOT VALID;
ALTER TABLE order_cancellations VALIDATE CONSTRAINT order_cancellations_role_check;

ALTER TABLE service_contracts DROP CONSTRAINT IF EXISTS service_contracts_start_reason_check,
    ADD CONSTRAINT service_contracts_start_reason_check CHECK (start_reason IN (
        '', 'FALLBACK_60_DAYS', 'FIRST_ASSIGNMENT', 'PURCHASE', 'RENEWAL')) NOT VALID;
ALTER TABLE service_contracts VALIDATE CONSTRAINT service_contracts_start_reason_check;

ALTER TABLE licence_assignments DROP CONSTRAINT IF EXISTS licence_assignments_end_reason_check,
    ADD CONSTRAINT licence_assignments_end_reason_check CHECK (end_reason IN (
        '', 'RELEASED', 'MOVED', 'ROOM_ARCHIVED', 'CANCELLED', 'EXPIRED')) NOT VALID;
ALTER TABLE licence_assignments VALIDATE CONSTRAINT licence_assignments_end_reason_check;

ALTER TABLE warranty_attachments DROP CONSTRAINT IF EXISTS warranty_attachments_end_reason_check,
    ADD CONSTRAINT warranty_attachments_end_reason_check CHECK (end_reason IN (
        '', 'RELEASED', 'MOVED', 'ROOM_ARCHIVED', 'CANCELLED', 'EXPIRED')) NOT VALID;
ALTER TABLE warranty_attachments VALIDATE CONSTRAINT warranty_attachments_end_reason_check;

ALTER TABLE earlier_warranties DROP CONSTRAINT IF EXISTS earlier_warranties_why_check,
    ADD CONSTRAINT earlier_warranties_why_check CHECK (why IN (
        '', 'NO_ACCOUNT', 'SEVERAL_ACCOUNTS', 'SERIAL_ELSEWHERE', 'THE_SAME_IS_THERE')) NOT VALID;
ALTER TABLE earlier_warranties VALIDATE CONSTRAINT earlier_warranties_why_check;

ALTER TABLE shipments DROP CONSTRAINT IF EXISTS shipments_service_check,
    ADD CONSTRAINT shipments_service_check CHECK (service IN ('', 'EXPRESS', 'STANDARD')) NOT VALID;
ALTER TABLE shipments VALIDATE CONSTRAINT shipments_service_check;

ALTER TABLE shipment_scans DROP CONSTRAINT IF EXISTS shipment_scans_source_check,
    ADD CONSTRAINT shipment_scans_source_check CHECK (source IN (
        'CARRIER', 'DEPOT', 'OPERATOR', 'SERVICE')) NOT VALID;
ALTER TABLE shipment_scans VALIDATE CONSTRAINT shipment_scans_source_check;

ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_cover_kind_check,
    ADD CONSTRAINT rmas_cover_kind_check CHECK (cover_kind IN (
        '', 'SELECT', 'EXTENDED_WARRANTY', 'STANDARD_WARRANTY', 'REPLACEMENT_WARRANTY',
        'JUMPSTART')) NOT VALID;
ALTER TABLE rmas VALIDATE CONSTRAINT rmas_cover_kind_check;

ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_speed_check,
    ADD CONSTRAINT rmas_speed_check CHECK (speed ~ '^(|NBD|STANDARD|[1-9][0-9]?BD)$') NOT VALID;
ALTER TABLE rmas VALIDATE CONSTRAINT rmas_speed_check;

ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_outbound_check,
    ADD CONSTRAINT rmas_outbound_check CHECK (outbound IN (
        'REQUESTED', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'BACKORDERED', 'ALLOCATED', 'SHIPPED',
        'DELIVERED', 'SWAPPED')) NOT VALID;
ALTER TABLE rmas VALIDATE CONSTRAINT rmas_outbound_check;

ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_return_track_check,
    ADD CONSTRAINT rmas_return_track_check CHECK (return_track IN (
        'NOT_DUE', 'AWAITING_RETURN', 'OVERDUE', 'RETURN_IN_TRANSIT', 'RETURN_RECEIVED',
        'INSPECTED', 'NO_RETURN_REQUIRED', 'NON_RETURN_BILLED')) NOT VALID;
ALTER TABLE rmas VALIDATE CONSTRAINT rmas_return_track_check;

ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_next_timer_check,
    ADD CONSTRAINT rmas_next_timer_check CHECK (next_timer IN (
        '', 'PROMISE_BREACH', 'CARRIER_SILENCE', 'RETURN_REMINDER', 'RETURN_OVERDUE',
        'FEE_CONFIRMATION')) NOT VALID;
ALTER TABLE rmas VALIDATE CONSTRAINT rmas_next_timer_check;

ALTER TABLE rmas DROP CONSTRAINT IF EXISTS rmas_reject_code_check,
    ADD CONSTRAINT rmas_reject_code_check CHECK (reject_code IN (
        '', 'NO_DEFECT', 'NOT_ELIGIBLE', 'FRAUD_SUSPECTED', 'NO_ANSWER')) NOT VALID;
ALTER TABLE rmas VALIDATE CONSTRAINT rmas_reject_code_check;

ALTER TABLE spare_units DROP CONSTRAINT IF EXISTS spare_units_next_timer_check,
    ADD CONSTRAINT spare_units_next_timer_check CHECK (next_timer IN (
        '', 'RECALL_REMINDER', 'RECALL_DUE')) NOT VALID;
ALTER TABLE spare_units VALIDATE CONSTRAINT spare_units_next_timer_check;

RESET lock_timeout;

-- +goose Down
ALTER TABLE spare_units DROP CONSTRAINT spare_units_next_timer_check;
ALTER TABLE rmas DROP CONSTRAINT rmas_reject_code_check;
ALTER TABLE rmas DROP CONSTRAINT rmas_next_timer_check;
ALTER TABLE rmas DROP CONSTRAINT rmas_return_track_check;
ALTER TABLE rmas DROP CONSTRAINT rmas_outbound_check;
ALTER TABLE rmas DROP CONSTRAINT rmas_speed_check;
ALTER TABLE rmas DROP CONSTRAINT rmas_cover_kind_check;
ALTER TABLE shipment_scans DROP CONSTRAINT shipment_scans_source_check;
ALTER TABLE shipments DROP CONSTRAINT shipments_service_check;
ALTER TABLE earlier_warranties DROP CONSTRAINT earlier_warranties_why_check;
ALTER TABLE warranty_attachments DROP CONSTRAINT warranty_attachments_end_reason_check;
ALTER TABLE licence_assignments DROP CONSTRAINT licence_assignments_end_reason_check;
ALTER TABLE service_contracts DROP CONSTRAINT service_contracts_start_reason_check;
ALTER TABLE order_cancellations DROP CONSTRAINT order_cancellations_role_check;
ALTER TABLE order_lines DROP CONSTRAINT order_lines_service_type_check;
ALTER TABLE orders DROP CONSTRAINT orders_invite_as_check;
ALTER TABLE orders DROP CONSTRAINT orders_service_type_check;
ALTER TABLE api_tokens DROP CONSTRAINT api_tokens_role_check;
ALTER TABLE sign_in_places DROP CONSTRAINT sign_in_places_kind_check;
ALTER TABLE org_spellings DROP CONSTRAINT org_spellings_kind_check;
ALTER TABLE import_jobs DROP CONSTRAINT import_jobs_requested_role_check;
ALTER TABLE country_terms DROP CONSTRAINT country_terms_rma_speed_check;
ALTER TABLE product_models DROP CONSTRAINT product_models_platform_check;
ALTER TABLE notification_attempts DROP CONSTRAINT notification_attempts_outcome_check;
ALTER TABLE outbox_events DROP CONSTRAINT outbox_events_kind_check;
ALTER TABLE operator_tasks DROP CONSTRAINT operator_tasks_kind_check;
