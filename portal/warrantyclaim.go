package portal

import (
	"errors"
	"net/http"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// claimView is a warranty from before that the account has claimed (R111c).
type claimView struct {
	Serial, Day, State, Tone string
}

// mostClaims bounds how many claims the page shows, the newest first.
const mostClaims = 50

var claimTones = map[warranty.WarrantyState]string{
	warranty.WarrantyUnmatched: "blue",
	warranty.WarrantyLinked:    "green",
	warranty.WarrantyRefused:   "",
}

// claims lists what the account has claimed; what became of a claim stands with it.
func (v *visit) claims() ([]claimView, error) {
	rows, _, err := v.warranties.ListWarranties(v.scoped(), warranty.WarrantyFilter{
		AccountID: v.who.account().ID,
		Source:    warranty.WarrantyClaimed,
		Page:      db.Page{Limit: mostClaims},
	})

	out := make([]claimView, len(rows))
	for i, w := range rows {
		out[i] = claimView{
			Serial: w.Serial,
			Day:    v.dayIn(w.CreatedAt, v.who.account().TimeZone),
			State:  v.language.Say("claimstate." + string(w.State)),
			Tone:   claimTones[w.State],
		}
	}

	return out, err
}

// claimField is one field of the form to claim, with what is wrong with it.
type claimField struct {
	Name, Label, Value string
	Problem            string // message key
	Day, Required      bool
	First              bool // of those that are wrong
}

type claimPage struct{ Fields []claimField }

const claimPath = "/service-orders/claim"

func showClaim(v *visit) (answer, error) {
	if v.resumes(claimPath) {
		return claimForm(v.typedClaim(), nil), nil
	}
	return claimForm(licensing.WarrantyClaimForm{}, nil), nil
}

// typedClaim is what was typed into the form.
func (v *visit) typedClaim() licensing.WarrantyClaimForm {
	return licensing.WarrantyClaimForm{
		Serial:      v.form("serial"),
		PONumber:    v.form("po_number"),
		SKU:         v.form("sku"),
		PurchasedOn: v.form("purchased_on"),
	}
}

func claimForm(f licensing.WarrantyClaimForm, problems map[string]string) answer {
	p := claimPage{[]claimField{
		{Name: "serial", Label: "claim.serial", Value: f.Serial, Required: true},
		{Name: "po_number", Label: "claim.order", Value: f.PONumber},
		{Name: "sku", Label: "claim.sku", Value: f.SKU},
		{Name: "purchased_on", Label: "claim.day", Value: f.PurchasedOn, Day: true},
	}}

	first := true
	for i := range p.Fields {
		field := &p.Fields[i]
		field.Problem = problems["/"+field.Name]
		field.First = first && field.Problem != ""
		first = first && field.Problem == ""
	}

	a := answer{page: "claim", title: "claim.title", data: p}
	if len(problems) > 0 {
		a.status = http.StatusUnprocessableEntity
	}

	return a
}

// claimWarranty records a claim. The same serial again, while undecided, is the
// same claim: a second press of the button does no harm.
func claimWarranty(v *visit) (answer, error) {
	form := v.typedClaim()
	_, err := v.warranties.ClaimWarranty(v.acting(), warranty.WarrantyClaim{
		AccountID: v.who.account().ID,
		Form:      form,
	})

	var refusal *rules.Error
	switch {
	case err == nil:
		return v.done("/service-orders", "flash.claimed"), nil
	case errors.As(err, &refusal) && refusal.Code == rules.ValidationFailed:
		return claimForm(form, claimProblems(refusal.Fields)), nil
	case rules.CodeOf(err) == rules.RateLimited:
		return v.tooMany(err, "claims"), nil
	}

	return answer{}, err
}

// claimProblems gives the message of each field that is wrong.
func claimProblems(fields []rules.FieldError) map[string]string {
	problems := map[string]string{}
	for _, f := range fields {
		problems[f.Pointer] = claimProblem(f)
	}
	return problems
}

func claimProblem(f rules.FieldError) string {
	switch {
	case f.Pointer == "/serial":
		return "claim.serial.wrong"
	case f.Pointer == "/purchased_on":
		return "claim.day.wrong"
	case f.Code == rules.Required:
		return "claim.order.missing"
	}

	return "claim.number.wrong"
}
