package mailin_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mailin"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/storetest"
)

// slowClient has said what comes before a mail, by hand.
type slowClient struct {
	net.Conn
	t    *testing.T
	read *bufio.Reader
}

func dialSlowly(t *testing.T, address string) slowClient {
	t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
	s := slowClient{c, t, bufio.NewReader(c)}
	s.hears("220")
	s.says("HELO slow.example", "250")
	s.says("MAIL FROM:<>", "250")
	s.says("RCPT TO:<"+help+">", "250")
	return s
}

func (s slowClient) hears(code string) {
	s.t.Helper()
	line, err := s.read.ReadString('\n')
	require.NoError(s.t, err)
	require.True(s.t, strings.HasPrefix(line, code), line)
}

func (s slowClient) says(line, code string) {
	s.t.Helper()
	_, err := s.Write([]byte(line + "\r\n"))
	require.NoError(s.t, err)
	s.hears(code)
}

// heard is what the server says until it hangs up.
func (s slowClient) heard() string {
	s.t.Helper()
	text, err := io.ReadAll(s.read)
	require.NoError(s.t, err)
	return string(text)
}

// impatient runs a listener whose clients have little time.
func impatient(t *testing.T, env storetest.Env, data, session time.Duration) (address string) {
	t.Helper()
	env.Configure(mailbox.Options{Addresses: []string{help}})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	server := mailin.New(env.Mailbox, mailin.Options{
		Hostname:       "mx.support.example",
		MaxBytes:       1 << 20,
		StopTimeout:    10 * time.Second,
		DataTimeout:    data,
		SessionTimeout: session,
		Log:            slog.New(slog.DiscardHandler),
	})
	go func() { done <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return listener.Addr().String()
}

// Who sends a mail drop by drop, whether by DATA or by BDAT, holds up nobody for long: their mail
// ends, and nothing of it is read as a command.
func TestS44_ASlowSenderHoldsUpNobody(t *testing.T) {
	env := storetest.SQLite(t)
	address := impatient(t, env, time.Second, time.Minute)
	slow := []slowClient{dialSlowly(t, address), dialSlowly(t, address)}
	slow[0].says("DATA", "354")
	ended := make(chan struct{})
	for i, c := range slow {
		go func() {
			for {
				var err error
				if i == 0 {
					_, err = c.Write([]byte("RSET\r\n"))
				} else {
					_, err = fmt.Fprint(c, "BDAT 1\r\nx")
				}
				if err != nil {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			ended <- struct{}{}
		}()
	}

	// Others are told to try again at worst, and then get their turn.
	require.Eventually(t, func() bool {
		err := smtp.SendMail(address, nil, "eva@fremd.example", []string{help}, []byte(text))
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
	for range slow {
		<-ended // the server has hung up
	}
	require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM inbound_mails"))
}

// A mail that takes too long is to be sent again, and the server hangs up.
func TestS44_AMailThatTakesTooLongIsToBeSentAgain(t *testing.T) {
	env := storetest.SQLite(t)
	c := dialSlowly(t, impatient(t, env, time.Second, time.Minute))
	c.says("DATA", "354")
	_, err := c.Write([]byte("Subject: slow\r\n"))
	require.NoError(t, err)
	heard := c.heard()
	require.True(t, strings.HasPrefix(heard, "451 "), heard)
	require.Contains(t, heard, "421 ")
	require.Zero(t, env.Count(t, "SELECT count(*) FROM inbound_mails"))
}

// A client that only talks is told good-bye.
func TestS44_AConversationHasAnEnd(t *testing.T) {
	env := storetest.SQLite(t)
	c := dialSlowly(t, impatient(t, env, time.Minute, time.Second))
	require.True(t, strings.HasPrefix(c.heard(), "421 "))
}
