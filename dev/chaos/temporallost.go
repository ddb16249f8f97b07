package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// loseTemporal kills the Temporal server, throws its data away, starts it again, and does what an
// operator does then: roomcover temporal setup, and roomcover temporal reconcile.
func (p *Plan) loseTemporal(kind Kind, down time.Duration) {
	p.killed(kind)
	p.Stack.Temporal.Kill()
	if err := os.RemoveAll(filepath.Join(p.Stack.Dir, "temporal")); err != nil {
		p.failed(err)
		return
	}
	p.Stack.TemporalLost.Store(true)
	time.Sleep(down)
	p.revive(p.Stack.Temporal)

	for _, command := range []string{"setup", "reconcile"} {
		if err := p.Stack.operate("temporal", command); err != nil {
			p.failed(err)
			return
		}
	}
}

// operate runs a command of the service as an operator does: again until it succeeds, as what it
// stands on may be down.
func (s *Stack) operate(args ...string) error {
	deadline := time.Now().Add(startPatience)
	for {
		said, err := s.command(args...)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("roomcover %v: %w: %s", args, err, said)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (s *Stack) command(args ...string) (said []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.bin.Roomcover, args...)
	cmd.Dir = s.Dir
	cmd.Env = append(
		[]string{"HOME=" + os.Getenv("HOME"), "PATH=" + os.Getenv("PATH")}, s.operator...,
	)
	return cmd.CombinedOutput()
}
