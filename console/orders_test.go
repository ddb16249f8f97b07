package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// unauthorised registers a reseller whose orders go to review.
func (w *world) unauthorised(name string) account.Org {
	w.t.Helper()
	org, err := w.PutOrg(w.Context, account.OrgChange{Kind: account.OrgReseller, Name: name})
	require.NoError(w.t, err)
	return org
}

// formOf is an order of a company through a reseller.
func formOf(po, company, reseller string) ordering.OrderForm {
	f := storetest.FormFor(po, company, "ana@"+rules.SearchKey(company)[:4]+".example")
	f.Reseller.Company = reseller
	return f
}

func TestOrders_AreFoundByNumberAndPartOfTheCompany(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		sul := w.Reseller(t, "Revenda Sul")
		acme := w.Fulfilled(t, sul, formOf("PO 77", "Açaí do Pará Ltda", "Revenda Sul"))
		w.Accept(t, sul, formOf("PO-2", "Globex S.A.", "Revenda Sul"))
		b := w.signedIn(byRole[rules.OperatorManager])

		for _, q := range []string{"acai", "PARÁ", "po-77", "77", *acme.VendorOrderNo, " do pa "} {
			r := b.get(ordersPath + "?q=" + url.QueryEscape(q))
			require.Contains(t, r.body, "Açaí do Pará", q)
			require.NotContains(t, r.body, "Globex", q)
		}
		require.Contains(t, b.get(ordersPath+"?q=100%25").body, "No order fits this choice")
		require.Contains(t, b.get(ordersPath).body, `href="`+orderPath(acme.ID)+`"`)
		require.Contains(t, b.get(ordersPath+"?format=csv").body, "PO 77,Açaí do Pará Ltda")
	})
}

func TestOrders_SayWhatWaitsAndAreNarrowedAndSorted(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		sul, norte := w.Reseller(t, "Revenda Sul"), w.unauthorised("Revenda Norte")
		w.Fulfilled(t, sul, formOf("PO-1", "Acme Ltda", "Revenda Sul"))
		w.Accept(t, norte, formOf("PO-2", "Globex S.A.", "Revenda Norte"))
		w.Calendar.Set(storetest.Now.AddDate(0, 0, 2))
		w.Accept(t, norte, formOf("PO-3", "Initech Inc.", "Revenda Norte"))
		b := w.signedIn(byRole[rules.OperatorAgent])

		require.Contains(t, b.get(ordersPath).body, "2 in review, 1 late · 3 in all")
		for query, want := range map[string][]bool{ // PO-1, PO-2, PO-3
			"state=NEEDS_REVIEW":      {false, true, true},
			"state=FULFILLED":         {true, false, false},
			"due=late":                {false, true, false},
			"due=soon":                {false, false, false},
			"service=SELECT":          {true, true, true},
			"service=SYNC_PLUS":       {false, false, false},
			"seller=" + sul.ID:        {true, false, false},
			"seller=" + norte.ID:      {false, true, true},
			"seller=x&state=REJECTED": {false, false, false},
		} {
			body := b.get(ordersPath + "?" + query).body
			for i, shown := range want {
				po := fmt.Sprintf(">PO-%d<", i+1)
				if shown {
					require.Contains(t, body, po, query)
				} else {
					require.NotContains(t, body, po, query)
				}
			}
		}
		w.Calendar.Set(storetest.Now.AddDate(0, 0, 25))
		require.Contains(t, b.get(ordersPath+"?due=soon").body, ">PO-2<")

		sorted := func(sort string) []string {
			return inOrder(b.get(ordersPath+"?sort="+sort).body, ">PO-1<", ">PO-2<", ">PO-3<")
		}
		require.Equal(t, []string{">PO-1<", ">PO-2<", ">PO-3<"}, sorted("received"))
		require.Equal(t, []string{">PO-3<", ">PO-2<", ">PO-1<"}, sorted("-received"))
		require.Equal(t, []string{">PO-2<", ">PO-3<"}, sorted("review"))
	})
}

