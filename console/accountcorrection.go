package console

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

func correctionRoutes() []route {
	const path = accountsPath + "/:id/correct"
	return []route{
		{method: get, path: path, access: may(rules.ReviewOrders), do: askCorrection},
		{method: post, path: path, access: may(rules.ReviewOrders), do: correctAccount},
	}
}

// correctable are the fields of a correction, with where a refusal points to.
var correctable = []struct{ name, pointer string }{
	{"legal_name", "/company"},
	{"street", "/address/street"},
	{"postal_code", "/address/postal_code"},
	{"city", "/address/city"},
	{"region", "/address/region"},
	{"country", "/address/country"},
	{"time_zone", "/time_zone"},
	{"locale", "/locale"},
	{"mode", "/mode"},
}

// fieldStep says which of the two pages of a correction a form is: the fields, or the
// question whether what follows is wanted.
const (
	fieldStep = "step"
	stepDo    = "do"
)

func askCorrection(v *visit) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	return v.correctionForm(acc, nil)
}

// correctionForm asks for the fields; with what was typed, where something was.
func (v *visit) correctionForm(acc account.Account, refused *rules.Error) (answer, error) {
	refused = v.worded(refused)
	stored := map[string]string{
		"legal_name":  acc.LegalName,
		"street":      acc.Street,
		"postal_code": acc.PostalCode,
		"city":        acc.City,
		"region":      acc.Region,
		"country":     acc.Country,
		"time_zone":   acc.TimeZone,
		"locale":      acc.Locale,
		"mode":        string(acc.Mode),
	}
	c := confirmation{
		Title:  v.say("console.account.correct.title", "company", acc.LegalName),
		Says:   []string{v.say("console.account.correct.says")},
		Hidden: []web.Hidden{{Name: "version", Value: v.formVersion(acc.Version)}},
		Action: accountPath(acc.ID) + "/correct",
		Submit: v.say("console.account.correct.preview"),
		Back:   accountPath(acc.ID),
	}
	for _, f := range correctable {
		value := stored[f.name]
		if _, typed := v.request.PostForm[f.name]; typed {
			value = v.form(f.name)
		}
		one := web.Field{
			Name:  f.name,
			Label: v.language.Say("console.account.field." + f.name),
			Kind:  "text",
			Value: value,
		}
		switch f.name {
		case "locale":
			one.Kind = "choice"
			for _, locale := range messages.Locales() {
				name := messages.In(locale).Say("language.name")
				one.Offer(locale, name, locale == value)
			}
		case "mode":
			one.Kind = "choice"
			for _, m := range []account.AccountMode{account.ModeConsolidated, account.ModeSite} {
				one.Offer(string(m), v.accountMode(m), string(m) == value)
			}
		}
		if refused != nil {
			for _, wrong := range refused.Fields {
				if wrong.Pointer == f.pointer {
					one.Problem = wrong.Message + " " + wrong.Remedy
				}
			}
		}
		c.Fields = append(c.Fields, one)
	}

	a, err := v.ask(c)
	if refused != nil {
		c.Problem = refused.Message
		c.Remedy = refused.Remedy
		a.data = c
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

// correctAccount shows what a correction would change and what follows, and makes it once that
// was confirmed with a reason.
func correctAccount(v *visit) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	c, err := v.correction(acc)
	if err != nil {
		return answer{}, err
	}

	ctx := v.acting(acc.ID)
	if v.confirmed() && v.form(fieldStep) == stepDo {
		c.Reason = v.form("reason")
		done, err := v.accounts.Correct(ctx, c)
		if err == nil {
			flash := "console.account.correct.done"
			if len(done.Fields) == 0 {
				flash = "console.account.correct.same"
			}
			return v.done(accountPath(acc.ID), flash), nil
		}
		return v.correctionRefused(acc, c, err)
	}
	return v.previewCorrection(acc, c, nil)
}

// correction reads the form. Another version than the one that was looked at is refused.
func (v *visit) correction(acc account.Account) (account.Correction, error) {
	seen, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil {
		return account.Correction{}, errBadForm
	}
	if seen != acc.Version {
		return account.Correction{}, errChanged
	}

	c := account.Correction{
		AccountID: acc.ID,
		TimeZone:  strings.TrimSpace(v.form("time_zone")),
		Locale:    v.form("locale"),
		Mode:      account.AccountMode(v.form("mode")),
		Version:   seen,
	}
	address := rules.Address{
		Street:     v.form("street"),
		City:       v.form("city"),
		Region:     v.form("region"),
		PostalCode: v.form("postal_code"),
		Country:    v.form("country"),
	}
	if v.form("legal_name") != acc.LegalName || address != acc.Address() {
		c.LegalName = v.form("legal_name")
		c.Address = address
	}
	return c, nil
}

// previewCorrection asks whether what follows is wanted, and why.
func (v *visit) previewCorrection(
	acc account.Account, c account.Correction, refused *rules.Error,
) (answer, error) {
	would, err := v.accounts.PreviewCorrection(v.acting(acc.ID), c)
	if err != nil {
		return v.correctionRefused(acc, c, err)
	}
	if len(would.Fields) == 0 {
		return v.done(accountPath(acc.ID), "console.account.correct.same"), nil
	}

	page := confirmation{
		Title: v.say("console.account.correct.title", "company", acc.LegalName),
		Hidden: []web.Hidden{
			{Name: "version", Value: v.formVersion(acc.Version)},
			{Name: fieldStep, Value: stepDo},
		},
		Action: accountPath(acc.ID) + "/correct",
		Submit: v.say("console.account.correct.do"),
		Back:   accountPath(acc.ID),
	}
	for _, f := range would.Fields {
		before, after := f.Before, f.After
		switch f.Name {
		case "mode":
			before = v.accountMode(account.AccountMode(before))
			after = v.accountMode(account.AccountMode(after))
		case "locale":
			before = messages.In(before).Say("language.name")
			after = messages.In(after).Say("language.name")
		}
		page.Says = append(page.Says, v.say("console.account.correct.change",
			"field", v.language.Say("console.account.corrected."+f.Name),
			"before", before, "after", after))
	}
	for _, e := range would.Effects {
		page.Says = append(page.Says, v.language.Say("console.account.effect."+string(e)))
	}
	for _, f := range correctable {
		page.Hidden = append(page.Hidden, web.Hidden{Name: f.name, Value: v.form(f.name)})
	}
	page.Fields = []web.Field{v.reasonField()}
	return v.askRefused(page, refused)
}

// askRefused shows a confirmation, with why its answer was refused, where it was.
func (v *visit) askRefused(c confirmation, refused *rules.Error) (answer, error) {
	if refused == nil {
		return v.ask(c)
	}
	said := v.worded(refused)
	c.Problem = said.Message
	c.Remedy = said.Remedy
	a, err := v.ask(c)
	a.status = http.StatusUnprocessableEntity
	return a, err
}

// correctionRefused shows the page on which what was wrong can be put right.
func (v *visit) correctionRefused(
	acc account.Account, c account.Correction, err error,
) (answer, error) {
	var refused *rules.Error
	if !errors.As(err, &refused) {
		return answer{}, err
	}
	switch refused.Code {
	case rules.ReasonRequired:
		return v.previewCorrection(acc, c, refused)
	case rules.ValidationFailed:
		if len(refused.Fields) > 0 && refused.Fields[0].Pointer == "/reason" {
			return v.previewCorrection(acc, c, refused)
		}
		return v.correctionForm(acc, refused)
	case rules.StateConflict:
		if now, err := v.accounts.GetAccount(v.scope(), acc.ID); err != nil ||
			now.Version != acc.Version {
			return answer{}, errors.Join(err, errChanged)
		}
		return v.correctionForm(acc, refused)
	}
	return answer{}, err
}
