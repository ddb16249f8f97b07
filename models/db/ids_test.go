package db_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
)

// Thousands of ids fall into one millisecond.
func TestIDsOfAProcessSortByCreation(t *testing.T) {
	ids := make([]string, 20_000)
	for i := range ids {
		ids[i] = db.NewID("evt")
	}
	require.True(t, slices.IsSorted(ids))
}

func TestIDsMadeAtOnceDiffer(t *testing.T) {
	var mu sync.Mutex
	var all sync.WaitGroup
	seen := map[string]bool{}
	for range 8 {
		all.Go(func() {
			for range 1000 {
				id := db.NewID("evt")
				mu.Lock()
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
	require.Len(t, seen, 8000)
}
