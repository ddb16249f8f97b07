-- Rooms 2 to {rooms} of each account from its first, and {contracts} more contracts from
-- its first. A copy is the row with some columns replaced; every other column stays, also
-- one that a later migration adds.
INSERT INTO rooms
SELECT (jsonb_populate_record(r, jsonb_build_object(
    'id', r.id||'-'||n,
    'name', r.name||'-'||n,
    'search_key', lower(r.name)||'-'||n||' '||lower(r.site)
))).*
FROM rooms r
CROSS JOIN generate_series(2, {rooms}) n;

INSERT INTO devices
SELECT (jsonb_populate_record(d, jsonb_build_object(
    'id', d.id||'-'||n,
    'serial', d.serial||'X'||n
))).*
FROM devices d
CROSS JOIN generate_series(2, {rooms}) n;

INSERT INTO device_placements
SELECT (jsonb_populate_record(p, jsonb_build_object(
    'id', p.id||'-'||n,
    'device_id', p.device_id||'-'||n,
    'room_id', p.room_id||'-'||n
))).*
FROM device_placements p
CROSS JOIN generate_series(2, {rooms}) n;

INSERT INTO licence_assignments
SELECT (jsonb_populate_record(a, jsonb_build_object(
    'id', a.id||'-'||l.seq,
    'licence_id', l.id,
    'room_id', a.room_id||'-'||l.seq
))).*
FROM licence_assignments a
JOIN licences f ON f.id = a.licence_id
JOIN licences l ON l.contract_id = f.contract_id AND l.seq > 1;

UPDATE licences
SET state = 'ASSIGNED'
WHERE state = 'AVAILABLE';

INSERT INTO orders
SELECT (jsonb_populate_record(o, jsonb_build_object(
    'id', o.id||'-'||n,
    'po_number', o.po_number||'-'||n,
    'po_key', o.po_key||'-'||n,
    'vendor_order_no', o.vendor_order_no||'-'||n
))).*
FROM orders o
CROSS JOIN generate_series(1, {contracts}) n;

INSERT INTO order_lines
SELECT (jsonb_populate_record(l, jsonb_build_object(
    'id', l.id||'-'||n,
    'order_id', l.order_id||'-'||n
))).*
FROM order_lines l
CROSS JOIN generate_series(1, {contracts}) n;

INSERT INTO service_contracts
SELECT (jsonb_populate_record(c, jsonb_build_object(
    'id', c.id||'-'||n,
    'order_id', c.order_id||'-'||n,
    'order_line_id', c.order_line_id||'-'||n
))).*
FROM service_contracts c
CROSS JOIN generate_series(1, {contracts}) n;

-- Otherwise it starts by itself in the middle of the measure.
VACUUM ANALYZE
