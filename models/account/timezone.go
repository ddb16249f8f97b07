package account

import (
	"context"
	"time"

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

	return s.changeSetting(ctx, settingChange{
		accountID: c.AccountID,
		version:   c.Version,
		reason:    c.Reason,
		column:    "time_zone",
		verb:      "account.time_zone_changed",
		of:        func(acc *Account) *string { return &acc.TimeZone },
		to:        c.TimeZone,
	})
}
