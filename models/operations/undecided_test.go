package operations_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// A task about a decision that has a command of its own is not closed by hand before that is
// taken: nobody would see any more that a customer waits.
func TestATaskWhoseDecisionIsOpenIsNotClosed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Requested(t, c)
		task := env.Tasks(t, db.TaskDecideRMA)[0]
		closing := operations.TaskAction{Name: operations.ActClose, Reason: "seen"}
		_, err := env.Act(storetest.Operator(), task.ID, closing)
		storetest.RequireCode(t, rules.StateConflict, err)
		require.Equal(t, db.TaskOpen, env.Tasks(t, db.TaskDecideRMA)[0].State)

		_, err = env.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskDecideRMA)[0].State)
	})
}
