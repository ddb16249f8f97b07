package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// inReview is an order that an operator has to decide on, and its seller.
func inReview(t *testing.T, env storetest.Env, po, company string) (order.Order, account.Org) {
	t.Helper()
	seller := env.Reseller(t, "Revenda Sul")
	o := env.Accept(t, seller, storetest.FormFor(po, company, "dan@gmail.com"))
	require.Equal(t, rules.OrderNeedsReview, o.State)
	return o, seller
}

// amend has the seller ask for more licenses.
func amend(t *testing.T, env storetest.Env, seller account.Org, o order.Order, n int64) order.Order {
	t.Helper()
	form := storetest.FormFor(o.PONumber, o.Payload.EndCustomer.Company, "dan@gmail.com")
	form.Lines[0].Quantity = n
	o, err := env.AmendOrder(storetest.Seller(seller), o.ID, form, o.Version)
	require.NoError(t, err)
	return o
}

// S15: what is decided is what somebody looked at. A command without a version shows the order,
// decides nothing and names the command that does; the command of before the amendment is refused.
func TestS15_ADecisionIsAboutTheVersionThatWasShown(t *testing.T) {
	for name, c := range map[string]struct{ show, accept []string }{
		"order": {[]string{"order", "show", "PO-2"}, []string{"order", "accept", "PO-2"}},
		"task":  {[]string{"task", "show", "PO-2"}, []string{"task", "do", "PO-2", "accept"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := storetest.SQLite(t)
			s := service(t, env)
			o, seller := inReview(t, env, "PO-2", "Delta Ltda")

			shown := s.must(c.show...)
			line := regexp.MustCompile(`(?m)^ +roomcover (.* accept .*|order accept .*)--reason "WHY"`).
				FindStringSubmatch(shown)
			require.NotNil(t, line, shown)
			require.Contains(t, line[0], "--version 1 ")
			require.Contains(t, shown, "Delta Ltda")
			require.Contains(t, shown, "10 × SELECT-3Y")

			o = amend(t, env, seller, o, 500)
			old := append(shellWords(line[1]), "--reason", "right")
			require.Equal(t, exitRefused, s.run(old...))
			require.Contains(t, s.err.String(), "was changed since you read it")

			accept := append(c.accept, "--reason", "it's right")
			require.Equal(t, exitRefused, s.run(accept...))
			for _, want := range []string{
				"version 2", "Delta Ltda", "Av. Paulista, 1000", "500 × SELECT-3Y", "Ana Souza <dan@gmail.com>",
				"Revenda Sul", "Looked at because",
			} {
				require.Contains(t, s.out.String(), want)
			}
			require.Contains(t, s.err.String(), "nothing was decided")
			again := "roomcover " + strings.Join(c.accept, " ") + ` --reason 'it'\''s right' --version 2`
			require.Contains(t, s.err.String(), "\n  "+again+"\n")
			o, err := env.GetOrder(env.Context, o.ID)
			require.NoError(t, err)
			require.Equal(t, rules.OrderNeedsReview, o.State)

			s.must(append(accept, "--version", "2")...)
			o, err = env.GetOrder(env.Context, o.ID)
			require.NoError(t, err)
			require.Equal(t, rules.OrderAccepted, o.State)

			require.Equal(t, exitRefused, s.run("order", "reject", "PO-2", "--reason", "late"))
			require.Contains(t, s.err.String(), "there is nothing to decide: the order is accepted")
		})
	}
}

// Programs read the version and decide on it; without one they get the order and code 3.
func TestAProgramDecidesWithAVersion(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	inReview(t, env, "PO-2", "Delta Ltda")

	var k api.TaskView
	s.json(&k, "task", "show", "PO-2")
	require.EqualValues(t, 1, k.SubjectVersion)
	require.Equal(t, exitRefused, s.run("order", "reject", "PO-2", "--reason", "a double", "--json"))
	require.Contains(t, s.out.String(), `"version": 1`)
	require.Contains(t, s.out.String(), `"NEEDS_REVIEW"`)

	var o api.OrderDetail
	s.json(&o, "order", "reject", "PO-2", "--reason", "a double", "--version", "1")
	require.Equal(t, rules.OrderRejected, o.State)
}

func TestQuotedWordsAreReadBackByAShell(t *testing.T) {
	for word, want := range map[string]string{
		"PO-1":      "PO-1",
		"":          "''",
		"two words": "'two words'",
		"it's":      `'it'\''s'`,
		"$HOME":     "'$HOME'",
		"ana@x.br":  "ana@x.br",
		"São":       "'São'",
		"a;b":       "'a;b'",
	} {
		require.Equal(t, want, quoted(word))
	}
}
