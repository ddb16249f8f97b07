package attachment_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// account is an account, and the scope of its administrator.
func account(t *testing.T, env storetest.Env, po string) string {
	t.Helper()
	reseller := env.Reseller(t, "Revenda "+po)
	form := storetest.Form(po)
	form.EndCustomer.Company = "Cliente " + po
	return *env.Fulfilled(t, reseller, form).AccountID
}

// text is a file of a size that is like no other of another seed.
func text(size int, seed string) io.ReadSeeker {
	line := "room " + seed + " is down\n"
	return strings.NewReader(strings.Repeat(line, size/len(line)+1)[:size])
}

// attach stores a file of a customer.
func attach(
	env storetest.Env, accountID, message, ticket, name string, content io.ReadSeeker,
) (a attachment.Attachment, err error) {
	err = env.DB.Write(storetest.Customer(accountID), func(tx *db.Tx) error {
		a, err = env.Attachments.Store(tx, attachment.Owner{
			ID:        message,
			GroupID:   ticket,
			AccountID: &accountID,
		}, attachment.Upload{Name: name, Content: content})
		return err
	})
	return a, err
}

func TestS43_AFileIsStoredOnceAndReadAgainByItsAccountAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours, foreign := account(t, env, "PO-1"), account(t, env, "PO-2")
		for _, size := range []int{1, 256 << 10, 256<<10 + 1, 700_001} {
			message := fmt.Sprintf("tms_%d", size)
			var ids []string
			for range 2 { // a command that comes twice
				a, err := attach(env, ours, message, "tkt_1", "sala.log", text(size, "4"))
				require.NoError(t, err)
				ids = append(ids, a.ID)
			}
			require.Equal(t, ids[0], ids[1])

			a, content, err := env.Attachments.Open(storetest.Customer(ours), ids[0])
			require.NoError(t, err)
			got, err := io.ReadAll(content)
			require.NoError(t, err)
			want, err := io.ReadAll(text(size, "4"))
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))
			require.EqualValues(t, size, a.Size)
			require.Equal(t, attachment.NotScanned, a.ScanState)
			require.Equal(t, [3]string{"text/plain", message, "tkt_1"},
				[3]string{a.MediaType, a.OwnerID, a.GroupID})

			_, _, err = env.Attachments.Open(storetest.Customer(foreign), ids[0])
			storetest.RequireCode(t, rules.NotFound, err)
			_, _, err = env.Attachments.OpenThumbnail(storetest.Customer(foreign), ids[0])
			storetest.RequireCode(t, rules.NotFound, err)
		}
		require.Equal(t, 4, env.Count(t, "SELECT count(*) FROM attachments"))
		require.Equal(t, 4, env.Count(t,
			"SELECT count(*) FROM audit_events WHERE verb = 'attachment.stored'"))
		require.Equal(t, 4, env.Count(t, "SELECT files FROM attachment_quotas WHERE owner_id = 'tkt_1'"))

		_, _, err := env.Attachments.Open(storetest.Customer(ours), "fil_none")
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = attach(env, ours, "tms_x", "tkt_1", "a.png", strings.NewReader("<html></html>"))
		storetest.RequireCode(t, checks.Refused, err)

		err = env.DB.Write(storetest.Customer(foreign), func(tx *db.Tx) error {
			_, err := env.Attachments.Store(tx, attachment.Owner{ID: "tms_1", AccountID: &ours},
				attachment.Upload{Name: "a.txt", Content: text(9, "4")})
			return err
		})
		storetest.RequireCode(t, rules.NotFound, err)

		require.NoError(t, env.DB.Read(storetest.Customer(ours), func(tx *db.Tx) error {
			files, err := attachment.Of(tx, "tms_1", "tms_700001")
			require.Len(t, files, 2)
			return err
		}))
		require.NoError(t, env.DB.Read(storetest.Customer(foreign), func(tx *db.Tx) error {
			files, err := attachment.Of(tx, "tms_1", "tms_700001")
			require.Empty(t, files)
			return err
		}))
	})
}

func TestS43_PostgresFencesFilesByThemselves(t *testing.T) {
	env := storetest.Postgres(t)
	ours, foreign := account(t, env, "PO-1"), account(t, env, "PO-2")
	_, err := attach(env, ours, "tms_1", "tkt_1", "sala.log", text(9, "4"))
	require.NoError(t, err)
	for _, table := range []string{"attachments", "attachment_chunks", "attachment_quotas"} {
		for id, want := range map[string]bool{ours: true, foreign: false} {
			require.NoError(t, env.DB.Read(storetest.Customer(id), func(tx *db.Tx) error {
				var n int64
				err := tx.Table(table).Where("account_id = ?", ours).Count(&n).Error
				require.Equal(t, want, n > 0, table)
				return err
			}))
		}
	}
}

