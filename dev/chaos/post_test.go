package chaos

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/mail/smtptest"
)

func letterTo(to ...string) *Letter {
	paper := stationery{from: "ana@casa-1.example", to: to[0], subject: "Re", text: "Hello"}
	return &Letter{Word: word(1, 2, 3), From: paper.from, To: to, Raw: paper.raw(word(1, 2, 3))}
}

func TestPost_HandsInUntilItWasTaken(t *testing.T) {
	server, err := smtptest.Start("127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	proxy, err := NewSMTPProxy(server.Addr(), nil)
	require.NoError(t, err)
	defer proxy.Close()
	var calls atomic.Int32
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		if r.Header.Get("Mail-Digest") == "" || r.Header.Get("Mail-Sender") != "ana@casa-1.example" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer api.Close()

	ledger := NewLedger()
	p := NewPost(ledger, address(proxy.Port()), []string{api.URL}, mailKey)
	proxy.Arm(MidData, server.DropConnections)
	one := letterTo("help@support.example", "x@support.example")
	ledger.write(one)
	for seed := range uint64(8) {
		p.deliver(one, seed)
	}
	p.Wait()
	require.True(t, one.Taken)
	require.Empty(t, ledger.faults)
	require.GreaterOrEqual(t, ledger.Counts.MailsIn, 8)
	require.NotEmpty(t, server.Messages())
	require.Greater(t, calls.Load(), int32(2), "by HTTP, too, once for each place")
	for _, m := range server.Messages() {
		require.True(t, bytes.Equal(one.Raw, m.Raw), "byte for byte")
	}
}

func TestPost_TellsWhatIsNotTaken(t *testing.T) {
	server, err := smtptest.Start("127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	server.Refuse(func(string) *smtptest.Error { return &smtptest.Error{Code: 550, Message: "no"} })
	ledger := NewLedger()
	p := NewPost(ledger, server.Addr(), []string{"http://127.0.0.1:1"}, mailKey)
	p.handIn(letterTo("help@support.example"), false, 0)
	require.Len(t, ledger.faults, 1)
	require.Contains(t, ledger.faults[0].What, "was not taken")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	p.Mailin, p.Patient = l.Addr().String(), 50*time.Millisecond
	p.handIn(letterTo("help@support.example"), false, 0)
	require.Len(t, ledger.faults, 2)
}

// A letter is read as what it is.
func TestLetters_AreReadAsWhatTheyAre(t *testing.T) {
	options := inbound.Options{Keys: threadKeys, AuthServIDs: []string{authServer}, Hops: 1}
	signed := threadKeys.ReplyAddress("help@support.example", "TK-10023")
	read := func(s stationery) inbound.Mail {
		m, err := inbound.Read(bytes.NewReader(s.raw(word(1, 2, 3))),
			inbound.Envelope{From: s.from, To: s.to, Known: true}, options)
		require.NoError(t, err)
		require.Contains(t, m.Text, word(1, 2, 3))
		return m
	}
	paper := stationery{from: "ana@casa-1.example", to: signed, subject: "Re", text: "Hello"}
	m := read(paper)
	require.Equal(t, "TK-10023", m.Ticket.Number)
	require.Equal(t, inbound.None, m.Authentication.Verdict)
	require.Equal(t, 2, (&Letter{To: []string{signed, "help@support.example", signed}}).routes())

	paper.auth = "fail"
	require.Equal(t, inbound.Fail, read(paper).Authentication.Verdict)
	paper.auth, paper.to = "pass", "help@support.example"
	paper.more = "References: <" + threadKeys.MessageID("TK-10023", "ntf_1", "a@x") + "@support.example>"
	m = read(paper)
	require.Equal(t, inbound.Pass, m.Authentication.Verdict)
	require.Equal(t, inbound.ByHeader, m.Ticket.By)
	paper.more = "Auto-Submitted: auto-replied"
	require.NotEmpty(t, read(paper).Automatic)
}
