package worker

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// scanner says of a file with a word in it that it is infected; down: nothing.
type scanner struct {
	down    bool
	scanned int
}

func (s *scanner) Scan(_ context.Context, file io.Reader) (checks.Verdict, error) {
	content, err := io.ReadAll(file)
	if err != nil {
		return checks.Verdict{}, err
	}
	s.scanned++
	switch {
	case s.down:
		return checks.Verdict{}, errors.New("it is down")
	case strings.Contains(string(content), "EICAR"):
		return checks.Verdict{Outcome: checks.OutcomeInfected, Finding: "Eicar"}, nil
	}
	return checks.Verdict{Outcome: checks.OutcomeClean}, nil
}

func TestS43_WorkersScanAndDrawWhatRowsSay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Attachments.Scanned = true
		account := *env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1")).AccountID
		customer := storetest.Customer(account)
		attach := func(name string, content []byte) (a attachment.Attachment) {
			require.NoError(t, env.DB.Write(customer, func(tx *db.Tx) (err error) {
				a, err = env.Attachments.Store(tx, attachment.Owner{
					ID:        "tms_" + name,
					GroupID:   "tkt_1",
					AccountID: &account,
				}, attachment.Upload{Name: name, Content: bytes.NewReader(content)})
				return err
			}))
			return a
		}
		code := func(a attachment.Attachment) string {
			_, _, err := env.Attachments.Open(customer, a.ID)
			return rules.CodeOf(err)
		}

		var picture bytes.Buffer
		require.NoError(t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 600, 600))))
		good := attach("sala.png", picture.Bytes())
		damaged := attach("damaged.png", picture.Bytes()[:40])
		bad := attach("bad.txt", []byte("EICAR"))

		down := &scanner{down: true}
		e := &examiner{files: env.Attachments, scanner: down, log: slog.New(slog.DiscardHandler)}
		for range 3 {
			more, err := e.examineNext(t.Context())
			require.NoError(t, err)
			require.True(t, more)
		}
		more, err := e.examineNext(t.Context())
		require.NoError(t, err)
		require.False(t, more, "each waits for its next turn")
		for _, a := range []attachment.Attachment{good, damaged, bad} {
			require.Equal(t, checks.NotChecked, code(a))
		}
		require.Len(t, env.Tasks(t, db.TaskProcessStuck), 1)

		// A worker without a scanner, beside those that have one, lets nothing through.
		due := "UPDATE attachments SET next_at = '2020-01-01 00:00:00+00:00' WHERE next_at IS NOT NULL"
		require.NoError(t, env.Exec(due))
		blind := &examiner{files: env.Attachments, log: slog.New(slog.DiscardHandler)}
		_, err = blind.examineNext(t.Context())
		require.Error(t, err)
		require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM attachments WHERE scan_state = 'ERROR'"))

		// One that is killed in the middle of a scan leaves the file to the next.
		require.NoError(t, env.Exec(due))
		killed, cancel := context.WithCancel(t.Context())
		e.scanner = cancelling{cancel}
		_, err = e.examineNext(killed)
		require.NoError(t, err)
		require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM attachments WHERE scan_state = 'ERROR'"))

		require.NoError(t, env.Exec(due))
		up := &scanner{}
		e.scanner = up
		for {
			more, err := e.examineNext(t.Context())
			require.NoError(t, err)
			if !more {
				break
			}
		}
		require.Equal(t, 3, up.scanned)
		require.Empty(t, code(good))
		require.Empty(t, code(damaged))
		require.Equal(t, checks.Infected, code(bad))
		require.Equal(t, []string{good.ID}, env.Strings(t, "SELECT attachment_id FROM attachment_thumbnails"))
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskProcessStuck)[0].State)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM attachments WHERE next_at IS NOT NULL"))
	})
}

// cancelling ends the context of who asks, as a worker's that is killed.
type cancelling struct{ cancel context.CancelFunc }

func (c cancelling) Scan(ctx context.Context, _ io.Reader) (checks.Verdict, error) {
	c.cancel()
	return checks.Verdict{}, ctx.Err()
}
