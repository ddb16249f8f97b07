package chaos

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/smtp"
	"net/textproto"
	"sync"
	"time"

	"roomcover.dev/roomcover/signing"
)

// Post hands letters in: each up to three times, in any order and at once, by SMTP to roomcover
// mailin or by HTTP to an API, and each time until somebody has answered that it is stored.
type Post struct {
	Ledger  *Ledger
	Mailin  string   // address of the listener
	APIs    []string // base addresses
	Key     []byte   // signs what is handed in by HTTP
	Patient time.Duration

	slots    chan struct{}
	underWay sync.WaitGroup
}

// atThePost is how many letters are handed in at once.
const atThePost = 6

// NewPost hands letters in at an address of the listener, and at APIs.
func NewPost(l *Ledger, mailin string, apis []string, key []byte) *Post {
	return &Post{
		Ledger:  l,
		Mailin:  mailin,
		APIs:    apis,
		Key:     key,
		Patient: answerPatience,
		slots:   make(chan struct{}, atThePost),
	}
}

// deliver has a letter handed in as the seed says, and returns at once.
func (p *Post) deliver(m *Letter, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range 1 + r.IntN(3) {
		late := time.Duration(r.Int64N(int64(1500 * time.Millisecond)))
		byHTTP := r.IntN(3) == 0
		first := r.IntN(len(p.APIs))
		p.underWay.Go(func() {
			time.Sleep(late)
			p.slots <- struct{}{}
			defer func() { <-p.slots }()
			p.handIn(m, byHTTP, first)
		})
	}
}

// Wait waits until every letter was handed in.
func (p *Post) Wait() { p.underWay.Wait() }

// errRefused says that a letter was refused for good.
var errRefused = errors.New("refused")

// handIn hands a letter in until it was taken, whatever is killed meanwhile.
func (p *Post) handIn(m *Letter, byHTTP bool, first int) {
	for deadline, try := time.Now().Add(p.Patient), 0; ; try++ {
		err := p.once(m, byHTTP, first+try)
		switch {
		case err == nil:
			p.Ledger.taken(m)
			return
		case errors.Is(err, errRefused), time.Now().After(deadline):
			p.Ledger.unexpected(m.Word, "a mail was not taken: %v", err)
			return
		}
		time.Sleep(time.Duration(min(try+1, 10)) * 30 * time.Millisecond)
	}
}

func (p *Post) once(m *Letter, byHTTP bool, try int) error {
	if !byHTTP {
		return p.bySMTP(m)
	}
	for _, to := range m.To {
		if err := p.byHTTP(m, to, p.APIs[try%len(p.APIs)]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Post) bySMTP(m *Letter) error {
	conn, err := net.DialTimeout("tcp", p.Mailin, 5*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	return forGood(converse(conn, m))
}

func converse(conn net.Conn, m *Letter) error {
	c, err := smtp.NewClient(conn, "127.0.0.1")
	if err != nil {
		return err
	}
	if err := c.Mail(m.From); err != nil {
		return err
	}
	for _, to := range m.To {
		if err := c.Rcpt(to); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.Raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // it is taken, whatever becomes of the conversation
	return nil
}

// forGood tells a refusal for good from one that asks to try again.
func forGood(err error) error {
	var answer *textproto.Error
	if errors.As(err, &answer) && answer.Code >= 500 {
		return errors.Join(errRefused, err)
	}
	return err
}

// byHTTP hands a letter in as a mail service does. What it signs is signed at the time of each
// attempt, in real time.
func (p *Post) byHTTP(m *Letter, to, base string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/mail/inbound",
		bytes.NewReader(m.Raw))
	if err != nil {
		return err
	}

	sum := sha256.Sum256(m.Raw)
	digest := hex.EncodeToString(sum[:])
	timestamp, signatures := signing.Sign([]byte(m.From+"\n"+to+"\n"+digest), time.Now(), p.Key)
	req.Header.Set("Content-Type", "message/rfc822")
	req.Header.Set("Mail-Timestamp", timestamp)
	req.Header.Set("Mail-Sender", m.From)
	req.Header.Set("Mail-Recipient", to)
	req.Header.Set("Mail-Digest", digest)
	req.Header.Set("Mail-Signature", signatures)

	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()

	body, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	switch {
	case res.StatusCode == http.StatusAccepted:
		return nil
	case res.StatusCode < http.StatusInternalServerError:
		return errors.Join(errRefused, fmt.Errorf("%d %s", res.StatusCode, body))
	}
	return fmt.Errorf("%d %s", res.StatusCode, body)
}
