package mailin_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/mailin"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/sqlitedb"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// mailinFile names the database with which this program is the listener alone.
const mailinFile = "ROOMCOVER_TEST_MAILIN_FILE"

// most is how much memory the listener may take at its peak, with the largest mail.
const most = 100_000_000

func opened(path string) (*domains.Domains, error) { return openedOn(sqlitedb.Open(path)) }

func openedOn(database gorm.Dialector) (*domains.Domains, error) {
	d, err := domains.Open(database, domains.Options{
		Options: db.Options{Key: storetest.Key},
	})
	if err == nil {
		d.Mailbox.Configure(mailbox.Options{Addresses: []string{help}})
	}
	return d, err
}

// listenAlone takes mails until the test that started it ends it.
func listenAlone(path string) {
	mailin.BoundMemory()
	d, err := opened(path)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}

	fmt.Fprintln(os.Stderr, "listens", listener.Addr())
	server := mailin.New(d.Mailbox, mailin.Options{
		Hostname:    "mx.support.example",
		MaxBytes:    mailbox.MaxMail,
		StopTimeout: time.Second,
		Log:         slog.New(slog.DiscardHandler),
	})
	if err := server.Serve(context.Background(), listener); err != nil {
		log.Fatal(err)
	}
}

// shape is how the files of a large mail come.
type shape struct {
	name     string
	files    int
	encoding string
	kind     string
	encode   func([]byte) []byte // of 57 bytes: as a part of the mail
}

var shapes = []shape{
	{"one file", 1, "base64", "video/mp4", base64Line},
	{"two files", 2, "base64", "video/mp4", base64Line},
	{"no letter of base64", 1, "base64", "video/mp4", func([]byte) []byte {
		return []byte("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!\r\n")
	}},
	{"quoted-printable", 1, "quoted-printable", "video/mp4", func(b []byte) []byte {
		return fmt.Appendf(nil, "%s=%02X\r\n", base64.RawStdEncoding.EncodeToString(b), b[0])
	}},
	{"a table", 1, "8bit", "text/csv; charset=iso-8859-1", base64Line},
	{"no file but a long text", 1, "8bit", "", base64Line},
}

func base64Line(b []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(nil, b), "\r\n"...)
}

// mail is a mail of almost the greatest size with the files in it.
func (s shape) mail() []byte {
	var b bytes.Buffer
	b.WriteString("From: eva@fremd.example\r\nTo: " + help + "\r\nMessage-ID: <1@fremd.example>\r\n" +
		"Subject: A film\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" +
		"--x\r\nContent-Type: text/plain\r\n\r\nSee the film.\r\n")
	random := rand.New(rand.NewPCG(1, 2))
	line := make([]byte, 57)
	for n := range s.files {
		b.WriteString("--x\r\nContent-Transfer-Encoding: " + s.encoding + "\r\n")
		if s.kind != "" {
			b.WriteString("Content-Type: " + s.kind + "\r\n" +
				"Content-Disposition: attachment; filename=film.mp4\r\n")
		}
		b.WriteString("\r\n")
		for b.Len() < (mailbox.MaxMail-2000)*(n+1)/s.files {
			for i := range line {
				line[i] = byte(random.Uint32())
			}
			b.Write(s.encode(line))
		}
		b.WriteString("\r\n")
	}
	b.WriteString("--x--\r\n")
	return b.Bytes()
}

// A mail of 25 MiB is taken, kept and read within a bound, whatever is in it.
func TestBudget_TheLargestMailWithinItsMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the peak is read from /proc")
	}
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) { takeWithinMemory(t, s.mail()) })
	}
}

