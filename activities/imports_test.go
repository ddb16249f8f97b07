package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// file is a JSON file of n orders; change alters the forms.
func file(t testing.TB, n int, change func(i int, f *ordering.OrderForm)) []byte {
	t.Helper()
	var out strings.Builder
	for i := range n {
		f := storetest.Form(storetest.PO(i))
		if change != nil {
			change(i, &f)
		}
		line, err := json.Marshal(f)
		require.NoError(t, err)
		out.Write(append(line, '\n'))
	}
	return []byte(out.String())
}

type importBench struct {
	storetest.Env
	t        *testing.T
	reseller account.Org
}

func newImportBench(t *testing.T) *importBench {
	b := &importBench{Env: storetest.SQLite(t), t: t}
	b.reseller = b.Env.Reseller(t, "Revenda Sul")
	return b
}

func (b *importBench) job(content []byte, change ...func(*importjob.ImportJob)) importjob.ImportJob {
	b.t.Helper()
	job := importjob.ImportJob{OrgID: b.reseller.ID, Format: "json", AllOrNothing: true, Content: content}
	for _, c := range change {
		c(&job)
	}
	job, err := b.CreateImport(b.Context, job)
	require.NoError(b.t, err)
	return job
}

func dry(j *importjob.ImportJob)   { j.DryRun = true }
func apart(j *importjob.ImportJob) { j.AllOrNothing = false }

// importsOn is the activity as a worker has it.
func importsOn(env storetest.Env) *activities.Imports {
	return &activities.Imports{
		DB:           env.DB,
		Programs:     env.Programs,
		Jobs:         env.Jobs,
		Accounts:     env.Accounts,
		Entitlements: env.Entitlements,
		Orders:       env.Orders,
	}
}

// run runs the activity once; beats counts its heartbeats.
func (b *importBench) run(jobID string) (count activities.ImportCount, beats int, err error) {
	b.t.Helper()
	suite := quietSuite()
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(5 * time.Minute)
	a := importsOn(b.Env)
	env.RegisterActivity(a)
	env.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) { beats++ })
	value, err := env.ExecuteActivity(a.Run, jobID)
	if err == nil {
		require.NoError(b.t, value.Get(&count))
	}
	return count, beats, err
}

func (b *importBench) orders() int {
	b.t.Helper()
	pool, err := b.Pool()
	require.NoError(b.t, err)
	var n int
	require.NoError(b.t, pool.QueryRow("SELECT count(*) FROM orders").Scan(&n))
	return n
}

func (b *importBench) get(id string) importjob.ImportJob {
	b.t.Helper()
	job, err := b.GetImport(b.Context, id, true)
	require.NoError(b.t, err)
	return job
}

func noQuantity(at ...int) func(int, *ordering.OrderForm) {
	return func(i int, f *ordering.OrderForm) {
		for _, n := range at {
			if i == n {
				f.Lines[0].Quantity = 0
			}
		}
	}
}

func TestS35_DryRunChecksAndStoresNothing(t *testing.T) {
	b := newImportBench(t)
	job := b.job(file(t, 5, noQuantity(2)), dry)
	count, _, err := b.run(job.ID)
	require.NoError(t, err)
	require.Equal(t, activities.ImportCount{Rows: 5, Refused: 1}, count)
	require.Zero(t, b.orders())
	rows, err := b.ImportRows(b.Context, job.ID, importjob.RowRefused, 0, 10)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, 3, rows[0].RowNo)

	_, err = b.AcceptOrder(b.Context, order.Intake{Sender: b.reseller, Form: formOf(t, job.Content, 2)})
	var refusal *rules.Error
	require.True(t, errors.As(err, &refusal))
	require.Equal(t, refusal.Fields, rows[0].Errors, "the very same checks as at the door")
}

func formOf(t *testing.T, content []byte, i int) ordering.OrderForm {
	t.Helper()
	var f ordering.OrderForm
	require.NoError(t, json.Unmarshal([]byte(strings.Split(string(content), "\n")[i]), &f))
	return f
}

func TestS35_AllOrNothing(t *testing.T) {
	b := newImportBench(t)
	job := b.job(file(t, 250, noQuantity(249)))
	count, _, err := b.run(job.ID)
	require.NoError(t, err)
	require.Equal(t, activities.ImportCount{Rows: 250, Refused: 1}, count)
	require.Equal(t, importjob.ImportRefused, b.get(job.ID).State)
	require.Zero(t, b.orders(), "one refused row keeps every other one out")
	require.Empty(t, b.get(job.ID).Content, "a finished job keeps no content")
}

