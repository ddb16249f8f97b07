package identity_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// at is the context of an operator who was signed in once.
func at(t *testing.T, env storetest.Env, subject string, role rules.Role) context.Context {
	t.Helper()
	o, err := env.Domains.Operators.SignInByIssuer(db.WithSystem(env.Context), identity.IssuerSignIn{
		Issuer: "https://login.example", Subject: subject, Email: subject + "@desk.example",
		Name: "Name of " + subject, Role: role,
	})
	require.NoError(t, err)
	return db.WithScope(env.Context, db.Scope{System: true, Actor: db.Actor{ID: o.ID, Role: role}})
}

// namesOn are the names of the views that somebody sees.
func namesOn(t *testing.T, env storetest.Env, ctx context.Context, list string) []string {
	t.Helper()
	found, err := env.Domains.Operators.ViewsOf(ctx, list)
	require.NoError(t, err)
	names := []string{}
	for _, v := range found {
		names = append(names, v.Name)
	}
	return names
}

func TestViewsAreOnesOwnUntilTheyAreShared(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		people := map[string]context.Context{
			"lead":    at(t, env, "lead", rules.OperatorLead),
			"agent":   at(t, env, "agent", rules.OperatorAgent),
			"other":   at(t, env, "other", rules.OperatorAgent),
			"csm":     at(t, env, "csm", rules.OperatorCSM),
			"manager": at(t, env, "manager", rules.OperatorManager),
		}
		s := env.Domains.Operators
		const list = "/console/orders"
		save := func(who, name string, shared bool) error {
			_, err := s.SaveView(people[who], identity.OperatorView{
				List: list, Name: name, Query: "state=RECEIVED", Shared: shared,
			})
			return err
		}
		require.NoError(t, save("agent", "mine", false))
		require.NoError(t, save("agent", " Ours ", true))
		require.NoError(t, save("manager", "figures", false))
		for _, who := range []string{"csm", "manager"} {
			storetest.RequireCode(t, rules.Forbidden, save(who, "for all", true))
		}
		for _, name := range []string{"", "  ", strings.Repeat("x", 61)} {
			storetest.RequireCode(t, rules.StateConflict, save("agent", name, false))
		}

		require.Equal(t, []string{"mine", "Ours"}, namesOn(t, env, people["agent"], list))
		require.Equal(t, []string{"Ours"}, namesOn(t, env, people["other"], list))
		require.Equal(t, []string{"figures", "Ours"}, namesOn(t, env, people["manager"], list))
		require.Empty(t, namesOn(t, env, people["agent"], "/console/queue"))

		views, err := s.ViewsOf(people["agent"], list)
		require.NoError(t, err)
		mine, ours := views[0].ID, views[1].ID
		require.Equal(t, "Name of agent", views[1].OwnerName)
		for who, want := range map[string][2]string{ // of the private one, of the shared one
			"lead":    {rules.NotFound, ""},
			"other":   {rules.NotFound, rules.Forbidden},
			"manager": {rules.NotFound, rules.Forbidden},
			"agent":   {"", ""},
		} {
			for i, id := range []string{mine, ours} {
				err := s.RenameView(people[who], id, fmt.Sprintf("of %s %d", who, i))
				require.Equal(t, want[i], rules.CodeOf(err), "%s renames %d", who, i)
			}
		}
		storetest.RequireCode(t, rules.Forbidden, s.RemoveView(people["other"], ours))
		storetest.RequireCode(t, rules.NotFound, s.RemoveView(people["lead"], mine))
		require.NoError(t, s.RemoveView(people["lead"], ours))
		require.NoError(t, s.RemoveView(people["agent"], mine))
		storetest.RequireCode(t, rules.NotFound, s.RemoveView(people["agent"], mine))
		require.Empty(t, namesOn(t, env, people["agent"], list))
	})
}

