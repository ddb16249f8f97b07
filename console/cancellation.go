package console

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// cancelPage asks what of an order is canceled, and why.
type cancelPage struct {
	Says     string // what it has, and until when it can be canceled
	Problem  string
	Quantity web.Field
	Rooms    []web.Choice // licences in rooms, to name which of them go; empty: no need
	Reason   web.Field
	Once     string
	Action   string
	Back     string
}

// mostNamed bounds what a confirmation names of one thing; it counts the rest.
const mostNamed = 50

func cancelRoutes() []route {
	const one = ordersPath + "/:id"
	const end = one + "/terminate"
	return []route{
		{method: get, path: one + "/cancel", access: may(rules.CancelOrder), do: askToCancel},
		{method: post, path: one + "/cancel", access: may(rules.CancelOrder), do: cancelOrder},
		{method: get, path: end, access: may(rules.CancelOrder), do: askToTerminate},
		{method: post, path: end, access: may(rules.CancelOrder), do: terminateOrder},
	}
}

func askToCancel(v *visit) (answer, error) {
	o, err := v.orders.GetOrder(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(orderPath(o.ID) + "/cancel")
	return v.cancelForm(o, nil)
}

// cancelForm shows the form with what was typed and why it was refused. Where too few licences
// are free, it asks which rooms lose theirs (S12).
func (v *visit) cancelForm(o order.Order, refused *rules.Error) (answer, error) {
	left, err := v.orders.CancellableLicences(v.scope(), o.ID)
	if err != nil {
		return answer{}, err
	}

	p := cancelPage{
		Says: v.language.Count("console.order.cancel.left", int64(len(left))),
		Quantity: web.Field{
			Name:  "quantity",
			Label: v.say("console.order.cancel.quantity"),
			Help:  v.say("console.order.cancel.quantity.help"),
			Kind:  "text",
			Value: v.form("quantity"),
		},
		Reason: v.reasonField(),
		Once:   cmp.Or(v.form("once"), db.NewID("once")),
		Action: orderPath(o.ID) + "/cancel",
		Back:   orderPath(o.ID),
	}
	named := v.request.PostForm["licence"]
	if refused != nil && refused.Code == rules.LicencesNotNamed || len(named) > 0 {
		for _, l := range left {
			if l.Assigned {
				p.Rooms = append(p.Rooms, web.Choice{
					Value:  l.ID,
					Label:  l.Room,
					Chosen: slices.Contains(named, l.ID),
				})
			}
		}
		slices.SortFunc(p.Rooms, func(a, b web.Choice) int { return cmp.Compare(a.Label, b.Label) })
	}

	a := answer{
		page:  "cancelorder",
		title: v.say("console.order.cancel.title", "order", v.orderTitle(o)),
	}
	if refused != nil {
		a.status = http.StatusUnprocessableEntity
		switch refused.Code {
		case rules.LicencesNotNamed:
			p.Problem = v.say("console.order.cancel.rooms.missing")
		case rules.ReasonRequired:
			p.Reason.Problem = v.say("console.order.reason.missing")
		default:
			p.Quantity.Problem = v.language.Count("console.order.cancel.quantity.wrong",
				int64(len(left)))
		}
	}
	a.data = p
	return a, nil
}

// cancelRequest is what the form asks for; no quantity is the whole order.
func (v *visit) cancelRequest() (order.CancelRequest, *rules.Error) {
	r := order.CancelRequest{
		Reason:     v.form("reason"),
		Once:       v.form("once"),
		LicenceIDs: v.request.PostForm["licence"],
	}
	if typed := strings.TrimSpace(v.form("quantity")); typed != "" {
		n, err := strconv.Atoi(typed)
		if err != nil || n < 1 {
			return r, rules.Refuse(rules.ValidationFailed, "The quantity is no whole number.",
				"Enter a whole number.")
		}
		r.Quantity = n
	}
	if rules.CheckReason(r.Reason) != nil {
		return r, rules.ReasonMissing("A reason is missing.")
	}
	return r, nil
}

// cancelOrder cancels an order inside its window, after a page that says what it will do. The
// form's own name makes a second press of the button the same request.
func cancelOrder(v *visit) (answer, error) {
	o, err := v.orders.GetOrder(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	r, wrong := v.cancelRequest()
	if wrong != nil {
		return v.cancelForm(o, wrong)
	}

	if !v.confirmed() {
		will, err := v.orders.PreviewCancellation(v.scope(), o.ID, r)
		if err != nil {
			return v.notCancelled(o, err)
		}
		return v.askToCancelAs(o, r, will)
	}

	done, err := v.orders.WasCancelled(v.scope(), o.ID, r)
	if err != nil {
		return answer{}, err
	}
	if !done {
		will, err := v.orders.PreviewCancellation(v.scope(), o.ID, r)
		if err != nil {
			return v.notCancelled(o, err)
		}
		if v.form("seen") != will.Seen() {
			a, err := v.askToCancelAs(o, r, will)
			return v.changedSincePreview(a), err
		}
	}
	r.Seen = v.form("seen") // an act that is held is done as it was seen, or not at all
	err = v.giveAct(db.Text(o.AccountID), operations.Act{SubjectID: o.ID, Cancellation: &r})
	if err != nil {
		return v.notCancelled(o, err)
	}
	return v.doneAct(orderPath(o.ID), "console.order.flash.cancelled"), nil
}

// askToCancelAs says what the request will do, and asks for the last word.
func (v *visit) askToCancelAs(
	o order.Order, r order.CancelRequest, will order.CancellationPreview,
) (answer, error) {
	c := v.cancelConfirmation(o, will)
	c.Action = orderPath(o.ID) + "/cancel"
	c.Hidden = []web.Hidden{
		{Name: "quantity", Value: v.form("quantity")},
		{Name: "reason", Value: r.Reason},
		{Name: "once", Value: r.Once},
		{Name: "seen", Value: will.Seen()},
	}
	for _, id := range r.LicenceIDs {
		c.Hidden = append(c.Hidden, web.Hidden{Name: "licence", Value: id})
	}
	return v.ask(c)
}

func askToTerminate(v *visit) (answer, error) {
	o, err := v.orders.GetOrder(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(orderPath(o.ID) + "/terminate")
	return v.terminateForm(o, nil)
}

// terminateForm says what ending the order as goodwill will do, and asks why.
func (v *visit) terminateForm(o order.Order, wrong *rules.Error) (answer, error) {
	will, err := v.orders.PreviewTermination(v.scope(), o.ID)
	if err != nil {
		return answer{}, err
	}
	c := v.cancelConfirmation(o, will)
	c.Title = v.say("console.order.terminate.title", "order", v.orderTitle(o))
	c.Says = append([]string{v.say("console.order.terminate.says")}, c.Says...)
	c.Submit = v.say("console.order.terminate.do")
	c.Action = orderPath(o.ID) + "/terminate"
	c.Back = orderPath(o.ID)
	c.Hidden = []web.Hidden{{Name: "seen", Value: will.Seen()}}
	c.Fields = []web.Field{v.reasonField()}
	a, err := v.ask(c)
	if wrong != nil {
		c.Fields[0].Problem = v.say("console.order.reason.missing")
		a.data = c
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

// terminateOrder ends an order after its window, as goodwill of the operator (S13).
func terminateOrder(v *visit) (answer, error) {
	o, err := v.orders.GetOrder(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if o.State == rules.OrderCancelled && v.confirmed() {
		return v.done(orderPath(o.ID), "console.order.flash.cancelled"), nil
	}
	if rules.CheckReason(v.form("reason")) != nil || !v.confirmed() {
		return v.terminateForm(o, rules.ReasonMissing("A reason is missing."))
	}
	will, err := v.orders.PreviewTermination(v.scope(), o.ID)
	if err != nil {
		return answer{}, err
	}
	if v.form("seen") != will.Seen() {
		a, err := v.terminateForm(o, nil)
		return v.changedSincePreview(a), err
	}

	err = v.giveAct(db.Text(o.AccountID), operations.Act{
		SubjectID: o.ID,
		Termination: &order.Termination{
			Reason: v.form("reason"),
			Seen:   v.form("seen"),
		},
	})
	if err != nil {
		return answer{}, err
	}
	return v.doneAct(orderPath(o.ID), "console.order.flash.cancelled"), nil
}

// changedSincePreview is a confirmation that says so first.
func (v *visit) changedSincePreview(a answer) answer {
	if c, ok := a.data.(confirmation); ok {
		c.Says = append([]string{v.say("console.order.cancel.changed")}, c.Says...)
		a.data = c
		a.status = http.StatusPreconditionFailed
	}
	return a
}

// notCancelled shows the form again with what the order's licences do not allow; an order whose
// window is over leads to ending it as goodwill.
func (v *visit) notCancelled(o order.Order, err error) (answer, error) {
	var refused *rules.Error
	if !errors.As(err, &refused) {
		return answer{}, err
	}
	switch refused.Code {
	case rules.LicencesNotNamed, rules.ValidationFailed:
		return v.cancelForm(o, refused)
	case rules.CancellationWindowClosed:
		return v.terminateForm(o, nil)
	}
	return answer{}, err
}

// cancelConfirmation says what a cancellation will do before its button: how many licences end,
// which rooms lose their cover, which replacements and spares end, which go on, whose invitation
// is withdrawn, and who is told.
func (v *visit) cancelConfirmation(o order.Order, will order.CancellationPreview) confirmation {
	n := int64(len(will.Gone))
	c := confirmation{
		Title:  v.say("console.order.cancel.title", "order", v.orderTitle(o)),
		Submit: v.language.Count("console.order.cancel.do.part", n),
		Back:   orderPath(o.ID) + "/cancel",
		Danger: true,
	}
	if will.Whole {
		c.Submit = v.say("console.order.cancel.do.whole")
		c.Says = append(c.Says, v.language.Count("console.order.cancel.whole", n))
	} else {
		c.Says = append(c.Says, v.language.Count("console.order.cancel.part", n)+" "+
			v.language.Count("console.order.cancel.stay", int64(will.Left)))
	}

	rooms := will.Rooms()
	if len(rooms) == 0 {
		c.Says = append(c.Says, v.say("console.order.cancel.norooms"))
	}
	var told []string
	for _, r := range will.Told {
		told = append(told, cmp.Or(r.Name, r.Email))
	}
	for _, part := range []struct {
		key   string
		names []string
	}{
		{"rooms", rooms},
		{"withdrawn", will.Ended.Replacements},
		{"goon", will.GoOn},
		{"voided", will.Ended.Voided},
		{"recalled", will.Ended.Recalled},
		{"invitations", will.Invitations},
		{"questions", will.Questions},
	} {
		if len(part.names) > 0 {
			c.Says = append(c.Says, v.cancelSays(part.key, part.names))
		}
	}
	key := "console.order.told"
	if will.MailHeld {
		key = "console.order.cancel.held"
	}
	c.Says = append(c.Says, v.language.Say(key, messages.Args{"names": strings.Join(told, ", ")}))
	return c
}

// cancelSays names what a cancellation does something to, and counts what it does not name.
func (v *visit) cancelSays(key string, names []string) string {
	named := slices.Clone(names[:min(len(names), mostNamed)])
	if more := len(names) - len(named); more > 0 {
		named = append(named, v.language.Count("console.order.cancel.more", int64(more)))
	}
	return v.language.Count("console.order.cancel.says."+key, int64(len(names)),
		messages.Args{"names": strings.Join(named, ", ")})
}