func TestS35_RowByRowStoresTheGoodOnes(t *testing.T) {
	b := newImportBench(t)
	job := b.job(file(t, 5, noQuantity(1, 3)), apart)
	count, _, err := b.run(job.ID)
	require.NoError(t, err)
	require.Equal(t, activities.ImportCount{Rows: 5, Stored: 3, Refused: 2}, count)
	require.Equal(t, 3, b.orders())
	rows, err := b.ImportRows(b.Context, job.ID, importjob.RowStored, 0, 10)
	require.NoError(t, err)
	require.Len(t, rows, 3)
	for _, r := range rows {
		require.NotNil(t, r.OrderID)
	}
}

func TestS35_TheSameFileAgainChangesNothing(t *testing.T) {
	b := newImportBench(t)
	content := file(t, 20, nil)
	first := b.job(content)
	_, _, err := b.run(first.ID)
	require.NoError(t, err)
	second := b.job(content)
	count, _, err := b.run(second.ID)
	require.NoError(t, err)
	require.Equal(t, activities.ImportCount{Rows: 20, Unchanged: 20}, count)
	require.Equal(t, 20, b.orders())
	again, _, err := b.run(second.ID) // a job told twice
	require.NoError(t, err)
	require.Equal(t, count, again)
}

func TestS35_AnotherOrderUnderAKnownNumberIsRefused(t *testing.T) {
	b := newImportBench(t)
	_, _, err := b.run(b.job(file(t, 2, nil)).ID)
	require.NoError(t, err)
	job := b.job(file(t, 2, func(i int, f *ordering.OrderForm) { f.Lines[0].Quantity = 7 }))
	count, _, err := b.run(job.ID)
	require.NoError(t, err)
	require.Equal(t, 2, count.Refused)
	rows, err := b.ImportRows(b.Context, job.ID, importjob.RowRefused, 0, 10)
	require.NoError(t, err)
	require.Equal(t, "/lines/0/quantity", rows[0].Errors[0].Pointer)
}

// A worker that is told to stop gives its file up at once, and another one goes on with it.
func TestS35_AWorkerThatStopsHandsItsFileOver(t *testing.T) {
	b := newImportBench(t)
	job := b.job(file(t, 600, nil))
	suite := quietSuite()
	env := suite.NewTestActivityEnvironment()
	a := importsOn(b.Env)
	env.RegisterActivity(a)
	stop := make(chan struct{})
	env.SetWorkerStopChannel(stop)
	env.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) {
		select {
		case <-stop:
		default:
			close(stop)
		}
	})
	_, err := env.ExecuteActivity(a.Run, job.ID)
	require.ErrorContains(t, err, "this worker stops")
	require.Less(t, b.orders(), 600)

	count, _, err := b.run(job.ID)
	require.NoError(t, err)
	require.Equal(t, activities.ImportCount{Rows: 600, Stored: 600}, count)
	require.Equal(t, 600, b.orders())
}

