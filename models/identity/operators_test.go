package identity_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// The first sign-in in two browsers at once makes one operator, and so does an address that is
// added twice at once.
func TestS53_TwoAtOnceAreOneOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ctx := db.WithSystem(env.Context)
		for _, err := range storetest.AtOnce(6, func(int) error {
			_, err := env.Domains.Operators.SignInByIssuer(ctx, identity.IssuerSignIn{
				Issuer: "https://login.example", Subject: "1", Email: "ana@desk.example", Name: "Ana Lima",
				Role: rules.OperatorAgent,
			})
			return err
		}) {
			require.NoError(t, err)
		}
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM operators"))

		added := 0
		for _, err := range storetest.AtOnce(6, func(int) error {
			_, _, err := env.Domains.Operators.AddOperator(ctx, identity.NewOperator{
				Email: "ana@desk.example", Name: "Ana Lima", Role: rules.OperatorAgent, Reason: "x",
			})
			return err
		}) {
			if err == nil {
				added++
				continue
			}
			storetest.RequireCode(t, rules.StateConflict, err)
		}
		require.Equal(t, 1, added)
	})
}

// A sign-in holds only while the operator is let in at its end, too: whoever was disabled or
// disarmed since the password was looked at is refused, and no task or entry says otherwise.
func TestS53_ASignInByPasswordHoldsOnlyWhileTheOperatorIsLetIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ctx := db.WithSystem(env.Context)
		operators := env.Domains.Operators
		o, _, err := operators.AddOperator(ctx, identity.NewOperator{
			Email: "ana@desk.example", Name: "Ana Lima", Role: rules.OperatorAgent, Reason: "x",
		})
		require.NoError(t, err)
		require.NoError(t, operators.SignedInByPassword(ctx, o.ID, false))
		require.ErrorIs(t, operators.SignedInByPassword(ctx, o.ID, true), identity.ErrOperatorDisabled)
		require.Empty(t, env.Tasks(t, db.TaskBreakGlass))

		_, err = operators.DisableOperator(ctx, o.ID, "left")
		require.NoError(t, err)
		require.ErrorIs(t, operators.SignedInByPassword(ctx, o.ID, false), identity.ErrOperatorDisabled)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'operator.signed_in'"))
	})
}

// tokensMade are what a lead has made: a token of a lead, one of an agent by it, one of a seller by
// that one, and one of a seller; and an agent's of somebody else.
func tokensMade(t *testing.T, env storetest.Env, lead string) (ids []string) {
	t.Helper()
	org := env.Reseller(t, "Revenda Sul")
	made := func(maker string, as, role rules.Role) string {
		ctx := db.WithScope(env.Context, db.Scope{System: true, Actor: db.Actor{ID: maker, Role: as}})
		token, _, err := env.CreateToken(ctx, identity.NewToken{
			OrgID: org.ID, Role: role, Label: "x", ExpiresAt: time.Now().Add(time.Hour),
		})
		require.NoError(t, err)
		return token.ID
	}
	first := made(lead, rules.OperatorLead, rules.OperatorLead)
	second := made(first, rules.OperatorLead, rules.OperatorAgent)
	return []string{
		first, second, made(second, rules.OperatorAgent, rules.Reseller), made(lead, rules.OperatorLead, rules.Reseller),
		made("opr_other", rules.OperatorLead, rules.OperatorAgent),
	}
}

