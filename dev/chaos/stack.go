package chaos

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/dev/calendar"
	"roomcover.dev/roomcover/freeport"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// replicas is how many APIs and how many workers (each with its relay) run at
// once.
const replicas = 2

// namespace is the Temporal namespace of the processes.
const namespace = "roomcover"

// Day is how long a calendar day takes (real time): a month of returns, fees and
// expiring invitations fits into a minute.
const Day = 2 * time.Second

// Binaries are the programs under test. Roomcover is built with the tag
// fastcalendar.
type Binaries struct {
	Roomcover, Dev string
	// OtherWorker is the program of the second worker, where it is another one.
	OtherWorker string
}

// worker is the program of a worker.
func (b Binaries) worker(i int) string {
	if i > 0 {
		return cmp.Or(b.OtherWorker, b.Roomcover)
	}
	return b.Roomcover
}

// Stack is a whole Roomcover of separate processes on loopback ports, with its
// data in one folder. Every part can be killed and started again on the same
// port and data.
type Stack struct {
	Dir      string
	Seed     uint64
	Postgres *pgserver.Server
	DSN      string
	Temporal *Process
	SMTP     *Process
	Mailin   *Process // takes the mails that come in
	Carrier  *Process
	APIs     []*Process
	Workers  []*Process
	// Proxies stand between the worker of the same index and the SMTP server.
	Proxies []*SMTPProxy
	// Greylist is what the SMTP server lives by, as the workers meet it.
	Greylist *Greylist
	// DatabaseProxy stands between every program of the service and PostgreSQL.
	DatabaseProxy *DatabaseProxy
	// MailinProxy stands between those who write and the listener.
	MailinProxy *SMTPProxy
	// Disk is where PostgreSQL keeps its data, where that is to become full.
	Disk *Disk
	// Domains are the test's own way to the facts; Client to the histories.
	Domains *domains.Domains
	Client  client.Client
	// Calendar is what every part lives by; Line is the way to the carrier.
	Calendar clock.Clock
	Line     *Line
	Cloud    *Cloud // a Sync beside the rest

	// TemporalLost says that Temporal's data were lost on the way.
	TemporalLost atomic.Bool

	bin       Binaries
	apiPort   []int
	operator  []string // the environment of who runs commands
	fillsDisk bool     // PostgreSQL's, which needs a small one
}

