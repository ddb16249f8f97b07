package doctor

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// published is a name service with the TXT records of names; nil: nobody can be asked.
type published map[string][]string

func (p published) TXT(_ context.Context, name string) ([]string, error) {
	if p == nil {
		return nil, context.DeadlineExceeded
	}
	return p[name], nil
}

// theirs is Temporal as the workers need it, until a test changes it.
type theirs struct {
	workflowservice.WorkflowServiceClient
	err       error
	retention time.Duration
	schedule  *client.ScheduleDescription // nil: there is none
	polled    time.Duration               // ago
}

func (f *theirs) DescribeNamespace(
	context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption,
) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{Config: &namespace.NamespaceConfig{
		WorkflowExecutionRetentionTtl: durationpb.New(f.retention),
	}}, f.err
}

func (f *theirs) client(t *testing.T) client.Client {
	c, schedules, handle := mocks.NewClient(t), mocks.NewScheduleClient(t), mocks.NewScheduleHandle(t)
	c.On("WorkflowService").Return(f)
	c.On("ScheduleClient").Return(schedules).Maybe()
	schedules.On("GetHandle", mock.Anything, mock.Anything).Return(handle).Maybe()
	if f.schedule == nil {
		handle.On("Describe", mock.Anything).Return(nil, serviceerror.NewNotFound("gone")).Maybe()
	} else {
		handle.On("Describe", mock.Anything).Return(f.schedule, nil).Maybe()
	}
	c.On("DescribeTaskQueue", mock.Anything, mock.Anything, mock.Anything).
		Return(&workflowservice.DescribeTaskQueueResponse{Pollers: []*taskqueue.PollerInfo{
			{LastAccessTime: timestamppb.New(time.Now().Add(-f.polled))},
		}}, nil).Maybe()
	return c
}

// house is an installation that a test looks at, and in which all is well before it is changed.
type house struct {
	storetest.Env
	t        *testing.T
	o        Options
	temporal *theirs
	names    published
	set      map[string]string // of the environment
}

const sender = "logitech.com" // the domain that mails come from, as the default program says

func newHouse(t *testing.T, env storetest.Env) *house {
	t.Helper()
	h := &house{
		Env: env,
		t:   t,
		temporal: &theirs{
			retention: 720 * time.Hour,
			schedule:  &client.ScheduleDescription{},
		},
		names: published{
			sender:                           {"something else", "v=spf1 include:mail.example -all"},
			"selector1._domainkey." + sender: {"v=DKIM1; k=rsa; p=MIIB"},
			"_dmarc." + sender:               {"v=DMARC1; p=reject"},
		},
	}

	mails, err := smtptest.Start("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = mails.Close() })
	h.mailsTo(mail.Options{Host: "127.0.0.1", Port: mails.Port(), TLS: "none"})

	portal := httptest.NewTLSServer(nil) // its certificate is for example.com
	t.Cleanup(portal.Close)
	h.o.Roots = x509.NewCertPool()
	h.o.Roots.AddCert(portal.Certificate())
	h.o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		require.Equal(t, "example.com:443", address)
		return (&net.Dialer{}).DialContext(ctx, network, portal.Listener.Addr().String())
	}

	h.o.Free = func(string) (uint64, error) { return 10 << 30, nil }
	h.o.Now = db.RealNow()
	h.set = map[string]string{
		"ROOMCOVER_DATABASE_URL":     "postgres:///roomcover",
		"ROOMCOVER_KEY":              hex.EncodeToString(storetest.Key),
		"ROOMCOVER_PUBLIC_URL":       "https://example.com",
		"ROOMCOVER_AUDIT_HEADS_FILE": filepath.Join(t.TempDir(), "heads"),
	}
	h.on(env.DSN, db.Session{Statement: time.Minute, Lock: time.Minute, Idle: time.Minute})
	return h
}

// on has the database reached by an address, on SQLite as it is.
func (h *house) on(dsn string, session db.Session) {
	h.t.Helper()
	d := h.Domains
	if dsn != "" {
		dialector, err := db.Postgres(dsn, session)
		require.NoError(h.t, err)
		d = h.opened(dialector)
	}
	h.o.DB, h.o.Programs, h.o.SSO, h.o.Sync = d.DB, d.Programs, d.SSO, d.Sync
}

// mailsTo has mails sent by another mail server.
func (h *house) mailsTo(o mail.Options) {
	h.t.Helper()
	s, err := mail.NewSender(o)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = s.Close() })
	h.o.Sender = s
}

func (h *house) examined() []Finding {
	h.t.Helper()
	c, err := config.ReadFrom(h.set)
	require.NoError(h.t, err)
	h.o.Config = c
	h.o.Temporal = h.temporal.client(h.t)
	h.o.Records = h.names
	return Examine(h.Context, h.o)
}

