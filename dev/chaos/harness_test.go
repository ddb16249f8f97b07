package chaos

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/rules/catalogue"
)

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func onDay() time.Time { return today }

func TestShapes_AreGoodOrdersTheSameForASeed(t *testing.T) {
	skus := catalogue.NewCatalogue(catalogue.DefaultCatalogue())
	a := NewShapes(7, 0, onDay)
	b := NewShapes(7, 0, onDay)
	other := NewShapes(8, 0, onDay)
	numbers, differs := map[string]bool{}, false
	for range 300 {
		form := a.Next()
		require.NoError(t, form.Validate(skus, civil.DateOf(today)))
		require.Equal(t, form, b.Next())
		require.Contains(t, form.EndCustomer.Email, Marker)
		require.Contains(t, strings.ToLower(form.EndCustomer.ContactName), Marker)
		require.False(t, numbers[form.PONumber])
		numbers[form.PONumber] = true
		differs = other.Next().Hash() != form.Hash() || differs
	}
	require.True(t, differs)
}

func TestSMTPProxy_StrikesAtTheMoment(t *testing.T) {
	content := []byte("Subject: Hello\r\n\r\n" + strings.Repeat("line\r\n", 20))
	for name, c := range map[string]struct {
		moment Moment
		kept   []int // how many mails the server may have kept when it is cut off
	}{"in the middle": {MidData, []int{0}}, "after the dot": {AfterDot, []int{0, 1}}} {
		t.Run(name, func(t *testing.T) {
			server, err := smtptest.Start("127.0.0.1:0")
			require.NoError(t, err)
			defer server.Close()
			proxy, err := NewSMTPProxy(server.Addr(), nil)
			require.NoError(t, err)
			defer proxy.Close()
			send := func() error {
				return smtp.SendMail(address(proxy.Port()), nil, "a@x.example", []string{"b@x.example"}, content)
			}
			proxy.Arm(c.moment, server.DropConnections)
			require.Error(t, send())
			require.Contains(t, c.kept, len(server.Messages()))
			before := len(server.Messages())
			require.NoError(t, send(), "it strikes once")
			require.GreaterOrEqual(t, len(server.Messages()), before+1)

			proxy.Arm(c.moment, func() { t.Error("it was disarmed") })
			proxy.Disarm()
			require.NoError(t, send())
		})
	}
}

func TestSMTPProxy_HangsUpWhileTheServerIsDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	proxy, err := NewSMTPProxy(l.Addr().String(), nil)
	require.NoError(t, err)
	defer proxy.Close()
	require.Error(t, smtp.SendMail(address(proxy.Port()), nil, "a@x.example",
		[]string{"b@x.example"}, []byte("Subject: x\r\n\r\nx\r\n")))
}

func TestClient_SendsAgainWhatWasNotAnswered(t *testing.T) {
	var calls atomic.Int32
	answers := func(w http.ResponseWriter, r *http.Request) {
		switch calls.Add(1) {
		case 1:
			panic(http.ErrAbortHandler) // the request came, the answer is lost
		case 2:
			w.WriteHeader(http.StatusInternalServerError)
		default:
			if r.Header.Get("Idempotency-Key") != "k" || r.Header.Get("Authorization") != "Bearer t" {
				w.WriteHeader(http.StatusTeapot)
			}
			_, _ = w.Write([]byte(`{"code":"SEEN"}`))
		}
	}
	a := httptest.NewServer(http.HandlerFunc(answers))
	b := httptest.NewServer(http.HandlerFunc(answers))
	defer a.Close()
	defer b.Close()
	ledger := NewLedger()
	c := NewClient([]string{a.URL, b.URL}, ledger)
	struck := make(chan struct{})
	c.Arm(0, func() { close(struck) })
	answer, err := c.Do(t.Context(), Request{
		Method: http.MethodPost,
		Path:   "/",
		Token:  "t",
		Key:    "k",
		Body:   map[string]int{},
	}, 0)
	require.NoError(t, err)
	<-struck
	require.Equal(t, http.StatusOK, answer.Status)
	require.True(t, answer.Lost)
	require.Equal(t, "SEEN", answer.code())
	require.GreaterOrEqual(t, ledger.Counts.LostAnswers, 1)
}

func TestProcess_IsKilledPausedAndStartedAgain(t *testing.T) {
	p := &Process{
		Name:  "sh",
		Log:   filepath.Join(t.TempDir(), "sh.log"),
		path:  "/bin/sh",
		args:  []string{"-c", "echo ready; exec sleep 600"},
		ready: saysReady("ready"),
	}
	require.False(t, p.Running())
	p.Kill() // nothing runs: nothing happens
	require.NoError(t, p.Start())
	first := p.cmd.Process.Pid
	p.Pause()
	p.Continue()
	require.True(t, p.Running())
	p.Kill()
	require.False(t, p.Running())
	require.NoError(t, p.Start())
	require.NotEqual(t, first, p.cmd.Process.Pid)
	p.Stop(10 * time.Second)
	require.False(t, p.Running())
	require.ErrorIs(t, p.Start(), errEnded)
}

func TestProcess_ThatIsNotReadySaysWhatItSaid(t *testing.T) {
	p := &Process{
		Name:  "sh",
		Log:   filepath.Join(t.TempDir(), "sh.log"),
		path:  "/bin/sh",
		args:  []string{"-c", "echo no; exec sleep 600"},
		ready: saysReady("ready"),
	}
	defer p.Stop(time.Second)
	require.ErrorContains(t, p.Start(), strconv.Quote("no"))
}

func TestPlan_KnowsEveryKind(t *testing.T) {
	all := slices.Concat(hands...)
	for _, kind := range []Kind{
		KillWorker, KillWorkers, KillWorkerMidData, KillWorkerDot, PauseWorker, KillAPI, KillAPIMidRequest, KillSMTP,
		KillSMTPMidData, KillSMTPDot, KillTemporal, KillPostgres, KillCarrier, CarrierDown,
		KillMailin, KillMailinMidData, KillMailinDot,
	} {
		require.Contains(t, all, kind)
	}
	for seed := range uint64(20) {
		of := rareOf(seed + 1)
		require.LessOrEqual(t, len(handsOf(of)), len(breathe))
		require.NotEqual(t, of[0], of[1])
		require.Subset(t, slices.Concat(handsOf(of)...), append(of, all...))
	}
	require.Equal(t, rare[:2], rareOf(1))
	require.Equal(t, hands, handsOf(nil))
}
