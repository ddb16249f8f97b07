package mailin_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/mailin"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/storetest"
)

// TestMain lets this program be the listener alone, whose memory a test measures.
func TestMain(m *testing.M) {
	if path := os.Getenv(mailinFile); path != "" {
		listenAlone(path)
		return
	}
	storetest.Main(m)
}

const help = "help@support.example"

// start runs a listener, and returns its address and what ends it.
func start(t *testing.T, env storetest.Env) (address string, stop func()) {
	t.Helper()
	return startLooking(t, env, 50*time.Millisecond)
}

// startLooking is start for a server that looks so often for mails that nobody has sorted.
func startLooking(
	t *testing.T, env storetest.Env, sortEvery time.Duration,
) (address string, stop func()) {
	t.Helper()
	env.Configure(mailbox.Options{Addresses: []string{help}})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	server := mailin.New(env.Mailbox, mailin.Options{
		Hostname:    "mx.support.example",
		MaxBytes:    1 << 20,
		StopTimeout: 10 * time.Second,
		SortEvery:   sortEvery,
		Log:         slog.New(slog.DiscardHandler),
	})
	go func() { done <- server.Serve(ctx, listener) }()
	stop = func() {
		cancel()
		require.NoError(t, <-done)
	}
	return listener.Addr().String(), stop
}

const text = "From: eva@fremd.example\r\nMessage-ID: <1@fremd.example>\r\n\r\nHello\r\n"

func code(t *testing.T, err error) int {
	t.Helper()
	var answer *textproto.Error
	require.ErrorAs(t, err, &answer)
	return answer.Code
}

// Mails that came faster than they are sorted, or whose receiver died, are sorted one after another
// as soon as the server runs, however many they are.
func TestS44_ManyMailsThatWaitAreSortedWithoutPause(t *testing.T) {
	const mails = 2*mailbox.SortBatch + 20
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Configure(mailbox.Options{Addresses: []string{help}})
		for n := range mails {
			text := fmt.Sprintf("From: eva%d@fremd.example\r\n\r\nHello\r\n", n)
			raw, err := mailbox.ReadRaw(strings.NewReader(text), mailbox.MaxMail)
			require.NoError(t, err)
			envelope := inbound.Envelope{From: "eva@fremd.example", To: help, Known: true}
			_, _, err = env.Receive(t.Context(), envelope, raw)
			require.NoError(t, err)
		}

		_, stop := startLooking(t, env, time.Hour)
		require.Eventually(t, func() bool {
			return env.Count(t, "SELECT count(*) FROM inbox_items") == mails
		}, time.Minute, 20*time.Millisecond)
		stop()
	})
}

// A mail is accepted once it is stored, whoever reads it later; told twice, it is one.
func TestS44_AMailIsAcceptedOnceItIsStored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		address, stop := start(t, env)
		for range 2 {
			err := smtp.SendMail(address, nil, "eva@fremd.example", []string{help}, []byte(text))
			require.NoError(t, err)
			require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM inbound_mails"))
		}
		require.Eventually(t, func() bool {
			return env.Count(t, "SELECT count(*) FROM inbox_items") == 1
		}, time.Minute, 20*time.Millisecond)
		stop()
	})
}

func TestS44_UnknownRecipientsAndLargeMailsAreRefused(t *testing.T) {
	env := storetest.SQLite(t)
	address, stop := start(t, env)
	defer stop()
	send := func(to, mail string) error {
		return smtp.SendMail(address, nil, "eva@fremd.example", []string{to}, []byte(mail))
	}
	require.Equal(t, 550, code(t, send("ana@support.example", text)))
	require.Equal(t, 552, code(t, send(help, text+strings.Repeat("x\r\n", 400_000))))
	require.Zero(t, env.Count(t, "SELECT count(*) FROM inbound_mails"))
}

// While the database is away, the sender is told to try again.
func TestS44_WithoutADatabaseTheSenderTriesAgain(t *testing.T) {
	env := storetest.SQLite(t)
	address, stop := start(t, env)
	defer stop()
	require.NoError(t, env.Exec("ALTER TABLE inbound_mails RENAME TO away"))
	send := func() error {
		return smtp.SendMail(address, nil, "", []string{help}, []byte(text))
	}
	require.Equal(t, 451, code(t, send()))
	require.NoError(t, env.Exec("ALTER TABLE away RENAME TO inbound_mails"))
	require.NoError(t, send(), "the same mail")
}
