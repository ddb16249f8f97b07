package attachment

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Verdict is what a scanner says of a file.
type Verdict struct {
	Outcome Outcome
	Finding string // how the scanner calls what it found
}

// Outcome is the scanner's answer in a word.
type Outcome string

// The outcomes of a scan that came to an end.
const (
	OutcomeClean    Outcome = "CLEAN"
	OutcomeInfected Outcome = "INFECTED"
	OutcomeTooLarge Outcome = "TOO_LARGE" // the scanner takes no file as large
)

// Scanner looks for harmful programs in files. An error says that there is no verdict: the
// file is asked about again.
type Scanner interface {
	Scan(ctx context.Context, file io.Reader) (Verdict, error)
}

// Clamd is the daemon of ClamAV, or what speaks like it (INSTREAM). It reads a file piece by
// piece. Its StreamMaxLength has to be MaxFile or more: else large files stay blocked.
type Clamd struct {
	network string
	address string
	timeout time.Duration
}

// ScanTimeout is how long one scan may take: clamd may hang far longer than anybody waits.
const ScanTimeout = 2 * time.Minute

// NewClamd returns the scanner at an address such as unix:/run/clamav/clamd.ctl or
// tcp:localhost:3310. It connects when it is asked.
func NewClamd(address string, timeout time.Duration) (*Clamd, error) {
	network, at, ok := strings.Cut(address, ":")
	if !ok || at == "" || network != "unix" && network != "tcp" {
		return nil, errors.New("the scanner's address is neither unix:PATH nor tcp:HOST:PORT")
	}
	if network == "tcp" {
		if host, port, err := net.SplitHostPort(at); err != nil || host == "" || port == "" {
			return nil, errors.New("the scanner's address is not tcp:HOST:PORT")
		}
	}
	return &Clamd{network: network, address: at, timeout: timeout}, nil
}

const (
	// streamPiece is how many bytes are handed over at once.
	streamPiece = 64 << 10
	// longestAnswer is how long an answer of clamd may be.
	longestAnswer = 4 << 10
)

// Scan hands the file over and reads the verdict.
func (c *Clamd) Scan(ctx context.Context, file io.Reader) (Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	conn, err := (&net.Dialer{}).DialContext(ctx, c.network, c.address)
	if err != nil {
		return Verdict{}, fmt.Errorf("the scanner does not answer: %w", err)
	}
	defer conn.Close()
	// Whatever ends the context ends what is being read or written.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	// clamd answers and hangs up before it has everything where the file is too large: what it
	// said is read in any case.
	source := &remembering{Reader: file}
	sent := handOver(conn, source)
	if source.err != nil {
		return Verdict{}, fmt.Errorf("the file cannot be read: %w", source.err)
	}
	answer, err := bufio.NewReader(io.LimitReader(conn, longestAnswer)).ReadString(0)
	answer = strings.TrimRight(answer, "\x00\n")
	if v, known := verdictOf(answer); known {
		return v, nil
	}

	switch {
	case ctx.Err() != nil:
		return Verdict{}, fmt.Errorf("the scanner gave no verdict in time: %w", ctx.Err())
	case sent != nil:
		return Verdict{}, fmt.Errorf("the scanner did not take the file: %w", sent)
	case answer == "":
		return Verdict{}, fmt.Errorf("the scanner said nothing: %w", err)
	}
	return Verdict{}, errors.New("the scanner answers what is no verdict")
}

// remembering keeps the error with which reading ended: it is not the scanner's.
type remembering struct {
	io.Reader
	err error
}

// Read reads on.
func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// handOver writes a file as INSTREAM has it: each piece behind its length, and a length of
// zero at the end.
func handOver(conn io.Writer, file io.Reader) error {
	if _, err := conn.Write([]byte("zINSTREAM\x00")); err != nil {
		return err
	}

	piece := make([]byte, 4+streamPiece)
	for {
		n, err := io.ReadFull(file, piece[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(piece, uint32(n))
			if _, err := conn.Write(piece[:4+n]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			_, err := conn.Write([]byte{0, 0, 0, 0})
			return err
		case err != nil:
			return err
		}
	}
}

// verdictOf reads an answer such as "stream: OK" or "stream: Eicar-Test-Signature FOUND".
func verdictOf(answer string) (Verdict, bool) {
	said := strings.TrimSpace(strings.TrimPrefix(answer, "stream:"))
	switch {
	case said == "OK":
		return Verdict{Outcome: OutcomeClean}, true
	case strings.HasSuffix(said, " FOUND"):
		finding := strings.TrimSuffix(said, " FOUND")
		return Verdict{Outcome: OutcomeInfected, Finding: shorten(finding, 0)}, true
	case strings.Contains(said, "size limit exceeded"):
		return Verdict{Outcome: OutcomeTooLarge}, true
	}
	return Verdict{}, false
}
