package operations_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
)

// late are the ids that ps lists as overdue at an instant.
func late(t *testing.T, env storetest.Env) (ids []string) {
	t.Helper()
	list, _, err := env.ListProcesses(env.Context, operations.ProcessFilter{Overdue: true, Page: db.Page{Limit: 200}})
	require.NoError(t, err)
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	return ids
}

// A reminder of an invitation that never came is noticed on its day, as everything else is,
// and the task closes itself once the workflow goes on. A run that begins after its instant
// takes it up at once; that somebody only asks for one changes nothing.
func TestAReminderOfAnInvitationThatNeverCameIsNoticed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		require.NoError(t, env.Exec("UPDATE notifications SET state = 'SENT', sent_at = created_at"))
		plan, err := env.PlanInvitation(env.Context, inv.ID)
		require.NoError(t, err)
		require.Len(t, plan.Reminders, 3)

		for i, r := range plan.Reminders {
			env.Calendar.Set(r.At.Add(-time.Minute))
			require.NotContains(t, late(t, env), inv.ID, "before day %d", r.Day)
			env.Calendar.Set(r.At.Add(14 * time.Minute))
			require.Contains(t, late(t, env), inv.ID)
			n, err := env.WatchOverdue(env.Context)
			require.NoError(t, err)
			require.Zero(t, n, "it is given its grace")

			env.Calendar.Set(r.At.Add(16 * time.Minute))
			_, err = env.WatchOverdue(env.Context)
			require.NoError(t, err)
			require.Contains(t, stalledTasks(t, env), inv.ID)

			for range 2 { // its workflow is asked to try again, or was lost and starts again
				again, err := env.PlanInvitation(env.Context, inv.ID)
				require.NoError(t, err)
				require.Equal(t, plan.Reminders[i:], again.Reminders, "from the missed one on")
				require.Contains(t, late(t, env), inv.ID)
				require.Contains(t, stalledTasks(t, env), inv.ID, "nothing was done yet")
			}
			_, err = env.RemindInvitation(env.Context, inv.ID, r.Day, time.Time{})
			require.NoError(t, err)
			require.NotContains(t, late(t, env), inv.ID)
			require.Empty(t, stalledTasks(t, env), "it goes on")
		}

		env.Calendar.Set(inv.ExpiresAt.Add(16 * time.Minute))
		n, err := env.WatchOverdue(env.Context)
		require.NoError(t, err)
		require.Equal(t, 1, n, "then its end is what is next")
		require.NoError(t, env.ExpireInvitation(env.Context, inv.ID))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM invitations WHERE next_at IS NOT NULL"))
	})
}

// A workflow keeps the days of its start: whoever changes the program's makes nothing late.
func TestRemindersFollowTheDaysOfTheirStart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		o := env.Accept(t, env.Reseller(t, "Revenda Sul"),
			storetest.FormFor("PO-2", "Beta", "ana@revendasul.example"))
		plan, err := env.PlanInvitation(env.Context, inv.ID)
		require.NoError(t, err)
		reminders, until, err := env.ReviewDeadlines(env.Context, o.ID)
		require.NoError(t, err)
		require.Len(t, reminders, 2)

		ref, err := env.Reference(env.Context)
		require.NoError(t, err)
		p := ref.Program
		p.InviteReminderDays, p.ReviewReminderDays = []int{7, 8, 9}, []int{1, 2, 3}
		_, err = env.ChangeProgram(env.Context, p, ref.Version)
		require.NoError(t, err)

		env.Calendar.Set(reminders[0])
		require.NoError(t, env.RemindReview(env.Context, o.ID, 1, reminders[1]))
		env.Calendar.Set(reminders[1].Add(-time.Minute))
		require.NotContains(t, late(t, env), o.ID)
		env.Calendar.Set(reminders[1])
		require.NoError(t, env.RemindReview(env.Context, o.ID, 2, until))
		env.Calendar.Set(until.Add(-time.Minute))
		require.NotContains(t, late(t, env), o.ID)

		env.Calendar.Set(plan.Reminders[0].At)
		_, err = env.RemindInvitation(env.Context, inv.ID, 7, plan.Reminders[1].At)
		require.NoError(t, err)
		require.NoError(t, env.Exec("UPDATE notifications SET state = 'SENT', sent_at = created_at"))
		env.Calendar.Set(plan.Reminders[1].At.Add(-time.Minute))
		require.NotContains(t, late(t, env), inv.ID)
	})
}

// One whose mailbox does not exist is an operator's: its workflow is not waited for.
func TestABouncedInvitationHasNoNextInstant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		require.NoError(t, env.Exec("UPDATE invitations SET state = 'BOUNCED', next_at = NULL"))
		env.Calendar.Set(inv.ExpiresAt.Add(time.Hour))
		n, err := env.WatchOverdue(env.Context)
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

// A reminder of a review that never came is noticed on its day, and so is the review's end.
func TestAReminderOfAReviewThatNeverCameIsNoticed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, o := storetest.InReview(t, env)
		reminders, until, err := env.ReviewDeadlines(env.Context, o.ID)
		require.NoError(t, err)
		require.NotEmpty(t, reminders)

		for i, at := range append(reminders, until) {
			env.Calendar.Set(at.Add(-time.Minute))
			require.NotContains(t, late(t, env), o.ID)
			env.Calendar.Set(at.Add(16 * time.Minute))
			n, err := env.WatchOverdue(env.Context)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			require.Contains(t, stalledTasks(t, env), o.ID)
			if i < len(reminders) {
				require.NoError(t, env.RemindReview(env.Context, o.ID, i+1, time.Time{}))
				require.Empty(t, stalledTasks(t, env), "it goes on")
			}
		}

		require.NoError(t, env.RejectOverdueOrder(env.Context, o.ID))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM orders WHERE next_at IS NOT NULL"))
	})
}