// A run that is killed halfway goes on where it stopped: no order is stored
// twice, and the report says of each row that this import stored it.
func TestS35_KilledHalfwayAndRunAgain(t *testing.T) {
	b := newImportBench(t)
	job := b.job(file(t, 200, nil))
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	suite := quietSuite()
	env := suite.NewTestActivityEnvironment()
	a := importsOn(b.Env)
	env.RegisterActivity(a)
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	go func() {
		for ctx.Err() == nil {
			if b.orders() >= 40 {
				kill()
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	_, err := env.ExecuteActivity(a.Run, job.ID)
	require.Error(t, err)
	half := b.orders()
	require.GreaterOrEqual(t, half, 40)
	require.Less(t, half, 200)
	require.NotEmpty(t, b.get(job.ID).Content, "the file is kept until the job is done")

	count, _, err := b.run(job.ID)
	require.NoError(t, err)
	require.Equal(t, activities.ImportCount{Rows: 200, Stored: 200}, count)
	require.Equal(t, 200, b.orders())
	require.Equal(t, importjob.ImportDone, b.get(job.ID).State)
	rows, err := b.ImportRows(b.Context, job.ID, importjob.RowStored, 0, 1000)
	require.NoError(t, err)
	require.Len(t, rows, 200)
	for _, r := range rows {
		require.NotNil(t, r.OrderID)
	}
}

// A file that was begun is stored to its end, also when what it orders has left
// the catalogue meanwhile: half a file is neither all nor nothing.
func TestS35_AFileThatWasBegunIsNotCheckedAnew(t *testing.T) {
	b := newImportBench(t)
	content := file(t, 3, nil)
	job := b.job(content)
	_, err := b.AcceptOrder(b.Context, order.Intake{
		Sender: b.reseller,
		Form:   formOf(t, content, 0),
		JobID:  job.ID,
		RowNo:  1,
	})
	require.NoError(t, err)
	_, err = b.AcceptOrder(b.Context, order.Intake{Sender: b.reseller, Form: formOf(t, content, 1)}) // by another way
	require.NoError(t, err)
	job.State = importjob.ImportStoring
	job.RowsTotal = 3
	job.RowsChecked = 3
	job.RowsRefused = 1
	require.NoError(t, b.ImportProgress(b.Context, job))
	count, _, err := b.run(job.ID)
	require.NoError(t, err)
	require.Equal(t, activities.ImportCount{Rows: 3, Stored: 2, Unchanged: 1}, count)
	require.Equal(t, importjob.ImportDone, b.get(job.ID).State)
}

func TestS35_TwoRunsOfOneJobAtOnce(t *testing.T) {
	b := newImportBench(t)
	job := b.job(file(t, 150, nil))
	errs := storetest.AtOnce(2, func(int) error {
		_, _, err := b.run(job.ID)
		return err
	})
	require.NoError(t, errors.Join(errs...))
	got := b.get(job.ID)
	require.Equal(t, importjob.ImportDone, got.State)
	require.Equal(t, []int{150, 150, 0, 0}, []int{got.RowsTotal, got.RowsStored, got.RowsUnchanged, got.RowsRefused})
	require.Equal(t, 150, b.orders())
}

func TestS35_UnreadableFileIsRefusedNotRetriedForEver(t *testing.T) {
	for name, content := range map[string]string{
		"empty":   "",
		"no JSON": "PK\x03\x04",
		"cut off": string(file(t, 3, nil)[:900]),
	} {
		t.Run(name, func(t *testing.T) {
			b := newImportBench(t)
			job := b.job([]byte(content))
			_, _, err := b.run(job.ID)
			require.NoError(t, err)
			require.Equal(t, importjob.ImportRefused, b.get(job.ID).State)
			require.Zero(t, b.orders())
		})
	}
}

func TestS35_TenThousandOrdersInBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	b := newImportBench(t)
	job := b.job(file(t, 10_000, nil), dry)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	count, beats, err := b.run(job.ID)
	require.NoError(t, err)
	b.Statements.Reset() // the count of statements is the test's own memory
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Equal(t, 10_000, count.Rows)
	require.GreaterOrEqual(t, beats, 1)
	require.Less(t, after.HeapAlloc, before.HeapAlloc+32<<20)
	t.Logf("bytes still held after 10,000 orders: %d, heartbeats: %d",
		int64(after.HeapAlloc)-int64(before.HeapAlloc), beats)
}

// An order file lets nobody in whom the account does not know, as little as the API (S15).
func TestS15_AFileOfOrdersForAKnownCompanyLetsNobodyIn(t *testing.T) {
	for way, come := range map[string]func(*importBench, identity.Invitation){
		"Ana is administrator":      func(b *importBench, inv identity.Invitation) { b.Join(b.t, inv) },
		"her invitation is pending": func(*importBench, identity.Invitation) {},
		"it has expired": func(b *importBench, inv identity.Invitation) {
			b.Calendar.Set(inv.ExpiresAt)
			require.NoError(b.t, b.ExpireInvitation(b.Context, inv.ID))
		},
	} {
		t.Run(way, func(t *testing.T) {
			b := newImportBench(t)
			first := b.Fulfilled(t, b.reseller, storetest.Form("PO-1"))
			come(b, b.InvitationOf(t, first.ID))

			emails := []string{"eve@stranger.example", "rui@acme.example", "ana@uol.com.br"}
			content := file(t, len(emails), func(i int, f *ordering.OrderForm) {
				f.EndCustomer.Email = emails[i]
			})
			_, _, err := b.run(b.job(content).ID)
			require.NoError(t, err)

			all, _, err := b.ListOrders(b.Context, order.OrderFilter{})
			require.NoError(t, err)
			for _, o := range all {
				colleague := o.Payload.EndCustomer.Email == emails[1] && way == "Ana is administrator"
				if o.ID != first.ID && !colleague {
					require.Equal(t, rules.OrderNeedsReview, o.State)
					require.Contains(t, o.ReviewReasons, ordering.ReasonContactUnknown)
				}
				_, err := b.FulfilOrder(b.Context, o.ID)
				require.NoError(t, err)
			}
			for _, email := range emails {
				require.Zero(t, b.Count(t, "SELECT count(*) FROM invitations WHERE email = '"+email+"'"))
			}
		})
	}
}
