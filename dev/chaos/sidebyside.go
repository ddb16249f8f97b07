package chaos

import (
	"context"
	"time"
)

// turns are which workers run, one after the other: both, each alone, so that every
// workflow is replayed by the other program, and both again.
var turns = []struct {
	name   string
	this   bool
	other  bool
	lasted time.Duration
}{
	{"both programs work", true, true, 9 * time.Second},
	{"the previous one alone", false, true, 5 * time.Second},
	{"this one alone", true, false, 5 * time.Second},
	{"both programs work", true, true, 5 * time.Second},
}

// SideBySide has workers of two programs work by turns: it is what a roll-out does,
// forward and back. What it kills leaves the caches of the workers empty.
func SideBySide(log func(format string, args ...any)) func(ctx context.Context, s *Stack) error {
	return func(ctx context.Context, s *Stack) error {
		for n := 0; ctx.Err() == nil; n++ {
			turn := turns[n%len(turns)]
			log("%s", turn.name)
			for i, runs := range []bool{turn.this, turn.other} {
				if err := s.turn(s.Workers[i], runs); err != nil {
					return err
				}
			}

			pause(ctx, turn.lasted)
		}

		for _, w := range s.Workers {
			if err := s.turn(w, true); err != nil {
				return err
			}
		}

		return nil
	}
}

// turn has a worker run, or not.
func (s *Stack) turn(w *Process, runs bool) error {
	switch {
	case runs && !w.Running():
		return w.Start()
	case !runs:
		w.Kill()
	}
	return nil
}
