package replacement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// Anybody's address may have been typed as the contact of a site: it gets a bounded number
// of mails a day, also where somebody asks for replacements and withdraws them in a loop.
// The administrators, and a contact who is a member, get them all.
func TestS64_MailsToASitesContactAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		email string
		held  bool
	}{
		"somebody's address": {"portaria@else.example", true},
		"a member's":         {"ana.souza@acme.example", false},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				c1 := env.Covered(t)
				require.NoError(t, env.Exec("UPDATE sites SET contact_email = '"+c.email+"'"))
				mails := func(email string) int {
					return env.Count(t, "SELECT count(*) FROM notifications WHERE recipient = '"+email+"'"+
						" AND template = '"+rules.TemplateRMA+"'")
				}
				round := func() {
					r, err := env.RequestRMA(storetest.Customer(c1.Account), replacement.NewRMA{
						AccountID: c1.Account, Serial: *c1.Device.Serial, Fault: "No picture",
					})
					require.NoError(t, err)
					_, err = env.WithdrawRMA(storetest.Customer(c1.Account), r.ID, "found the cable")
					require.NoError(t, err)
				}

				round()
				require.Positive(t, mails(c.email))
				require.NoError(t, env.Exec("UPDATE throttles SET count = 60"))
				before, admins := mails(c.email), mails("ana.souza@acme.example")
				round()
				round()
				require.Greater(t, mails("ana.souza@acme.example"), admins)
				require.Equal(t, c.held, mails(c.email) == before)
				held := env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'account.site_mails_held'")
				require.Equal(t, map[bool]int{true: 1, false: 0}[c.held], held, "noted once")
				env.AuditHolds(t)
			})
		})
	}
}
