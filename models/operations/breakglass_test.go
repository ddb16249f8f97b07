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

// Where a lead is the only one, nobody else could look at their emergency sign-in: they close
// it themselves a day later, once it is over, and the audit says that they were alone. It makes
// no difference by which way they have signed in since.
func TestS53_TheOnlyLeadClosesTheirEmergencyADayLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		system := db.WithSystem(env.Context)
		lena, _, err := env.Domains.Operators.AddOperator(system, identity.NewOperator{
			Email: "lena@desk.example", Name: "Lena", Role: rules.OperatorLead, Reason: "first",
		})
		require.NoError(t, err)
		require.NoError(t, env.Exec("UPDATE operators SET password_hash = 'x'"))
		_, err = env.Domains.Operators.ArmOperator(system, lena.ID, time.Hour, "the issuer is down")
		require.NoError(t, err)
		require.NoError(t, env.Domains.Operators.SignedInByPassword(env.Context, lena.ID, true))
		again := staffed(t, env, "lena", rules.OperatorLead)
		task := env.Tasks(t, db.TaskBreakGlass)[0]
		closes := func(id string) error {
			_, err := env.Act(as(env, id, rules.OperatorLead), task.ID,
				operations.TaskAction{Name: operations.ActClose, Reason: "the issuer was down"})
			return err
		}

		storetest.RequireCode(t, rules.Forbidden, closes(again.ID))
		env.Calendar.Set(env.Calendar.Now().Add(25 * time.Hour))
		storetest.RequireCode(t, rules.Forbidden, closes(lena.ID)) // it is armed
		_, err = env.Domains.Operators.ArmOperator(system, lena.ID, 0, "over")
		require.NoError(t, err)
		other := staffed(t, env, "lia", rules.OperatorLead)
		storetest.RequireCode(t, rules.Forbidden, closes(again.ID)) // another lead could
		_, err = env.Domains.Operators.DisableOperator(system, other.ID, "left")
		require.NoError(t, err)
		require.NoError(t, closes(again.ID))

		events, err := env.Timeline(system, lena.ID)
		require.NoError(t, err)
		last := events[len(events)-1]
		require.Equal(t, "operator.emergency_looked_at", last.Verb)
		require.NotEqual(t, last.Verb, events[len(events)-2].Verb, "once")
		resolved, err := env.Timeline(system, task.ID)
		require.NoError(t, err)
		require.Equal(t, "task.resolved", resolved[len(resolved)-1].Verb)
		require.Equal(t, last.At, resolved[len(resolved)-1].At, "in one transaction")
		require.Equal(t, true, last.Details["alone"])
		require.Equal(t, again.ID, last.ActorID)
	})
}
