package models

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/rules"
)

// rmaMail is one step that the customer and the site's contact are told of.
type rmaMail struct {
	step, epoch string
	params      map[string]any
}

// mail tells of a step, once: the version of the RMA makes each step its own.
func (w *rmaWork) mail(step string, params map[string]any) {
	w.mails = append(w.mails, rmaMail{step, step + "/" + strconv.FormatInt(w.Version+1, 10), params})
}

// recipient is a person that is told, in a language.
type recipient struct{ Email, Locale string }

// queueMails writes one mail for each step and person: the administrators of the
// account, and whoever takes parcels at the site.
func (w *rmaWork) queueMails() error {
	if len(w.mails) == 0 {
		return nil
	}
	people := w.recipients()
	var mails []Notification
	for _, m := range w.mails {
		params := w.mailParams(m)
		for _, p := range people {
			mails = append(mails, Notification{Template: rules.TemplateRMA, SubjectID: w.ID, Recipient: p.Email, Epoch: m.epoch, AccountID: &w.AccountID, Locale: p.Locale, Params: params})
		}
	}
	return w.s.queueMail(w.tx, mails...)
}

// adminsOf selects e-mail and language of an account's administrators, a line each,
// so that the statement that reads an RMA reads who is told of it too.
const adminsOf = "(SELECT string_agg(u.email || '\n' || u.locale, '\n' ORDER BY u.id) FROM users u JOIN memberships m ON m.user_id = u.id" +
	" WHERE m.account_id = %s AND m.role = 'ADMIN' AND m.state = 'ACTIVE')"

func (w *rmaWork) recipients() []recipient {
	return peopleToTell(w.Admins, w.SiteContact, w.AccountLocale)
}

// peopleToTell are the administrators, as adminsOf reads them, and the contact of the
// site, each once.
func peopleToTell(admins *string, contact, locale string) (people []recipient) {
	known := contact == ""
	if admins != nil {
		for pair := range slices.Chunk(strings.Split(*admins, "\n"), 2) {
			people = append(people, recipient{pair[0], pair[1]})
			known = known || pair[0] == contact
		}
	}
	if !known {
		people = append(people, recipient{contact, locale})
	}
	return people
}

// modelName is how people call a model, or its code.
func (w *rmaWork) modelName(code string) string {
	if model, ok := rules.ModelOn(w.ref.model(code), code, rules.DateIn(w.RequestedAt, w.zone())); ok {
		return model.Name
	}
	return code
}

// mailParams are what a mail about the RMA may show; the templates pick.
func (w *rmaWork) mailParams(m rmaMail) map[string]any {
	name := w.modelName(w.ModelCode)
	p := map[string]any{"step": m.step, "rma": w.ID, "model": name, "quantity": w.Quantity, "serial": w.FaultySerial, "site": w.SiteName, "room": text(w.RoomName),
		"company": w.AccountName, "replacement_serial": w.ReplacementSerial, "carrier": w.Carrier, "tracking": w.Tracking}
	if w.Promise != nil {
		p["promised_on"] = promisedOn(*w.Promise)
		p["explanation_en"], p["explanation_pt"] = promise.Text(*w.Promise, "en"), promise.Text(*w.Promise, "pt-BR")
	}
	if w.ReturnPlan != nil {
		p["return_on"] = w.ReturnPlan.On.String()
	}
	if w.ReplacementModel != "" && w.ReplacementModel != w.ModelCode {
		p["other_model"] = w.ReplacementModel
	}
	maps.Copy(p, m.params)
	return p
}