func takeWithinMemory(t *testing.T, mail []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roomcover.db")
	d, err := opened(path)
	require.NoError(t, err)
	_, err = d.DB.Migrate(t.Context())
	require.NoError(t, err)

	listens := exec.Command(os.Args[0])
	listens.Env = append(os.Environ(), mailinFile+"="+path)
	says, err := listens.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, listens.Start())
	defer func() {
		_ = listens.Process.Kill()
		_ = listens.Wait()
	}()
	line, err := bufio.NewReader(says).ReadString('\n')
	require.NoError(t, err)
	address := strings.TrimSpace(strings.TrimPrefix(line, "listens "))
	before := peakOf(t, listens.Process.Pid)

	require.NoError(t, smtp.SendMail(address, nil, "eva@fremd.example", []string{help}, mail))
	taken := peakOf(t, listens.Process.Pid)
	var state string
	require.Eventually(t, func() bool {
		pool, err := d.DB.Pool()
		require.NoError(t, err)
		err = pool.QueryRow("SELECT state FROM inbound_mails").Scan(&state)
		return err == nil && state != string(mailbox.MailReceived)
	}, 2*time.Minute, 50*time.Millisecond)
	require.Equal(t, string(mailbox.MailDecided), state)

	peak := peakOf(t, listens.Process.Pid)
	t.Logf("peak %d MB; %d MB before the mail, %d MB when it was taken; the program's file is %d MB",
		peak/1e6, before/1e6, taken/1e6, memoryOf(t, listens.Process.Pid, "RssFile:")/1e6)
	require.LessOrEqual(t, peak, int64(most))
}

// peakOf is the most memory that a process has had.
func peakOf(t *testing.T, pid int) int64 {
	t.Helper()
	return memoryOf(t, pid, "VmHWM:")
}

func memoryOf(t *testing.T, pid int, figure string) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, figure); ok {
			kilobytes, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			require.NoError(t, err)
			return kilobytes << 10
		}
	}
	t.Fatal(figure + " is not known")
	return 0
}

// BenchmarkMails is how many mails are taken, stored and sorted in a second, by four senders: on
// SQLite, and on a PostgreSQL that waits for the disk.
func BenchmarkMails(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		d, err := opened(filepath.Join(b.TempDir(), "roomcover.db"))
		require.NoError(b, err)
		_, err = d.DB.Migrate(b.Context())
		require.NoError(b, err)
		takeMails(b, d)
	})
	b.Run("postgres", func(b *testing.B) {
		server, err := pgserver.Start(true)
		if err != nil {
			b.Skip("SKIPPED: ", err)
		}
		defer server.Stop()
		dialector, err := db.Postgres(storetest.PostgresOn(b, server).DSN)
		require.NoError(b, err)
		d, err := openedOn(dialector)
		require.NoError(b, err)
		defer d.DB.Close()
		takeMails(b, d)
	})
}

func takeMails(b *testing.B, d *domains.Domains) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	server := mailin.New(d.Mailbox, mailin.Options{
		Hostname:    "mx.support.example",
		MaxBytes:    1 << 20,
		StopTimeout: 10 * time.Second,
		Log:         slog.New(slog.DiscardHandler),
	})
	go func() { done <- server.Serve(ctx, listener) }()

	numbers := make(chan int)
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for n := range numbers {
				mail := fmt.Sprintf("From: eva%d@fremd.example\r\nMessage-ID: <%d@fremd.example>\r\n"+
					"Subject: Where is it?\r\n\r\nI see no invitation.\r\n", n, n)
				sender := fmt.Sprintf("eva%d@fremd.example", n)
				err := smtp.SendMail(listener.Addr().String(), nil, sender, []string{help}, []byte(mail))
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	n := 0
	began := time.Now() // the clock of the benchmark stops with its loop, before the last are sorted
	for b.Loop() {
		numbers <- n
		n++
	}
	close(numbers)
	senders.Wait()
	taken := time.Since(began)
	pool, err := d.DB.Pool()
	require.NoError(b, err)
	require.Eventually(b, func() bool {
		var waiting int
		err := pool.QueryRow("SELECT count(*) FROM inbound_mails WHERE state = 'RECEIVED'").Scan(&waiting)
		return err == nil && waiting == 0
	}, 5*time.Minute, 5*time.Millisecond)
	b.ReportMetric(float64(n)/taken.Seconds(), "taken/s")
	b.ReportMetric(float64(n)/time.Since(began).Seconds(), "mails/s")
	cancel()
	require.NoError(b, <-done)
}
