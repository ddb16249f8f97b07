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

// ownTokenDays is how long a token lives that an administrator makes here.
const ownTokenDays = 365

type tokenView struct{ ID, Label, Prefix, Role, Since, Until string }

// tokensPage lists the keys of the account's own programs. Secret is shown once, in the
// answer to the form that made it, and is stored nowhere.
type tokensPage struct {
	Tokens          []tokenView
	Label, Role     string
	Once            string // names the form: a second press of its button makes no second key
	Problem, Secret string // message key; the new secret
	PassProblem     string // message key
	AskPassword     bool   // the person proved it too long ago
	MostLength      int
}

// showTokens lists the account's tokens for the API.
func showTokens(v *visit) (answer, error) {
	if v.resumes("/tokens") {
		return v.tokensPage(v.typedToken())
	}
	return v.tokensPage(tokensPage{
		Role: string(rules.CustomerReadOnly),
		Once: db.NewID("once"),
	})
}

// typedToken is what was typed into the form for a key.
func (v *visit) typedToken() tokensPage {
	return tokensPage{
		Label: strings.TrimSpace(v.form("label")),
		Role:  v.form("role"),
		Once:  v.form("once"),
	}
}

func (v *visit) tokensPage(p tokensPage) (answer, error) {
	p.MostLength = identity.MaxTokenLabel
	p.AskPassword = !v.provedLately()
	acc := v.who.account()
	tokens, err := v.people.OwnTokens(v.acting(), acc.ID)
	if err != nil {
		return answer{}, err
	}

	for _, t := range tokens {
		p.Tokens = append(p.Tokens, tokenView{
			ID:     t.ID,
			Label:  t.Label,
			Prefix: t.Prefix,
			Role:   v.tokenRole(t.Role),
			Since:  v.moment(t.CreatedAt, acc.TimeZone),
			Until:  v.moment(t.ExpiresAt, acc.TimeZone),
		})
	}

	a := answer{
		page:  "tokens",
		title: "tokens.title",
		data:  p,
		here:  "/tokens",
	}
	if p.Problem != "" || p.PassProblem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

func (v *visit) tokenRole(role rules.Role) string {
	if role == rules.CustomerAdmin {
		return v.roleName(identity.RoleAdmin)
	}
	return v.roleName(identity.RoleReadOnly)
}

// createToken makes a token of the account. Only its administrators can: what a program
// does with it, it does in the customer's name (RULES 4). It outlives the session, so the
// person proves the password unless they typed it a moment ago: an open screen is not
// enough.
func createToken(v *visit) (answer, error) {
	p := v.typedToken()
	role := rules.Role(p.Role)
	if role != rules.CustomerAdmin && role != rules.CustomerReadOnly {
		return answer{}, errBadForm
	}
	if p.Label == "" || len(rules.CheckLine("/label", p.Label, identity.MaxTokenLabel)) > 0 {
		p.Problem = "tokens.label.wrong"
		return v.tokensPage(p)
	}
	if problem, err := v.proveAgain(); err != nil || problem != "" {
		p.PassProblem = problem
		a, wrong := v.tokensPage(p)
		return a, errors.Join(err, wrong)
	}
	if err := v.throttle("tokens/"+v.who.account().ID, 20, 24*time.Hour); err != nil {
		return answer{}, err
	}

	_, secret, err := v.people.CreateOwnToken(v.acting(), identity.NewOwnToken{
		AccountID: v.who.account().ID,
		Role:      role,
		Label:     p.Label,
		Scopes:    rules.ScopesFor(role),
		ExpiresAt: time.Now().AddDate(0, 0, ownTokenDays),
		Once:      p.Once,
	})
	if rules.CodeOf(err) == rules.StateConflict {
		return v.done("/tokens", "flash.tokenbefore"), nil
	}
	if err != nil {
		return answer{}, err
	}

	return v.tokensPage(tokensPage{
		Role:   p.Role,
		Secret: secret,
		Once:   db.NewID("once"),
	})
}

// revokeToken ends a token of the account at once, after saying what stops.
func revokeToken(v *visit) (answer, error) {
	if !v.confirmed() {
		return v.askEndOfToken()
	}
	err := v.people.RevokeOwnToken(v.acting(), v.who.account().ID, v.param("id"))
	if err != nil {
		return answer{}, err
	}
	return v.done("/tokens", "flash.tokenended"), nil
}

func (v *visit) askEndOfToken() (answer, error) {
	tokens, err := v.people.OwnTokens(v.acting(), v.who.account().ID)
	if err != nil {
		return answer{}, err
	}

	for _, t := range tokens {
		if t.ID != v.param("id") {
			continue
		}
		return v.ask(confirmation{
			Title: v.say("tokens.ask", "label", t.Label),
			Says: []string{
				v.say("tokens.says", "label", t.Label, "prefix", t.Prefix),
			},
			Final:  true,
			Action: "/tokens/" + t.ID + "/revoke",
			Submit: v.say("tokens.revoke"),
			Keep:   v.say("tokens.keep"),
			Back:   "/tokens",
		})
	}

	return answer{}, errNoPage
}
