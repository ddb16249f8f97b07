package console

import (
	"errors"
	"net/http"
	"strconv"

	"roomcover.dev/roomcover/mail/letter"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// rejectionPage asks why an order is rejected, and shows what its seller will read.
type rejectionPage struct {
	Problem string
	Changed []string
	Fields  []web.Field
	Version int64
	Action  string
	Back    string
	Mail    *mailView // nil: nothing was typed yet
}

// mailView is a mail as it will be sent.
type mailView struct{ To, Subject, Text string }

func askRejection(v *visit) (answer, error) {
	o, err := v.reviewed()
	if err != nil {
		return answer{}, err
	}
	v.resume(orderPath(o.ID) + "/reject")
	return v.rejectionOf(o, nil)
}

func (v *visit) rejectionOf(o order.Order, refused *rules.Error) (answer, error) {
	p := rejectionPage{
		Version: o.Version,
		Action:  orderPath(o.ID) + "/reject",
		Back:    orderPath(o.ID) + "/review",
		Fields: []web.Field{{
			Name:     "reason",
			Label:    v.say("console.field.reason"),
			Help:     v.say("console.order.reject.reason.help"),
			Kind:     "area",
			Value:    v.form("reason"),
			Required: true,
		}},
	}
	a := answer{
		page:  "rejection",
		title: v.say("console.order.reject.title", "order", v.orderTitle(o)),
	}
	switch {
	case refused == nil:
	case refused.Code == rules.VersionMismatch:
		a.status = http.StatusPreconditionFailed
		p.Problem = v.say("console.order.review.amended")
		for _, f := range refused.Fields {
			p.Changed = append(p.Changed, v.orderField(f.Pointer))
		}
	default:
		a.status = http.StatusUnprocessableEntity
		p.Fields[0].Problem = v.say("console.order.reason.missing")
	}
	if rules.CheckReason(v.form("reason")) == nil {
		letter, err := v.rejectionMail(o)
		if err != nil {
			return answer{}, err
		}
		p.Mail = &letter
	}
	a.data = p
	return a, nil
}

// rejectionMail is what the seller will read, in the seller's language.
func (v *visit) rejectionMail(o order.Order) (mailView, error) {
	m, err := letter.Render(v.program, order.RejectionMail(o, v.form("reason")), v.public,
		letter.Hidden)
	return mailView{To: m.To, Subject: m.Subject, Text: m.Text}, err
}

// rejectOrder rejects an order in review, for the version that was looked at, after the page has
// shown what its seller will read.
func rejectOrder(v *visit) (answer, error) {
	o, err := v.orders.GetOrder(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil {
		return answer{}, errBadForm
	}
	reason := v.form("reason")
	if o.State == rules.OrderNeedsReview && !v.confirmed() {
		refused, _ := rules.CheckReason(reason).(*rules.Error)
		return v.rejectionOf(o, refused)
	}

	err = v.giveAct(db.Text(o.AccountID), operations.Act{
		SubjectID: o.ID,
		Decision:  &order.Decision{Version: version, Reason: reason},
	})
	var refused *rules.Error
	switch {
	case err == nil:
		return v.doneAct(orderPath(o.ID), "console.order.flash.rejected"), nil
	case errors.As(err, &refused) && o.State == rules.OrderNeedsReview &&
		refused.Code != rules.NotFound:
		return v.rejectionOf(o, refused)
	}
	return answer{}, err
}
