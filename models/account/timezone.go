package account

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// TimeZoneChange moves an account to another time zone.
type TimeZoneChange struct {
	AccountID string
	TimeZone  string // IANA name
	Version   int64  // of the account, as the caller read it; 0 for any
	Reason    string // goes into the audit
}

// ChangeTimeZone moves an account to another time zone. Whatever is computed from then
// on follows it: expiries of invitations, starts and ends of later contracts, times of
// mails. What was promised stays: instants that are stored, such as the end of a
// contract or the day of a replacement, do not move. The same zone again changes nothing.
func (s *Accounts) ChangeTimeZone(ctx context.Context, c TimeZoneChange) (Account, error) {
	if err := rules.CheckReason(c.Reason); err != nil {
		return Account{}, err
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "" ||
		c.TimeZone == "Local" {
		return Account{}, rules.Invalid([]rules.FieldError{{
			Pointer: "/time_zone",
			Code:    rules.InvalidTimeZone,
			Message: "This is not a time zone.",
			Remedy:  "Send an IANA name such as America/Manaus.",
		}})
	}

	var acc Account
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := db.MayManage(tx.Scope, c.Reason); err != nil {
			return err
		}

		var err error
		if acc, err = Lock(tx, c.AccountID); err != nil {
			return err
		}
		if err := db.Versioned(acc.Version, c.Version); err != nil {
			return err
		}
		if acc.TimeZone == c.TimeZone {
			return nil
		}

		before := acc.TimeZone
		acc.TimeZone, acc.Version = c.TimeZone, acc.Version+1
		err = tx.Model(&Account{}).Where("id = ?", acc.ID).Select("time_zone", "version").
			Updates(&acc).Error
		if err != nil {
			return err
		}

		return Audit(tx, acc.ID, db.Entry{
			Verb:     "account.time_zone_changed",
			ObjectID: acc.ID,
			Details: db.WithReason(c.Reason, map[string]any{
				"before": before,
				"after":  acc.TimeZone,
			}),
		})
	})

	return acc, err
}