// NewStack starts everything in the folder. A stack that could not be started
// has been stopped again.
func NewStack(ctx context.Context, set Settings) (*Stack, error) {
	s := &Stack{
		Dir:       set.Dir,
		Seed:      set.Seed,
		Greylist:  NewGreylist(),
		bin:       set.Binaries,
		fillsDisk: slices.Contains(set.Rare, DiskFull),
	}
	if err := s.start(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context) error {
	n, err := freeport.Find("127.0.0.1", 4+2*replicas)
	if err != nil {
		return err
	}

	carrierPort := n[2+2*replicas]
	if s.Calendar, err = calendar.Open(s.Dir, Day); err != nil {
		return err
	}
	if s.Line, err = newLine(s.Dir, address(carrierPort)); err != nil {
		return err
	}

	if s.Cloud, err = startCloud(s.Dir); err != nil {
		return err
	}

	s.Temporal = s.process("temporal",
		s.bin.Dev, nil, saysReady("Temporal ready"), "temporal", "--data", s.Dir, "--temporal-port",
		strconv.Itoa(n[0]), "--temporal-ui-port", "0")
	s.SMTP = s.process("smtp", s.bin.Dev, nil, saysReady("SMTP ready"),
		"smtp", "--data", s.Dir, "--smtp-port", strconv.Itoa(n[1]), "--mails-port", "0")

	s.Carrier = s.process("carrier",
		s.bin.Dev, nil, saysReady("Carrier ready"), "carrier", "--data", s.Dir, "--carrier-port",
		strconv.Itoa(carrierPort), "--carrier-seed", strconv.FormatUint(s.Seed, 10), "--day",
		Day.String(), "--webhook-url", "http://"+address(n[2])+"/v1/carrier/events")

	if err := s.startPostgres(); err != nil {
		return err
	}
	if _, s.DSN, err = s.Postgres.Database(""); err != nil {
		return err
	}
	if err := s.openStore(ctx); err != nil {
		return err
	}
	if s.DatabaseProxy, err = NewDatabaseProxy(s.DSN); err != nil {
		return err
	}
	if err := errors.Join(s.Temporal.Start(), s.SMTP.Start(), s.Carrier.Start()); err != nil {
		return err
	}

	s.Client, err = client.NewLazyClient(client.Options{
		HostPort:  address(n[0]),
		Namespace: namespace,
		Logger:    quietLogger(),
	})
	if err != nil {
		return err
	}

	s.apiPort = n[2 : 2+replicas]
	s.operator = s.environment(n[0], n[1])
	for i := range replicas {
		if err := s.addReplica(i, n[0], n[1], n[2+i], n[2+replicas+i]); err != nil {
			return err
		}
	}

	return s.addMailin(n[0], n[1], n[3+2*replicas])
}

// startPostgres starts it on a disk of its own where the seed fills that, and this machine lets it.
func (s *Stack) startPostgres() (err error) {
	folder := ""
	if s.fillsDisk {
		s.Disk, err = NewDisk()
		switch {
		case err == nil:
			folder = s.Disk.Dir
		case !errors.Is(err, syscall.EPERM):
			return err
		}
	}

	if s.Postgres, err = pgserver.StartIn(folder, true); err != nil || s.Disk == nil {
		return err
	}
	return s.Postgres.Set("max_wal_size", walSize)
}

// addMailin starts the listener for mails that come in, with the proxy in front of it.
func (s *Stack) addMailin(temporal, smtp, mailin int) (err error) {
	if s.MailinProxy, err = NewSMTPProxy(address(mailin), nil); err != nil {
		return err
	}
	env := append(s.environment(temporal, smtp), "ROOMCOVER_MAILIN_LISTEN="+address(mailin))
	s.Mailin = s.process("mailin", s.bin.Roomcover, env, greets(address(mailin)), "mailin")
	return s.Mailin.Start()
}

func (s *Stack) openStore(ctx context.Context) error {
	owner, err := s.open(pgserver.Owner(s.DSN))
	if err != nil {
		return err
	}
	_, err = owner.DB.Migrate(ctx)
	if err := errors.Join(err, owner.DB.Close()); err != nil {
		return err
	}

	s.Domains, err = s.open(s.DSN)
	return err
}

func (s *Stack) open(dsn string) (*domains.Domains, error) {
	dialector, err := db.Postgres(dsn)
	if err != nil {
		return nil, err
	}
	return domains.Open(
		dialector, domains.Options{Options: db.Options{Clock: s.Calendar, Key: storetest.Key}},
	)
}

// addReplica starts an API and a worker with its SMTP proxy.
func (s *Stack) addReplica(i, temporal, smtp, api, metrics int) error {
	proxy, err := NewSMTPProxy(address(smtp), s.Greylist)
	if err != nil {
		return err
	}

	s.Proxies = append(s.Proxies, proxy)
	env := append(s.environment(temporal, proxy.Port()),
		"ROOMCOVER_LISTEN="+address(api), "ROOMCOVER_WORKER_METRICS_LISTEN="+address(metrics))

	serve := s.process(fmt.Sprintf("serve-%d", i+1), s.bin.Roomcover, env,
		answers200("http://"+address(api)+"/readyz"), "serve")
	work := s.process(fmt.Sprintf("worker-%d", i+1), s.bin.worker(i), env,
		answers200("http://"+address(metrics)+"/healthz"), "worker")
	s.APIs, s.Workers = append(s.APIs, serve), append(s.Workers, work)
	return errors.Join(serve.Start(), work.Start())
}

// mailKey signs the mails that are handed in by HTTP.
var mailKey = []byte("mails by HTTP, signed by this key")

// environment is what every program of the service is told. What a mail that came in says is
// kept for ever: the oracle reads it when months have passed.
func (s *Stack) environment(temporal, smtp int) []string {
	return append(s.Cloud.environment(),
		"ROOMCOVER_DATABASE_URL="+s.DatabaseProxy.DSN,
		"ROOMCOVER_KEY="+hex.EncodeToString(storetest.Key),
		"ROOMCOVER_PUBLIC_URL=http://"+address(s.apiPort[0]),
		"ROOMCOVER_TEMPORAL_ADDRESS="+address(temporal),
		"ROOMCOVER_SMTP_HOST=127.0.0.1", "ROOMCOVER_SMTP_PORT="+strconv.Itoa(smtp),
		"ROOMCOVER_SMTP_TLS=none",
		"ROOMCOVER_MAILIN_AUTHSERV_IDS="+authServer,
		"ROOMCOVER_MAILIN_WEBHOOK_KEYS="+hex.EncodeToString(mailKey),
		"ROOMCOVER_KEEP_INBOUND_MAILS=0",
		"ROOMCOVER_FAST_CALENDAR="+filepath.Join(s.Dir, "calendar.json"),
		"ROOMCOVER_CARRIER_NAME="+carrierName, "ROOMCOVER_CARRIER_URL="+s.Line.URL,
		"ROOMCOVER_CARRIER_API_KEY="+s.Line.Key, "ROOMCOVER_CARRIER_WEBHOOK_KEYS="+s.Line.Key,
		"ROOMCOVER_RATE_PER_SECOND=100000", "ROOMCOVER_RATE_BURST=100000",
		"ROOMCOVER_STOP_TIMEOUT=5s",
	)
}

func (s *Stack) process(
	name, path string, env []string, ready func(*Process) error, args ...string,
) *Process {
	return &Process{
		Name:  name,
		Log:   filepath.Join(s.Dir, name+".log"),
		path:  path,
		args:  args,
		env:   env,
		ready: ready,
	}
}

// answers200 waits until the address answers 200.
func answers200(url string) func(*Process) error {
	return func(p *Process) error {
		c := http.Client{Timeout: 2 * time.Second}
		return p.await(func() error {
			res, err := c.Get(url)
			if err != nil {
				return err
			}
			defer res.Body.Close()

			if res.StatusCode != http.StatusOK {
				return fmt.Errorf("%s answers %d", url, res.StatusCode)
			}
			return nil
		})
	}
}

// greets waits until an SMTP server greets at the address.
func greets(address string) func(*Process) error {
	return func(p *Process) error {
		return p.await(func() error {
			conn, err := net.DialTimeout("tcp", address, 2*time.Second)
			if err != nil {
				return err
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
				return err
			}
			_, err = conn.Read(make([]byte, 4))
			return err
		})
	}
}

// APIURL is the base address of an API.
func (s *Stack) APIURL(i int) string { return "http://" + address(s.apiPort[i]) }

// Mails is the folder of the mails that the SMTP server has kept.
func (s *Stack) Mails() string { return filepath.Join(s.Dir, "mails") }

// ProductLogs are the logs of the service's own processes.
func (s *Stack) ProductLogs() []string {
	var out []string
	for _, p := range append(append([]*Process(nil), s.APIs...), s.Workers...) {
		out = append(out, p.Log)
	}
	return append(out, s.Mailin.Log)
}

// KeepFacts writes the database into the folder, for whoever looks for a cause.
func (s *Stack) KeepFacts() error {
	tools, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	if len(tools) == 0 {
		return errors.New("there is no pg_dump")
	}

	// row-level security holds for all others
	superuser := pgserver.Superuser(s.DSN)
	out, err := exec.Command(tools[len(tools)-1], "--file",
		filepath.Join(s.Dir, "facts.sql"), superuser).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}

	return nil
}

// Stop ends everything that was started, by its own pid.
func (s *Stack) Stop() {
	for _, p := range s.all() {
		p.Stop(8 * time.Second)
	}
	for _, p := range s.Proxies {
		_ = p.Close()
	}
	if s.MailinProxy != nil {
		_ = s.MailinProxy.Close()
	}
	if s.DatabaseProxy != nil {
		_ = s.DatabaseProxy.Close()
	}
	if s.Client != nil {
		s.Client.Close()
	}
	if s.Cloud != nil {
		_ = s.Cloud.Close()
	}
	if s.Domains != nil {
		_ = s.Domains.DB.Close()
	}

	if s.Postgres != nil {
		s.Postgres.Stop()
	}
	if s.Disk != nil {
		_ = s.Disk.Close()
	}
}

// all are the processes, those that depend on others first.
func (s *Stack) all() []*Process {
	out := append(append([]*Process(nil), s.Workers...), s.APIs...)
	for _, p := range []*Process{s.Mailin, s.Carrier, s.SMTP, s.Temporal} {
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func quietLogger() log.Logger { return log.NewStructuredLogger(slog.New(slog.DiscardHandler)) }
