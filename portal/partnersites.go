package portal

import (
	"net/http"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// siteChoice is a site in a form that says which of them a partner is let into; none chosen
// means all of them.
type siteChoice struct {
	Name   string
	Chosen bool
}

// siteField is the field of forms that choose sites.
const siteField = "site"

// siteChoices are the sites of the account at hand, those chosen that are named.
func (v *visit) siteChoices(chosen []string) ([]siteChoice, error) {
	names, err := v.people.SitesToDelegate(v.acting(), v.who.account().ID)
	var out []siteChoice
	for _, name := range names {
		out = append(out, siteChoice{
			Name: name,
			Chosen: slices.ContainsFunc(chosen, func(one string) bool {
				return rules.SiteKey(one) == rules.SiteKey(name)
			}),
		})
	}
	return out, err
}

// chosenSites are those of the form.
func (v *visit) chosenSites() []string { return v.request.PostForm[siteField] }

// sitesShown is how many sites of a delegation are named beside it.
const sitesShown = 20

// sitesPart says for which sites a delegation is.
func (v *visit) sitesPart(d identity.Delegation) string {
	sites := d.Sites()
	if len(sites) == 0 {
		return ""
	}
	if more := len(sites) - sitesShown; more > 0 {
		return v.say("delegation.sites.more", "n", v.language.Number(int64(more)),
			"sites", strings.Join(sites[:sitesShown], " · "))
	}
	return v.say("delegation.sites.some", "sites", strings.Join(sites, " · "))
}

// siteChoicesPart is the part of a form that chooses sites.
type siteChoicesPart struct {
	Legend, Hint, Problem string
	Sites                 []siteChoice
}

// SiteChoices is the part for the sites; problem is a message's key.
func (w view) SiteChoices(sites []siteChoice, problem string) siteChoicesPart {
	p := siteChoicesPart{
		Legend: w.T("delegation.sites"),
		Hint:   w.T("delegation.sites.hint"),
		Sites:  sites,
	}
	if problem != "" {
		p.Problem = w.T(problem)
	}
	return p
}

// delegatedSitesPage changes for which sites a delegation is.
type delegatedSitesPage struct {
	Title, Action, Back string
	Sites               []siteChoice
	Problem             string // message key
}

func showDelegatedSites(v *visit) (answer, error) {
	d, _, err := v.delegation()
	if err != nil {
		return answer{}, err
	}
	chosen := d.Sites()
	if v.resumes(v.request.URL.Path) {
		chosen = v.chosenSites()
	}
	return v.delegatedSitesPage(chosen, "")
}

func (v *visit) delegatedSitesPage(chosen []string, problem string) (answer, error) {
	d, other, err := v.delegation()
	if err != nil {
		return answer{}, err
	}
	if d.Over(v.db.Now()) {
		return answer{}, errNoPage
	}
	p := delegatedSitesPage{
		Title:   v.say("delegation.sites.ask", "name", other),
		Action:  partnersPath + "/" + d.ID + "/sites",
		Back:    partnersPath,
		Problem: problem,
	}
	if p.Sites, err = v.siteChoices(chosen); err != nil {
		return answer{}, err
	}
	a := answer{page: "delegatedsites", label: p.Title, data: p, here: p.Action}
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// limitDelegation changes for which sites a partner acts; it holds from the partner's next
// request on. It may let the partner see more, and so it asks for a fresh proof (S52).
func limitDelegation(v *visit) (answer, error) {
	if _, _, err := v.delegation(); err != nil {
		return answer{}, err
	}
	if a, ok := v.needFresh(v.request.URL.Path); !ok {
		return a, nil
	}
	_, err := v.people.LimitDelegation(v.acting(), v.param("id"), v.chosenSites())
	if rules.CodeOf(err) == rules.ValidationFailed {
		return v.delegatedSitesPage(v.chosenSites(), "delegation.sites.wrong")
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(partnersPath, "flash.delegation.limited"), nil
}
