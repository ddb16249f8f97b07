package models

import (
	"maps"
	"strconv"

	"roomcover.dev/roomcover/rules"
)

// spareMail is one step that the customer and the site's contact are told of.
type spareMail struct {
	step, epoch string
	params      map[string]any
}

// mail tells of a step, once: the version of the unit makes each step its own.
func (w *spareWork) mail(step string, params map[string]any) {
	w.mails = append(w.mails, spareMail{step, step + "/" + strconv.FormatInt(w.Version+1, 10), params})
}

// queueMails writes one mail for each step and person: the administrators of the
// account, and whoever takes parcels at the site. Before a site is chosen there is
// nobody to tell.
func (w *spareWork) queueMails() error {
	if w.AccountID == nil {
		w.mails = nil
	}
	if len(w.mails) == 0 {
		return nil
	}
	people := peopleToTell(w.Admins, w.SiteContact, w.AccountLocale)
	name, err := w.modelName()
	if err != nil {
		return err
	}
	var mails []Notification
	for _, m := range w.mails {
		params := w.mailParams(m, name)
		for _, p := range people {
			mails = append(mails, Notification{Template: rules.TemplateSpare, SubjectID: w.ID, Recipient: p.Email, Epoch: m.epoch, AccountID: w.AccountID, Locale: p.Locale, Params: params})
		}
	}
	return w.s.queueMail(w.tx, mails...)
}

func (w *spareWork) modelName() (string, error) {
	ref, err := w.s.referenceWithin(w.tx)
	if err != nil {
		return "", err
	}
	if model, ok := rules.ModelOn(ref.model(w.ModelCode), w.ModelCode, rules.DateIn(w.now, w.zone())); ok {
		return model.Name, nil
	}
	return w.ModelCode, nil
}

// mailParams are what a mail about the spare may show; the templates pick.
func (w *spareWork) mailParams(m spareMail, model string) map[string]any {
	p := map[string]any{"step": m.step, "spare": w.ID, "model": model, "site": w.SiteName, "company": w.AccountName,
		"serial": w.Serial}
	if w.UnderWay() {
		p["carrier"], p["tracking"] = w.Carrier, w.Tracking
	}
	if w.State == rules.SpareRecallRequested && w.RecallDueAt != nil {
		p["return_on"] = rules.LastCoveredDay(*w.RecallDueAt, w.zone()).String()
	}
	maps.Copy(p, m.params)
	return p
}
