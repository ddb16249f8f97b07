package operations

import (
	"context"
	"sync"
	"time"

	"roomcover.dev/roomcover/models/db"
)

// How old what is counted over everything may be when it is shown. Many consoles ask for the
// same every few seconds; the lists beside it are always read anew.
const (
	CountsAge  = 10 * time.Second
	NumbersAge = time.Minute
)

// mostRecent bounds how many answers are kept of one kind of question.
const mostRecent = 100

// KeepCounts keeps what is counted over everything for as long as it may be shown again. Until
// it is called, each question is counted for itself.
func (s *Operations) KeepCounts(counts, numbers time.Duration) {
	s.sums.age, s.zones.age, s.totals.age, s.loads.age = counts, counts, counts, counts
	s.numbers.age = numbers
}

// ForgetCounts has everything counted anew: somebody has just changed what is counted, and looks
// at what came of it.
func (s *Operations) ForgetCounts() {
	s.sums.forget()
	s.zones.forget()
	s.totals.forget()
	s.loads.forget()
}

// recent keeps answers of one kind by what was asked. Whoever asks while an answer is counted
// counts it too: nobody waits for another's request, which may be given up.
type recent[A any] struct {
	age time.Duration

	mu        sync.Mutex
	answers   map[string]keptAnswer[A]
	forgotten time.Time
}

type keptAnswer[A any] struct {
	answer A
	at     time.Time
}

// get is the answer that is kept, or a new one; to no question it is always a new one. An answer
// is shared: nobody changes it. It is for the service and its operators.
func (r *recent[A]) get(
	ctx context.Context, question string, count func() (A, error),
) (answer A, err error) {
	if r.age == 0 || question == "" {
		return count()
	}
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return answer, err
	}
	if err := scope.Service(); err != nil {
		return answer, err
	}
	began := time.Now()
	if kept, ok := r.kept(question, began); ok {
		return kept, nil
	}

	answer, err = count()
	if err != nil {
		return answer, err
	}
	r.keep(question, keptAnswer[A]{answer, began})
	return answer, nil
}

func (r *recent[A]) kept(question string, now time.Time) (A, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, ok := r.answers[question]
	return kept.answer, ok && now.Sub(kept.at) < r.age
}

// keep does not take an answer that was counted before what is kept was forgotten.
func (r *recent[A]) keep(question string, answer keptAnswer[A]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if answer.at.Before(r.forgotten) {
		return
	}
	if r.answers == nil || len(r.answers) >= mostRecent {
		r.answers = map[string]keptAnswer[A]{}
	}
	r.answers[question] = answer
}

func (r *recent[A]) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers, r.forgotten = nil, time.Now()
}
