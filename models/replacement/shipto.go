package replacement

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
)

// typedSite is the site that a request's own address leads to.
type typedSite struct {
	account.AccountSite // empty: the request gives no address
	isNew               bool
	wrong               []rules.FieldError
}

// shipTos counts the ways in which the request says where the replacement goes.
func (n NewRMA) shipTos() (count int) {
	for _, said := range []bool{n.SiteID != "", n.ShipTo != nil, n.ShipToAccount} {
		if said {
			count++
		}
	}
	return count
}

// typedSite finds the account's site at the address that the request gives, or makes it: it is
// stored once the request is accepted. Who asks for the account's own address does not get one
// that somebody typed like it (S25).
func (w *rmaChange) typedSite(n NewRMA, acc account.Account) (typedSite, error) {
	var to typedSite
	var form rules.SiteForm
	switch {
	case n.ShipTo != nil:
		form = n.ShipTo.Normalised()
	case n.ShipToAccount:
		form = rules.SiteForm{Address: acc.Address(), TimeZone: acc.TimeZone}
		if !rules.RegionCode(acc.Region) {
			form.Address.Region = ""
		}
	default:
		return to, nil
	}

	site, found, err := account.SiteAt(w.tx, acc.ID, form.Address)
	lookalike := n.ShipToAccount && site.AddressTypedAt != nil
	if err != nil || found && !lookalike {
		return typedSite{AccountSite: site}, err
	}

	if form.Name == "" {
		form.Name, err = freeName(w.tx, acc, n.ShipToAccount, form.Address)
		if err != nil {
			return to, err
		}
	}

	site, err = account.SiteFrom(w.tx, acc, form)
	if wrong := fieldsBelow("/ship_to", err); len(wrong) > 0 {
		to.wrong = wrong
		return to, nil
	}
	if err != nil {
		return to, err
	}

	taken, err := account.SitesNamed(w.tx, acc.ID, []string{form.Name})
	switch _, isTaken := taken[site.NameKey]; {
	case err != nil:
		return to, err
	case isTaken:
		to.wrong = []rules.FieldError{{
			Pointer: "/ship_to/name",
			Code:    rules.Duplicate,
			Message: "The account has a site of this name, at another address.",
			Remedy:  "Name that site, or choose another name for this address.",
		}}
		return to, nil
	}

	if err := db.MayManage(w.tx.Scope, "ship-to of a replacement"); err != nil {
		return to, err
	}
	return typedSite{AccountSite: site, isNew: true}, nil
}

// freeName names a site whose name nobody typed: after the company for its own address, and
// otherwise, or where that is taken, after the city, with a number behind it where the account
// has such a site. The street is no part of the name: names stand in the audit, which forgets
// nothing, and a street may be where a person lives.
func freeName(
	tx *db.Tx, acc account.Account, own bool, a rules.Address,
) (string, error) {
	company := cut(acc.LegalName, 90)
	names := []string{cmp.Or(cut(a.City, 90), company)}
	if own {
		names = append([]string{company}, names...)
	}

	var places []string
	err := tx.Model(&entitlement.Room{}).
		Distinct("site").
		Where("account_id = ? AND site <> ''", acc.ID).
		Pluck("site", &places).Error
	if err != nil {
		return "", err
	}
	ofRooms := map[string]bool{}
	for _, place := range places {
		ofRooms[rules.SiteKey(place)] = true
	}

	base := names[len(names)-1]
	for next := 2; ; {
		taken, err := account.SitesNamed(tx, acc.ID, names)
		if err != nil {
			return "", err
		}
		for _, name := range names {
			// The company's own address may well be where its rooms are.
			key := rules.SiteKey(name)
			_, isTaken := taken[key]
			if !isTaken && (!ofRooms[key] || own && name == company) {
				return name, nil
			}
		}

		names = nil
		for range namesTried {
			names = append(names, fmt.Sprintf("%s %d", base, next))
			next++
		}
	}
}

// namesTried is how many names are looked for at a time.
const namesTried = 100

// cut shortens a text to so many characters.
func cut(text string, most int) string {
	runes := []rune(text)
	return strings.TrimSpace(string(runes[:min(len(runes), most)]))
}

// fieldsBelow are the fields of a refusal, with their pointers below another one.
func fieldsBelow(at string, err error) []rules.FieldError {
	var refusal *rules.Error
	if !errors.As(err, &refusal) {
		return nil
	}

	var fields []rules.FieldError
	for _, f := range refusal.Fields {
		if f.Pointer == "/time_zone" { // that of the country, which is named
			continue
		}
		f.Pointer = at + f.Pointer
		fields = append(fields, f)
	}
	return fields
}
