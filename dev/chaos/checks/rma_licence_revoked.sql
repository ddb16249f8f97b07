-- check: replacement
-- rule: it goes on under a licence that was revoked before anything was shipped (S10)
SELECT r.id, r.state
FROM rmas r
JOIN licences l ON l.id = r.cover_licence_id
WHERE l.state = 'REVOKED' AND r.state IN ('REQUESTED', 'APPROVED', 'BACKORDERED', 'ALLOCATED')
