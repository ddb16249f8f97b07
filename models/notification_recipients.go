package models

import (
	"slices"
	"strings"
)

// recipient is a person who is told something, in a language.
type recipient struct{ Email, Locale string }

// audience is who is told what happens to something of an account's: the account's
// administrators, and whoever takes parcels at the site. The statement that locks the
// subject reads it too, so that a change needs no further one.
type audience struct {
	Admins        *string // as adminsSQL reads them; nil: none
	SiteContact   string  // e-mail address; empty: none is known
	AccountLocale string
}

// adminsSQL selects e-mail and language of an account's administrators as one text, a
// line each; account is the SQL expression of the account's id.
func adminsSQL(account string) string {
	const newLine = "'\n'"
	return `(SELECT string_agg(u.email || ` + newLine + ` || u.locale, ` + newLine + ` ORDER BY u.id)
		FROM users u
		JOIN memberships m ON m.user_id = u.id
		WHERE m.account_id = ` + account + ` AND m.role = 'ADMIN' AND m.state = 'ACTIVE')`
}

// people returns the administrators and the contact of the site, each once.
func (a audience) people() []recipient {
	var people []recipient
	if a.Admins != nil {
		for pair := range slices.Chunk(strings.Split(*a.Admins, "\n"), 2) {
			people = append(people, recipient{Email: pair[0], Locale: pair[1]})
		}
	}

	told := func(r recipient) bool { return r.Email == a.SiteContact }
	if a.SiteContact != "" && !slices.ContainsFunc(people, told) {
		people = append(people, recipient{Email: a.SiteContact, Locale: a.AccountLocale})
	}
	return people
}
