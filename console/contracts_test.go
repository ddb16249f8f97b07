package console

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// R38: the register is narrowed by when cover ends, by state and by customer.
func TestR38_TheListOfContractsIsNarrowed(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		storetest.TakeOrders(t, w.Env, 3)
		b := w.signedIn(byRole[rules.OperatorManager])
		own := contractPath(c.Licence.ContractID)
		require.Contains(t, b.get(contractsPath).body, own)
		require.Contains(t, b.get(contractsPath+"?state=ACTIVE&account="+c.Account).body, own)
		require.NotContains(t, b.get(contractsPath+"?state=CANCELLED").body, own)
		require.NotContains(t, b.get(contractsPath+"?within=30").body, own)
		require.Contains(t, b.get(contractsPath+"?within=3650").body, own)
		require.Equal(t, http.StatusOK, b.get(contractsPath+"?within=-1").status)
		file := b.get(contractsPath + "?format=csv").body
		require.Greater(t, strings.Count(file, "\n"), 1)
	})
}

func TestBudget_Contracts(t *testing.T) {
	w := issuerWorld(t)
	storetest.TakeOrders(t, w.Env, 60)
	b := w.signedIn(byRole[rules.OperatorAgent])
	w.withinBudget(b, contractsPath)
	w.withinBudget(b, contractsPath+"?within=90&state=ACTIVE&account=acc_none")
}

// A number leads to the list of what it counts: one that narrows says so in a facet.
func TestS58_AFigureLeadsToANarrowedList(t *testing.T) {
	w := issuerWorld(t)
	w.busyWeeks()
	b := w.signedIn(byRole[rules.OperatorManager])
	page := b.get(numbersPath).body
	links := map[string]bool{}
	for _, l := range regexp.MustCompile(`<a class="link" href="(/console/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		links[html.UnescapeString(l[1])] = true
	}
	for _, want := range []string{
		replacementsPath + "?open=yes", replacementsPath + "?late=yes",
		sparesPath + "?state=RECALL_REQUESTED", contractsPath + "?within=90",
		mailsPath + "?state=HARD_BOUNCED", ordersPath + "?state=NEEDS_REVIEW",
	} {
		require.True(t, links[want], "%s of %v", want, links)
		require.Contains(t, b.get(want).body, `class="chip on"`, want)
	}
	require.NotContains(t, b.get(sparesPath+"?state=RECALL_REQUESTED").body, `href="`+sparesPath+`/org_`)
}

// What a list is narrowed to is named, and taken away, though nothing of it stands there.
func TestAChosenCustomerIsNamedOnEachList(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	acc, err := w.GetAccount(w.Context, c.Account)
	require.NoError(t, err)
	b := w.signedIn(byRole[rules.OperatorManager])
	for _, list := range []string{
		queuePath + "?kind=SPARE_FEE&", ordersPath + "?state=REJECTED&", replacementsPath + "?",
		processesPath + "?kind=SHIPMENT&", mailsPath + "?state=HARD_BOUNCED&", shipmentsPath + "?",
		contractsPath + "?state=CANCELLED&",
	} {
		body := b.get(list + "account=" + c.Account).body
		require.Regexp(t, `class="chip on">[^<]*Customer <b>`+regexp.QuoteMeta(html.EscapeString(acc.LegalName))+`</b>`,
			body, list)
		require.NotContains(t, body, ">"+c.Account+"<", list)
	}
}

// A customer's tiles lead to what they count.
func TestACustomersNumbersAreThoseOfTheirLists(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	r := w.Requested(t, c)
	b := w.signedIn(byRole[rules.OperatorAgent])
	page := html.UnescapeString(b.get(accountPath(c.Account)).body)
	open := web.ListAddress(replacementsPath, "account", c.Account, "open", "yes")
	require.Contains(t, page, open)
	require.Contains(t, b.get(open).body, r.Name())
	require.Contains(t, page, accountTab(c.Account, "rooms")+"?state=ACTIVE")
	mails := b.get(accountTab(c.Account, "mails")).body
	require.Contains(t, mails, `href="`+mailsPath+`/ntf_`)
}
