package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const tokensPath = Root + "/settings/tokens"

func tokenRoutes() []route {
	const revoke = tokensPath + "/:id/revoke"
	manage := may(rules.ManageCatalogue)
	return []route{
		{method: get, path: tokensPath, access: manage, do: showTokens},
		{method: post, path: tokensPath, access: manage, do: createToken, fresh: true},
		{method: get, path: revoke, access: manage, do: revokeToken},
		{method: post, path: revoke, access: manage, do: revokeToken, fresh: true},
	}
}

// tokenDays is how long a token lives that is made here.
const tokenDays = 365

// tokensPage lists the keys of programs. Secret is shown once, in the answer to the form that
// made it, and is stored nowhere.
type tokensPage struct {
	Tokens  []tokenView
	Further string
	Form    []web.Field
	Once    string // names the form: a second press of its button makes no second token
	Secret  string
	Problem string
	Empty   web.EmptyState
}

type tokenView struct {
	ID, Label, Prefix, Org, Role, Since, Until string
	Revoke                                     string // address; empty: not the operator's to end
}

func showTokens(v *visit) (answer, error) {
	v.resume(tokensPath)
	return v.tokensPage(tokensPage{})
}

// tokenRoles are the roles of tokens that the operator may make, by the kind of organization.
func (v *visit) tokenRoles(kind account.OrgKind) []rules.Role {
	ofKind := map[account.OrgKind][]rules.Role{
		account.OrgReseller:    {rules.Reseller},
		account.OrgDistributor: {rules.Distributor},
		account.OrgOperator:    {rules.OperatorAgent, rules.OperatorLead, rules.OperatorCSM},
	}[kind]
	return slices.DeleteFunc(ofKind, func(role rules.Role) bool {
		return rules.MayMakeToken(v.who.Role, role) != nil
	})
}