// only is the one thing that is found.
func (h *house) only(about string, fails bool, what, remedy string) {
	h.t.Helper()
	found := h.examined()
	require.Len(h.t, found, 1, "%+v", found)
	f := found[0]
	require.Equal(h.t, []any{about, fails}, []any{f.About, f.Fails}, "%+v", f)
	require.Contains(h.t, f.What, what)
	require.Contains(h.t, f.Remedy, remedy)
	require.True(h.t, strings.HasSuffix(f.What, "."), "a sentence: %q", f.What)
	for _, text := range []string{f.What, f.Remedy} {
		require.NotContains(h.t, text, "\n")
		require.NotContains(h.t, text, "@", "nobody's address")
	}
}

func TestWhereAllIsWellNothingIsFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		require.Empty(t, newHouse(t, env).examined())
	})
}

// What is found is the same whatever database it is: the parts that are not asked by way of it.
func TestEachThingThatWouldHurtIsFoundAlone(t *testing.T) {
	env := storetest.SQLite(t)
	for name, c := range map[string]struct {
		breaks       func(h *house)
		about        string
		fails        bool
		what, remedy string
	}{
		"a dangerous setting": {
			func(h *house) { h.set["ROOMCOVER_KEY"] = strings.Repeat("00", 32) },
			"settings", true, "ROOMCOVER_KEY", "openssl rand -hex 32",
		},
		"a risky setting": {
			func(h *house) {
				h.set["ROOMCOVER_DATABASE_URL"] = "postgres://r:hush@db.example.com/r?sslmode=require"
			},
			"settings", false, "not checked", "verify-full",
		},
		"Temporal is down": {
			func(h *house) { h.temporal.err = serviceerror.NewUnavailable("gone") },
			"Temporal", true, "gone", "ROOMCOVER_TEMPORAL_ADDRESS",
		},
		"Temporal refuses": {
			func(h *house) { h.temporal.err = serviceerror.NewPermissionDenied("no", "") },
			"Temporal", true, "no", "ROOMCOVER_TEMPORAL_API_KEY",
		},
		"no namespace": {
			func(h *house) { h.temporal.err = serviceerror.NewNamespaceNotFound("roomcover") },
			"Temporal", true, "no namespace roomcover", "roomcover temporal setup",
		},
		"Temporal forgets too soon": {
			func(h *house) { h.temporal.retention = 24 * time.Hour },
			"Temporal", false, "for 1 day, and ROOMCOVER_TEMPORAL_RETENTION asks for 30 days",
			"roomcover temporal setup",
		},
		"no schedule": {
			func(h *house) { h.temporal.schedule = nil },
			"Temporal", true, "no schedule", "roomcover temporal setup",
		},
		"a paused schedule": {
			func(h *house) {
				h.temporal.schedule.Schedule.State = &client.ScheduleState{Paused: true}
			},
			"Temporal", true, "paused", "daily-sweep",
		},
		"no worker": {
			func(h *house) { h.temporal.polled = time.Hour },
			"Temporal", true, "No worker", "roomcover worker",
		},
		"no SPF": {
			func(h *house) { h.names[sender] = nil },
			"name service", true, "logitech.com publishes no SPF", "v=spf1",
		},
		"two SPF": {
			func(h *house) { h.names[sender] = []string{"v=spf1 -all", "V=SPF1 mx -all"} },
			"name service", true, "more than one SPF", "into one",
		},
		"SPF for everybody": {
			func(h *house) { h.names[sender] = []string{"v=spf1 mx +ALL"} },
			"name service", false, "lets everybody send", "-all",
		},
		"no DKIM": {
			func(h *house) { delete(h.names, "selector1._domainkey."+sender) },
			"name service", false, "No DKIM key", "--dkim-selector",
		},
		"a revoked DKIM key": {
			func(h *house) { h.names["selector1._domainkey."+sender] = []string{"v=DKIM1; p="} },
			"name service", false, "No DKIM key", "--dkim-selector",
		},
		"the DKIM key that was named is not there": {
			func(h *house) { h.o.Selectors = []string{"selector1", "s2026"} },
			"name service", true, "no DKIM key s2026", "s2026._domainkey.logitech.com",
		},
		"no DMARC": {
			func(h *house) { delete(h.names, "_dmarc."+sender) },
			"name service", true, "no DMARC", "_dmarc.logitech.com",
		},
		"two DMARC": {
			func(h *house) { h.names["_dmarc."+sender] = []string{"v=DMARC1; p=none", "v=DMARC1; p=none"} },
			"name service", true, "more than one DMARC", "Leave one",
		},
		"DMARC without a policy": {
			func(h *house) { h.names["_dmarc."+sender] = []string{"v=DMARC1; rua=mailto:a@b.example"} },
			"name service", true, "no policy", "p=none",
		},
		"nobody to ask": {
			func(h *house) { h.names = nil },
			"name service", false, "Nobody says what is published for logitech.com", "reached",
		},
		"the portal's certificate ends soon": {
			func(h *house) { h.o.Now = portalEnds.AddDate(0, 0, -20) },
			"certificates", false, "The certificate of the portal at example.com:443 ends on 2084-01-29",
			"proxy",
		},
		"it ends this week": {
			func(h *house) { h.o.Now = portalEnds.AddDate(0, 0, -5) },
			"certificates", true, "ends on 2084-01-29", "proxy",
		},
		"it has ended": {
			func(h *house) { h.o.Now = portalEnds.AddDate(0, 0, 1) },
			"certificates", true, "is not accepted: ", "proxy",
		},
		"the portal is not reached": {
			func(h *house) {
				h.o.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }
			},
			"certificates", false, "not reached at example.com:443", "from here",
		},
		"a file without a certificate": {
			func(h *house) { h.set["ROOMCOVER_TEMPORAL_CA_FILE"] = "doctor.go" },
			"certificates", true, "ROOMCOVER_TEMPORAL_CA_FILE", "PEM",
		},
		"the mail server is away": {
			func(h *house) { h.mailsTo(mail.Options{Host: "127.0.0.1", Port: 1, TLS: "none"}) },
			"mail server", true, "does not answer", "ROOMCOVER_SMTP_HOST",
		},
		"little room": {
			func(h *house) { h.o.Free = func(string) (uint64, error) { return 500 << 20, nil } },
			"disks", false, "500 MiB", "Make room",
		},
		"no room": {
			func(h *house) { h.o.Free = func(string) (uint64, error) { return 5 << 20, nil } },
			"disks", true, "5 MiB", "Make room",
		},
		"no folder": {
			func(h *house) { h.set["ROOMCOVER_AUDIT_HEADS_FILE"] = "/nowhere/heads" },
			"disks", true, "cannot be written", "worker",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, env)
			c.breaks(h)
			h.only(c.about, c.fails, c.what, c.remedy)
		})
	}
}

