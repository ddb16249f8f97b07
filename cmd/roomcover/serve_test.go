package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/freeport"
	"roomcover.dev/roomcover/models/storetest"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	ports, err := freeport.Find("127.0.0.1", 1)
	require.NoError(t, err)
	return fmt.Sprintf("127.0.0.1:%d", ports[0])
}

// await asks until the process answers 200.
func await(t *testing.T, url string) string {
	t.Helper()
	var text string
	require.Eventually(t, func() bool {
		res, err := http.Get(url)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		text = string(b)
		return res.StatusCode == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
	return text
}

func TestServeRunsWithTemporalDownAndStopsWithCode0(t *testing.T) {
	env := storetest.Postgres(t)
	s := newShell(t, &env)
	address := freeAddress(t)
	t.Setenv("ROOMCOVER_LISTEN", address)
	t.Setenv("ROOMCOVER_TEMPORAL_ADDRESS", freeAddress(t))
	ctx, stop := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() { code <- s.runUntil(ctx, "serve") }()

	await(t, "http://"+address+"/healthz")
	require.Contains(t, await(t, "http://"+address+"/readyz"), "warning", "Temporal down is a warning")
	stop()
	require.Equal(t, exitDone, <-code, s.err.String())
	require.Contains(t, s.err.String(), `"msg":"serving"`)
	require.Contains(t, s.err.String(), `"msg":"stopped serving"`)
}

func TestWorkerWaitsForTemporalAndStopsWithCode0(t *testing.T) {
	env := storetest.SQLite(t)
	s := newShell(t, &env)
	address := freeAddress(t)
	t.Setenv("ROOMCOVER_WORKER_METRICS_LISTEN", address)
	t.Setenv("ROOMCOVER_TEMPORAL_ADDRESS", freeAddress(t))
	t.Setenv("ROOMCOVER_SMTP_TLS", "none")
	ctx, stop := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() { code <- s.runUntil(ctx, "worker") }()

	await(t, "http://"+address+"/healthz")
	res, err := http.Get("http://" + address + "/readyz")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, "it takes no work yet")
	require.Eventually(t, func() bool { // a count that takes too long on a busy machine is left out
		metrics := await(t, "http://"+address+"/metrics")
		return strings.Contains(metrics, "roomcover_outbox_backlog 0")
	}, time.Minute, 100*time.Millisecond)
	stop()
	require.Equal(t, exitDone, <-code, s.err.String())
	require.Contains(t, s.err.String(), `"msg":"working"`)
}

func TestServeAndWorkerRefuseATakenAddress(t *testing.T) {
	env := storetest.SQLite(t)
	s := newShell(t, &env)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	t.Setenv("ROOMCOVER_LISTEN", l.Addr().String())
	t.Setenv("ROOMCOVER_WORKER_METRICS_LISTEN", l.Addr().String())
	t.Setenv("ROOMCOVER_TEMPORAL_ADDRESS", freeAddress(t))
	for _, command := range []string{"serve", "worker"} {
		require.Equal(t, exitFailed, s.run(command))
		require.Contains(t, s.err.String(), "address already in use")
	}
}
