package attachment_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/attachment"
)

// eicar is the file that every scanner takes for harmful, and that is not.
var eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// fakeClamd answers as clamd does, up to a size of stream; a limit of 0 hangs instead.
func fakeClamd(t *testing.T, network, at string, limit int) string {
	t.Helper()
	listener, err := net.Listen(network, at)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveClamd(conn, limit)
		}
	}()
	return network + ":" + listener.Addr().String()
}

func serveClamd(conn net.Conn, limit int) {
	defer conn.Close()
	command := make([]byte, len("zINSTREAM\x00"))
	if _, err := io.ReadFull(conn, command); err != nil || string(command) != "zINSTREAM\x00" {
		return
	}
	if limit == 0 {
		_, _ = io.Copy(io.Discard, conn) // it takes everything and never says a word
		return
	}

	var file bytes.Buffer
	for {
		var length uint32
		if err := binary.Read(conn, binary.BigEndian, &length); err != nil {
			return
		}
		if length == 0 {
			break
		}
		if file.Len()+int(length) > limit {
			_, _ = conn.Write([]byte("INSTREAM size limit exceeded. ERROR\x00"))
			return
		}
		if _, err := io.CopyN(&file, conn, int64(length)); err != nil {
			return
		}
	}
	answer := "stream: OK\x00"
	if strings.Contains(file.String(), eicar) {
		answer = "stream: Eicar-Test-Signature FOUND\x00"
	}
	_, _ = conn.Write([]byte(answer))
}

func clamd(t *testing.T, address string, timeout time.Duration) *attachment.Clamd {
	t.Helper()
	c, err := attachment.NewClamd(address, timeout)
	require.NoError(t, err)
	return c
}

func TestS43_TheScannerIsAskedPieceByPiece(t *testing.T) {
	for _, address := range []string{
		fakeClamd(t, "tcp", "127.0.0.1:0", 10<<20),
		fakeClamd(t, "unix", t.TempDir()+"/clamd.ctl", 10<<20),
	} {
		c := clamd(t, address, time.Minute)
		for content, want := range map[string]attachment.Verdict{
			"harmless":                    {Outcome: attachment.OutcomeClean},
			"":                            {Outcome: attachment.OutcomeClean},
			strings.Repeat("x", 10<<20):   {Outcome: attachment.OutcomeClean},
			strings.Repeat("x", 10<<20+1): {Outcome: attachment.OutcomeTooLarge},
			strings.Repeat("x", 70<<10) + eicar: {
				Outcome: attachment.OutcomeInfected,
				Finding: "Eicar-Test-Signature",
			},
		} {
			got, err := c.Scan(t.Context(), strings.NewReader(content))
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

func TestS43_WithoutAnAnswerThereIsNoVerdict(t *testing.T) {
	slow := clamd(t, fakeClamd(t, "tcp", "127.0.0.1:0", 0), 50*time.Millisecond)
	_, err := slow.Scan(t.Context(), strings.NewReader("x"))
	require.ErrorIs(t, err, context.DeadlineExceeded)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = clamd(t, fakeClamd(t, "tcp", "127.0.0.1:0", 1), time.Minute).
		Scan(ended, strings.NewReader("x"))
	require.ErrorIs(t, err, context.Canceled)

	down := fakeClamd(t, "unix", t.TempDir()+"/clamd.ctl", 1)
	_, err = clamd(t, down+".gone", time.Minute).Scan(t.Context(), strings.NewReader("x"))
	require.Error(t, err)

	broken := errors.New("the database is away")
	_, err = clamd(t, down, time.Minute).Scan(t.Context(),
		io.MultiReader(strings.NewReader("x"), failing{broken}))
	require.ErrorIs(t, err, broken, "half a file is never called clean")

	for _, wrong := range []string{"", "localhost:3310", "tcp:localhost", "tcp:", "udp:a:1", "unix:"} {
		_, err := attachment.NewClamd(wrong, time.Minute)
		require.Error(t, err, wrong)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
