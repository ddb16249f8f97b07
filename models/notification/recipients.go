package notification

import (
	"slices"
	"strings"
)

// Recipient is a person to write to, and the language to use.
type Recipient struct {
	Email  string
	Locale string
	Typed  bool // somebody wrote the address down: it may be anybody's
}

// Audience is who hears what happens to a subject of an account: the account's
// administrators, and the site's contact. The statement that locks the subject reads it
// too, so that a change needs no further one.
type Audience struct {
	Admins        *string // as AdminsSQL reads them; nil: none
	SiteContact   string  // e-mail address; empty: none is known
	AccountLocale string
}

// AdminsSQL returns the SQL that selects the e-mail and language of an account's
// administrators as one text, one line each; account is the SQL expression of the
// account's id.
func AdminsSQL(account string) string {
	const newLine = "'\n'"
	return `(SELECT string_agg(u.email || ` + newLine + ` || u.locale, ` + newLine +
		` ORDER BY u.id)
		FROM users u
		JOIN memberships m ON m.user_id = u.id
		WHERE m.account_id = ` + account + ` AND m.role = 'ADMIN' AND m.state = 'ACTIVE'
			AND m.blocked_at IS NULL)`
}

// People returns the administrators and the contact of the site, each once.
func (a Audience) People() []Recipient {
	var people []Recipient
	if a.Admins != nil {
		for pair := range slices.Chunk(strings.Split(*a.Admins, "\n"), 2) {
			people = append(people, Recipient{Email: pair[0], Locale: pair[1]})
		}
	}

	told := func(r Recipient) bool { return r.Email == a.SiteContact }
	if a.SiteContact != "" && !slices.ContainsFunc(people, told) {
		people = append(people, Recipient{
			Email:  a.SiteContact,
			Locale: a.AccountLocale,
			Typed:  true,
		})
	}

	return people
}
