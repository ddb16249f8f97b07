package portal

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// Keys for programs of a partner, each for one of its customers. Both sides see them beside the
// delegation, and either ends one.

// partnerKeyPath is where a key of a partner is ended, by either side.
const partnerKeyPath = partnersPath + "/keys"

// partnerKeyPart is a key as both sides read of it.
type partnerKeyPart struct{ Label, Says, End string }

// partnerKeysPage makes a key for one customer. Secret is shown once, in the answer to the form
// that made it.
type partnerKeysPage struct {
	Action, Back         string
	Title, Lead          string
	Label, Role          string
	Once                 string
	Problem, PassProblem string // message keys
	Secret               string
	AskPassword          bool
	MostLength           int
}

// partnerKeys are the keys of the delegations of an account at hand, by the delegation.
func (v *visit) partnerKeys() (map[string][]partnerKeyPart, error) {
	read := v.people.DelegatedTokensOf
	if v.onPartnerSide() {
		read = v.people.TokensOfPartner
	}
	acc := v.who.account()
	tokens, err := read(v.acting(), acc.ID)
	out := map[string][]partnerKeyPart{}
	for _, t := range tokens {
		part := partnerKeyPart{
			Label: t.Label,
			Says: v.say("partnerkeys.says", "person", t.Maker, "prefix", t.Prefix,
				"since", v.moment(t.CreatedAt, acc.TimeZone)),
		}
		if v.isAdmin() {
			part.End = partnerKeyPath + "/" + t.ID + "/revoke"
		}
		out[*t.DelegationID] = append(out[*t.DelegationID], part)
	}
	return out, err
}

func showPartnerKeys(v *visit) (answer, error) {
	p := partnerKeysPage{Role: string(rules.PartnerReadOnly), Once: db.NewID("once")}
	if v.resumes(v.request.URL.Path) {
		p = v.typedPartnerKey()
	}
	return v.partnerKeysPage(p)
}

func (v *visit) typedPartnerKey() partnerKeysPage {
	return partnerKeysPage{
		Label: strings.TrimSpace(v.form("label")),
		Role:  v.form("role"),
		Once:  v.form("once"),
	}
}

func (v *visit) partnerKeysPage(p partnerKeysPage) (answer, error) {
	d, other, err := v.delegation()
	if err != nil {
		return answer{}, err
	}
	if d.State != identity.DelegationActive || d.Over(v.db.Now()) {
		return answer{}, errNoPage
	}

	p.Action = customersPath + "/" + d.ID + "/keys"
	p.Back = customersPath
	p.Title = v.say("partnerkeys.title", "name", other)
	p.Lead = v.say("partnerkeys.lead", "name", other)
	p.MostLength = identity.MaxTokenLabel
	p.AskPassword = !v.provedLately()
	a := answer{page: "partnerkeys", label: p.Title, data: p, here: p.Action}
	if p.Problem != "" || p.PassProblem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// createPartnerKey makes a key by which programs of the partner act for one customer, after a
// fresh proof (S52).
func createPartnerKey(v *visit) (answer, error) {
	p := v.typedPartnerKey()
	role := rules.Role(p.Role)
	if role != rules.PartnerAdmin && role != rules.PartnerReadOnly {
		return answer{}, errBadForm
	}
	if p.Label == "" || len(rules.CheckLine("/label", p.Label, identity.MaxTokenLabel)) > 0 {
		p.Problem = "tokens.label.wrong"
		return v.partnerKeysPage(p)
	}
	if _, _, err := v.delegation(); err != nil {
		return answer{}, err
	}
	if problem, err := v.proveAgain(); err != nil || problem != "" {
		p.PassProblem = problem
		a, wrong := v.partnerKeysPage(p)
		return a, errors.Join(err, wrong)
	}
	if err := v.throttle("tokens/"+v.who.account().ID, 20, 24*time.Hour); err != nil {
		return answer{}, err
	}

	_, secret, err := v.people.CreateDelegatedToken(v.acting(), v.who.account().ID,
		identity.NewDelegatedToken{
			DelegationID: v.param("id"),
			Role:         role,
			Label:        p.Label,
			ExpiresAt:    time.Now().AddDate(0, 0, ownTokenDays),
			Once:         p.Once,
		})
	switch rules.CodeOf(err) {
	case rules.StateConflict:
		return v.done(customersPath, "flash.tokenbefore"), nil
	case rules.Forbidden:
		p.Problem = "partnerkeys.toomuch"
		return v.partnerKeysPage(p)
	}
	if err != nil {
		return answer{}, err
	}
	return v.partnerKeysPage(partnerKeysPage{
		Role:   p.Role,
		Secret: secret,
		Once:   db.NewID("once"),
	})
}

// revokePartnerKey ends a key of a partner at once; either side does so.
func revokePartnerKey(v *visit) (answer, error) {
	id := v.who.account().ID
	back := partnersPath
	if v.confirmed() { // also where another click was quicker
		theirs, err := v.people.RevokeDelegatedToken(v.acting(), id, v.param("id"))
		if theirs {
			back = customersPath
		}
		if err != nil {
			return answer{}, err
		}
		return v.done(back, "flash.tokenended"), nil
	}
	tokens, err := v.people.DelegatedTokensOf(v.acting(), id)
	if err != nil {
		return answer{}, err
	}
	if v.isPartner() {
		own, err := v.people.TokensOfPartner(v.acting(), id)
		if err != nil {
			return answer{}, err
		}
		for _, t := range own {
			if t.ID == v.param("id") {
				back = customersPath
			}
		}
		tokens = append(tokens, own...)
	}

	for _, t := range tokens {
		if t.ID != v.param("id") {
			continue
		}
		return v.ask(confirmation{
			Title:  v.say("tokens.ask", "label", t.Label),
			Says:   []string{v.say("tokens.says", "label", t.Label, "prefix", t.Prefix)},
			Final:  true,
			Action: partnerKeyPath + "/" + t.ID + "/revoke",
			Submit: v.say("tokens.revoke"),
			Keep:   v.say("tokens.keep"),
			Back:   back,
		})
	}
	return answer{}, errNoPage
}
