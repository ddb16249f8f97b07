package operations

import (
	"context"
	"time"

	_ "embed"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
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
	OpenTasks int64

	OpenRMAs int64 `gorm:"column:open_rmas"`
	LateRMAs int64 `gorm:"column:late_rmas"` // of them, the first promise was missed or is (S21)
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

// AccountAttention is what needs somebody in an account before anything else: the first few of
// each kind.
type AccountAttention struct {
	Tasks       []db.OperatorTask             // open, the longest waiting first
	LateRMAs    []replacement.RMA             // past the promised day, the latest first
	Invitations []identity.Invitation         // that nobody has accepted yet
	Ending      []entitlement.ServiceContract // that end within the days, the next first
}

// Attention reads what needs somebody in an account, at most so many of each kind: late means
// that a promised day is over without a working unit. For the service and its operators.
func (s *Operations) Attention(
	ctx context.Context, accountID string, days, most int,
) (a AccountAttention, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		a = AccountAttention{}
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		now := tx.Now()
		of := func() *gorm.DB { return tx.Where("account_id = ?", accountID).Limit(most) }
		err := of().Where("state = ?", db.TaskOpen).
			Order("created_at, id").
			Find(&a.Tasks).Error
		if err != nil {
			return err
		}

		err = of().Where("closed_at IS NULL AND promise_due_at <= ?", now).
			Where("delivered_at IS NULL AND swapped_at IS NULL AND withdrawn_at IS NULL").
			Order("promise_due_at, id").
			Find(&a.LateRMAs).Error
		if err != nil {
			return err
		}

		err = of().Where("state IN ?", []rules.InvitationState{
			rules.InvitationIssued, rules.InvitationSent, rules.InvitationBounced,
		}).Order("expires_at, id").Find(&a.Invitations).Error
		if err != nil {
			return err
		}

		return of().Where("state IN ? AND end_at > ? AND end_at <= ?",
			[]rules.ContractState{rules.ContractActive, rules.ContractSuspended},
			now, now.AddDate(0, 0, days)).
			Order("end_at, id").
			Find(&a.Ending).Error
	})
	return a, err
}

// AccountEvent is an entry of an account's timeline, with the names of who did it and what it
// is about; empty: it has none.
type AccountEvent struct {
	db.AuditEvent
	Actor, Object string
}

// AccountTimeline reads what happened to an account and everything of it, the newest first:
// its orders before they had an account, too. Ids grow with time: the cursor of what is before is
// the last one's. For the service and its operators.
func (s *Operations) AccountTimeline(
	ctx context.Context, accountID, cursor string, limit int,
) (events []AccountEvent, next string, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		events, next = nil, ""
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		// Two pages, each found by an index of its own, make one.
		page := func(of *gorm.DB) *gorm.DB {
			if cursor != "" {
				of = of.Where("id < ?", cursor)
			}
			return of.Order("id DESC").Limit(limit + 1)
		}
		orders := tx.Table("orders").Select("id").Where("account_id = ?", accountID)
		var rows []db.AuditEvent
		err := tx.Model(&db.AuditEvent{}).
			Where("id IN (SELECT id FROM (?) own UNION ALL SELECT id FROM (?) ordered)",
				page(tx.Table("audit_events").Select("id").Where("account_id = ?", accountID)),
				page(tx.Table("audit_events").Select("id").
					Where("account_id IS NULL AND chain_id IN (?)", orders))).
			Order("id DESC").
			Limit(limit + 1).
			Find(&rows).Error
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			next = rows[limit-1].ID
		}

		var ids []string
		for _, e := range rows {
			ids = append(ids, e.ActorID, e.ObjectID)
		}
		found, err := namesOf(tx, ids)
		names := map[string]string{}
		for _, n := range found {
			names[n.ID] = n.Name
		}
		for _, e := range rows {
			events = append(events, AccountEvent{e, names[e.ActorID], names[e.ObjectID]})
		}
		return err
	})
	return events, next, err
}
