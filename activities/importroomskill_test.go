package activities_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/storetest"
)

// What changes between check and store is reported by row; where nothing was stored
// yet, nothing is.
func TestS35_ConflictAfterTheCheckIsReported(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		for _, c := range []struct {
			serial string
			state  importjob.ImportState
			want   activities.ImportCount
		}{
			{"SN0000001", importjob.ImportRefused, activities.ImportCount{Rows: 1200, Refused: 1}},
			{"SN0001101", importjob.ImportDone, activities.ImportCount{Rows: 1200, Stored: 1199, Refused: 1}},
		} {
			b := newRoomBench(t, env)
			taken := false
			job := b.rooms(roomsCSV(1200))
			count, err := b.watched(context.Background(), job.ID, func(job importjob.ImportJob) {
				if job.State == importjob.ImportStoring && !taken {
					taken = true
					b.Device(t, b.Room(t, b.account, "Elsewhere"), c.serial, "TAP", "")
				}
			})
			require.NoError(t, err)
			require.True(t, taken)
			job = b.get(job.ID)
			require.Equal(t, c.want, count)
			require.Equal(t, c.state, job.State)
			require.Equal(t, c.want.Stored > 0, job.Error != "")
			require.Len(t, b.refused(job.ID), 1)
			require.NoError(t, env.Exec("DELETE FROM device_placements"))
			require.NoError(t, env.Exec("DELETE FROM devices"))
			require.NoError(t, env.Exec("DELETE FROM rooms"))
		}
	})
}

// A run that is killed halfway and starts again goes on behind its mark, and leaves
// what one run would have.
func TestS35_ImportOfRoomsKilledHalfwayGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		b := newRoomBench(t, env)
		job := b.rooms(roomsCSV(4000))
		ctx, kill := context.WithCancel(context.Background())
		defer kill()
		_, err := b.watched(ctx, job.ID, func(job importjob.ImportJob) {
			if job.StoredThrough > 0 {
				kill()
			}
		})
		require.Error(t, err)
		half := b.get(job.ID)
		require.Equal(t, importjob.ImportStoring, half.State)
		require.Positive(t, half.StoredThrough)
		require.Less(t, half.RowsStored, 4000)
		require.Equal(t, half.RowsStored, b.facts()[1], "what is stored and what is counted commit together")
		require.NotEmpty(t, half.Content)

		count, _, err := b.run(job.ID)
		require.NoError(t, err)
		require.Equal(t, activities.ImportCount{Rows: 4000, Stored: 4000}, count)
		require.Equal(t, [3]int{1334, 4000, 4000}, b.facts())
		require.Equal(t, 4000, b.Count(t, "SELECT count(*) FROM import_rows WHERE outcome = 'STORED'"))
		require.Empty(t, b.get(job.ID).Content)
		b.AuditHolds(t)
	})
}

// Two workers that believe the job is theirs store nothing twice.
func TestS35_TwoWorkersStoreRoomsOnce(t *testing.T) {
	env := storetest.Postgres(t)
	b := newRoomBench(t, env)
	job := b.rooms(roomsCSV(1500))
	done := atomic.Int32{}
	storetest.AtOnce(3, func(int) error {
		// Each batch makes the other two fail, and they begin again, as Temporal lets them.
		for range 200 {
			if _, err := b.watched(context.Background(), job.ID, func(importjob.ImportJob) {}); err == nil {
				done.Add(1)
				return nil
			}
		}
		return nil
	})
	require.Positive(t, done.Load())
	require.Equal(t, importjob.ImportDone, b.get(job.ID).State)
	require.Equal(t, [3]int{500, 1500, 1500}, b.facts())
	require.Equal(t, 1500, b.get(job.ID).RowsStored)
	b.AuditHolds(t)
}

// The benchmark of rooms imports 100,000 rows; memory that grew with the file would
// show at a part of that too.
func TestS35_ManyRowsOfRoomsInBoundedMemory(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100)) // as a worker has it
	rows := storetest.Sized(5_000, 20_000)
	env := storetest.Postgres(t)
	b := newRoomBench(t, env)
	job := b.rooms(roomsCSV(rows))
	job.Content = nil
	var peak atomic.Uint64
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	count, err := b.watched(context.Background(), job.ID, func(importjob.ImportJob) {
		b.Statements.Reset() // the count of statements is the test's own memory
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		peak.Store(max(peak.Load(), now.HeapAlloc))
	})
	require.NoError(t, err)
	require.Equal(t, activities.ImportCount{Rows: rows, Stored: rows}, count)
	require.Less(t, peak.Load(), before.HeapAlloc+30<<20, "of the 150 MB that a worker may take")
	took := time.Since(begun)
	t.Logf("%d rows in %s (%.0f rows/s), heap at most %d MiB above %d",
		rows, took, float64(rows)/took.Seconds(), (peak.Load()-before.HeapAlloc)>>20, before.HeapAlloc>>20)
}