func TestOrders_PageByTheEndOfTheReview(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		norte := w.unauthorised("Revenda Norte")
		for n := range 5 {
			w.Calendar.Set(storetest.Now.AddDate(0, 0, n/2)) // some end at the same instant
			w.Accept(t, norte, formOf(fmt.Sprintf("PO-%d", n), "Acme "+storetest.Company(n), "Revenda Norte"))
		}
		var all []string
		f := order.OrderFilter{Sort: order.SortByReview}
		f.Page.Limit = 2
		for {
			found, next, err := w.ListOrders(w.system(), f)
			require.NoError(t, err)
			for _, o := range found {
				all = append(all, o.PONumber)
			}
			if f.Page.After = next; next == "" {
				break
			}
		}
		require.Equal(t, []string{"PO-0", "PO-1", "PO-2", "PO-3", "PO-4"}, all)
	})
}

func TestBudget_OrdersAndRefusals(t *testing.T) {
	w := issuerWorld(t)
	for n := range 12 {
		seller := w.Reseller(t, fmt.Sprintf("Revenda %d Ltda", n))
		for m := range 5 {
			f := formOf(fmt.Sprintf("PO-%d-%d", n, m), storetest.Company(60*n+m), seller.Name)
			w.Fulfilled(t, seller, f)
			require.NoError(t, w.RefuseOrder(w.Context, seller.ID, "h", []rules.FieldError{{
				Pointer: "/lines/0/sku",
				Code:    rules.UnknownSKU,
				Message: "The catalog has no such SKU today.",
				Remedy:  "Use a SKU of the current catalog.",
			}}))
		}
	}
	b := w.signedIn(byRole[rules.OperatorAgent])
	require.Contains(t, w.withinBudget(b, ordersPath).body, "60 in all")
	w.withinBudget(b, ordersPath+"?q=empresa&state=FULFILLED&service=SELECT&sort=received")

	r := w.withinBudget(b, refusalsPath)
	require.Contains(t, r.body, "60 orders were refused at the door, of 12 sellers")
	require.Contains(t, r.body, "Line 1 · SKU")
	require.Contains(t, r.body, "Use a SKU of the current catalog.")
}

func TestRefusals_SayWhatWasWrongAndHowToMendIt(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		sul, norte := w.Reseller(t, "Revenda Sul"), w.Reseller(t, "Revenda Norte")
		b := w.signedIn(byRole[rules.OperatorManager])
		require.Contains(t, b.get(refusalsPath).body, "No order was refused")

		for _, org := range []account.Org{sul, sul, norte} {
			require.NoError(t, w.RefuseOrder(w.Context, org.ID, "h", []rules.FieldError{
				{Pointer: "/end_customer/address/city", Code: rules.Required,
					Message: "This field is missing or empty.", Remedy: "Fill it in."},
				{Pointer: "/lines/1/quantity", Code: rules.QuantityTooSmall,
					Message: "The quantity must be at least 1.", Remedy: "Send a whole number."},
			}))
		}
		list := b.get(refusalsPath + "?seller=" + norte.ID)
		require.Contains(t, list.body, "3 orders were refused at the door, of 2 sellers")
		require.Contains(t, list.body, "Customer · Address · City")
		require.Regexp(t, `Revenda Sul<span class="end">2<`, list.body)
		found, _, err := w.ListRefusals(w.system(), norte.ID, order.OrderFilter{}.Page)
		require.NoError(t, err)
		require.Len(t, found, 1)

		one := b.get(refusalsPath + "/" + found[0].ID)
		require.Equal(t, http.StatusOK, one.status)
		for _, text := range []string{"Refused order of Revenda Norte", "2 errors", "Line 2 · Quantity", "Fill it in."} {
			require.Contains(t, one.body, text)
		}
		require.Equal(t, http.StatusNotFound, b.get(refusalsPath+"/ref_none").status)
		require.Contains(t, b.get(refusalsPath+"?format=csv").body, "Revenda Norte,Customer · Address · City,Fill it in.,2")
	})
}

// inOrder are those of the texts that a page has, in the order in which they stand there.
func inOrder(body string, texts ...string) (found []string) {
	at := map[int]string{}
	for _, text := range texts {
		if i := strings.Index(body, text); i >= 0 {
			at[i] = text
		}
	}
	for i := range body {
		if text, ok := at[i]; ok {
			found = append(found, text)
		}
	}
	return found
}
