package inbound_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/mail/thread"
)

// Whatever comes in, reading it ends, loses no mail, and keeps its limits.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.eml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Add([]byte(""))
	f.Add([]byte("\r\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n--a\r\n--a--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := inbound.Read(bytes.NewReader(raw), inbound.Envelope{To: mailbox}, options)
		require.NoError(t, err)
		require.True(t, utf8.ValidString(m.Text+m.Quoted+m.Subject+m.From.Name))
		require.LessOrEqual(t, len(m.Text), 200_000)
		require.NotContains(t, m.Subject, "\n")
		if m.Ticket != nil {
			require.NotEmpty(t, m.Ticket.Number)
		}
		inbound.Decide(m, true)
		inbound.Guess(m.Subject, m.Text)
	})
}

func FuzzTextOf(f *testing.F) {
	f.Add("<p>a<br>b</p><blockquote>c</blockquote>")
	f.Add("<a href='javascript:alert(1)'>x</a>")
	f.Fuzz(func(t *testing.T, page string) {
		text := inbound.TextOf(page)
		require.NotContains(t, text, "\r")
		inbound.CutQuoted(text, thread.ReplyMarkers())
	})
}

func TestS44_APageBecomesText(t *testing.T) {
	require.Equal(t,
		"Hello world,\n\n- one\n- two (https://a.example/x)\n\nx\n> quoted\n> more",
		inbound.TextOf(`<html><head><title>T</title></head><body><p>Hello <b>world</b>,</p>
			<ul><li>one</li><li><a href="https://a.example/x">two</a></li></ul>
			<p hidden>no</p><span style="display:none">no</span><script>no()</script>
			<p></p>x<blockquote>quoted<div>more</div></blockquote></body></html>`))
	require.Equal(t, "click", inbound.TextOf(`<a href="javascript:alert(1)">click</a>`))
	require.Equal(t, "ana@a.example", inbound.TextOf(`<a href="mailto:ana@a.example">ana@a.example</a>`))
}

// A reader that fails is the database's or the network's fault, and the mail is read again.
func TestS44_AReaderThatFailsIsAnError(t *testing.T) {
	raw := sample(t, "gmail_reply")
	for _, after := range []int64{10, int64(len(raw)) - 200} {
		broken := io.MultiReader(
			io.LimitReader(bytes.NewReader(raw), after), iotest.ErrReader(errors.New("gone")))
		_, err := inbound.Read(broken, inbound.Envelope{}, options)
		require.Error(t, err)
	}
}

// Parts nested as deep as a mail allows cost neither the stack nor the time.
func TestS44_NestedPartsAreReadToADepth(t *testing.T) {
	var b strings.Builder
	b.WriteString("From: ana@alfa.example\r\nSubject: deep\r\n")
	for i := range 200_000 {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	m, err := inbound.Read(strings.NewReader(b.String()), inbound.Envelope{}, options)
	require.NoError(t, err)
	require.Contains(t, m.Problems, inbound.TooManyParts)
	require.Equal(t, "deep", m.Subject)
}

func TestS44_AHeaderWithoutEndIsCut(t *testing.T) {
	raw := "From: ana@alfa.example\r\n" + strings.Repeat("X-A: "+strings.Repeat("y", 990)+"\r\n", 1000) +
		"\r\nbody"
	m, err := inbound.Read(strings.NewReader(raw), inbound.Envelope{}, options)
	require.NoError(t, err)
	require.Contains(t, m.Problems, inbound.HeaderTooLong)
	require.Equal(t, "ana@alfa.example", m.From.Email)
	require.Equal(t, "body", m.Text)
}

func TestS44_ManyAttachmentsAreCounted(t *testing.T) {
	raw := "From: ana@alfa.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		strings.Repeat("--b\r\nContent-Disposition: attachment; filename=a.bin\r\n"+
			"Content-Type: application/octet-stream\r\n\r\nx\r\n", 2000) + "--b--\r\n"
	m, err := inbound.Read(strings.NewReader(raw), inbound.Envelope{}, options)
	require.NoError(t, err)
	require.Len(t, m.Attachments, 50)
	require.Contains(t, m.Problems, inbound.TooManyParts)
}

// bigMail is a mail of a size with one attachment.
func bigMail(size int) []byte {
	content := make([]byte, size*3/4-4096)
	rand.New(rand.NewSource(1)).Read(content)
	encoded := base64.StdEncoding.EncodeToString(content)
	var b bytes.Buffer
	b.WriteString("From: ana@alfa.example\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n" +
		"--b\r\nContent-Type: application/zip; name=a.zip\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n")
	for len(encoded) > 76 {
		b.WriteString(encoded[:76] + "\r\n")
		encoded = encoded[76:]
	}
	b.WriteString(encoded + "\r\n--b--\r\n")
	return bytes.Clone(b.Bytes())
}

// BenchmarkRead25MiB measures how much memory a mail of 25 MiB takes at most, its own bytes
// included: at most 100 MB.
func BenchmarkRead25MiB(b *testing.B) {
	raw := bigMail(25 << 20)
	for b.Loop() {
		runtime.GC()
		stop, peak := make(chan struct{}), make(chan uint64)
		go watchHeap(stop, peak)
		m, err := inbound.Read(bytes.NewReader(raw), inbound.Envelope{}, options)
		require.NoError(b, err)
		close(stop)
		require.Len(b, m.Attachments, 1)
		b.ReportMetric(float64(<-peak)/1e6, "MB-peak")
	}
}

func watchHeap(stop chan struct{}, peak chan uint64) {
	var most uint64
	for {
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		most = max(most, s.HeapAlloc)
		select {
		case <-stop:
			peak <- most
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func BenchmarkReadReply(b *testing.B) {
	raw := sample(b, "gmail_reply")
	for b.Loop() {
		_, err := inbound.Read(bytes.NewReader(raw), inbound.Envelope{To: mailbox}, options)
		require.NoError(b, err)
	}
}
