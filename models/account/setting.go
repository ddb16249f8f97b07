package account

import (
	"context"

	"roomcover.dev/roomcover/models/db"
)

// settingChange gives one text of an account, such as its time zone, another value.
type settingChange struct {
	accountID string
	version   int64  // of the account, as the caller read it; 0 for any
	reason    string // goes into the audit

	column string
	verb   string // in the audit
	of     func(*Account) *string
	to     string
}

// changeSetting changes it for who may manage the account. The same value again changes
// nothing.
func (s *Accounts) changeSetting(ctx context.Context, c settingChange) (acc Account, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := db.MayManage(tx.Scope, c.reason); err != nil {
			return err
		}

		var err error
		if acc, err = Lock(tx, c.accountID); err != nil {
			return err
		}
		if err := db.Versioned(acc.Version, c.version); err != nil {
			return err
		}

		value := c.of(&acc)
		before := *value
		if before == c.to {
			return nil
		}

		*value, acc.Version = c.to, acc.Version+1
		err = tx.Model(&Account{}).
			Where("id = ?", acc.ID).
			Select(c.column, "version").
			Updates(&acc).Error
		if err != nil {
			return err
		}

		return Audit(tx, acc.ID, db.Entry{
			Verb:     c.verb,
			ObjectID: acc.ID,
			Details: db.WithReason(c.reason, map[string]any{
				"before": before,
				"after":  c.to,
			}),
		})
	})
	return acc, err
}
