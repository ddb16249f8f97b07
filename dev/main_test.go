package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/smtp"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/dev/mailbox"
	"roomcover.dev/roomcover/freeport"
)

func TestUpTellsWhereEverythingIsAndStopsWhenAsked(t *testing.T) {
	data, n := t.TempDir(), free(t, 11)
	args := []string{"up", "--data", data, "--portal-port", n[0], "--temporal-port", n[1],
		"--temporal-ui-port", n[2], "--smtp-port", n[3], "--mails-port", n[4], "--carrier-port", n[5],
		"--issuer-port", n[6], "--mail-in-port", n[7], "--oidc-port", n[8], "--saml-port", n[9],
		"--sync-port", n[10]}
	p := start(t, args...)
	p.awaitLine(t, "Portal         http://localhost:"+n[0])
	p.awaitLine(t, "API reference  http://localhost:"+n[0]+"/v1/docs")
	p.awaitLine(t, "Mails          http://127.0.0.1:"+n[4])
	p.awaitLine(t, "Mails taken    127.0.0.1:"+n[7])
	p.awaitLine(t, "Temporal UI    http://127.0.0.1:"+n[2])
	p.awaitLine(t, "Carrier        http://127.0.0.1:"+n[5])
	p.awaitLine(t, "Console        http://localhost:"+n[0]+"/console")
	lead := strings.TrimSpace(strings.TrimPrefix(p.awaitLine(t, "  as a lead "), "  as a lead "))
	p.awaitLine(t, "Own sign-in    http://localhost:"+n[0]+"/own-sign-in")
	p.awaitLine(t, "  OpenID       issuer http://127.0.0.1:"+n[8]+", client ID roomcover, secret ")
	p.awaitLine(t, "  SAML         metadata http://127.0.0.1:"+n[9]+"/metadata")
	p.awaitLine(t, "Sync           http://localhost:"+n[0]+"/sync, region Simulated")
	p.awaitLine(t, "  certificate  "+filepath.Join(data, "sync-certificate.pem"))
	token := strings.TrimPrefix(p.awaitLine(t, "reseller token: "), "reseller token: ")
	p.awaitLine(t, "Stop with Ctrl+C.")

	var env bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"env", "--data", data}, &env, io.Discard))
	require.Contains(t, env.String(), "export RESELLER_TOKEN='"+token+"'\n")
	require.Contains(t, env.String(), "export ROOMCOVER_URL='http://localhost:"+n[0]+"'\n")
	require.Contains(t, env.String(), "export MAILS_URL='http://127.0.0.1:"+n[4]+"'\n")
	require.Contains(t, env.String(), "export MAIL_IN='127.0.0.1:"+n[7]+"'\n")
	require.Contains(t, env.String(), "export CARRIER_URL='http://127.0.0.1:"+n[5]+"'\n")
	for _, name := range []string{"DISTRIBUTOR_TOKEN", "OPERATOR_TOKEN", "ROOMCOVER_TOKEN"} {
		require.Regexp(t, "export "+name+"='rct_", env.String())
	}

	record := []string{"txt", "--data", data, "ACME.example", "roomcover-verify=x"}
	require.Zero(t, run(t.Context(), record, io.Discard, io.Discard))
	found, err := records{dir: data}.TXT(t.Context(), "acme.example")
	require.NoError(t, err)
	require.Equal(t, []string{"roomcover-verify=x"}, found)
	require.Zero(t, run(t.Context(), append(record, "--remove"), io.Discard, io.Discard))
	found, err = records{dir: data}.TXT(t.Context(), "acme.example")
	require.NoError(t, err)
	require.Empty(t, found)

	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	res, err := (&http.Client{Jar: jar}).Get(lead) // one click
	require.NoError(t, err)
	page, err := io.ReadAll(res.Body)
	require.NoError(t, errors.Join(err, res.Body.Close()))
	require.Equal(t, "/console", res.Request.URL.Path)
	require.Contains(t, string(page), "Lena Costa")

	require.Equal(t, http.StatusCreated, postExample(t, n[0], token))
	require.Eventually(t, func() bool {
		return mailsTo(t, n[4], "ana.souza@acme.example") == 2
	}, time.Minute, 100*time.Millisecond,
		"the confirmation and the invitation")
	require.Zero(t, p.stop(t), p.errs.String())
	require.FileExists(t, filepath.Join(data, "temporal", "temporal.db"))
	require.FileExists(t, filepath.Join(data, "logs", "roomcover.log"))
	var errs bytes.Buffer
	require.Equal(t, exitFailed, run(t.Context(), []string{"env", "--data", data}, io.Discard, &errs))
	require.Contains(t, errs.String(), "start it with make dev")

	again := start(t, args...)
	require.Equal(t, "reseller token: "+token, again.awaitLine(t, "reseller token: "), "the folder keeps its tokens")
	again.awaitLine(t, "Stop with Ctrl+C.")
	require.Equal(t, http.StatusOK, postExample(t, n[0], token), "the same order is there already (S14)")
	require.Zero(t, again.stop(t), again.errs.String())
}

