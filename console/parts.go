package console

import (
	"cmp"
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// reader is who reads the page, by the desk's clock where a time belongs to no other place.
func (v *visit) reader() web.Reader {
	return web.Reader{Language: v.language, Now: v.now, Zone: v.zone}
}

// dueAt says by when, by the clock of a zone: relative under a day, else by its day.
func (v *visit) dueAt(at time.Time, zone string) web.Due { return v.reader().DueAt(at, zone) }

// pastAt says when something was, by the clock of a zone: relative under a day, else by its day.
func (v *visit) pastAt(at time.Time, zone string) web.Due { return v.reader().PastAt(at, zone) }

// narrowed is the address of a list with another value of one of its parameters.
func (v *visit) narrowed(path, name, value string) string {
	return web.Narrowed(v, path, name, value)
}

// choiceOf is a facet of a list: one of the options, or none of them.
func (v *visit) choiceOf(
	path, name, label string, options []web.FacetOption, values []string,
) web.Facet {
	return web.ChoiceFacet(v, path, name, label, options, values)
}

// namedFacet offers things that have names, by their ids, in the order of their names. The one
// that the list is narrowed to is always among them, though no line of the page has it.
func (v *visit) namedFacet(
	path, name, label string, ids []string, names map[string]string,
) web.Facet {
	chosen := v.query(name)
	nameOf := func(id string) string { return names[id] }
	if chosen != "" && names[chosen] == "" {
		found, err := v.namesOf(chosen)
		if err != nil {
			v.log.ErrorContext(v.ctx, "console: names could not be read",
				"request", v.id, "error", err)
		}
		unknown := cmp.Or(found[chosen], v.say("console.facet.account.one"))
		nameOf = func(id string) string {
			if id == chosen {
				return unknown
			}
			return names[id]
		}
	}

	offered := slices.DeleteFunc(append(slices.Clone(ids), chosen), func(id string) bool {
		return id == "" || nameOf(id) == ""
	})
	slices.SortFunc(offered, func(a, b string) int {
		return cmp.Or(cmp.Compare(nameOf(a), nameOf(b)), cmp.Compare(a, b))
	})
	offered = slices.Compact(offered)
	var options []web.FacetOption
	for _, id := range offered {
		options = append(options, web.FacetOption{Label: nameOf(id)})
	}
	return v.choiceOf(path, name, label, options, offered)
}

// accountFacet offers the customers of what is shown, and the one that is chosen.
func (v *visit) accountFacet(path string, ids []string, names map[string]string) web.Facet {
	return v.namedFacet(path, "account", v.say("console.facet.account"), ids, names)
}

// further returns the address of a list's page behind the position; empty: there is none.
func (v *visit) further(path, position string) string { return web.Further(v, path, position) }

// roleName names an operator's role; without one it says so.
func (v *visit) roleName(role rules.Role) string {
	if !role.IsOperator() {
		return v.say("console.role.none")
	}
	return v.say("console.role." + string(role))
}
