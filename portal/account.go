package portal

import (
	"strings"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/rules"
)

type accountPage struct {
	Company string
	Address []string // lines
	Scope   string   // message key: what the account stands for (R108, R109)
	CSM     *csmContact
	Zone    timeZoneForm
	Mails   mailLanguageForm
	Leads   []settingsLink
}

// settingsLink is a section of the settings that has a page of its own.
type settingsLink struct{ Path, Title, Text string }

// settingsLinks are those whose pages there are and this person may open.
func (v *visit) settingsLinks() (links []settingsLink) {
	for _, l := range []settingsLink{
		{sitesPath, "sites.title", "account.sites"},
		{v.syncOffered(), "sync.title", "account.sync"},
		{partnersPath, "partners.title", "account.partners"},
		{"/tokens", "tokens.title", "account.tokens"},
		{directoryPath, "directory.title", "account.directory"},
		{"/privacy", "account.privacy.title", "account.privacy"},
		{mePath, "me.title", "account.me"},
	} {
		if v.offers(l.Path) {
			links = append(links, l)
		}
	}
	return links
}

// csmContact is whom the customer turns to (R35e).
type csmContact struct{ Name, Email, Phone, Dial string }

// showAccount shows whose account it is and who looks after it (R35e).
func showAccount(v *visit) (answer, error) {
	if v.isAdmin() && v.resumes(timeZonePath) {
		return v.accountPage(v.typedTimeZone(v.form("zone"), v.form("reason")))
	}
	return v.accountPage(v.typedTimeZone(v.who.account().TimeZone, ""))
}

func (v *visit) accountPage(zone timeZoneForm) (answer, error) {
	acc := v.who.account()
	p := accountPage{
		Company: acc.LegalName,
		Address: v.addressLines(acc),
		Scope:   "account.scope." + string(acc.Mode),
		Leads:   v.settingsLinks(),
		Zone:    zone,
		Mails:   v.mailLanguage(),
	}
	csm, err := v.accounts.CSMOf(v.scoped(), acc.ID)
	switch {
	case err == nil:
		p.CSM = &csmContact{csm.Name, csm.Email, csm.Phone, dial(csm.Phone)}
	case rules.CodeOf(err) != rules.NotFound:
		return answer{}, err
	}

	return answer{
		page:  "account",
		title: "account.title",
		data:  p,
		here:  "/account",
	}, nil
}

func (v *visit) addressLines(a account.Account) []string {
	town := strings.Join(filled(a.City, a.Region, a.PostalCode), ", ")
	return filled(a.Street, town, v.countryName(a.Country))
}

func filled(texts ...string) (out []string) {
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}

// dial is a telephone number as its link has it: digits, and a plus before them.
func dial(phone string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
}
