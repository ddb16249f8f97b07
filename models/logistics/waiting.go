package logistics

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
)

// StockWaiting is an approved replacement, or a spare unit that is to be sent, for which no
// unit is set apart.
type StockWaiting struct {
	SubjectID  string
	Number     string // for people; empty in a row of an earlier release
	Spare      bool
	Quantity   int
	Country    string            // of the ship-to
	Promise    *calendar.Promise `gorm:"serializer:json"` // nil: no day is promised
	ApprovedAt time.Time
}

// PromisedOn returns the promised day as YYYY-MM-DD; empty where none is.
func (w StockWaiting) PromisedOn() string {
	if w.Promise == nil || w.Promise.On.IsZero() {
		return ""
	}
	return w.Promise.On.String()
}

// maxWaiting is how many of those who wait are named.
const maxWaiting = 20

// Who was promised the earliest day comes first; then who was approved first.
const waitingSQL = `
	SELECT r.id AS subject_id,
		r.number,
		FALSE AS spare,
		r.quantity,
		COALESCE(r.ship_to ->> 'country', s.country) AS country,
		r.promise,
		r.approved_at,
		CASE WHEN r.promised_until IS NULL THEN 1 ELSE 0 END AS undated,
		r.promised_until
	FROM rmas r
	JOIN sites s ON s.id = r.site_id
	WHERE r.closed_at IS NULL
		AND r.outbound IN ('APPROVED', 'BACKORDERED')
		AND (r.model_code = @model OR r.replacement_model = @model)

	UNION ALL
	SELECT u.id,
		u.number,
		TRUE,
		1,
		s.country,
		NULL,
		u.state_since,
		1,
		NULL
	FROM spare_units u
	JOIN sites s ON s.id = u.site_id
	WHERE u.state IN ('APPROVED', 'REPLENISHING')
		AND u.shipped_at IS NULL
		AND u.model_code = @model
		AND NOT EXISTS (
			SELECT 1 FROM stock_entries e
			WHERE e.subject_id = u.id
				AND e.kind = 'RESERVATION'
				AND NOT EXISTS (SELECT 1 FROM stock_entries c WHERE c.closes_id = e.id))

	ORDER BY undated, promised_until, approved_at, subject_id
	LIMIT @most`

// WaitingForStock lists who waits for a unit of a model, whose promised day comes first, for
// the service and its operators; at most twenty. Nobody is allocated anything by it.
func (s *Logistics) WaitingForStock(ctx context.Context, model string) ([]StockWaiting, error) {
	var out []StockWaiting
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Raw(waitingSQL, map[string]any{
			"model": catalogue.NormaliseModelCode(model),
			"most":  maxWaiting,
		}).Scan(&out).Error
	})
	return out, err
}

// WantedUnits counts, by the code of their model, the units that approved replacements and
// spare units wait for, for the service and its operators. A replacement counts for the model
// that is to be sent, where that is another one than the faulty unit's.
func (s *Logistics) WantedUnits(ctx context.Context) (map[string]int, error) {
	var rows []struct {
		Model string
		Units int
	}
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Raw(wantedSQL).Scan(&rows).Error
	})
	wanted := map[string]int{}
	for _, r := range rows {
		wanted[r.Model] = r.Units
	}
	return wanted, err
}

const wantedSQL = `
	SELECT model, SUM(quantity) AS units
	FROM (
		SELECT COALESCE(NULLIF(replacement_model, ''), model_code) AS model, quantity
		FROM rmas
		WHERE closed_at IS NULL AND outbound IN ('APPROVED', 'BACKORDERED')

		UNION ALL
		SELECT u.model_code, 1
		FROM spare_units u
		WHERE u.state IN ('APPROVED', 'REPLENISHING')
			AND u.shipped_at IS NULL
			AND NOT EXISTS (
				SELECT 1 FROM stock_entries e
				WHERE e.subject_id = u.id
					AND e.kind = 'RESERVATION'
					AND NOT EXISTS (SELECT 1 FROM stock_entries c WHERE c.closes_id = e.id))
	) AS wanted
	GROUP BY model`
