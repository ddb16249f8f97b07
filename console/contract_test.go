package console

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestR39c_AnAgentSuspendsAndResumesAContractWithAReason(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		path := contractPath(c.Licence.ContractID)
		manager, agent := w.signedIn(staff[3]), w.signedIn(staff[1])
		require.NotContains(t, w.withinBudget(manager, path).body, "/do/")
		require.Contains(t, agent.get(accountTab(c.Account, "contracts")).body, path)

		ask := agent.get(path + "/do/suspend")
		require.Contains(t, ask.body, "Acme Ltda: 1 unit in use is not covered by it any more.")
		without := agent.post(path+"/do/suspend", fieldConfirms, "yes")
		require.Equal(t, http.StatusUnprocessableEntity, without.status)
		done := agent.act(path+"/do/suspend", "reason", "the invoice is disputed")
		require.Contains(t, done.body, "Suspended")
		require.Contains(t, done.body, "suspended a contract")
		require.Contains(t, agent.get(roomPath(c.Room.ID)).body, "The contract is suspended")
		again := agent.post(path+"/do/suspend", fieldConfirms, "yes", "reason", "r")
		require.Equal(t, http.StatusPreconditionFailed, again.status)

		require.Contains(t, agent.act(path+"/do/resume").body, "Active")
		require.Contains(t, agent.get(roomPath(c.Room.ID)).body, "A license in force is assigned to the room")
		require.Equal(t, http.StatusForbidden, w.signedIn(staff[2]).get(path+"/do/suspend").status)
		require.Equal(t, http.StatusNotFound, agent.get(path+"/do/burn").status)
	})
}
