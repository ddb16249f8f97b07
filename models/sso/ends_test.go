package sso_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/sso/saml/testprovider"
)

// stamp is an instant as the rows have it, in days from now.
func stamp(days float64) string {
	at := db.RealNow().Add(time.Duration(days * 24 * float64(time.Hour)))
	return "'" + at.Format("2006-01-02 15:04:05+00:00") + "'"
}

// The company is told 30, 7 and 1 days before the last certificate of its provider ends, once
// each, and an operator a week before; another certificate in the metadata begins anew, and
// closes the task.
func TestS48_ACompanyIsToldBeforeTheLastCertificateEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		ctx, admin := env.Context, adminOf(acme.Admin, acme.Account)
		reader, err := env.Invite(admin, identity.NewInvite{
			AccountID: acme.Account, Email: "rui@acme.example", Role: identity.RoleReadOnly,
			Kind: identity.InvitationForColleague,
		})
		require.NoError(t, err)
		env.Join(t, reader)
		p := newProvider(t)
		con := draftOf(t, env, acme, p)
		proved(t, env, acme, "acme.example")
		ends := func(days float64) {
			require.NoError(t, env.Exec("UPDATE sso_connections SET certificates_until = "+stamp(days)+
				" WHERE id = '"+con.ID+"'"))
		}
		swept := func() (mails, tasks int) {
			storetest.SweepOnce(t, env)
			storetest.SweepOnce(t, env)
			for _, m := range env.Mails(t, "own_sign_in") {
				require.Equal(t, acme.Admin.Email, m.Recipient, "not to who only reads")
				require.Equal(t, "CERTIFICATE", m.Params["what"])
				require.Equal(t, p.EntityID(), m.Params["provider"])
				mails++
			}
			for _, task := range env.Tasks(t, db.TaskSignInEnds) {
				if task.State == db.TaskOpen {
					require.Equal(t, con.ID, task.SubjectID)
					tasks++
				}
			}
			return mails, tasks
		}
		expect := func(mails, tasks int) {
			t.Helper()
			m, n := swept()
			require.Equal(t, []int{mails, tasks}, []int{m, n})
		}

		ends(5)
		expect(0, 0) // a draft signs nobody in
		require.NoError(t, env.SSO.Rehearsed(admin, acme.Account, con.ID, con))
		_, err = env.SSO.Enable(admin, acme.Account, con.ID)
		require.NoError(t, err)
		for _, step := range []struct {
			days         float64
			mails, tasks int
		}{
			{31, 0, 0}, {30, 1, 0}, {8, 1, 0}, {6.9, 2, 1}, {1.1, 2, 1}, {0.9, 3, 1}, {0.1, 3, 1}, {-1, 3, 1},
		} {
			until := step.days
			if step.days == 30 {
				until -= 0.01
			}
			ends(until)
			m, n := swept()
			require.Equal(t, []int{step.mails, step.tasks}, []int{m, n}, "%v days before", step.days)
		}

		next, err := testprovider.NewKey(time.Now().Add(-time.Hour), 900*24*time.Hour)
		require.NoError(t, err)
		p.SetKeys(next)
		require.NoError(t, env.SSO.Refresh(ctx, con, metadataOf(t, p)))
		expect(3, 0)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskSignInEnds)[0].State)
		ends(0.5)
		expect(4, 1)
		require.NoError(t, env.SSO.TurnOff(admin, acme.Account, con.ID))
		expect(4, 0)
		env.AuditHolds(t)
	})
}

// nameService is a name service that can be away.
type nameService struct {
	records
	away  bool
	asked int
}

func (n *nameService) TXT(ctx context.Context, domain string) ([]string, error) {
	n.asked++
	if n.away {
		return nil, errors.New("nobody answers")
	}
	return n.records.TXT(ctx, domain)
}

// A proved domain is looked for again each day. One whose record is gone signs people in for the
// grace, of which its administrators are told once; after that nobody, until it is back.
func TestS48_ADomainWhoseRecordIsGoneSignsNobodyInAfterTheGrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		ctx, admin := env.Context, adminOf(acme.Admin, acme.Account)
		con := enabled(t, env, acme, "acme.example")
		settings, err := env.SSO.SettingsOf(admin, acme.Account)
		require.NoError(t, err)
		d := settings.Domains[0]
		byOperator, err := env.SSO.AddDomain(admin, acme.Account, "acme.test")
		require.NoError(t, err)
		_, err = env.SSO.ProveDomain(storetest.Operator(), byOperator.ID, "their contract names it")
		require.NoError(t, err)

		names := &nameService{records: records{d.Domain: {d.Record()}}}
		aDayLater := func() (failed int) {
			require.NoError(t, env.Exec("UPDATE sso_domains SET checked_at = "+stamp(-1.1)))
			failed, err := env.SSO.RecheckDue(ctx, names)
			require.NoError(t, err)
			return failed
		}
		missing := func() int {
			return env.Count(t, "SELECT count(*) FROM sso_domains WHERE missing_at IS NOT NULL")
		}
		signsIn := func() error {
			_, err := env.SSO.SignIn(ctx, con.ID, verified("1", acme.Admin.Email), "", "en")
			return err
		}

		failed, err := env.SSO.RecheckDue(ctx, names)
		require.NoError(t, err)
		require.Zero(t, failed)
		require.Zero(t, names.asked, "it was looked for a moment ago")
		require.Zero(t, aDayLater())
		require.Equal(t, 1, names.asked, "what an operator proved has no record")
		require.Zero(t, missing())

		// Where nobody can be asked, nothing is known.
		names.away = true
		require.Equal(t, 1, aDayLater())
		require.Zero(t, missing())
		names.away = false

		names.records[d.Domain] = []string{"roomcover-verify=another", "v=spf1 -all"}
		for range 3 {
			require.Zero(t, aDayLater())
		}
		require.Equal(t, 1, missing())
		mails := env.Mails(t, "own_sign_in")
		require.Len(t, mails, 1, "once")
		require.Equal(t, acme.Admin.Email, mails[0].Recipient)
		require.Equal(t, "acme.example", mails[0].Params["domain"])
		require.Equal(t, d.Record(), mails[0].Params["record"])
		require.NoError(t, signsIn())

		require.NoError(t, env.Exec("UPDATE sso_domains SET missing_at = "+stamp(-14.1)+
			" WHERE missing_at IS NOT NULL"))
		storetest.RequireCode(t, sso.DomainUnproved, signsIn())
		_, err = env.SSO.LiveFor(ctx, acme.Admin.Email)
		storetest.RequireCode(t, sso.NotLive, err)
		_, err = env.SSO.CheckDomain(admin, acme.Account, d.ID, names)
		storetest.RequireCode(t, sso.RecordMissing, err)

		names.records[d.Domain] = []string{d.Record()}
		require.Zero(t, aDayLater())
		require.Zero(t, missing())
		require.NoError(t, signsIn())
		require.Len(t, env.Mails(t, "own_sign_in"), 1)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'domain.missing'"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'domain.found'"))
		env.AuditHolds(t)
	})
}
