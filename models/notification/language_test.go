package notification_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// Whatever a mail is about and whoever queued it, its reader's choice decides.
func TestMailsComeInTheLanguageThatTheirReaderChose(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		env.Deliver(t, inv.ID)
		u, m, err := env.AcceptInvited(inv, inv.Email, "Ana")
		require.NoError(t, err)
		require.NoError(t, env.ChooseLanguage(env.Context, u.ID, "en"))
		storetest.RequireCode(t, rules.ValidationFailed,
			env.ChooseLanguage(env.Context, u.ID, "de"))

		seller, err := env.PutOrg(env.Context, account.OrgChange{
			Kind:    account.OrgReseller,
			Name:    "Reseller of Chicago Inc.",
			Country: "US",
		})
		require.NoError(t, err)
		put := func(locale string) error {
			return env.PutOrgMail(storetest.AgentContext, seller.ID, account.OrgMail{
				Domains:   []string{"chicago.example"},
				NoticesTo: "orders@chicago.example",
				Locale:    locale,
			}, "they read English")
		}
		storetest.RequireCode(t, rules.ValidationFailed, put("xx"))
		require.NoError(t, put("en"))

		to := func(epoch string) map[string]string {
			var mails []notification.Notification
			for _, recipient := range []string{
				u.Email, "orders@chicago.example", "joe@chicago.example",
				"joe@old-chicago.example", "stranger@acme.example",
			} {
				mails = append(mails, notification.Notification{
					Template:  "renewal_reminder",
					SubjectID: "ctr_1",
					Recipient: recipient,
					Epoch:     epoch,
					Locale:    "pt-BR",
				})
			}
			require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
				return notification.Queue(tx, mails...)
			}))

			claimed, err := env.NextMails(env.Context, "ctr_1", 10, nil, nil)
			require.NoError(t, err)
			languages := map[string]string{}
			for _, n := range claimed {
				languages[n.Recipient] = n.Locale
			}
			return languages
		}

		require.Equal(t, map[string]string{
			u.Email:                   "en",
			"orders@chicago.example":  "en",
			"joe@chicago.example":     "en",
			"joe@old-chicago.example": "pt-BR",
			"stranger@acme.example":   "pt-BR",
		}, to("1"))

		_, err = env.ChangeMemberLanguage(
			storetest.AgentContext, m.ID, "pt-BR", "she asked by phone")
		require.NoError(t, err)
		require.NoError(t, put(""))
		for recipient, locale := range to("2") {
			require.Equal(t, "pt-BR", locale, recipient)
		}
		env.AuditHolds(t)
	})
}

// Whom an invitation is for is written to in its language, until the person has one.
func TestR105_AnInvitationHasALanguage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, first := storetest.FulfilledWithInvitation(t, env)
		invite := identity.NewInvite{
			AccountID:   first.AccountID,
			Email:       "john@acme.example",
			ContactName: "John Miller",
			Role:        identity.RoleAdmin,
			Kind:        identity.InvitationForExtra,
			Locale:      "xx",
			Reason:      "asked by phone",
		}
		_, err := env.Invite(storetest.AgentContext, invite)
		storetest.RequireCode(t, rules.ValidationFailed, err)

		invite.Locale = "en"
		inv, err := env.Invite(storetest.AgentContext, invite)
		require.NoError(t, err)
		again, err := env.Reissue(storetest.AgentContext, inv.ID, "", "", "never came")
		require.NoError(t, err)
		inPortuguese, err := env.ReissueIn(
			storetest.AgentContext, again.ID, "", "", "pt-BR", "wrong language")
		require.NoError(t, err)

		for id, want := range map[string]string{
			inv.ID: "en", again.ID: "en", inPortuguese.ID: "pt-BR",
		} {
			require.Equal(t, []string{want},
				env.Strings(t, "SELECT locale FROM notifications WHERE subject_id = '"+id+"'"))
		}
	})
}
