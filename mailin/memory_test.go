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

	"roomcover.dev/roomcover/mailin"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/sqlitedb"
	"roomcover.dev/roomcover/models/storetest"
)

// mailinFile names the database with which this program is the listener alone.
const mailinFile = "ROOMCOVER_TEST_MAILIN_FILE"

// most is how much memory the listener may take at its peak, with the largest mail. It is to come
// to 100 MB: a file of the mail is still held twice while it is decoded, and how soon what is not
// needed is collected depends on the machine.
const most = 160_000_000

func opened(path string) (*domains.Domains, error) {
	d, err := domains.Open(sqlitedb.Open(path), domains.Options{
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

// largeMail is a mail of almost the greatest size with one file in it.
func largeMail() []byte {
	var b bytes.Buffer
	b.WriteString("From: eva@fremd.example\r\nTo: " + help + "\r\nMessage-ID: <1@fremd.example>\r\n" +
		"Subject: A film\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" +
		"--x\r\nContent-Type: text/plain\r\n\r\nSee the film.\r\n--x\r\nContent-Type: video/mp4\r\n" +
		"Content-Disposition: attachment; filename=film.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	random := rand.New(rand.NewPCG(1, 2))
	line := make([]byte, 57)
	for b.Len() < mailbox.MaxMail-1000 {
		for i := range line {
			line[i] = byte(random.Uint32())
		}
		b.WriteString(base64.StdEncoding.EncodeToString(line) + "\r\n")
	}
	b.WriteString("--x--\r\n")
	return b.Bytes()
}

// A mail of 25 MiB is taken, kept and read within a bound.
func TestBudget_TheLargestMailWithinItsMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the peak is read from /proc")
	}
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

	require.NoError(t, smtp.SendMail(address, nil, "eva@fremd.example", []string{help}, largeMail()))
	var state string
	require.Eventually(t, func() bool {
		pool, err := d.DB.Pool()
		require.NoError(t, err)
		err = pool.QueryRow("SELECT state FROM inbound_mails").Scan(&state)
		return err == nil && state != string(mailbox.MailReceived)
	}, 2*time.Minute, 50*time.Millisecond)
	require.Equal(t, string(mailbox.MailDecided), state)

	peak := peakOf(t, listens.Process.Pid)
	t.Logf("peak %d MB, %d MB before the mail", peak/1e6, before/1e6)
	require.LessOrEqual(t, peak, int64(most))
}

// peakOf is the most memory that a process has had.
func peakOf(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			require.NoError(t, err)
			return kilobytes << 10
		}
	}
	t.Fatal("the peak is not known")
	return 0
}

// BenchmarkMails is how many mails are taken, stored and sorted in a second, by four senders.
func BenchmarkMails(b *testing.B) {
	path := filepath.Join(b.TempDir(), "roomcover.db")
	d, err := opened(path)
	require.NoError(b, err)
	_, err = d.DB.Migrate(b.Context())
	require.NoError(b, err)
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
	for b.Loop() {
		numbers <- n
		n++
	}
	close(numbers)
	senders.Wait()
	pool, err := d.DB.Pool()
	require.NoError(b, err)
	require.Eventually(b, func() bool {
		var waiting int
		err := pool.QueryRow("SELECT count(*) FROM inbound_mails WHERE state = 'RECEIVED'").Scan(&waiting)
		return err == nil && waiting == 0
	}, time.Minute, 5*time.Millisecond)
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "mails/s")
	cancel()
	require.NoError(b, <-done)
}
