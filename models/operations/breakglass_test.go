package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// An emergency sign-in is looked at by a lead, and by another one than who signed in, who has no
// token for it either.
func TestS53_AnEmergencyIsClosedByAnotherLead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		const who = "opr_ana"
		lead := db.WithScope(env.Context, db.Scope{
			System: true,
			Actor:  db.Actor{ID: who, Role: rules.OperatorLead, OrgID: account.OperatorOrgID},
		})
		token, _, err := env.CreateToken(lead, identity.NewToken{
			OrgID: account.OperatorOrgID, Role: rules.OperatorLead, Label: "x", ExpiresAt: time.Now().Add(time.Hour),
		})
		require.NoError(t, err)
		require.NoError(t, env.Domains.DB.RaiseTask(db.WithSystem(env.Context), db.OperatorTask{
			Kind: db.TaskBreakGlass, SubjectID: who, What: "Look at it.", Why: "It was used.",
		}))
		task := env.Tasks(t, db.TaskBreakGlass)[0]

		for _, c := range []struct {
			id   string
			role rules.Role
			may  bool
		}{
			{"opr_ari", rules.OperatorAgent, false},
			{"opr_clara", rules.OperatorCSM, false},
			{who, rules.OperatorLead, false},
			{token.ID, rules.OperatorLead, false},
			{"opr_lena", rules.OperatorLead, true},
		} {
			_, err := env.Act(db.WithScope(env.Context, db.Scope{
				System: true,
				Actor:  db.Actor{ID: c.id, Role: c.role, OrgID: account.OperatorOrgID},
			}), task.ID, operations.TaskAction{Name: operations.ActClose, Reason: "looked at it"})
			if !c.may {
				storetest.RequireCode(t, rules.Forbidden, err)
				continue
			}
			require.NoError(t, err)
		}
	})
}
