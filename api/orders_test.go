package api_test

import (
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

func TestSubmitOrderFromTheExample(t *testing.T) {
	h := sqlite(t)
	content, err := os.ReadFile("../examples/order.json")
	require.NoError(t, err)
	first := h.Seller.post("/v1/orders", content)
	ref := as[orderRef](t, first, 201)
	require.Regexp(t, `^ord_[0-9a-z]{26}$`, ref.ID)
	require.Equal(t, "ACCEPTED", ref.State)
	require.Regexp(t, `^SO-`, ref.VendorOrderNo)
	require.Empty(t, ref.Warnings)
	require.Empty(t, ref.ReviewReasons)
	require.Equal(t, "/v1/orders/"+ref.ID, first.Header.Get("Location"))
	require.Equal(t, `"1"`, first.Header.Get("ETag"))
	require.Equal(t, "no-store", first.Header.Get("Cache-Control"))
	require.NotEmpty(t, first.Header.Get("Strict-Transport-Security"))
}

func TestS14_SameOrderAgainAnswersTheSame(t *testing.T) {
	h := sqlite(t)
	form := storetest.Form("PO-1")
	first := h.Seller.order(form)
	form.EndCustomer.Email = " ANA.Souza@Acme.Example "
	again := h.Seller.order(form)
	require.Equal(t, 200, again.Status)
	require.JSONEq(t, string(first.Body), string(again.Body))
	form.EndCustomer.Company, form.Lines[0].Quantity = "Another", 11
	p := problem(t, h.Seller.order(form), 409, rules.PONumberConflict)
	require.Equal(t, []string{"/lines/0/quantity DIFFERS", "/end_customer/company DIFFERS"}, codes(p.Errors))
}

func TestS14_HundredParallelPostsMakeOneOrder(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[int]int{}
	ids := map[string]bool{}
	for range 100 {
		wg.Go(func() {
			a, err := h.Seller.try("POST", "/v1/orders", storetest.Form("PO-1"))
			var ref orderRef
			if err == nil {
				err = json.Unmarshal(a.Body, &ref)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			seen[a.Status]++
			ids[ref.ID] = true
		})
	}
	wg.Wait()
	require.Equal(t, map[int]int{201: 1, 200: 99}, seen)
	require.Len(t, ids, 1)
	events, err := h.LeaseOutbox(h.Context, 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, events, 1)
}

// without takes the value at a JSON pointer out of a form.
func without(t *testing.T, form ordering.OrderForm, pointers ...string) map[string]any {
	t.Helper()
	content, err := json.Marshal(form)
	require.NoError(t, err)
	var v map[string]any
	require.NoError(t, json.Unmarshal(content, &v))
	for _, p := range pointers {
		parts := strings.Split(strings.TrimPrefix(p, "/"), "/")
		at := v
		for _, part := range parts[:len(parts)-1] {
			if part == "lines" {
				at = v["lines"].([]any)[0].(map[string]any)
				break
			}
			at = at[part].(map[string]any)
		}
		delete(at, parts[len(parts)-1])
	}
	return v
}

// The eleven fields of R92.
var mandatory = []string{
	"/lines/0/sku", "/lines/0/quantity", "/end_customer/company", "/end_customer/email", "/end_customer/address",
	"/reseller/company", "/reseller/email", "/reseller/address", "/distributor/company", "/distributor/email",
	"/distributor/address",
}

func TestR92a_EachMandatoryFieldIsAskedFor(t *testing.T) {
	h := sqlite(t)
	for _, pointer := range append([]string{
		"/po_number", "/purchased_on", "/lines", "/end_customer/contact_name", "/end_customer/address/street",
		"/distributor/address/country",
	}, mandatory...) {
		t.Run(pointer, func(t *testing.T) {
			h := *h
			h.t = t
			p := problem(t, client{&h, h.Seller.token, ""}.post("/v1/orders",
				without(t, storetest.Form("PO-1"), pointer)), 422, rules.ValidationFailed)
			require.Len(t, p.Errors, 1)
			require.Equal(t, pointer, p.Errors[0].Pointer)
		})
	}
	orders := as[struct{ Items []any }](t, h.Seller.get("/v1/orders"), 200)
	require.Empty(t, orders.Items)
}

func TestR92b_AllMissingFieldsAreToldAtOnce(t *testing.T) {
	h := sqlite(t)
	p := problem(t, h.Seller.post("/v1/orders", without(t, storetest.Form("PO-1"), mandatory...)), 422,
		rules.ValidationFailed)
	var pointers []string
	for _, e := range p.Errors {
		pointers = append(pointers, e.Pointer)
	}
	require.ElementsMatch(t, mandatory, pointers)
}

func TestR113_MixedServiceTypesAreRefusedWithTheirLines(t *testing.T) {
	h := sqlite(t)
	form := storetest.Form("PO-1")
	form.Lines = append(form.Lines, ordering.OrderLine{
		SKU:      "EXT-WARRANTY-1Y",
		Quantity: 1,
	}, ordering.OrderLine{SKU: "SELECT-1Y", Quantity: 1}, ordering.OrderLine{SKU: "SYNC-PLUS-1Y", Quantity: 1})
	p := problem(t, h.Seller.order(form), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/lines/1/sku MIXED_SERVICE_TYPES", "/lines/3/sku MIXED_SERVICE_TYPES"}, codes(p.Errors))
	form.Lines = form.Lines[:1]
	form.Lines = append(form.Lines, ordering.OrderLine{SKU: "SELECT-1Y", Quantity: 1})
	require.Equal(t, "ACCEPTED", h.Seller.accepted(form).State)
}

func TestR25a_OrderOfOneLicenceNeedsNoHardware(t *testing.T) {
	h := sqlite(t)
	form := storetest.Form("PO-1")
	form.Lines = []ordering.OrderLine{{SKU: "SELECT-1Y", Quantity: 1}}
	ref := h.Seller.accepted(form)
	h.fulfil(ref.ID)
	require.Equal(t, "FULFILLED", as[orderRef](t, h.Seller.get("/v1/orders/"+ref.ID), 200).State)
}

func TestOrdersThatNeedReviewSayWhy(t *testing.T) {
	h := sqlite(t)
	for _, c := range []struct {
		name   string
		change func(*ordering.OrderForm)
		reason string
	}{
		{"R115b reseller's domain", func(f *ordering.OrderForm) {
			f.EndCustomer.Email = "ana@revendasul.example"
		}, ordering.ReasonContactAtReseller},
		{"R115b distributor's domain", func(f *ordering.OrderForm) {
			f.EndCustomer.Email = "ana@norte.example"
		}, ordering.ReasonContactAtDistributor},
		{"R115b free mail", func(f *ordering.OrderForm) {
			f.EndCustomer.Email = "ana@gmail.com"
		}, ordering.ReasonContactAtFreeMail},
		{"S6 future date", func(f *ordering.OrderForm) {
			f.PurchasedOn = "2026-12-24"
		}, ordering.ReasonPurchaseInFuture},
	} {
		t.Run(c.name, func(t *testing.T) {
			form := storetest.Form(c.name)
			c.change(&form)
			ref := h.Seller.accepted(form)
			require.Equal(t, "NEEDS_REVIEW", ref.State)
			require.Equal(t, []string{c.reason}, ref.ReviewReasons)
			require.Empty(t, ref.VendorOrderNo)
		})
	}
}

func TestR45a_SuspendedResellerNeedsReviewUntilDecided(t *testing.T) {
	h := sqlite(t)
	put := h.Lead.send("PUT", "/v1/orgs", map[string]any{
		"kind":            "RESELLER",
		"name":            "Revenda Sul",
		"authorised_from": "2020-01-01",
		"suspended":       true,
	})
	require.Equal(t, 200, put.Status, string(put.Body))
	ref := h.Seller.accepted(storetest.Form("PO-1"))
	require.Equal(t, []string{ordering.ReasonResellerNotAuthorised}, ref.ReviewReasons)
	contracts := as[struct{ Items []any }](t, h.Lead.get("/v1/contracts"), 200)
	require.Empty(t, contracts.Items)
	problem(t, h.Lead.decide(ref.ID, map[string]any{"accept": true, "reason": " "}), 422,
		rules.ReasonRequired)
	decided := as[orderRef](
		t,
		h.Lead.decide(ref.ID, map[string]any{"accept": true, "reason": "contract renewed"}),
		200,
	)
	require.Equal(t, "ACCEPTED", decided.State)
	require.NotEmpty(t, decided.VendorOrderNo)
	problem(t, h.Lead.decide(ref.ID, map[string]any{"accept": false, "reason": "no"}), 409,
		rules.StateConflict)
}

func TestR49a_GroupMailboxIsAWarning(t *testing.T) {
	h := sqlite(t)
	form := storetest.Form("PO-1")
	form.EndCustomer.Email = "it@acme.example"
	ref := h.Seller.accepted(form)
	require.Equal(t, "ACCEPTED", ref.State)
	require.Equal(t, []string{"/end_customer/email GROUP_MAILBOX_SUSPECTED"}, codes(ref.Warnings))
}

func TestS6_OldPurchaseDateIsReplacedWithAWarning(t *testing.T) {
	h := sqlite(t)
	form := storetest.Form("PO-1")
	form.PurchasedOn = "2026-01-31"
	require.Equal(t, []string{"/purchased_on PURCHASE_DATE_REPLACED"}, codes(h.Seller.accepted(form).Warnings))
}

func TestR90a_CancellationWithinTheWindow(t *testing.T) {
	h := sqlite(t)
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	h.Calendar.Set(time.Date(2026, 1, 31, 12, 0, 0, 0, zone))
	var refs []orderRef
	for i := range 3 {
		form := storetest.Form(storetest.PO(i))
		form.PurchasedOn = "2026-01-31"
		refs = append(refs, h.Seller.accepted(form))
		h.fulfil(refs[i].ID)
	}
	cancel := func(c client, i int) answer {
		return c.post("/v1/orders/"+refs[i].ID+"/cancellation", map[string]any{"reason": "not needed"})
	}
	h.Calendar.Set(time.Date(2026, 3, 2, 23, 59, 59, 0, zone))
	done := as[struct {
		Order        orderRef
		Cancellation struct {
			Whole    bool
			Quantity int
			Role     string
		}
	}](t, cancel(h.Seller, 0), 200)
	require.Equal(t, "CANCELLED", done.Order.State)
	require.True(t, done.Cancellation.Whole)
	require.Equal(t, 10, done.Cancellation.Quantity)
	t.Run("R90c_refused after", func(t *testing.T) {
		h.Calendar.Set(time.Date(2026, 3, 3, 0, 0, 0, 0, zone))
		problem(t, cancel(h.Seller, 1), 409, rules.CancellationWindowClosed)
		problem(t, cancel(h.Lead, 1), 409, rules.CancellationWindowClosed)
	})
	t.Run("S13_goodwill termination is the operator's", func(t *testing.T) {
		problem(t, h.Seller.post("/v1/orders/"+refs[2].ID+"/termination", map[string]any{"reason": "x"}), 403,
			rules.Forbidden)
		problem(t, h.Lead.post("/v1/orders/"+refs[2].ID+"/termination", map[string]any{"reason": ""}), 422,
			rules.ReasonRequired)
		require.Equal(t, 200,
			h.Lead.post("/v1/orders/"+refs[2].ID+"/termination", map[string]any{"reason": "goodwill"}).Status)
	})
}

func TestS7_ReasonAndOwnershipOfACancellation(t *testing.T) {
	h := sqlite(t)
	ref := h.Seller.accepted(storetest.Form("PO-1"))
	path := "/v1/orders/" + ref.ID + "/cancellation"
	problem(t, h.Seller.post(path, map[string]any{"reason": "early"}), 409, rules.StateConflict)
	h.fulfil(ref.ID)
	problem(t, h.Seller.post(path, map[string]any{"reason": " "}), 422, rules.ReasonRequired)
	other := h.client(h.Env.Reseller(t, "Outra Revenda").ID, rules.Reseller)
	problem(t, other.post(path, map[string]any{"reason": "mine now"}), 404, rules.NotFound)
	csm := h.client(account.OperatorOrgID, rules.OperatorCSM)
	problem(t, csm.post(path, map[string]any{"reason": "x"}), 403, rules.Forbidden)
}

func TestS12_PartialCancellationByQuantity(t *testing.T) {
	h := sqlite(t)
	ref := h.Seller.accepted(storetest.Form("PO-1"))
	h.fulfil(ref.ID)
	path := "/v1/orders/" + ref.ID + "/cancellation"
	for body, want := range map[string][]string{
		`{"reason":"r","quantity":0}`:                         {"/quantity QUANTITY_TOO_SMALL"},
		`{"reason":"r","quantity":-1}`:                        {"/quantity QUANTITY_TOO_SMALL"},
		`{"reason":"r","quantity":11}`:                        {"/quantity QUANTITY_TOO_LARGE"},
		`{"reason":"r","licence_ids":["lic_x"]}`:              {"/quantity REQUIRED"},
		`{"reason":"r","quantity":2,"licence_ids":["lic_x"]}`: {"/licence_ids/0 UNKNOWN_LICENCE"},
		`{"reason":"r","quantity":"2","licence_ids":[1],"whole":true}`: {
			"/quantity WRONG_TYPE", "/licence_ids/0 WRONG_TYPE", "/whole UNKNOWN_FIELD",
		},
		`{"reason":"r","quantity":1,"licence_ids":["lic_x","lic_longer"]}`: {"/quantity", "TOO"},
	} {
		p := problem(t, h.Seller.post(path, body), 422, rules.ValidationFailed)
		if want[len(want)-1] != "TOO" {
			require.Equal(t, want, codes(p.Errors), body)
		}
	}
	require.Equal(t, 200, h.Seller.post(path, `{"reason":"two rooms less","quantity":2}`).Status)
	detail := as[struct {
		State         string
		Cancellations []struct {
			Quantity int
			Whole    bool
			Reason   string
		}
	}](t, h.Seller.get("/v1/orders/"+ref.ID), 200)
	require.Equal(t, "PARTIALLY_CANCELLED", detail.State)
	require.Len(t, detail.Cancellations, 1)
	require.Equal(t, 2, detail.Cancellations[0].Quantity)
	require.Equal(t, "two rooms less", detail.Cancellations[0].Reason)
}

func TestAmendOrderInReview(t *testing.T) {
	h := sqlite(t)
	form := storetest.Form("PO-1")
	form.EndCustomer.Email = "ana@gmail.com"
	ref := h.Seller.accepted(form)
	path := "/v1/orders/" + ref.ID
	form.EndCustomer.Email = "ana@acme.example"
	problem(t, h.Seller.send("PUT", path, form), 428, "PRECONDITION_REQUIRED")
	problem(t, h.Seller.send("PUT", path, form, "If-Match", `"7"`), 412, "VERSION_MISMATCH")
	other := form
	other.PONumber = "PO-2"
	p := problem(t, h.Seller.send("PUT", path, other, "If-Match", `"1"`), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/po_number UNCHANGEABLE"}, codes(p.Errors))
	problem(t, h.Seller.send("PUT", path, `{"x":`, "If-Match", `"1"`), 400, "MALFORMED_JSON")
	amended := h.Seller.send("PUT", path, form, "If-Match", `"1"`)
	require.Equal(t, "ACCEPTED", as[orderRef](t, amended, 200).State)
	require.Equal(t, `"2"`, amended.Header.Get("ETag"))
	problem(t, h.Seller.send("PUT", path, form, "If-Match", `"2"`), 409, rules.StateConflict)
}

func TestOrderDetailTellsContractsAndTimeline(t *testing.T) {
	h := open(t, storetest.Postgres(t)) // row-level security on
	ref := h.Seller.accepted(storetest.Form("PO-1"))
	h.fulfil(ref.ID)
	type detail struct {
		Submitted *ordering.OrderForm
		Contracts []struct {
			State, LatestStartOn, StartOn string
			Quantity                      int
			Latest                        string `json:"latest_start_on"`
		}
		Timeline []struct {
			Event, Actor, ObjectID string
			Details                map[string]any
		}
		AccountID string `json:"account_id"`
	}
	seller := as[detail](t, h.Seller.get("/v1/orders/"+ref.ID), 200)
	require.Len(t, seller.Contracts, 1)
	require.Equal(t, "PENDING_START", seller.Contracts[0].State)
	require.Equal(t, "2027-01-22", seller.Contracts[0].Latest)
	require.NotNil(t, seller.Submitted)
	require.NotEmpty(t, seller.Timeline)
	require.Empty(t, seller.AccountID)
	for _, e := range seller.Timeline {
		require.True(t, strings.HasPrefix(e.Event, "order."), e.Event)
		require.Empty(t, e.Actor)
		require.Empty(t, e.Details)
	}
	operator := as[detail](t, h.Lead.get("/v1/orders/"+ref.ID), 200)
	require.NotEmpty(t, operator.AccountID)
	require.Greater(t, len(operator.Timeline), len(seller.Timeline))
	require.NotEmpty(t, operator.Timeline[0].Actor)
}

// leaves lists every text in a JSON value.
func leaves(v any) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			out = append(out, leaves(e)...)
		}
	case []any:
		for _, e := range v {
			out = append(out, leaves(e)...)
		}
	case string:
		out = append(out, v)
	}
	return out
}

// A reseller gets back what it sent, states, numbers and dates; a distributor's
// order shows its reseller none of the end customer's data.
func TestR94_S36_SellersGetNoMoreThanTheySent(t *testing.T) {
	h := sqlite(t)
	distributor, err := h.PutOrg(h.Context, account.OrgChange{
		Kind:           account.OrgDistributor,
		Name:           "Distribuidora Norte",
		AuthorisedFrom: "2020-01-01",
	})
	require.NoError(t, err)
	trader := h.client(distributor.ID, rules.Distributor)
	h.Relate(t, distributor, h.Reseller)
	ref := trader.accepted(storetest.Form("PO-1"))
	h.fulfil(ref.ID)
	for _, path := range []string{"/v1/orders", "/v1/orders/" + ref.ID} {
		a := h.Seller.get(path)
		require.Equal(t, 200, a.Status, string(a.Body))
		for _, secret := range []string{"Ana Souza", "acme.example", "Paulista", "Acme", "norte.example"} {
			require.NotContains(t, string(a.Body), secret, path)
		}
	}
	allowed, err := json.Marshal(storetest.Form("PO-1"))
	require.NoError(t, err)
	var body any
	require.NoError(t, json.Unmarshal(trader.get("/v1/orders/"+ref.ID).Body, &body))
	for _, text := range leaves(body) {
		number := strings.ContainsAny(text[:1], "0123456789") || strings.HasPrefix(text, "SO-") ||
			strings.HasPrefix(text, "order.") || strings.ToUpper(text) == text
		id := strings.Contains(text, "_") && !strings.Contains(text, "@")
		require.True(t, number || id || text == "America/Sao_Paulo" || strings.Contains(string(allowed), text),
			"%q was never sent", text)
	}
	problem(t, h.Seller.send("PUT", "/v1/orders/"+ref.ID, storetest.Form("PO-1"), "If-Match", `"3"`), 403,
		rules.Forbidden)
}

func TestListOrdersPagesAndFilters(t *testing.T) {
	h := sqlite(t)
	for i := range 7 {
		form := storetest.Form(storetest.PO(i))
		if i%3 == 0 {
			form.PurchasedOn = "2026-12-24"
		}
		h.Seller.accepted(form)
	}
	type page struct {
		Items []struct {
			PONumber string `json:"po_number"`
			State    string
		}
		Next string `json:"next_cursor"`
	}
	var seen []string
	cursor := ""
	for range 4 {
		p := as[page](t, h.Seller.get("/v1/orders?limit=2&cursor="+cursor), 200)
		for _, o := range p.Items {
			seen = append(seen, o.PONumber)
		}
		cursor = p.Next
	}
	require.Empty(t, cursor)
	require.Len(t, seen, 7)
	require.Equal(t, storetest.PO(6), seen[0])
	require.Equal(t, storetest.PO(0), seen[6])
	require.Len(t, as[page](t, h.Seller.get("/v1/orders?state=NEEDS_REVIEW"), 200).Items, 3)
	require.Len(t, as[page](t, h.Seller.get("/v1/orders?po_number="+storetest.PO(4)), 200).Items, 1)
	for _, query := range []string{
		"limit=0", "limit=201", "limit=marker", "state=MARKER", "marker=1", "dry_run=x",
	} {
		p := problem(t, h.Seller.get("/v1/orders?"+query), 422, "INVALID_PARAMETER")
		require.Len(t, p.Errors, 1, query)
	}
}

func TestOperatorsSubmitForASellerWithAReason(t *testing.T) {
	h := sqlite(t)
	form := storetest.Form("PO-1")
	problem(t, h.Lead.order(form), 422, "INVALID_PARAMETER")
	problem(t, h.Lead.post("/v1/orders?on_behalf_of="+h.Reseller.ID, form), 422, "INVALID_PARAMETER")
	problem(t, h.Lead.post("/v1/orders?reason=phone&on_behalf_of=org_none", form), 404, rules.NotFound)
	problem(t, h.Lead.post("/v1/orders?reason=phone&on_behalf_of="+account.OperatorOrgID, form), 422,
		"INVALID_PARAMETER")
	problem(t, h.Seller.post("/v1/orders?on_behalf_of="+h.Reseller.ID, form), 422, "INVALID_PARAMETER")
	a := h.Lead.post("/v1/orders?reason=phone&on_behalf_of="+h.Reseller.ID, form)
	ref := as[orderRef](t, a, 201)
	require.Equal(t, 200, h.Seller.get("/v1/orders/"+ref.ID).Status)
	events, err := h.Timeline(h.Context, ref.ID)
	require.NoError(t, err)
	require.Equal(t, "phone", events[0].Details["reason"])
	require.Equal(t, h.Reseller.ID, events[0].OnBehalfOf)
}

// S12, S36: what a cancellation would end is shown beforehand, by what people call it; to its
// seller without rooms, replacements and spares.
func TestS12_ACancellationIsShownBeforehand(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	packed := h.Approved(t, c)
	at := "/v1/orders/" + c.Order.ID + "/cancellation"

	will := as[api.CancellationPreview](t, h.Lead.get(at), 200)
	require.True(t, will.Whole)
	require.Len(t, will.Licences, 10)
	require.Equal(t, []string{packed.Number}, will.Replacements)
	rooms := 0
	for _, l := range will.Licences {
		if l.Room != "" {
			require.Equal(t, "Sala 1, HQ", l.Room)
			require.EqualValues(t, c.Licence.Seq, l.Number)
			rooms++
		}
	}
	require.Equal(t, 1, rooms)

	will = as[api.CancellationPreview](t, h.Lead.get(at+"?quantity=9"), 200)
	require.Equal(t, 1, will.Left)
	require.Empty(t, will.Replacements)
	require.Equal(t, 422, h.Lead.get(at+"?licence_ids="+c.Licence.ID).Status)

	seller := h.client(c.Order.ResellerID, rules.Reseller, api.OrdersRead, api.OrdersWrite)
	require.Equal(t, 403, seller.get(at+"?termination=true").Status)
	require.Equal(t, 404, seller.get("/v1/orders/ord_missing/cancellation").Status)
	will = as[api.CancellationPreview](t, seller.get(at), 200)
	require.Len(t, will.Licences, 10)
	require.Empty(t, will.Replacements)
	for _, l := range will.Licences {
		require.Empty(t, l.Room)
	}

	h.Lead.send("POST", at, `{"quantity":2,"reason":"fewer rooms"}`)
	d := as[api.OrderDetail](t, h.Lead.get("/v1/orders/"+c.Order.ID), 200)
	require.EqualValues(t, 10, d.Contracts[0].Quantity)
	require.EqualValues(t, 8, d.Contracts[0].InForce)
}

// What was read that would end is what ends: with the ETag of the preview as If-Match, an order
// that has changed since is refused and nothing happens; the tag of now, one of several, a weak
// one, * and none are taken.
func TestS12_NothingElseEndsThanWhatWasRead(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	order := "/v1/orders/" + c.Order.ID
	ending, termination := order+"/cancellation", order+"/termination"
	seller := h.client(c.Order.ResellerID, rules.Reseller, api.OrdersRead, api.OrdersWrite)
	read := func(by client, query string) string {
		tag := by.get(ending + query).Header.Get("ETag")
		require.Regexp(t, `^"[0-9a-f]{64}"$`, tag)
		return tag
	}
	left := func() int64 {
		return as[api.OrderDetail](t, h.Lead.get(order), 200).Contracts[0].InForce
	}
	two := `{"quantity":2,"reason":"fewer rooms"}`
	whole := `{"reason":"goodwill"}`

	before, whollyBefore := read(seller, "?quantity=2"), read(h.Lead, "?termination=true")
	require.Equal(t, before, read(seller, "?quantity=2"), "nothing has changed")
	problem(t, seller.send("POST", ending, `{"quantity":3,"reason":"r"}`, "If-Match", before),
		412, "VERSION_MISMATCH") // another quantity was read
	problem(t, seller.send("POST", ending, two, "If-Match", `""`), 412, "VERSION_MISMATCH")
	require.EqualValues(t, 10, left())
	require.Equal(t, 200, seller.send("POST", ending, two, "If-Match", before).Status)
	require.EqualValues(t, 8, left())

	stale := []client{seller, h.Lead}
	for i, tag := range []string{before, read(h.Lead, "?quantity=3")} {
		problem(t, stale[i].send("POST", ending, two, "If-Match", tag), 412, "VERSION_MISMATCH")
	}
	problem(t, h.Lead.send("POST", termination, whole, "If-Match", whollyBefore),
		412, "VERSION_MISMATCH")
	require.EqualValues(t, 8, left())
	require.Len(t, as[api.OrderDetail](t, h.Lead.get(order), 200).Cancellations, 1)

	for _, tag := range []string{before + ", W/" + read(seller, "?quantity=2"), "*"} {
		require.Equal(t, 200, seller.send("POST", ending, two, "If-Match", tag).Status)
	}
	require.EqualValues(t, 4, left())
	require.Equal(t, 200, h.Lead.send("POST", termination, whole,
		"If-Match", read(h.Lead, "?termination=true")).Status)
	require.Zero(t, left())
}
