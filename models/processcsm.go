package models

// csmProcessSQL reads the accounts that wait for a customer success manager (R35e).
// They belong to the workflow of the order that was first: the task was raised when
// it was fulfilled.
const csmProcessSQL = `
	SELECT t.subject_id, 'CSM', COALESCE('order/' || f.order_id, ''), t.state, 'CSM_ASSIGNMENT', 'OPERATOR', t.created_at, NULL, NULL, t.account_id, f.order_id, '', ''
	FROM operator_tasks t LEFT JOIN service_contracts f ON f.id = (SELECT min(c.id) FROM service_contracts c WHERE c.account_id = t.account_id AND c.type = 'SELECT')
	WHERE t.kind = 'ASSIGN_CSM' AND t.state = 'OPEN'`