func TestAViewThatIsSavedAgainHasTheNewChoice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ctx := at(t, env, "agent", rules.OperatorAgent)
		s := env.Domains.Operators
		for _, query := range []string{"state=RECEIVED", "state=REJECTED"} {
			for range 2 {
				_, err := s.SaveView(ctx, identity.OperatorView{List: "/console/orders", Name: "one", Query: query})
				require.NoError(t, err)
			}
		}
		views, err := s.ViewsOf(ctx, "/console/orders")
		require.NoError(t, err)
		require.Len(t, views, 1)
		require.Equal(t, "state=REJECTED", views[0].Query)

		_, err = s.SaveView(ctx, identity.OperatorView{List: "/console/orders", Name: "two"})
		require.NoError(t, err)
		storetest.RequireCode(t, rules.StateConflict, s.RenameView(ctx, views[0].ID, "two"))
		require.NoError(t, s.RenameView(ctx, views[0].ID, "one"))
	})
}

func TestWhoElseHasAPageOpen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ana, bruno := at(t, env, "ana", rules.OperatorAgent), at(t, env, "bruno", rules.OperatorLead)
		s := env.Domains.Operators
		const one, two = "/console/queue/tsk_1", "/console/queue/tsk_2"
		named := func(found []identity.Colleague, err error) (names []string) {
			require.NoError(t, err)
			for _, p := range found {
				names = append(names, p.Name)
			}
			return names
		}
		for range 2 {
			require.Empty(t, named(s.SeePage(ana, one, "Ana", "")), "oneself is nobody else")
		}
		require.Empty(t, named(s.OthersOn(ana, one, "")))
		require.Empty(t, named(s.OthersOn(bruno, two, "")))
		require.Equal(t, []string{"Ana"}, named(s.OthersOn(bruno, one, "")))
		for range 2 {
			require.Equal(t, []string{"Ana"}, named(s.SeePage(bruno, one, "Bruno", "")))
		}
		require.Equal(t, []string{"Bruno"}, named(s.SeePage(ana, one, "Ana", "")))

		require.NoError(t, env.Exec("UPDATE operator_presences SET seen_at = '2020-01-01 00:00:00+00:00'"))
		require.Empty(t, named(s.OthersOn(bruno, one, "")), "who closed the page is gone")
		require.Empty(t, named(s.SeePage(bruno, one, "Bruno", "")))
		require.Empty(t, named(s.SeePage(ana, two, "Ana", "")))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM operator_presences WHERE name = 'Ana'"),
			"and so is the row of the page before")
		require.Equal(t, []string{"Bruno"}, named(s.OthersOn(ana, one, "")))
	})
}

// A view keeps a choice, and nobody's name: neither what was searched for nor whom it is about.
// What all rely on is audited.
func TestS33_AViewKeepsNobodyAndItsSharingIsAudited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s, ari := env.Domains.Operators, at(t, env, "agent", rules.OperatorAgent)
		save := func(shared bool) identity.OperatorView {
			w, err := s.SaveView(ari, identity.OperatorView{
				List: "/console/audit", Name: "Late", Shared: shared,
				Query: "after=x&person=ana%40acme.example&q=Ana+Souza&verb=rma.",
			})
			require.NoError(t, err)
			return w
		}
		verbs := func() []string {
			return env.Strings(t, "SELECT verb FROM audit_events WHERE verb LIKE 'view.%' ORDER BY seq")
		}
		save(false)
		require.Empty(t, verbs(), "one's own is nobody else's business")
		require.Equal(t, []string{"verb=rma."}, env.Strings(t, "SELECT query FROM operator_views"))
		save(true)
		kept := save(true)
		require.Equal(t, []string{"view.shared"}, verbs())
		save(false)
		save(true)
		require.NoError(t, s.RemoveView(ari, kept.ID))
		require.Equal(t, []string{"view.shared", "view.withdrawn", "view.shared", "view.removed"}, verbs())
	})
}