// Tokens of operators end with the lead who made them, those that such a token made too; the
// tokens of sellers go on, and the audit says how many.
func TestS53_TokensOfOperatorsEndWithTheLeadWhoMadeThem(t *testing.T) {
	signIn := func(env storetest.Env, role rules.Role) (identity.Operator, error) {
		return env.Domains.Operators.SignInByIssuer(db.WithSystem(env.Context), identity.IssuerSignIn{
			Issuer: "https://login.example", Subject: "1", Email: "lena@desk.example", Name: "Lena", Role: role,
		})
	}
	byPassword := func(env storetest.Env) (identity.Operator, error) {
		o, _, err := env.Domains.Operators.AddOperator(db.WithSystem(env.Context), identity.NewOperator{
			Email: "lena@desk.example", Name: "Lena", Role: rules.OperatorLead, Reason: "x",
		})
		return o, err
	}
	byIssuer := func(env storetest.Env) (identity.Operator, error) { return signIn(env, rules.OperatorLead) }
	change := func(role rules.Role) func(storetest.Env, string) error {
		return func(env storetest.Env, id string) error {
			_, err := env.Domains.Operators.ChangeOperatorRole(db.WithSystem(env.Context), id, role, "x")
			return err
		}
	}
	again := func(role rules.Role, refused error) func(storetest.Env, string) error {
		return func(env storetest.Env, _ string) error {
			_, err := signIn(env, role)
			require.ErrorIs(t, err, refused)
			return nil
		}
	}
	for name, c := range map[string]struct {
		begin func(storetest.Env) (identity.Operator, error)
		then  func(storetest.Env, string) error
		end   bool
	}{
		"disabled": {byPassword, func(env storetest.Env, id string) error {
			_, err := env.Domains.Operators.DisableOperator(db.WithSystem(env.Context), id, "left")
			return err
		}, true},
		"another role":                {byPassword, change(rules.OperatorAgent), true},
		"the same role":               {byPassword, change(rules.OperatorLead), false},
		"no role at the issuer":       {byIssuer, again("", identity.ErrOperatorWithoutRole), true},
		"a lesser role at the issuer": {byIssuer, again(rules.OperatorAgent, nil), true},
		"the same role at the issuer": {byIssuer, again(rules.OperatorLead, nil), false},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				o, err := c.begin(env)
				require.NoError(t, err)
				ids := tokensMade(t, env, o.ID)
				require.NoError(t, c.then(env, o.ID))
				for i, id := range ids {
					made, err := env.GetToken(storetest.Operator(), id)
					require.NoError(t, err)
					require.Equal(t, c.end && i < 2, made.RevokedAt != nil, "token %d", i)
				}

				left, err := env.Domains.Operators.TokensMadeBy(storetest.Operator(), o.ID)
				require.NoError(t, err)
				require.Len(t, left.OfOthers, 2)
				events, err := env.Domains.DB.Timeline(storetest.Operator(), o.ID)
				require.NoError(t, err)
				if c.end {
					require.Empty(t, left.OfOperators)
					require.EqualValues(t, 2, events[len(events)-1].Details["tokens_ended"])
					require.EqualValues(t, 2, events[len(events)-1].Details["tokens_that_go_on"])
				}
				env.AuditHolds(t)
			})
		})
	}
}

// A token that is made in the moment in which its maker is disabled ends with the others, by
// whichever of the two comes first.
func TestS53_NoTokenIsMadeBesideTheEndOfItsMaker(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		org := env.Reseller(t, "Revenda Sul")
		for n := range 8 {
			o, _, err := env.Domains.Operators.AddOperator(db.WithSystem(env.Context), identity.NewOperator{
				Email: fmt.Sprintf("lead%d@desk.example", n), Name: "Lena", Role: rules.OperatorLead, Reason: "x",
			})
			require.NoError(t, err)
			made := func(maker string) (identity.APIToken, error) {
				scope := db.Scope{System: true, Actor: db.Actor{ID: maker, Role: rules.OperatorLead}}
				token, _, err := env.CreateToken(db.WithScope(env.Context, scope), identity.NewToken{
					OrgID: org.ID, Role: rules.OperatorLead, Label: "x", ExpiresAt: time.Now().Add(time.Hour),
				})
				return token, err
			}
			first, err := made(o.ID)
			require.NoError(t, err)

			errs := storetest.AtOnce(3, func(i int) error {
				switch i {
				case 0:
					return storetest.SecondOf(env.Domains.Operators.DisableOperator(
						db.WithSystem(env.Context), o.ID, "left"))
				case 1:
					return storetest.SecondOf(made(o.ID))
				}
				return storetest.SecondOf(made(first.ID))
			})
			require.NoError(t, errs[0])
			left, err := env.Domains.Operators.TokensMadeBy(storetest.Operator(), o.ID)
			require.NoError(t, err)
			require.Empty(t, left.OfOperators, "%v", errs)
			storetest.RequireCode(t, rules.Forbidden, storetest.SecondOf(made(o.ID)))
			storetest.RequireCode(t, rules.Forbidden, storetest.SecondOf(made(first.ID)))
		}
	})
}

// The same form for another organization is another request: it never answers with the secret
// of the first one's token. A customer's is the same one, whoever the parent is by now.
func TestTheSameFormForAnotherOrganizationMakesAnotherToken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		a, b := env.Reseller(t, "Revenda Sul"), env.Reseller(t, "Revenda Norte")
		ask := func(org, account string) (identity.APIToken, string) {
			made, secret, err := env.CreateToken(storetest.Operator(), identity.NewToken{
				OrgID: org, AccountID: account, Role: rules.CustomerReadOnly, Label: "ERP",
				ExpiresAt: time.Now().Add(time.Hour), Once: "one form",
			})
			require.NoError(t, err)
			return made, secret
		}
		first, secret := ask(a.ID, "")
		again, same := ask(a.ID, "")
		require.Equal(t, first.ID, again.ID)
		require.Equal(t, secret, same)
		other, another := ask(b.ID, "")
		require.Equal(t, b.ID, other.OrgID)
		require.NotEqual(t, first.ID, other.ID)
		require.NotEqual(t, secret, another)

		accountID := env.Covered(t).Account
		before, _ := ask(a.ID, accountID)
		moved, _ := ask(b.ID, accountID)
		require.Equal(t, before.ID, moved.ID)
	})
}