// postExample sends the README's order and returns the answer's status.
func postExample(t *testing.T, port, token string) int {
	t.Helper()
	body, err := os.ReadFile("../examples/order.json")
	require.NoError(t, err)
	request, err := http.NewRequest(http.MethodPost, "http://localhost:"+port+"/v1/orders", bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	return answer.StatusCode
}

func TestSMTPKeepsItsMailsOverARestart(t *testing.T) {
	data, n := t.TempDir(), free(t, 2)
	args := []string{"smtp", "--data", data, "--smtp-port", n[0], "--mails-port", n[1]}

	first := start(t, args...)
	first.awaitLine(t, "SMTP ready at")
	send(t, n[0], "ana@acme.example")
	require.Zero(t, first.stop(t))

	second := start(t, args...)
	second.awaitLine(t, "SMTP ready at")
	require.Equal(t, 1, mailsTo(t, n[1], "ana@acme.example"))
	require.Zero(t, mailsTo(t, n[1], "someone@else.example"))
}

func TestTemporalAloneSaysWhenItIsReady(t *testing.T) {
	n := free(t, 1)
	p := start(t, "temporal", "--data", t.TempDir(), "--temporal-port", n[0], "--temporal-ui-port", "0")
	p.awaitLine(t, "Temporal ready at 127.0.0.1:"+n[0]+", namespace roomcover")
	require.Zero(t, p.stop(t), p.errs.String())
}

func TestEveryTakenPortIsToldBeforeAnythingIsWritten(t *testing.T) {
	taken := listen(t)
	commands := map[string][]string{
		"up": {
			"--portal-port", "--temporal-port", "--temporal-ui-port", "--smtp-port", "--mails-port", "--carrier-port",
			"--issuer-port", "--mail-in-port", "--oidc-port", "--saml-port", "--sync-port",
		},
		"temporal": {"--temporal-port", "--temporal-ui-port"},
		"smtp":     {"--smtp-port", "--mails-port"},
		"carrier":  {"--carrier-port"},
	}
	for command, options := range commands {
		n := free(t, len(options))
		for i, option := range options {
			t.Run(command+" "+option, func(t *testing.T) {
				data := filepath.Join(t.TempDir(), "data")
				args := []string{command, "--data", data}
				for j, o := range options {
					args = append(args, o, n[j])
					if i == j {
						args[len(args)-1] = strconv.Itoa(taken)
					}
				}
				var errs bytes.Buffer
				require.Equal(t, exitFailed, run(t.Context(), args, io.Discard, &errs))
				require.Contains(t, errs.String(), fmt.Sprintf("port %d ", taken))
				require.Contains(t, errs.String(), "choose another with "+option)
				require.NoDirExists(t, data)
			})
		}
	}
}

func TestWrongUsageIsRefusedWithCode2(t *testing.T) {
	cases := map[string]struct {
		args []string
		want string
	}{
		"unknown option":   {[]string{"up", "--prot", "1"}, "--prot"},
		"unknown command":  {[]string{"down"}, "down"},
		"no days at all":   {[]string{"up", "--day", "0s"}, "--day"},
		"days too long":    {[]string{"up", "--day", "25h"}, "at most 24h"},
		"not a duration":   {[]string{"up", "--day", "soon"}, "--day"},
		"not a port":       {[]string{"smtp", "--smtp-port", "x"}, "--smtp-port"},
		"option elsewhere": {[]string{"smtp", "--temporal-port", "1"}, "--temporal-port"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var errs bytes.Buffer
			require.Equal(t, exitUsage, run(t.Context(), c.args, io.Discard, &errs))
			require.Contains(t, errs.String(), c.want)
		})
	}
}