// What came to wait under an earlier release gets its instant with the new schema: the first
// that is still to come.
func TestWhatWaitsSinceAnEarlierReleaseGetsItsNextInstant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		o := env.Accept(t, env.Reseller(t, "Revenda Sul"),
			storetest.FormFor("PO-2", "Beta", "ana@revendasul.example"))
		plan, err := env.PlanInvitation(env.Context, inv.ID)
		require.NoError(t, err)
		reminders, until, err := env.ReviewDeadlines(env.Context, o.ID)
		require.NoError(t, err)
		require.NoError(t, env.Exec("UPDATE invitations SET next_at = NULL"))
		require.NoError(t, env.Exec("UPDATE orders SET next_at = NULL"))

		next := func() (invitation, review *time.Time) {
			require.NoError(t, env.DB.Read(env.Context, func(tx *db.Tx) error {
				var i identity.Invitation
				var r order.Order
				if err := tx.First(&i, "id = ?", inv.ID).Error; err != nil {
					return err
				}
				invitation = i.NextAt
				err := tx.First(&r, "id = ?", o.ID).Error
				review = r.NextAt
				return err
			}))
			return invitation, review
		}

		env.Calendar.Set(plan.Reminders[0].At.Add(time.Minute))
		for range 2 {
			require.NoError(t, env.People.SeedNextInvitations(env.Context))
			invitation, _ := next()
			require.True(t, invitation.Equal(plan.Reminders[1].At))
		}

		env.Calendar.Set(reminders[0].Add(-time.Minute))
		require.NoError(t, env.Orders.SeedNextReviews(env.Context))
		_, review := next()
		require.True(t, review.Equal(reminders[0]))

		require.NoError(t, env.Exec("UPDATE orders SET next_at = NULL"))
		env.Calendar.Set(reminders[len(reminders)-1].Add(time.Minute))
		require.NoError(t, env.Orders.SeedNextReviews(env.Context))
		_, review = next()
		require.True(t, review.Equal(until))
	})
}

// A worker of an earlier release beside the new schema reminds and keeps no next instant: the
// seeds find it by the mail, close the task, and leave alone what nobody reminded of.
func TestWhatAnOlderWorkerRemindedOfIsNotLate(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		o := env.Accept(t, env.Reseller(t, "Revenda Sul"),
			storetest.FormFor("PO-2", "Beta", "ana@revendasul.example"))
		plan, err := env.PlanInvitation(env.Context, inv.ID)
		require.NoError(t, err)
		reminders, until, err := env.ReviewDeadlines(env.Context, o.ID)
		require.NoError(t, err)
		next := map[string]time.Time{}
		seeded := func() map[string]time.Time {
			require.NoError(t, env.Exec("UPDATE notifications SET state = 'SENT', sent_at = created_at"))
			_, err := env.WatchOverdue(env.Context)
			require.NoError(t, err)
			for range 2 {
				require.NoError(t, env.People.SeedNextInvitations(env.Context))
				require.NoError(t, env.Orders.SeedNextReviews(env.Context))
			}
			_, err = env.WatchOverdue(env.Context)
			require.NoError(t, err)
			require.NoError(t, env.DB.Read(env.Context, func(tx *db.Tx) error {
				var i identity.Invitation
				var r order.Order
				err := errors.Join(tx.First(&i, "id = ?", inv.ID).Error, tx.First(&r, "id = ?", o.ID).Error)
				next[inv.ID], next[o.ID] = i.NextAt.UTC(), r.NextAt.UTC()
				return err
			}))
			return next
		}

		second := reminders[1] // the first came in time, and is not noted
		env.Calendar.Set(reminders[0])
		require.NoError(t, env.RemindReview(env.Context, o.ID, 1, reminders[0]))
		env.Calendar.Set(second.Add(20 * time.Minute))
		require.True(t, second.Equal(seeded()[o.ID]), "the second did not come")
		require.Contains(t, stalledTasks(t, env), o.ID)
		require.NoError(t, env.RemindReview(env.Context, o.ID, 2, second))
		env.Calendar.Set(second.Add(40 * time.Minute))
		require.True(t, until.Equal(seeded()[o.ID]))
		require.NotContains(t, stalledTasks(t, env), o.ID)

		first := plan.Reminders[0].At
		env.Calendar.Set(first.Add(20 * time.Minute))
		require.True(t, first.Equal(seeded()[inv.ID]), "nobody reminded")
		require.Contains(t, stalledTasks(t, env), inv.ID)
		_, err = env.RemindInvitation(env.Context, inv.ID, plan.Reminders[0].Day, first)
		require.NoError(t, err)
		env.Calendar.Set(first.Add(40 * time.Minute))
		require.True(t, plan.Reminders[1].At.Equal(seeded()[inv.ID]))
		require.NotContains(t, stalledTasks(t, env), inv.ID)
	})
}
