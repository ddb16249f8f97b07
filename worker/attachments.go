package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
)

// examiner has files scanned and draws small pictures of those that are one (S43). Rows say what
// is left to do, so that a worker that is killed leaves it to the next once its lease is over.
type examiner struct {
	files   *attachment.Attachments
	scanner checks.Scanner // nil: there is none
	log     *slog.Logger
}

const (
	// filesPause is how long a new file waits for a worker to look at it.
	filesPause = 2 * time.Second
	// filesAtOnce is how many files are looked at side by side: a scanner that hangs with one
	// keeps no other waiting.
	filesAtOnce = 3
)

func newExaminer(o Options) *examiner {
	return &examiner{
		files:   o.Domains.Attachments,
		scanner: o.Scanner,
		log:     o.Log,
	}
}

// examineFiles looks at files until the context ends. What was stored before there was a scanner
// is scanned first of all.
func (e *examiner) examineFiles(ctx context.Context) error {
	for adopted := false; ; {
		if !adopted {
			_, err := e.files.AdoptScanner(db.WithSystem(ctx))
			e.logFailure(ctx, "files cannot be queued for the scanner", err)
			adopted = err == nil
		}

		for {
			more, err := e.examineNext(ctx)
			e.logFailure(ctx, "files cannot be looked at", err)
			if !more || err != nil {
				break
			}
		}
		if err := pause(ctx, filesPause); err != nil {
			return err
		}
	}
}

// examineNext looks at the file that is due first, and reports whether there was one.
func (e *examiner) examineNext(ctx context.Context) (bool, error) {
	ctx = db.WithSystem(ctx)
	a, ok, err := e.files.Next(ctx)
	if err != nil || !ok {
		return false, err
	}

	if a.Waits() {
		clean, err := e.scan(ctx, a)
		if err != nil || !clean {
			return true, err
		}
	}
	return true, e.draw(ctx, a)
}

// scan has a file scanned and keeps the verdict. Where there is none the file stays blocked and
// an operator is asked.
func (e *examiner) scan(ctx context.Context, a attachment.Attachment) (clean bool, err error) {
	if e.scanner == nil {
		return false, errors.New("a file waits for a scanner, and this worker has none")
	}

	verdict, err := e.scanner.Scan(ctx, e.files.ContentOf(ctx, a))
	if ctx.Err() != nil {
		return false, nil // the worker ends; another one takes the file when its lease is over
	}
	if err != nil {
		e.log.Warn("a file was not scanned", "attachment", a.ID, "error", err)
		return false, e.files.RecordFailure(ctx, a.ID)
	}
	return verdict.Outcome == checks.OutcomeClean, e.files.RecordVerdict(ctx, a.ID, verdict)
}

// draw makes the small picture of a file that is one, and keeps it.
func (e *examiner) draw(ctx context.Context, a attachment.Attachment) error {
	if !a.Previewed() {
		return e.files.RecordThumbnail(ctx, a.ID, nil)
	}

	small, err := checks.MakeThumbnail(e.files.ContentOf(ctx, a))
	switch {
	case errors.Is(err, checks.ErrNoPreview):
		e.log.Info("no preview is made of a file", "attachment", a.ID, "error", err)
		return e.files.RecordThumbnail(ctx, a.ID, nil)
	case err != nil:
		return err
	}
	return e.files.RecordThumbnail(ctx, a.ID, &small)
}

// logFailure logs an error, unless it comes from the end of the context.
func (e *examiner) logFailure(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		e.log.Error(what, "error", err)
	}
}