// What a fast calendar leaves behind is in the future: it stands apart from the data of today,
// and says so wherever it is opened.
func TestAFastCalendarHasDataOfItsOwn(t *testing.T) {
	own, err := filepath.Abs(defaultData)
	require.NoError(t, err)
	other := filepath.Join(t.TempDir(), "data")
	require.Equal(t, own, folderFor(own, ordinaryDay))
	require.Equal(t, filepath.Join(own, "fast"), folderFor(own, 2*time.Second))
	require.Equal(t, other, folderFor(other, 2*time.Second), "a folder that somebody names is taken")

	said := func(day time.Duration, days clock.Clock) string {
		var out bytes.Buffer
		upCommand{Day: day}.explainCalendar(&out, days)
		return out.String()
	}
	now := time.Now()
	ahead := clock.Fast(now, now.AddDate(0, 0, 40), ordinaryDay)
	require.Empty(t, said(ordinaryDay, clock.Clock{}))
	require.Contains(t, said(ordinaryDay, ahead), "days ahead of the real one: the calendar ran fast")
	require.Contains(t, said(ordinaryDay, ahead), ahead.Now().Format("2 January 2006"))
	require.Contains(t, said(2*time.Second, clock.Fast(now, now, 2*time.Second)), "one day passes in 2s")
}

func TestHelpNamesEveryOptionAndItsDefault(t *testing.T) {
	var out bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"up", "--help"}, &out, io.Discard))
	for _, want := range []string{
		`--data="./data"`, "--portal-port=8080", "--temporal-port=7233",
		"--temporal-ui-port=8233", "--smtp-port=1025", "--mails-port=8025", "--carrier-port=8030",
		"--issuer-port=8026", "--mail-in-port=2525", "--oidc-port=8027", "--saml-port=8028", "--sync-port=8029",
		"--day=24h",
	} {
		require.Contains(t, out.String(), want)
	}
}

// process is run in a goroutine, with its output line by line.
type process struct {
	cancel context.CancelFunc
	lines  chan string
	code   chan int
	errs   *bytes.Buffer
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	read, write := io.Pipe()
	p := &process{cancel: cancel, lines: make(chan string, 100), code: make(chan int, 1), errs: &bytes.Buffer{}}
	go func() {
		p.code <- run(ctx, args, write, p.errs)
		_ = write.Close()
	}()
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(read); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	t.Cleanup(cancel)
	return p
}

func (p *process) awaitLine(t *testing.T, prefix string) string {
	t.Helper()
	for {
		select {
		case line, open := <-p.lines:
			if !open {
				require.Fail(t, "ended without the line", "%s\n%s", prefix, p.errs)
				return ""
			}
			if strings.HasPrefix(line, prefix) {
				return line
			}
		case <-time.After(time.Minute):
			require.Fail(t, "no line", prefix)
			return ""
		}
	}
}

func (p *process) stop(t *testing.T) int {
	t.Helper()
	p.cancel()
	select {
	case code := <-p.code:
		return code
	case <-time.After(time.Minute):
		require.Fail(t, "did not stop")
		return -1
	}
}

func send(t *testing.T, port, to string) {
	t.Helper()
	require.NoError(t, smtp.SendMail("127.0.0.1:"+port, nil, "noreply@vendor.example", []string{to},
		[]byte("From: Vendor <noreply@vendor.example>\r\nTo: "+to+"\r\nSubject: Hello\r\n\r\nHello\r\n")))
}

func mailsTo(t *testing.T, port, to string) int {
	t.Helper()
	res, err := http.Get("http://127.0.0.1:" + port + "/api/mails?to=" + to)
	require.NoError(t, err)
	defer res.Body.Close()
	var list mailbox.List
	require.NoError(t, json.NewDecoder(res.Body).Decode(&list))
	return list.Total
}

func free(t *testing.T, n int) []string {
	t.Helper()
	numbers, err := freeport.Find("127.0.0.1", n)
	require.NoError(t, err)
	texts := make([]string, n)
	for i, number := range numbers {
		texts[i] = strconv.Itoa(number)
	}
	return texts
}

func listen(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}