func TestS43_LimitsHoldAtTheirEdge(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours := account(t, env, "PO-1")
		_, err := attach(env, ours, "tms_1", "tkt_1", "a.txt", text(checks.MaxFile, "a"))
		require.NoError(t, err)
		_, err = attach(env, ours, "tms_1", "tkt_1", "b.txt", text(checks.MaxFile+1, "b"))
		storetest.RequireCode(t, checks.TooLarge, err)
		_, err = attach(env, ours, "tms_1", "tkt_1", "c.txt", text(checks.MaxFile, "c"))
		require.NoError(t, err)
		_, err = attach(env, ours, "tms_1", "tkt_1", "d.txt", text(5<<20+1, "d"))
		storetest.RequireCode(t, checks.TooLarge, err)
		_, err = attach(env, ours, "tms_1", "tkt_1", "d.txt", text(5<<20, "d"))
		require.NoError(t, err, "25 MiB of one message")
		require.Equal(t, 25<<20, env.Count(t, "SELECT bytes FROM attachment_quotas WHERE owner_id = 'tkt_1'"),
			"what was refused is not counted")

		for i := range checks.MaxMessageFiles {
			_, err := attach(env, ours, "tms_2", "tkt_1", fmt.Sprint(i, ".txt"), text(9, "e"))
			require.NoError(t, err)
		}
		_, err = attach(env, ours, "tms_2", "tkt_1", "20.txt", text(9, "e"))
		storetest.RequireCode(t, checks.TooLarge, err)

		require.NoError(t, env.Exec("UPDATE attachment_quotas SET bytes = "+
			fmt.Sprint(checks.MaxGroup-9)+" WHERE owner_id = 'tkt_1'"))
		_, err = attach(env, ours, "tms_3", "tkt_1", "f.txt", text(10, "f"))
		storetest.RequireCode(t, checks.TooLarge, err)
		_, err = attach(env, ours, "tms_3", "tkt_1", "f.txt", text(9, "f"))
		require.NoError(t, err, "200 MiB of one ticket")
		_, err = attach(env, ours, "tms_4", "tkt_1", "g.txt", text(1, "g"))
		storetest.RequireCode(t, checks.TooLarge, err)
		_, err = attach(env, ours, "tms_5", "tkt_2", "g.txt", text(1, "g"))
		require.NoError(t, err, "another ticket has its own")
	})
}

// Two files come at the same time where there is room for one.
func TestS43_TwoAtOnceDoNotGetPastALimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours := account(t, env, "PO-1")
		for round := range 5 {
			ticket := fmt.Sprintf("tkt_%d", round)
			_, err := attach(env, ours, ticket+"_0", ticket, "a.txt", text(9, "a"))
			require.NoError(t, err)
			require.NoError(t, env.Exec(fmt.Sprintf(
				"UPDATE attachment_quotas SET bytes = %d WHERE owner_id = '%s'",
				checks.MaxGroup-100, ticket)))

			var both sync.WaitGroup
			results := make([]error, 2)
			for i := range results {
				both.Go(func() {
					_, results[i] = attach(env, ours, fmt.Sprint(ticket, "_", i+1), ticket, "b.txt",
						text(100, fmt.Sprint(i)))
				})
			}
			both.Wait()

			refused := 0
			for _, err := range results {
				if err != nil {
					storetest.RequireCode(t, checks.TooLarge, err)
					refused++
				}
			}
			require.Equal(t, 1, refused)
			require.Equal(t, checks.MaxGroup, env.Count(t,
				"SELECT bytes FROM attachment_quotas WHERE owner_id = '"+ticket+"'"))
		}
	})
}

// scanning is the same database behind domains that know of a scanner.
func scanning(env storetest.Env) storetest.Env {
	env.Attachments.Scanned = true
	return env
}

// release lets the next look at files take each that waits.
func release(t *testing.T, env storetest.Env) {
	t.Helper()
	require.NoError(t, env.Exec("UPDATE attachments SET next_at = '2020-01-01 00:00:00+00:00' WHERE next_at IS NOT NULL"))
}

