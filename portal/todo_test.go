package portal

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
)

// toDoList is what the start page asks its reader to do, as text.
func toDoList(body string) string {
	_, card, found := strings.Cut(body, `aria-labelledby="todo-head"`)
	if !found {
		return ""
	}
	card, _, _ = strings.Cut(card, "</section>")
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>|\s+`).ReplaceAllString(card, " "))
}

// The start page begins with the return that is due: which device, from which room, by
// when at its place, with the way to its label; and with it once it is late.
func TestS22_HomeBeginsWithTheReturnThatIsDue(t *testing.T) {
	storetest.OneOf(t, func(t *testing.T, env storetest.Env) {
		w := carriedWorld(t, env)
		c, eva, bruno := w.covered()
		require.Empty(t, toDoList(eva.get("/").body), "nothing is due")

		r := w.Approved(t, c)
		_, err := w.AllocateRMA(storetest.Operator(), r.ID, "")
		require.NoError(t, err)
		w.booked(r.ID, "application/pdf")
		for _, fact := range []rma.RMAFact{rma.FactPickedUp, rma.FactDelivered} {
			_, err := w.RecordRMAFact(w.Context, r.ID, fact, w.Calendar.Now())
			require.NoError(t, err)
		}

		r = getRMA(t, w, r.ID)
		for _, g := range []*guest{eva, bruno} {
			body := g.get("/").body
			list := toDoList(body)
			require.Contains(t, list, "Return the faulty device: Rally Bar")
			require.Contains(t, list, "SN100")
			require.Contains(t, list, "Sala 1")
			require.Regexp(t, `By the end of \w{3} \d+ \w{3}, in São Paulo`, list)
			require.Contains(t, body, `href="/replacements/`+r.Number+`/return-label"`)
			require.Less(t, strings.Index(body, "todo-head"), strings.Index(body, `class="tiles"`))
		}

		w.Calendar.Set(*r.ReturnDueAt)
		late := toDoList(eva.get("/").body)
		require.Contains(t, late, "Late")
		require.Contains(t, late, "Was due by the end of")
		require.Contains(t, toDoList(eva.get("/?lang=pt-BR").body), "em São Paulo")
	})
}

// Questions, invitations and proposals stand there too, each for who can answer it, and are
// gone with the answer.
func TestHomeListsWhatWaitsForTheReader(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, u, eva, bruno := w.withSpare()
		w.proposed(c, u)
		form := storetest.FormFor("PO-77", "Acme Ltda", "rui@acme.example")
		form.EndCustomer.ContactName = "Rui Lima"
		w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), form)
		_, acc := w.site("gil@globex.example")
		second := w.pending(acc.ID, "eva@acme.example")

		body := eva.get("/").body
		list := toDoList(body)
		for _, want := range []string{
			"Decide whether Rui Lima (rui@acme.example) gets access", "Answer by",
			"Answer the invitation to the account of Globex (Read-only)",
			"Accept a spare: Rally Bar",
		} {
			require.Contains(t, list, want)
		}
		require.Empty(t, toDoList(bruno.get("/").body), "a reader decides nothing")

		require.Equal(t, "/invitation", eva.get(w.link(second)).path)
		require.Equal(t, "/", eva.post("/invitation/accept").path)
		require.Empty(t, toDoList(eva.get("/").body), "another account's matters")
		eva.post("/account", "account", c.Account)
		require.NotContains(t, toDoList(eva.get("/").body), "Globex")
		q, _, err := w.ListContactQuestions(w.Context, c.Account, identity.QuestionOpen, db.Page{Limit: 1})
		require.NoError(t, err)
		eva.post(questionsPath+q[0].ID+"/confirm", "role", "READ_ONLY")
		require.NotContains(t, toDoList(eva.get("/").body), "Rui Lima")
	})
}
