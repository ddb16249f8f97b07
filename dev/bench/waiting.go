package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"roomcover.dev/roomcover/dev/stack"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/worker"
)

// Waiting is what a worker costs while many wait for their days.
type Waiting struct {
	Orders   int     `json:"number"`
	Seconds  float64 `json:"seconds"`
	RSSFresh float64 `json:"rss_fresh_mb"` // before the first
	RSS      float64 `json:"rss_mb"`       // the most, while the orders wait
	// of it the process's own; the rest is the program's file
	Anonymous    float64 `json:"anonymous_mb"`
	CPUPercent   float64 `json:"cpu_percent"`      // of one core
	ServerBefore float64 `json:"server_before_mb"` // Temporal, API and this benchmark together
	ServerAfter  float64 `json:"server_after_mb"`
}

// WorkerOptions name what a worker of its own process works with.
type WorkerOptions struct {
	Dir         string // of SQLite
	DatabaseURL string // of PostgreSQL, empty for SQLite
	Temporal    string
	Namespace   string
	SMTPPort    int
	PortalURL   string
}

// environment is what the released program's worker and ours are told.
func (o WorkerOptions) environment(key string) []string {
	return []string{
		KeyVariable + "=" + key, "ROOMCOVER_KEY=" +
			key, "ROOMCOVER_DATABASE_URL=" + o.DatabaseURL, "ROOMCOVER_PUBLIC_URL=" + o.PortalURL,
		"ROOMCOVER_TEMPORAL_ADDRESS=" +
			o.Temporal, "ROOMCOVER_TEMPORAL_NAMESPACE=" + o.Namespace, "ROOMCOVER_LOG_LEVEL=warn",
		"ROOMCOVER_SMTP_HOST=127.0.0.1", "ROOMCOVER_SMTP_TLS=none",
		fmt.Sprintf("ROOMCOVER_SMTP_PORT=%d", o.SMTPPort),
	}
}

// resident is the figure of /proc for resident memory.
const resident = "VmRSS"

// KeyVariable carries the service's key to a worker process.
const KeyVariable = "ROOMCOVER_BENCH_KEY"

// RunWorker runs worker.Run alone until the context ends.
func RunWorker(ctx context.Context, o WorkerOptions) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	store, err := stack.OpenStore(
		stack.Options{Dir: o.Dir, DatabaseURL: o.DatabaseURL}, os.Getenv(KeyVariable),
	)
	if err != nil {
		return err
	}
	defer store.DB.Close()

	c, err := client.Dial(client.Options{
		HostPort:  o.Temporal,
		Namespace: o.Namespace,
		Logger:    sdklog.NewStructuredLogger(log),
	})
	if err != nil {
		return err
	}
	defer c.Close()

	sender, err := mail.NewSender(mail.Options{
		Host:            "127.0.0.1",
		Port:            o.SMTPPort,
		TLS:             "none",
		MessageIDDomain: "roomcover.localhost",
		HelloName:       "localhost",
	})
	if err != nil {
		return err
	}
	defer func() { _ = sender.Close() }()

	return worker.Run(ctx, worker.Options{
		Domains:   store,
		Temporal:  c,
		Sender:    sender,
		Namespace: o.Namespace,
		PortalURL: o.PortalURL,
		Log:       log,
	})
}

// waiting lets a worker of its own process fulfil many orders, and then looks
// at it while they wait.
func (b *bench) waiting(ctx context.Context) error {
	var begun atomic.Int64
	return b.whileWaiting(ctx, func() error {
		_, err := b.parts.orders(ctx, "wait", b.Waiting, 4*b.Concurrency, func() {
			if n := begun.Add(1); n%1000 == 0 {
				b.say("%d of %d orders accepted", n, b.Waiting)
			}
		})
		return err
	})
}

// whileWaiting looks at a worker of its own process while all wait that create has
// made.
func (b *bench) whileWaiting(ctx context.Context, create func() error) error {
	if b.Waiting == 0 {
		return nil
	}

	b.say("creating %d waiting %ss", b.Waiting, b.report.Of)
	w := Waiting{Orders: b.Waiting, ServerBefore: megabytes(os.Getpid(), resident)}
	cmd, err := b.startWorker()
	if err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}()

	pid := cmd.Process.Pid
	if _, err := b.stack(ctx, "worker", 1, 1, nil); err != nil { // it is up when it has done one
		return err
	}

	w.RSSFresh = megabytes(pid, resident)
	began := time.Now()
	if err := create(); err != nil {
		return err
	}

	b.say("%d %ss wait; they took %.0f s; watching the worker for %s",
		b.Waiting, b.report.Of, time.Since(began).Seconds(), b.WaitingTime)
	b.watch(ctx, pid, &w)
	w.ServerAfter = megabytes(os.Getpid(), resident)
	b.report.Waiting = &w
	return ctx.Err()
}

// watch looks at an idle worker's memory and CPU, after it has finished what it was
// doing.
func (b *bench) watch(ctx context.Context, pid int, w *Waiting) {
	sleep(ctx, 5*time.Second)
	for until := time.Now().Add(orderTimeout); time.Now().Before(until) && ctx.Err() == nil; {
		used := cpuOf(pid, false)
		if sleep(ctx, 2*time.Second); cpuOf(pid, false)-used < 200*time.Millisecond {
			// a tenth of a core
			break
		}
	}

	began, used := time.Now(), cpuOf(pid, false)
	for time.Since(began) < b.WaitingTime && ctx.Err() == nil {
		sleep(ctx, time.Second)
		w.RSS = max(w.RSS, megabytes(pid, resident))
		w.Anonymous = max(w.Anonymous, megabytes(pid, "RssAnon"))
	}

	w.Seconds = time.Since(began).Seconds()
	w.CPUPercent = (cpuOf(pid, false) - used).Seconds() / w.Seconds * 100
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (b *bench) startWorker() (*exec.Cmd, error) {
	p := b.parts
	o := WorkerOptions{
		Dir:         p.dir,
		DatabaseURL: p.database,
		Temporal:    p.temporal.Address(),
		Namespace:   p.temporal.Namespace(),
		SMTPPort:    p.smtp.Port(),
		PortalURL:   p.stack.URL,
	}

	args := []string{b.Program, "worker"}
	if b.Program == "" {
		args = b.WorkerCommand(o)
	}

	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), o.environment(p.stack.Access.Key)...)
	cmd.Env = append(cmd.Env, b.workerEnvironment...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}

	return cmd, nil
}