// portalEnds is when the certificate of httptest ends.
var portalEnds = time.Date(2084, 1, 29, 16, 0, 0, 0, time.UTC)

// What is allowed on purpose is known: it is no finding.
func TestADangerThatIsAllowedIsNoFinding(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	h.set["ROOMCOVER_PUBLIC_URL"] = "http://example.com"
	h.only("settings", true, "reached by http", "https://")
	h.set["ROOMCOVER_ALLOW_INSECURE"] = "ROOMCOVER_PUBLIC_URL"
	require.Empty(t, h.examined())
}

// A subdomain goes by the DMARC record of the domain above it, as receivers have it.
func TestDMARCOfTheDomainAboveCounts(t *testing.T) {
	r := &report{}
	above := published{"_dmarc.example.com": {"v=DMARC1;p=none"}}
	r.dmarc(t.Context(), above, "mails.service.example.com")
	require.Empty(t, r.found)
	r.dmarc(t.Context(), published{"_dmarc.com": {"v=DMARC1;p=none"}}, sender)
	require.Len(t, r.found, 1, "not a whole top level's")
}

func TestTheMailServerIsAskedAsMailsAre(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	server := func(options ...smtptest.Option) (*smtptest.Server, mail.Options) {
		s, err := smtptest.Start("127.0.0.1:0", options...)
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s, mail.Options{
			Host:     "127.0.0.1",
			Port:     s.Port(),
			Username: "roomcover",
			Password: "open-sesame",
			RootCAs:  s.RootCAs(),
		}
	}

	// Its certificate lasts for a day.
	s, o := server(smtptest.STARTTLS(), smtptest.Auth("roomcover", "open-sesame"))
	h.mailsTo(o)
	h.only("certificates", true, "The mail server's certificate ends on ", "Renew")
	require.Empty(t, s.Messages(), "nothing is sent")
	s.RefuseSender(func(string) *smtptest.Error {
		return &smtptest.Error{Code: 553, EnhancedCode: [3]int{5, 7, 1}, Message: "Select@logitech.com"}
	})
	found := h.examined()
	require.Len(t, found, 2)
	require.Contains(t, found[0].What, "does not take mails from our sender: server answered 553 5.7.1")
	s.RefuseSender(nil)

	_, whole := server(smtptest.ImplicitTLS(), smtptest.Auth("roomcover", "open-sesame"))
	whole.TLS = "implicit"
	h.mailsTo(whole)
	h.only("certificates", true, "The mail server's certificate ends on ", "Renew")

	o.Password = "open-barley"
	h.mailsTo(o)
	found = h.examined()
	require.Len(t, found, 1, "%+v", found)
	require.Contains(t, found[0].What, "refuses the login: server answered 535")
	require.Contains(t, found[0].Remedy, "ROOMCOVER_SMTP_PASSWORD")
	require.NotContains(t, fmt.Sprint(found), "open-barley")

	o.Password, o.RootCAs = "open-sesame", x509.NewCertPool()
	h.mailsTo(o)
	h.only("mail server", true, "certificate is not accepted", "ROOMCOVER_SMTP_HOST")

	_, plain := server()
	h.mailsTo(plain)
	h.only("mail server", true, "no STARTTLS", "implicit")

	_, open := server(smtptest.STARTTLS())
	h.mailsTo(open)
	h.only("mail server", true, "no login", "take user and password out")
}
