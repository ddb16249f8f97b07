package console

import (
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/web"
)

func amendRoutes() []route {
	const one = ordersPath + "/:id"
	return []route{
		{method: get, path: one + "/amend", access: may(rules.SubmitOrders), do: amendOrder},
		{method: post, path: one + "/amend", access: may(rules.SubmitOrders), do: amendOrder},
		{method: get, path: one + "/reopen", access: may(rules.ReviewOrders), do: reopenOrder},
		{method: post, path: one + "/reopen", access: may(rules.ReviewOrders), do: reopenOrder},
	}
}

// amendedValue is a value of an order that an operator can correct, under its JSON pointer. The
// number names the order, so it is not among them.
type amendedValue struct {
	pointer string
	kind    string // of the field
	needed  bool
	in      func(*ordering.OrderForm) *string
}

// amendedValues are the values of the form beside its lines.
func amendedValues() []amendedValue {
	type form = ordering.OrderForm
	values := []amendedValue{
		{"/purchased_on", "date", true, func(f *form) *string { return &f.PurchasedOn }},
		{"/end_customer/company", "text", true,
			func(f *form) *string { return &f.EndCustomer.Company }},
		{"/end_customer/contact_name", "text", true,
			func(f *form) *string { return &f.EndCustomer.ContactName }},
		{"/end_customer/email", "email", true,
			func(f *form) *string { return &f.EndCustomer.Email }},
	}
	values = append(values, addressValues("/end_customer/address",
		func(f *form) *rules.Address { return &f.EndCustomer.Address })...)
	values = append(values, sellerValues("/reseller",
		func(f *form) *rules.OrgParty { return &f.Reseller })...)
	return append(values, sellerValues("/distributor",
		func(f *form) *rules.OrgParty { return &f.Distributor })...)
}

func sellerValues(at string, party func(*ordering.OrderForm) *rules.OrgParty) []amendedValue {
	type form = ordering.OrderForm
	values := []amendedValue{
		{at + "/company", "text", true, func(f *form) *string { return &party(f).Company }},
		{at + "/email", "email", true, func(f *form) *string { return &party(f).Email }},
	}
	return append(values, addressValues(at+"/address",
		func(f *form) *rules.Address { return &party(f).Address })...)
}

func addressValues(
	at string, address func(*ordering.OrderForm) *rules.Address,
) []amendedValue {
	type form = ordering.OrderForm
	return []amendedValue{
		{at + "/street", "text", true, func(f *form) *string { return &address(f).Street }},
		{at + "/city", "text", true, func(f *form) *string { return &address(f).City }},
		{at + "/region", "text", false, func(f *form) *string { return &address(f).Region }},
		{at + "/postal_code", "text", false,
			func(f *form) *string { return &address(f).PostalCode }},
		{at + "/country", "text", true, func(f *form) *string { return &address(f).Country }},
	}
}

// amendOrder corrects an order in review, on behalf of who sent it: what is typed is shown
// against what stands, field by field, before it is stored; the checks then run anew (S14).
func amendOrder(v *visit) (answer, error) {
	o, err := v.reviewed()
	if err != nil {
		return answer{}, err
	}
	path := orderPath(o.ID) + "/amend"
	v.resume(path)

	form := o.Payload
	form.Lines = append([]ordering.OrderLine{}, form.Lines...)
	e := edit{
		Title:  v.say("console.order.amend.title", "order", v.orderTitle(o)),
		Says:   []string{v.say("console.order.amend.says")},
		Seen:   strconv.FormatInt(o.Version, 10),
		Submit: v.say("console.order.amend.submit"),
		Back:   orderPath(o.ID) + "/review",
	}
	for i := range form.Lines {
		at := "/lines/" + strconv.Itoa(i)
		form.Lines[i].SKU = v.typed(at+"/sku", form.Lines[i].SKU)
		quantity := v.typed(at+"/quantity", strconv.FormatInt(form.Lines[i].Quantity, 10))
		form.Lines[i].Quantity, _ = strconv.ParseInt(quantity, 10, 64) // 0 is refused
		e.Fields = append(e.Fields,
			v.amendField(at+"/sku", "text", form.Lines[i].SKU, true),
			v.amendField(at+"/quantity", "text", quantity, true))
	}
	for _, value := range amendedValues() {
		at := value.in(&form)
		*at = v.typed(value.pointer, *at)
		e.Fields = append(e.Fields, v.amendField(value.pointer, value.kind, *at, value.needed))
	}
	reason := v.reasonField()
	e.Fields = append(e.Fields, reason)

	e.Follows = func() ([]string, error) { return v.amendFollows(o, form, reason.Value) }
	e.Make = func() (string, string, error) {
		amended, err := v.orders.AmendOrderFor(v.acting(db.Text(o.AccountID)), o.ID, form,
			o.Version, reason.Value)
		if err != nil || amended.State == rules.OrderNeedsReview {
			return orderPath(o.ID) + "/review", "console.order.flash.amended", err
		}
		return orderPath(o.ID), "console.order.flash.amendedaccepted", nil
	}
	return v.runEdit(e)
}