func TestS43_NothingIsHandedOutBeforeTheVerdict(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env = scanning(env)
		ours := account(t, env, "PO-1")
		customer := storetest.Customer(ours)
		open := func(id string) error {
			_, _, err := env.Attachments.Open(customer, id)
			_, _, other := env.Attachments.Open(storetest.Operator(), id)
			require.Equal(t, rules.CodeOf(err), rules.CodeOf(other), "nor to operators")
			return err
		}
		tasks := func() (open int) {
			for _, task := range env.Tasks(t, db.TaskProcessStuck) {
				if task.State == db.TaskOpen {
					open++
				}
			}
			return open
		}

		var ids []string
		for i := range 3 {
			a, err := attach(env, ours, "tms_1", "tkt_1", fmt.Sprint(i, ".txt"), text(9, "a"))
			require.NoError(t, err)
			require.Equal(t, attachment.Pending, a.ScanState)
			storetest.RequireCode(t, checks.NotChecked, open(a.ID))
			ids = append(ids, a.ID)
		}

		// Each is taken once; who takes it reads it whatever it is.
		for range ids {
			a, ok, err := env.Attachments.Next(env.Context)
			require.NoError(t, err)
			require.True(t, ok)
			require.True(t, a.Waits())
			content, err := io.ReadAll(env.Attachments.ContentOf(env.Context, a))
			require.NoError(t, err)
			require.Len(t, content, 9)
		}
		_, ok, err := env.Attachments.Next(env.Context)
		require.NoError(t, err)
		require.False(t, ok)
		_, _, err = env.Attachments.Next(customer)
		storetest.RequireCode(t, rules.NotFound, err)

		// The scanner is down: blocked, one operator's task, tried on.
		for _, id := range ids {
			require.NoError(t, env.Attachments.RecordFailure(env.Context, id))
			storetest.RequireCode(t, checks.NotChecked, open(id))
		}
		require.Equal(t, 1, tasks())
		require.Equal(t, 3, env.Count(t,
			"SELECT count(*) FROM attachments WHERE scan_state = 'ERROR' AND next_at IS NOT NULL"))
		release(t, env)
		a, ok, err := env.Attachments.Next(env.Context)
		require.NoError(t, err)
		require.True(t, ok)
		require.True(t, a.Waits())

		for i, v := range []checks.Verdict{
			{Outcome: checks.OutcomeClean},
			{Outcome: checks.OutcomeInfected, Finding: "Eicar-Test-Signature"},
			{Outcome: checks.OutcomeTooLarge},
		} {
			require.Equal(t, 1, tasks(), "files wait")
			for range 2 {
				require.NoError(t, env.Attachments.RecordVerdict(env.Context, ids[i], v))
			}
		}
		require.NoError(t, open(ids[0]))
		storetest.RequireCode(t, checks.Infected, open(ids[1]))
		storetest.RequireCode(t, checks.NotChecked, open(ids[2]))
		require.Equal(t, 1, tasks(), "about the one that is too large")
		require.Equal(t, 2, env.Count(t,
			"SELECT count(*) FROM audit_events WHERE verb = 'attachment.blocked'"))

		// What was found once is not unfound, nor is a late failure an end of what was clean.
		require.NoError(t, env.Attachments.RecordVerdict(env.Context, ids[1],
			checks.Verdict{Outcome: checks.OutcomeClean}))
		require.NoError(t, env.Attachments.RecordFailure(env.Context, ids[0]))
		storetest.RequireCode(t, checks.Infected, open(ids[1]))
		require.NoError(t, open(ids[0]))

		require.NoError(t, env.Attachments.RecordVerdict(env.Context, ids[2],
			checks.Verdict{Outcome: checks.OutcomeClean}))
		require.NoError(t, open(ids[2]))
		require.Zero(t, tasks())
	})
}

func TestS43_AScannerThatComesLaterScansWhatIsThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours := account(t, env, "PO-1")
		customer := storetest.Customer(ours)
		a, err := attach(env, ours, "tms_1", "tkt_1", "a.txt", text(9, "a"))
		require.NoError(t, err)
		changed, err := env.Attachments.AdoptScanner(env.Context)
		require.NoError(t, err)
		require.Zero(t, changed)

		env = scanning(env)
		_, _, err = env.Attachments.Open(customer, a.ID)
		storetest.RequireCode(t, checks.NotChecked, err)
		for _, want := range []int64{1, 0} {
			changed, err := env.Attachments.AdoptScanner(env.Context)
			require.NoError(t, err)
			require.Equal(t, want, changed)
		}
		due, ok, err := env.Attachments.Next(env.Context)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, attachment.Pending, due.ScanState)
		require.NoError(t, env.Attachments.RecordFailure(env.Context, a.ID))

		env.Attachments.Scanned = false
		changed, err = env.Attachments.AdoptScanner(env.Context)
		require.NoError(t, err)
		require.EqualValues(t, 1, changed)
		_, _, err = env.Attachments.Open(customer, a.ID)
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskProcessStuck)[0].State)
	})
}

