package bench

import (
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
)

// profile records the CPU of the first pair's halves, until stop is called.
func (b *bench) profile(half string) (stop func() error, err error) {
	name := map[string]string{
		"s0": b.CPUProfile,
		"f0": b.CPUProfile + ".floor",
		"h0": b.CPUProfile + ".byhand",
	}[half]
	if b.CPUProfile == "" || name == "" {
		return func() error { return nil }, nil
	}

	f, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("make the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}

	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