// amendField is a field of the form under its pointer, which is its name too.
func (v *visit) amendField(pointer, kind, value string, needed bool) web.Field {
	return web.Field{
		Name:     pointer,
		Label:    v.orderField(pointer),
		Kind:     kind,
		Value:    value,
		Required: needed,
	}
}

// amendFollows says what changes, field by field, and what the checks say of the order then.
func (v *visit) amendFollows(
	o order.Order, form ordering.OrderForm, reason string,
) ([]string, error) {
	if err := ordering.MaySubmit(v.who.Role, reason); err != nil {
		return nil, err
	}
	will, err := v.orders.PreviewAmendment(v.scope(), o.ID, form, o.Version)
	if err != nil {
		return nil, err
	}

	var follow []string
	for _, pointer := range o.Payload.Differences(form) {
		follow = append(follow, v.changeOf(v.orderField(pointer),
			amendedAt(o.Payload, pointer), amendedAt(form.Normalised(), pointer)))
	}
	if len(follow) == 0 {
		return []string{v.say("console.order.amend.same")}, nil
	}
	if will.State != rules.OrderNeedsReview {
		return append(follow, v.say("console.order.amend.accepted")), nil
	}
	follow = append(follow, v.say("console.order.amend.stays"))
	names, err := v.orderNames(will.ResellerID)
	for _, check := range v.failedChecks(will, resemblances{}, names) {
		follow = append(follow, check.What)
	}
	return follow, err
}

// amendedAt is the value of a form under a pointer.
func amendedAt(f ordering.OrderForm, pointer string) string {
	for _, value := range amendedValues() {
		if value.pointer == pointer {
			return *value.in(&f)
		}
	}
	rest, ofLine := strings.CutPrefix(pointer, "/lines/")
	place, name, _ := strings.Cut(rest, "/")
	i, err := strconv.Atoi(place)
	switch {
	case !ofLine || err != nil || i >= len(f.Lines):
		return ""
	case name == "sku":
		return f.Lines[i].SKU
	case name == "quantity":
		return strconv.FormatInt(f.Lines[i].Quantity, 10)
	}
	return f.Lines[i].Renews
}

// reopenOrder takes an order that was rejected by mistake back into review.
func reopenOrder(v *visit) (answer, error) {
	o, err := v.orders.GetOrder(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(orderPath(o.ID) + "/reopen")
	if o.State == rules.OrderNeedsReview && v.confirmed() { // the button was pressed twice
		return v.done(orderPath(o.ID), "console.order.flash.reopened"), nil
	}

	reason := v.reasonField()
	return v.runEdit(edit{
		Title:  v.say("console.order.reopen.title", "order", v.orderTitle(o)),
		Says:   []string{v.say("console.order.reopen.says")},
		Fields: []web.Field{reason},
		Seen:   strconv.FormatInt(o.Version, 10),
		Submit: v.say("console.order.reopen.do"),
		Back:   orderPath(o.ID),
		Follows: func() ([]string, error) {
			if err := rules.CheckReason(reason.Value); err != nil {
				return nil, err
			}
			return []string{
				v.say("console.order.reopen.review"),
				v.say("console.order.reopen.told", "to", o.Payload.Reseller.Email),
			}, v.orders.CheckReopening(v.scope(), o.ID)
		},
		Make: func() (string, string, error) {
			err := v.giveAct(db.Text(o.AccountID), operations.Act{
				SubjectID: o.ID,
				Reopening: &operations.Reopening{Version: o.Version, Reason: reason.Value},
			})
			page := orderPath(o.ID)
			return page, v.keepUndo(page, "console.order.flash.reopened"), err
		},
	})
}