func (v *visit) tokensPage(p tokensPage) (answer, error) {
	position, err := v.OpenCursor(tokensPath)
	if err != nil {
		return answer{}, err
	}
	list, next, err := v.people.ListTokens(v.scope(), db.Page{After: position, Limit: 100})
	if err != nil {
		return answer{}, err
	}
	orgs, err := v.tokenOrgs()
	if err != nil {
		return answer{}, err
	}

	var ids []string
	for _, t := range list {
		ids = append(ids, t.OrgID)
	}
	found, err := v.operations.NamesOf(v.scope(), ids)
	if err != nil {
		return answer{}, err
	}
	names := map[string]string{}
	for _, n := range found {
		names[n.ID] = n.Name
	}

	for _, t := range list {
		if t.RevokedAt != nil || !db.RealNow().Before(t.ExpiresAt) {
			continue
		}
		view := tokenView{
			ID:     t.ID,
			Label:  t.Label,
			Prefix: t.Prefix,
			Org:    names[t.OrgID],
			Role:   v.tokenRole(t.Role),
			Since:  v.dayAt(t.CreatedAt, v.zone).Text,
			Until:  v.dayAt(t.ExpiresAt, v.zone).Text,
		}
		if v.mayEnd(t) {
			view.Revoke = tokensPath + "/" + t.ID + "/revoke"
		}
		p.Tokens = append(p.Tokens, view)
	}

	p.Further = v.further(tokensPath, next)
	p.Empty = web.EmptyState{
		Icon:  "key-round",
		Title: v.say("console.tokens.empty.title"),
		Text:  v.say("console.tokens.empty.text"),
	}
	p.Form = v.tokenForm(orgs)
	if p.Once = v.form("once"); p.Once == "" || p.Secret != "" {
		p.Once = db.NewID("once")
	}

	a := answer{page: "tokens", title: v.say("console.tokens.title"), data: p}
	if p.Problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// tokenOrgs are the organizations for whose programs there can be tokens here.
func (v *visit) tokenOrgs() ([]account.Org, error) {
	var all []account.Org
	for _, kind := range []account.OrgKind{
		account.OrgOperator, account.OrgDistributor, account.OrgReseller,
	} {
		if len(v.tokenRoles(kind)) == 0 {
			continue
		}
		orgs, _, err := v.accounts.ListOrgs(v.scope(), kind, db.Page{Limit: 200})
		if err != nil {
			return nil, err
		}
		all = append(all, orgs...)
	}
	return all, nil
}

// tokenForm asks for whom the token is, and in which role: one choice, since each organization
// has few.
func (v *visit) tokenForm(orgs []account.Org) []web.Field {
	whose := web.Field{
		Name:  "whose",
		Label: v.say("console.tokens.whose"),
		Help:  v.say("console.tokens.whose.help"),
		Kind:  "choice",
	}
	for _, o := range orgs {
		for _, role := range v.tokenRoles(o.Kind) {
			value := o.ID + " " + string(role)
			whose.Choices = append(whose.Choices, web.Choice{
				Value:  value,
				Label:  o.Name + " · " + v.tokenRole(role),
				Chosen: value == v.form("whose"),
			})
		}
	}
	return []web.Field{
		{
			Name:     "label",
			Label:    v.say("console.tokens.label"),
			Help:     v.say("console.tokens.label.help"),
			Kind:     "text",
			Value:    v.form("label"),
			Required: true,
		},
		whose,
	}
}

// tokenRole names the role of a token: an operator's by its own names.
func (v *visit) tokenRole(role rules.Role) string {
	if role.IsOperator() {
		return v.roleName(role)
	}
	return v.say("console.tokenrole." + string(role))
}

// mayEnd reports whether the operator may end a token: a lead alone ends one of operators.
func (v *visit) mayEnd(t identity.APIToken) bool {
	return !t.Role.IsOperator() || v.who.Role == rules.OperatorLead
}

// createToken makes a token for a program, with every scope of its role.
func createToken(v *visit) (answer, error) {
	orgID, text, _ := strings.Cut(v.form("whose"), " ")
	role := rules.Role(text)
	orgs, err := v.tokenOrgs()
	if err != nil {
		return answer{}, err
	}
	fits := slices.ContainsFunc(orgs, func(o account.Org) bool {
		return o.ID == orgID && slices.Contains(v.tokenRoles(o.Kind), role)
	})
	if !fits {
		return answer{}, errBadForm
	}

	label := strings.TrimSpace(v.form("label"))
	if label == "" || len(rules.CheckLine("/label", label, identity.MaxTokenLabel)) > 0 {
		return v.tokensPage(tokensPage{Problem: v.say("console.tokens.label.wrong")})
	}
	if err := v.throttle("tokens/"+v.who.ID, 50, 24*time.Hour); err != nil {
		return answer{}, err
	}

	_, secret, err := v.people.CreateToken(v.acting(""), identity.NewToken{
		OrgID:     orgID,
		Role:      role,
		Label:     label,
		Scopes:    rules.ScopesFor(role),
		ExpiresAt: time.Now().AddDate(0, 0, tokenDays),
		Once:      v.form("once"),
	})
	if rules.CodeOf(err) == rules.StateConflict {
		return v.done(tokensPath, "console.flash.tokenbefore"), nil
	}
	if err != nil {
		return answer{}, err
	}
	v.request.PostForm = nil
	return v.tokensPage(tokensPage{Secret: secret})
}

// revokeToken ends a token at once, after saying what stops.
func revokeToken(v *visit) (answer, error) {
	t, err := v.people.GetToken(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if !v.mayEnd(t) {
		return answer{}, errForbidden
	}
	if t.RevokedAt != nil {
		return v.done(tokensPath, "console.flash.tokenended"), nil
	}
	if !v.confirmed() {
		return v.ask(confirmation{
			Title:  v.say("console.tokens.revoke.title", "label", t.Label),
			Says:   []string{v.say("console.tokens.revoke.says", "prefix", t.Prefix)},
			Action: v.request.URL.Path,
			Submit: v.say("console.tokens.revoke"),
			Danger: true,
			Back:   tokensPath,
		})
	}
	if err := v.people.RevokeToken(v.acting(""), t.ID); err != nil {
		return answer{}, err
	}
	return v.done(tokensPath, "console.flash.tokenended"), nil
}
