package rulestest

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// MemoryAbove is how much memory a parser may take above its input.
const MemoryAbove = 64 << 20

// small is the size of an input up to which everything that a parser ever takes is
// counted, which is quick; of a larger one what it holds at once.
const small = 256 << 10

// WithinMemory reads an input of so many bytes, and fails where that takes more memory
// than MemoryAbove above them.
func WithinMemory(t testing.TB, size int, read func()) {
	t.Helper()
	if size > small {
		requirePeak(t, size, read)
		return
	}

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read()
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > MemoryAbove+uint64(size) {
		t.Fatalf("%d bytes took %d MiB", size, took>>20)
	}
}

// requirePeak looks at the heap, which is collected often, while the input is read.
func requirePeak(t testing.TB, size int, read func()) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	before := heap()

	done, peak := make(chan struct{}), make(chan uint64)
	go func() {
		most := uint64(0)
		for {
			select {
			case <-done:
				peak <- max(most, heap())
				return
			case <-time.After(time.Millisecond):
				most = max(most, heap())
			}
		}
	}()

	read()
	close(done)
	if most := <-peak; most > before+MemoryAbove+uint64(size) {
		t.Fatalf("%d MiB took %d MiB", size>>20, (most-before)>>20)
	}
}

func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
