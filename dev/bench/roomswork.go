package bench

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/operations"
)

// sweep runs the daily sweep over contracts with which nothing is to be done. The
// first run is not measured: it reads the tables into memory.
func (b *roomsBench) sweep(ctx context.Context) error {
	ctx = db.WithSystem(ctx)
	store := b.parts.stack.Domains
	if _, err := store.Operations.SweepContracts(ctx, func(operations.Sweep) {}); err != nil {
		return err
	}

	pool, err := store.DB.Pool()
	if err != nil {
		return err
	}
	if err := pool.QueryRowContext(ctx, "SELECT count(*) FROM service_contracts").
		Scan(&b.figures.SweepContracts); err != nil {
		return err
	}

	b.parts.statements.start()
	began := time.Now()
	done, err := store.Operations.SweepContracts(ctx, func(operations.Sweep) {})
	b.figures.SweepSeconds = time.Since(began).Seconds()
	b.figures.SweepStatements = total(b.parts.statements.stop(1))
	if err == nil && done != (operations.Sweep{}) {
		err = fmt.Errorf("the sweep changed something: %+v", done)
	}

	b.say("sweep of %d contracts: %.3f s, %.0f statements",
		b.figures.SweepContracts, b.figures.SweepSeconds, b.figures.SweepStatements)
	return err
}

// importFile imports a file with a worker of its own process, and asks for cover
// all the time meanwhile.
func (b *roomsBench) importFile(ctx context.Context) error {
	if b.o.ImportRows == 0 {
		return nil
	}

	cmd, err := b.startWorker()
	if err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}()

	q := questions[0]
	before, err := b.askMany(ctx, q, b.o.Requests)
	if err != nil {
		return err
	}

	i := Import{Rows: b.o.ImportRows, ReadsBefore: before}
	var over atomic.Bool
	during := make(chan error, 1)

	go func() {
		var err error
		for n := b.o.Requests; err == nil && !over.Load(); {
			i.ReadsDuring, err = b.askMany(ctx, q, n)
		}
		during <- err
	}()

	err = b.runImport(ctx, cmd.Process.Pid, &i)
	over.Store(true)
	if readErr := <-during; err == nil {
		err = readErr
	}

	b.figures.Import = &i
	b.say(
		"import of %d rows: %.0f rows/s, worker %.0f MB; reads p99 %.1f ms before, %.1f ms during",
		i.Rows, i.RowsPerSecond, i.RSS, i.ReadsBefore.P99, i.ReadsDuring.P99,
	)

	return err
}

// runImport hands the file in and waits for its end; the time is that from the
// first row that was checked to the last that was stored.
func (b *roomsBench) runImport(ctx context.Context, pid int, i *Import) error {
	ctx = db.WithSystem(ctx)
	store, account := b.parts.stack.Domains, b.tenants[0].account
	job, err := store.Jobs.CreateImport(ctx, importjob.ImportJob{
		Kind:         importjob.ImportRooms,
		OrgID:        b.tenants[0].parent,
		AccountID:    &account,
		Format:       "csv",
		AllOrNothing: true,
		Reason:       "bench",
		Content:      roomsFile(i.Rows),
		RowsTotal:    i.Rows,
	})
	if err != nil {
		return err
	}

	var began time.Time
	for ctx.Err() == nil {
		i.RSS = max(i.RSS, megabytes(pid, resident))
		if job, err = store.Jobs.GetImport(ctx, job.ID, false); err != nil {
			return err
		}
		if job.State != importjob.ImportQueued && began.IsZero() {
			began = time.Now()
		}
		if job.FinishedAt != nil {
			break
		}

		sleep(ctx, 50*time.Millisecond)
	}

	i.RowsPerSecond = float64(i.Rows) / time.Since(began).Seconds()
	if job.State != importjob.ImportDone || job.RowsStored != i.Rows {
		return fmt.Errorf("the import ended as %s with %d rows stored, %d refused",
			job.State, job.RowsStored, job.RowsRefused)
	}

	return ctx.Err()
}

// roomsFile is a CSV file with one device a row, three to a room.
func roomsFile(rows int) []byte {
	var out bytes.Buffer
	out.WriteString("room,site,country,platform,serial,model,purchased_on\n")
	for n := range rows {
		fmt.Fprintf(&out, "Filial %d,Filial,BR,MTR_WINDOWS,F%07dZ,%s,2026-10-01\n",
			n/len(roomModels), n, roomModels[n%len(roomModels)])
	}
	return out.Bytes()
}
