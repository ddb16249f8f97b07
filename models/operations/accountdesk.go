package operations

import (
	"context"
	"time"

	_ "embed"

	"roomcover.dev/roomcover/models/db"
)

// AccountFigures are what an operator looks for first in an account.
type AccountFigures struct {
	AccountID string
	CSM       string     // who looks after it; empty: nobody
	Parent    string     // the customer's parent
	EndsNext  *time.Time // end of the contract that ends next; nil: none runs
	Rooms     int64      // in use
	Assigned  int64      // licences at work
	Available int64      // licences that wait to be assigned
	OpenRMAs  int64
	LateRMAs  int64 // of them, past the promised day without a working unit
	OpenTasks int64
}

//go:embed accountdesk.sql
var accountFiguresSQL string

// AccountFigures reads the figures of accounts by their ids, in one statement. For the service
// and its operators.
func (s *Operations) AccountFigures(
	ctx context.Context, ids []string,
) (map[string]AccountFigures, error) {
	var rows []AccountFigures
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil || len(ids) == 0 {
			return err
		}
		return tx.Raw(accountFiguresSQL, map[string]any{
			"accounts": ids,
			"now":      tx.Now(),
		}).Scan(&rows).Error
	})

	out := make(map[string]AccountFigures, len(rows))
	for _, r := range rows {
		out[r.AccountID] = r
	}
	return out, err
}