func TestS43_PicturesHaveASmallOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env = scanning(env)
		ours := account(t, env, "PO-1")
		customer := storetest.Customer(ours)
		var file bytes.Buffer
		require.NoError(t, png.Encode(&file, image.NewNRGBA(image.Rect(0, 0, 900, 300))))
		a, err := attach(env, ours, "tms_1", "tkt_1", "sala.png", bytes.NewReader(file.Bytes()))
		require.NoError(t, err)

		small, err := checks.MakeThumbnail(env.Attachments.ContentOf(env.Context, a))
		require.NoError(t, err)
		require.NoError(t, env.Attachments.RecordThumbnail(env.Context, a.ID, &small))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM attachment_thumbnails"), "it waits for its verdict")
		_, _, err = env.Attachments.OpenThumbnail(customer, a.ID)
		storetest.RequireCode(t, checks.NotChecked, err)

		require.NoError(t, env.Attachments.RecordVerdict(env.Context, a.ID,
			checks.Verdict{Outcome: checks.OutcomeClean}))
		_, _, err = env.Attachments.OpenThumbnail(customer, a.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		for range 2 {
			require.NoError(t, env.Attachments.RecordThumbnail(env.Context, a.ID, &small))
		}
		_, got, err := env.Attachments.OpenThumbnail(customer, a.ID)
		require.NoError(t, err)
		require.Equal(t, [2]int{480, 160}, [2]int{got.Width, got.Height})
		require.Equal(t, small.Content, got.Content)
		require.NoError(t, env.DB.Read(customer, func(tx *db.Tx) error {
			files, err := attachment.OfGroup(tx, "tkt_1")
			require.Len(t, files, 1)
			require.True(t, files[0].Pictured)
			return err
		}))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM attachments WHERE next_at IS NOT NULL"))
	})
}

func TestS33_S43_ContentLeavesAfterItsTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours := account(t, env, "PO-1")
		for i := range attachment.PruneBatch + 1 {
			_, err := attach(env, ours, fmt.Sprint("tms_", i), "tkt_1", "a.txt", text(9, fmt.Sprint(i)))
			require.NoError(t, err)
		}
		env.Calendar.Set(env.Calendar.Now().Add(48 * time.Hour))
		young, err := attach(env, ours, "tms_young", "tkt_1", "a.txt", text(9, "y"))
		require.NoError(t, err)

		for _, want := range []int64{attachment.PruneBatch + 1, 0} {
			out, err := env.Prune(env.Context, db.Retention{Attachments: 24 * time.Hour})
			require.NoError(t, err)
			require.Equal(t, want, out.Attachments)
		}
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM attachment_chunks"))
		_, _, err = env.Attachments.Open(storetest.Customer(ours), young.ID)
		require.NoError(t, err)
		old := env.Strings(t, "SELECT id FROM attachments WHERE gone_at IS NOT NULL ORDER BY id")
		require.Len(t, old, attachment.PruneBatch+1)
		_, _, err = env.Attachments.Open(storetest.Customer(ours), old[0])
		storetest.RequireCode(t, checks.Gone, err)
	})
}

func TestS33_S43_AFileThatNamesAnErasedPersonLosesItsContent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ours := account(t, env, "PO-1")
		named, err := attach(env, ours, "tms_1", "tkt_1", "a.csv",
			strings.NewReader("name,mail\nAna,ana@x.example\n"))
		require.NoError(t, err)
		other, err := attach(env, ours, "tms_1", "tkt_1", "b.csv", strings.NewReader("a,b\n1,2\n"))
		require.NoError(t, err)

		p := db.Person{Email: "ana@x.example", Pseudonym: "Person 1", Accounts: []string{ours}}
		require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
			for _, e := range attachment.Erasures() {
				for _, want := range []int{1, 0} {
					n, err := e.EraseBatch(tx, p, 500)
					require.NoError(t, err)
					require.Equal(t, want, n)
				}
			}
			return nil
		}))
		_, _, err = env.Attachments.Open(storetest.Customer(ours), named.ID)
		storetest.RequireCode(t, checks.Gone, err)
		_, _, err = env.Attachments.Open(storetest.Customer(ours), other.ID)
		require.NoError(t, err)
	})
}
