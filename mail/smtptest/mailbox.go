package smtptest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// mailbox holds the mails in order of receipt.
type mailbox struct {
	dir string
	// seen takes the place of keeping a mail.
	seen func(recipient string)

	mu       sync.Mutex
	messages []Message
	changed  chan struct{} // closed and replaced at each change
	last     int64         // nanoseconds of the latest ID, so that IDs increase
}

// add keeps a mail, on disk first if there is a folder.
func (b *mailbox) add(e envelope, raw []byte) (Message, error) {
	if b.seen != nil {
		for _, to := range e.to {
			b.seen(to)
		}
		return Message{ID: "discarded"}, nil
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	e.at = time.Now().UTC()
	b.last = max(b.last+1, e.at.UnixNano())

	m := parse(fmt.Sprintf("%016x", b.last), e, raw)
	if err := b.save(m); err != nil {
		return Message{}, err
	}

	b.messages = append(b.messages, m)
	close(b.changed)
	b.changed = make(chan struct{})
	return m, nil
}

// Messages are all mails kept, oldest first. The slice is the caller's.
func (s *Server) Messages() []Message {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	return slices.Clone(s.box.messages)
}

// WaitFor returns the oldest mail that match accepts, waiting for it to
// arrive until ctx ends.
func (s *Server) WaitFor(ctx context.Context, match func(Message) bool) (Message, error) {
	seen := 0
	for {
		s.box.mu.Lock()
		messages, changed := s.box.messages, s.box.changed
		s.box.mu.Unlock()

		for ; seen < len(messages); seen++ {
			if match(messages[seen]) {
				return messages[seen], nil
			}
		}

		select {
		case <-changed:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("smtptest: no such mail among %d: %w",
				seen, context.Cause(ctx))
		}
	}
}
