package activities_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/ordering"
)

// Files of several customers wait; whose turn comes next is told by who had the last one
// the longest ago, and not by how many files somebody sent.
func TestS35_CustomersTakeTurnsWhateverTheySend(t *testing.T) {
	for name, c := range map[string]struct {
		waiting []string // behind the two of "big" that are served at once
		want    []string
	}{
		"one beside many of another":    {[]string{"big", "big", "big", "small"}, []string{"small", "big", "big", "big"}},
		"two beside many":               {[]string{"big", "big", "a", "b"}, []string{"a", "b", "big", "big"}},
		"everybody once, then again":    {[]string{"a", "a", "b", "b", "big"}, []string{"a", "b", "big", "a", "b"}},
		"alone: in the order they came": {[]string{"big", "big"}, []string{"big", "big"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := &activities.Imports{}
			for range 2 {
				<-activities.QueueTurn(a, "big")
			}

			type turn struct {
				customer string
				ready    <-chan struct{}
			}
			var waiting []turn
			for _, customer := range c.waiting {
				waiting = append(waiting, turn{customer, activities.QueueTurn(a, customer)})
			}

			var got []string
			for range c.waiting {
				activities.EndTurn(a)
				at := slices.IndexFunc(waiting, func(w turn) bool {
					select {
					case <-w.ready:
						return true
					default:
						return false
					}
				})
				require.GreaterOrEqual(t, at, 0)
				got = append(got, waiting[at].customer)
				waiting = slices.Delete(waiting, at, at+1)
			}
			require.Equal(t, c.want, got)
		})
	}
}

// A seller sends three large files; another one's single order is stored while they are
// still being checked.
func TestS35_ALargeImportDoesNotDelayOthers(t *testing.T) {
	b := newImportBench(t)
	other := b.Env.Reseller(t, "Revenda Norte")
	var large []importjob.ImportJob
	for n := range 3 {
		large = append(large, b.job(file(t, 1000, func(i int, f *ordering.OrderForm) {
			f.PONumber = storetest.PO(1000*n + i)
		})))
	}
	small := b.job(file(t, 1, nil), func(j *importjob.ImportJob) { j.OrgID = other.ID })

	a := importsOn(b.Env)

	ctx, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	busy := make(chan struct{}, 3*100)
	for _, job := range large {
		group.Go(func() {
			_, _ = activities.RunImport(ctx, a, job.ID, func() { busy <- struct{}{} })
		})
	}
	for range 4 { // they are at it
		<-busy
	}

	count, err := activities.RunImport(context.Background(), a, small.ID, func() {})
	require.NoError(t, err)
	require.Equal(t, activities.ImportCount{Rows: 1, Stored: 1}, count)
	for _, job := range large {
		require.Nil(t, b.get(job.ID).FinishedAt, "the large ones go on meanwhile")
	}
	require.Equal(t, 1, b.orders(), "they are still being checked")

	stop()
	group.Wait()
}

// Every batch of a file, checked or stored, waits for a turn of its customer.
func TestS35_EveryBatchOfAFileWaitsForItsTurn(t *testing.T) {
	b := newImportBench(t)
	job := b.job(file(t, 250, nil)) // three batches to check, three to store
	a := importsOn(b.Env)
	for range 2 {
		<-activities.QueueTurn(a, "another")
	}

	ended := make(chan error, 1)
	go func() {
		_, err := activities.RunImport(context.Background(), a, job.ID, func() {})
		ended <- err
	}()
	require.Eventually(t, func() bool {
		waiting, _ := activities.Turns(a)
		return waiting == 1 || len(ended) > 0
	}, time.Minute, time.Millisecond)
	require.Empty(t, ended, "it does not go on without a turn")
	require.Zero(t, b.get(job.ID).RowsChecked)

	activities.EndTurn(a) // the other one is held, so that turns are counted on
	require.NoError(t, <-ended)
	require.Equal(t, 250, b.orders())
	_, given := activities.Turns(a)
	require.Equal(t, 2+3+3, given)
}
