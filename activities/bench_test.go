package activities_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/sqlitedb"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const portal = "https://portal.example"

// bench sends the domains' real mails by the real Sender to a real SMTP server.
type bench struct {
	storetest.Env
	t      *testing.T
	smtp   *smtptest.Server
	sender *mail.Sender
	mail   *activities.Mail
}

func newBench(t *testing.T) *bench { return benchOn(t, storetest.SQLite(t)) }

func benchOn(t *testing.T, env storetest.Env) *bench {
	t.Helper()
	server, err := smtptest.Start("127.0.0.1:0", smtptest.STARTTLS())
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	b := &bench{Env: env, t: t, smtp: server}
	b.sender = b.newSender()
	b.mail = &activities.Mail{
		DB:            env.DB,
		Programs:      env.Programs,
		Notifications: env.Notifications,
		People:        env.People,
		Sessions:      env.Sessions,
		Tickets:       env.Tickets,
		Sender:        b.sender,
		PortalURL:     portal,
		Log:           slog.New(slog.DiscardHandler),
	}
	return b
}

func (b *bench) newSender() *mail.Sender {
	b.t.Helper()
	s, err := mail.NewSender(mail.Options{
		Host:    "localhost",
		Port:    b.smtp.Port(),
		RootCAs: b.smtp.RootCAs(),
		Timeout: 10 * time.Second,
	})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = s.Close() })
	return s
}

// send runs the activity once.
func (b *bench) send(key string) (activities.MailsSent, error) {
	b.t.Helper()
	suite := quietSuite()
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(time.Minute)
	env.RegisterActivity(b.mail)
	value, err := env.ExecuteActivity(b.mail.SendMails, activities.SendMails{Key: key})
	var sent activities.MailsSent
	if err == nil {
		require.NoError(b.t, value.Get(&sent))
	}
	return sent, err
}

// sendAll sends everything that is queued.
func (b *bench) sendAll() {
	b.t.Helper()
	for _, n := range b.notifications() {
		if n.State == rules.NotificationQueued {
			_, err := b.send(n.ID)
			require.NoError(b.t, err, n.Template)
		}
	}
}

func (b *bench) notifications() []notification.Notification {
	b.t.Helper()
	out, _, err := b.ListNotifications(b.Context, notification.NotificationFilter{Page: db.Page{Limit: 100}})
	require.NoError(b.t, err)
	return out
}

// received are the mails that the server took for an address.
func (b *bench) received(to string) (out []smtptest.Message) {
	for _, m := range b.smtp.Messages() {
		if m.To[0] == to {
			out = append(out, m)
		}
	}
	return out
}

func (b *bench) operator() context.Context {
	return db.WithScope(context.Background(), db.Scope{
		System: true,
		Actor:  db.Actor{ID: "usr_operator", Role: rules.OperatorAgent},
	})
}

func (b *bench) invitations(orderID string) []identity.Invitation {
	b.t.Helper()
	out, _, err := b.ListInvitations(b.Context, "", orderID, db.Page{})
	require.NoError(b.t, err)
	return out
}

func (b *bench) tasks(kind db.TaskKind) []db.OperatorTask {
	b.t.Helper()
	out, _, err := b.ListTasks(b.Context, db.TaskFilter{Kind: kind, State: db.TaskOpen})
	require.NoError(b.t, err)
	return out
}

// accept makes the invited person a member.
func (b *bench) accept(inv identity.Invitation, locale string) identity.User {
	b.t.Helper()
	u, _, err := b.AcceptInvitation(b.Context, identity.Acceptance{
		InvitationID: inv.ID,
		Email:        inv.Email,
		Name:         "Ana Souza",
		PasswordHash: "x",
		Locale:       locale,
	})
	require.NoError(b.t, err)
	return u
}

// sendIn runs the activity under a worker's context.
func (b *bench) sendIn(ctx context.Context, key string) error {
	b.t.Helper()
	suite := quietSuite()
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	env.RegisterActivity(b.mail)
	_, err := env.ExecuteActivity(b.mail.SendMails, activities.SendMails{Key: key})
	return err
}

// dialectorOf opens the bench's database again.
func dialectorOf(t *testing.T, b *bench) gorm.Dialector {
	t.Helper()
	pool, err := b.Pool()
	require.NoError(t, err)
	var seq, name, path string
	require.NoError(t, pool.QueryRow("PRAGMA database_list").Scan(&seq, &name, &path))
	return sqlitedb.Open(path)
}

func quietSuite() *testsuite.WorkflowTestSuite {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	return &suite
}
