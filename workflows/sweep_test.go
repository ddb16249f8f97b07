package workflows_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/workflows"
)

func (b *bench) sweep() (out activities.Sweep) {
	b.t.Helper()
	b.ExecuteWorkflow(workflows.SweepName)
	b.ended()
	require.NoError(b.t, b.GetWorkflowResult(&out))
	return out
}

func (b *bench) contract(orderID string) entitlement.ServiceContract {
	b.t.Helper()
	contracts, err := b.db.ContractsOfOrder(b.db.Context, orderID)
	require.NoError(b.t, err)
	require.Len(b.t, contracts, 1)
	return contracts[0].ServiceContract
}

func TestS1_V4_SweepStartsContractsAfterSixtyDays(t *testing.T) {
	env := storetest.SQLite(t)
	created := time.Date(2026, 5, 10, 15, 0, 0, 0, time.UTC)
	b := benchOn(t, env, created)
	o := b.accept(func(f *ordering.OrderForm) { f.PurchasedOn = "2026-05-08" })
	_, err := env.FulfilOrder(env.Context, o.ID)
	require.NoError(t, err)
	start := time.Date(2026, 7, 9, 3, 0, 0, 0, time.UTC) // local midnight

	require.Zero(t, benchOn(t, env, start.Add(-time.Microsecond)).sweep().Started)
	require.Equal(t, 1, benchOn(t, env, start).sweep().Started)
	require.Zero(t, benchOn(t, env, start.Add(time.Hour)).sweep().Started, "once")
	c := b.contract(o.ID)
	require.Equal(t, rules.ContractActive, c.State)
	require.Equal(t, entitlement.StartFallback, c.StartReason)
	require.True(t, start.Equal(*c.StartAt))
	require.True(t, time.Date(2029, 7, 9, 3, 0, 0, 0, time.UTC).Equal(*c.EndAt))

	require.Equal(t, 1, benchOn(t, env, *c.EndAt).sweep().Expired)
	require.Equal(t, rules.ContractExpired, b.contract(o.ID).State)
}

func TestS5_ADailySweepRemindsFiveTimes(t *testing.T) {
	env := storetest.SQLite(t)
	b := benchOn(t, env, storetest.Now)
	inv := b.invited()
	_, _, err := env.AcceptInvitation(env.Context, identity.Acceptance{
		InvitationID: inv.ID,
		Email:        inv.Email,
		Name:         "Ana Souza",
		PasswordHash: "x",
	})
	require.NoError(t, err)
	benchOn(t, env, storetest.Now.AddDate(0, 0, 61)).sweep()
	end := *b.contract(*inv.OrderID).EndAt
	total := 0
	for day := -100; day <= 10; day++ {
		total += benchOn(t, env, end.AddDate(0, 0, day).Add(12*time.Hour)).sweep().Reminded
	}
	require.Equal(t, 5, total)
	require.Len(t, b.mailsOf(rules.TemplateRenewalReminder), 5)
}

func TestC3_SweepLoadsTheYearsToComeAndTellsWhatIsMissing(t *testing.T) {
	env := storetest.SQLite(t)
	b := benchOn(t, env, storetest.Now)
	o := b.accept()
	_, err := env.FulfilOrder(env.Context, o.ID)
	require.NoError(t, err)
	o, err = env.GetOrder(env.Context, o.ID)
	require.NoError(t, err)
	env.RoomIn(t, *o.AccountID, "Pune", "IN")
	later := benchOn(t, env, storetest.Now.AddDate(1, 0, 0)) // 2027
	later.hooks.after = failFor("SweepCalendars", 2, func() error { return errKilled })
	later.sweep()
	require.Equal(t, 3, later.hooks.count("SweepCalendars"))
	c, err := env.GetCalendar(env.Context, "BR")
	require.NoError(t, err)
	require.Equal(t, []any{2029, int64(2)}, []any{c.LoadedThrough, c.Version})
	require.Len(t, env.Tasks(t, db.TaskCalendarNoHolidays), 1)
}

func TestR45b_SweepKilledAfterItsCommit(t *testing.T) {
	env := storetest.SQLite(t)
	b := benchOn(t, env, storetest.Now)
	o := b.accept()
	_, err := env.FulfilOrder(env.Context, o.ID)
	require.NoError(t, err)
	again := benchOn(t, env, storetest.Now.AddDate(0, 0, 61))
	again.hooks.after = failFor("SweepContracts", 2, func() error { return errKilled })
	again.sweep()
	require.Equal(t, 3, again.hooks.count("SweepContracts"))
	require.Equal(t, rules.ContractActive, b.contract(o.ID).State)
	_, faults, err := env.VerifyAudit(env.Context)
	require.NoError(t, err)
	require.Empty(t, faults)
}

func TestC7_MailOfItsOwnIsSentOnceAndTriedAgain(t *testing.T) {
	b := newBench(t)
	inv := b.invited()
	code, err := b.db.ChallengeInvited(b.db.Context, inv.ID, "browser", "en")
	require.NoError(t, err)
	n := b.mails(notification.NotificationFilter{SubjectID: code.ID})[0]
	tries := 0
	b.sender.fail = func(m mail.Message) error {
		if tries++; tries < 4 {
			return temporary(m)
		}
		return nil
	}
	b.ExecuteWorkflow(workflows.MailName, workflows.MailInput{NotificationID: n.ID})
	b.ended()
	require.Len(t, b.sender.of(rules.TemplateOneTimeCode), 1)
	require.Contains(t, b.sender.mails[0].Text, b.db.Secrets().OneTimeCode(code.ID))
}

func TestS35_ImportThatFailsForGoodGoesOnAfterARetry(t *testing.T) {
	b := newBench(t)
	content, err := json.Marshal([]ordering.OrderForm{storetest.Form("PO-1"), storetest.Form("PO-2")})
	require.NoError(t, err)
	job, err := b.db.CreateImport(b.db.Context, importjob.ImportJob{
		OrgID:   b.db.Reseller(t, "Revenda Sul").ID,
		Format:  "json",
		Content: content,
	})
	require.NoError(t, err)
	b.hooks.before = failFor("Run", 2, func() error {
		if b.hooks.count("Run") == 1 {
			return errors.New("the database does not answer")
		}
		return refusal()
	})
	b.at(b.Now().Add(time.Hour), func() {
		require.Len(t, b.tasks(db.TaskProcessStuck), 1)
		b.SignalWorkflow(workflows.SignalRetry, nil)
	})
	b.ExecuteWorkflow(workflows.ImportName, workflows.ImportInput{JobID: job.ID})
	b.ended()
	done, err := b.db.GetImport(b.db.Context, job.ID, false)
	require.NoError(t, err)
	require.Equal(t, importjob.ImportDone, done.State)
	require.Equal(t, 2, done.RowsStored)
}
