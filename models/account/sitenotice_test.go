package account_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// S25: whoever moves a site, the administrators read of it: who, which, from where to where. A
// contact who changes is nobody's news, and stands in no notice.
func TestS25_AdministratorsReadOfANewOrMovedSite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		ana, _, err := env.AcceptInvited(inv, inv.Email, "Ana Souza")
		require.NoError(t, err)

		as := func(actor db.Actor) context.Context {
			scope := db.Scope{Actor: actor, AccountIDs: []string{inv.AccountID}}
			scope.System = actor.Role.IsOperator()
			return db.WithScope(context.Background(), scope)
		}
		person := as(db.Actor{ID: ana.ID, Role: rules.CustomerAdmin})
		program := as(db.Actor{ID: "tok_1", Role: rules.CustomerAdmin})

		form := rules.SiteForm{
			Name: "Filial",
			Address: rules.Address{
				Street:     "Rua Augusta 10",
				City:       "São Paulo",
				Region:     "SP",
				PostalCode: "01305-000",
				Country:    "BR",
			},
			ContactName:  "Bia Lima",
			ContactEmail: "bia@acme.example",
		}
		told := func() []notification.Notification {
			var notices []notification.Notification
			all, _, err := env.ListNotifications(env.Context, notification.NotificationFilter{})
			require.NoError(t, err)
			for _, n := range all { // the newest first
				if n.Template == rules.TemplateSiteNotice {
					notices = append(notices, n)
				}
			}
			return notices
		}

		site, err := env.CreateSite(person, account.NewSite{AccountID: inv.AccountID, Form: form})
		require.NoError(t, err)
		require.Len(t, told(), 1)
		require.Equal(t, inv.Email, told()[0].Recipient)
		require.Equal(t, map[string]any{
			"company": "Acme Ltda",
			"by":      "Ana Souza",
			"by_kind": "PERSON",
			"site":    "Filial",
			"before":  "",
			"after":   "Rua Augusta 10, 01305-000, São Paulo, SP, BR",
		}, told()[0].Params)

		form.ContactName = "Caio Reis"
		form.ContactEmail = "caio@acme.example"
		site, err = env.ChangeSite(person, site.ID, form, site.Version, "")
		require.NoError(t, err)
		require.Len(t, told(), 1, "the address stays")
		changed := env.Strings(t, "SELECT CAST(details AS text) FROM audit_events WHERE verb = 'site.changed'")
		require.Len(t, changed, 1)
		require.Contains(t, changed[0], "contact")
		require.NotContains(t, changed[0], "Caio")

		for i, x := range []struct {
			ctx      context.Context
			by, kind string
		}{
			{program, "", "PROGRAM"},
			{storetest.AgentContext, "", "OPERATOR"},
		} {
			before := form.Address.Street
			form.Address.Street = fmt.Sprintf("Rua Nova %d", i)
			site, err = env.ChangeSite(x.ctx, site.ID, form, site.Version, "they moved")
			require.NoError(t, err)
			require.Len(t, told(), i+2)
			last := told()[0].Params
			require.Equal(t, []any{x.by, x.kind}, []any{last["by"], last["by_kind"]})
			require.Contains(t, last["before"], before)
			require.Contains(t, last["after"], form.Address.Street)
		}
		for _, n := range told() {
			require.NotContains(t, fmt.Sprint(n.Params), "acme.example", "no contact stands there")
		}
		env.AuditHolds(t)
	})
}

// Whoever flips an address to and fro, or adds sites by the thousand, fills no mailboxes: after
// some notices one says that it is the last of the day. The next day begins anew, and another
// account has its own.
func TestS25_NoticesOfSitesHaveABound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		_, _, err := env.AcceptInvited(inv, inv.Email, "Ana Souza")
		require.NoError(t, err)
		form := rules.SiteForm{
			Name:    "Filial",
			Address: rules.Address{Street: "Rua A, 7", City: "Osasco", Country: "BR"},
		}
		site, err := env.CreateSite(storetest.AgentContext,
			account.NewSite{AccountID: inv.AccountID, Form: form, Reason: "new"})
		require.NoError(t, err)
		notices := func() (n, last int) {
			return env.Count(t, "SELECT count(*) FROM notifications WHERE template = 'site_notice'"),
				env.Count(t, "SELECT count(*) FROM notifications WHERE template = 'site_notice' "+
					"AND CAST(params AS text) LIKE '%\"last\"%'")
		}
		flip := func(times int) {
			for range times {
				form.Address.Street = fmt.Sprintf("Rua A, %d", site.Version%2)
				site, err = env.ChangeSite(storetest.AgentContext, site.ID, form, 0, "to and fro")
				require.NoError(t, err)
			}
		}

		flip(4)
		n, last := notices()
		require.Equal(t, []int{5, 0}, []int{n, last})
		flip(4)
		for i := range 3 {
			more := form
			more.Name = fmt.Sprintf("Filial %d", i)
			_, err := env.CreateSite(storetest.AgentContext,
				account.NewSite{AccountID: inv.AccountID, Form: more, Reason: "new"})
			require.NoError(t, err)
		}
		n, last = notices()
		require.Equal(t, []int{6, 1}, []int{n, last})

		env.Calendar.Set(env.Calendar.Now().Add(24 * time.Hour))
		flip(1)
		n, last = notices()
		require.Equal(t, []int{7, 1}, []int{n, last})
		env.AuditHolds(t)
	})
}

// Lists of an account's sites are read as a whole: there is an end to them.
func TestS25_AnAccountHasSoManySites(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	require.NoError(t, rules.MayAddSites(rules.MaxSites-1, 1))
	require.NoError(t, env.Exec(fmt.Sprintf(`
		WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO sites (id, account_id, name, name_key, street, city, region, postal_code,
			country, time_zone, contact_name, contact_email, courier_unreliable, created_at, version)
		SELECT 'sit_many' || i, account_id, 'S' || i, 's' || i, street || i, city, region,
			postal_code, country, time_zone, '', '', courier_unreliable, created_at, 1
		FROM sites, n WHERE id = '%s'`, rules.MaxSites, c.Site.ID)))

	for name, ctx := range map[string]context.Context{
		"customer": storetest.Customer(c.Account), "operator": storetest.AgentContext,
	} {
		_, err := env.CreateSite(ctx, account.NewSite{
			AccountID: c.Account,
			Reason:    "one more",
			Form: rules.SiteForm{
				Name:    "One more " + name,
				Address: rules.Address{Street: "Rua B, 2", City: "Osasco", Country: "BR"},
			},
		})
		storetest.RequireCode(t, rules.SiteLimit, err)
	}
}
