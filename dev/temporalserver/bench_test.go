package temporalserver

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/freeport"
)

const benchConcurrency = 16

// BenchmarkWorkflows runs workflows of one activity that does nothing, 16 at
// a time, with one knob turned at a time. Run it with
//
//	go test -run '^$' -bench Workflows -benchtime 2000x ./temporalserver
func BenchmarkWorkflows(b *testing.B) {
	pragma := func(name, value string) Options {
		return Options{pragmas: map[string]string{name: value}}
	}
	for _, c := range []struct {
		name    string
		options Options
		eager   bool
	}{
		{name: "as shipped"},
		{name: "as shipped, eager start", eager: true},
		{name: "synchronous=off", options: pragma("synchronous", "off")},
		{name: "synchronous=full", options: pragma("synchronous", "full")},
		{name: "journal_mode=delete", options: pragma("journal_mode", "delete")},
		{name: "locking_mode=normal", options: pragma("locking_mode", "normal")},
		{name: "wal_autocheckpoint=1000", options: pragma("wal_autocheckpoint", "1000")},
		{name: "cache_size=2MB", options: pragma("cache_size", "-2000")},
		{
			name: "partitions=4",
			options: Options{settings: map[string]any{
				"matching.numTaskqueueReadPartitions": 4, "matching.numTaskqueueWritePartitions": 4}},
		},
	} {
		b.Run(c.name, func(b *testing.B) { benchWorkflows(b, c.options, c.eager) })
	}
}

func benchWorkflows(b *testing.B, o Options, eager bool) {
	free, err := freeport.Find(DefaultHost, 1)
	if err != nil {
		b.Fatal(err)
	}
	o.Dir = b.TempDir()
	o.FrontendPort = free[0]
	o.LogLevel = slog.LevelError
	s, err := Start(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	c, err := client.Dial(client.Options{HostPort: s.Address(), Namespace: s.Namespace(),
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	w := worker.New(c, "bench", worker.Options{})
	w.RegisterWorkflow(oneActivity)
	w.RegisterActivity(nothing)
	if err := w.Start(); err != nil {
		b.Fatal(err)
	}
	defer w.Stop()

	runMany(b, c, "warm", 200, eager)
	b.ResetTimer()
	began, cpu := time.Now(), cpuTime()
	runMany(b, c, "run", b.N, eager)
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "workflows/s")
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-µs/workflow")
}

func runMany(b *testing.B, c client.Client, prefix string, n int, eager bool) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range benchConcurrency {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				run, err := c.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{
					ID: fmt.Sprintf("%s_%d", prefix, i), TaskQueue: "bench", EnableEagerStart: eager,
				}, oneActivity)
				if err == nil {
					err = run.Get(context.Background(), nil)
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func oneActivity(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, nothing).Get(ctx, nil)
}

func nothing(context.Context) error { return nil }

// cpuTime is what this process has used so far, server and worker together.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
