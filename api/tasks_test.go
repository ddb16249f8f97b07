package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// Over the API, too, who pull at once never get the same, a change since is refused, and an act
// on many says what became of each.
func TestS54_TasksArePulledGivenAndDoneByTheAPI(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		for _, subject := range []string{"one", "two", "three"} {
			require.NoError(t, h.RaiseTask(db.WithSystem(h.Context), db.OperatorTask{
				Kind: db.TaskSweepLate, SubjectID: subject, What: "Look.", Why: "So.",
			}))
		}
		got := make([]api.PulledView, 3)
		storetest.AtOnce(3, func(i int) error {
			got[i] = as[api.PulledView](t, h.Lead.post("/v1/operator/tasks/pull", `{}`), 200)
			return nil
		})
		pulled := map[string]bool{}
		for _, g := range got {
			require.NotNil(t, g.Task)
			pulled[g.Task.ID] = true
		}
		require.Len(t, pulled, 3)
		require.Nil(t, as[api.PulledView](t, h.Lead.post("/v1/operator/tasks/pull", `{}`), 200).Task)

		task := got[0].Task
		path := "/v1/operator/tasks/" + task.ID
		back := as[api.TaskView](t, h.Lead.post(path+"/owner", map[string]any{"seen": task.Seen}), 200)
		require.Empty(t, back.AssigneeID)
		problem(t, h.Lead.post(path+"/owner", map[string]any{"operator": "me", "seen": task.Seen}), 412,
			rules.VersionMismatch)
		problem(t, h.Lead.post(path+"/owner", map[string]any{"operator": "opr_none"}), 422, rules.ValidationFailed)
		problem(t, h.Lead.post(path+"/notes", map[string]any{"note": ""}), 422, rules.ValidationFailed)
		as[api.NoteView](t, h.Lead.post(path+"/notes", map[string]any{"note": "Ana answers."}), 201)
		require.Len(t, as[api.NotesView](t, h.Lead.get(path+"/notes"), 200).Items, 1)
		problem(t, h.Lead.get("/v1/operator/tasks/tsk_none/notes"), 404, rules.NotFound)
		require.Len(t, as[items[ref]](t, h.Lead.get("/v1/operator/tasks?assignee=nobody"), 200).Items, 1)
		require.Len(t, as[items[ref]](t, h.Lead.get("/v1/operator/tasks?assignee=me"), 200).Items, 2)

		many := map[string]any{"task_ids": []string{task.ID, "tsk_none"}, "act": "close", "preview": true}
		v := as[api.ManyTasksView](t, h.Lead.post("/v1/operator/tasks/many", many), 200)
		require.Equal(t, []int{1, 1}, []int{v.Done, v.Refused})
		require.Equal(t, rules.NotFound, v.Items[1].Code)
		require.Equal(t, db.TaskOpen, as[api.TaskView](t, h.Lead.get(path), 200).State)
		many["preview"] = false
		problem(t, h.Lead.post("/v1/operator/tasks/many", many), 422, rules.ReasonRequired)
	})
}
