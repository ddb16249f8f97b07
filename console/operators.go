package console

import (
	"errors"
	"net/http"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const operatorsPath = Root + "/settings/operators"

func operatorRoutes() []route {
	manage := may(rules.ManageOperators)
	const one = operatorsPath + "/:id/:change"
	return []route{
		{method: get, path: operatorsPath, access: manage, do: showOperators},
		{method: get, path: one, access: manage, do: changeOperator},
		{method: post, path: one, access: manage, do: changeOperator, fresh: true},
	}
}

// operatorsPage lists who may use the console.
type operatorsPage struct {
	Operators []operatorView
	Issuer    bool // there is one: people are added there
}

type operatorView struct {
	Face            web.Face
	Name, Email     string
	Role            string
	By              string // how they sign in
	State           web.Badge
	Seen            string // when they signed in last
	ChangeRole      string // addresses; empty: not possible
	Disable, Enable string
}

func showOperators(v *visit) (answer, error) {
	all, err := v.operators.ListOperators(v.scope())
	if err != nil {
		return answer{}, err
	}

	p := operatorsPage{Issuer: v.issuer != nil}
	for _, o := range all {
		p.Operators = append(p.Operators, v.operatorView(o))
	}
	return answer{page: "operators", title: v.say("console.operators.title"), data: p}, nil
}

func (v *visit) operatorView(o identity.Operator) operatorView {
	view := operatorView{
		Face:  web.FaceOf(o.ID, o.Name),
		Name:  o.Name,
		Email: o.Email,
		Role:  v.roleName(o.Role),
		By:    v.say("console.operators.by." + string(o.Source)),
		Seen:  v.say("console.operators.never"),
	}
	if o.SignedInAt != nil {
		view.Seen = v.dayAt(*o.SignedInAt, v.zone).Text
	}

	path := operatorsPath + "/" + o.ID
	switch {
	case o.DisabledAt != nil:
		view.State = web.Badge{Text: v.say("console.operators.disabled"), Color: "red"}
		view.Enable = path + "/enable"
		return view
	case o.Armed():
		view.State = web.Badge{Text: v.say("console.operators.armed"), Color: "amber"}
	case !o.Role.IsOperator():
		view.State = web.Badge{Text: v.say("console.role.none"), Color: "amber"}
	case o.Source == identity.ByPassword && !o.SetUp():
		view.State = web.Badge{Text: v.say("console.operators.notsetup"), Color: "amber"}
	default:
		view.State = web.Badge{Text: v.say("console.operators.works"), Color: "green"}
	}
	if o.ID != v.who.ID {
		view.Disable = path + "/disable"
	}
	if o.Source == identity.ByPassword {
		view.ChangeRole = path + "/role"
	}
	return view
}

// changeOperator disables or enables an operator, or gives another role, after saying what
// follows from it.
func changeOperator(v *visit) (answer, error) {
	o, err := v.operators.GetOperator(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	if !v.confirmed() {
		return v.askAboutOperator(o, nil)
	}

	reason := v.form("reason")
	switch v.param("change") {
	case "disable":
		_, err = v.operators.DisableOperator(v.acting(""), o.ID, reason)
	case "enable":
		_, err = v.operators.EnableOperator(v.acting(""), o.ID, reason)
	case "role":
		role := rules.Role(v.form("role"))
		_, err = v.operators.ChangeOperatorRole(v.acting(""), o.ID, role, reason)
	default:
		return answer{}, errNoPage
	}

	var refused *rules.Error
	if rules.CodeOf(err) == rules.ReasonRequired && errors.As(err, &refused) {
		return v.askAboutOperator(o, refused)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(operatorsPath, "console.flash.operator"), nil
}

// sayTokensOf says which tokens that the operator made end, and how many go on: a lead looks at
// those.
func (v *visit) sayTokensOf(o identity.Operator, c *confirmation) error {
	made, err := v.operators.TokensMadeBy(v.scope(), o.ID)
	if err != nil {
		return err
	}
	if n := len(made.OfOperators); n > 0 {
		c.Says = append(c.Says, v.language.Count("console.operators.tokensend", int64(n)))
	}
	if n := len(made.OfOthers); n > 0 {
		c.Says = append(c.Says, v.language.Count("console.operators.tokensgoon", int64(n)))
	}
	return nil
}

func (v *visit) askAboutOperator(o identity.Operator, refused *rules.Error) (answer, error) {
	c := confirmation{
		Action: v.request.URL.Path,
		Back:   operatorsPath,
	}
	switch v.param("change") {
	case "disable":
		c.Title = v.say("console.operators.disable.title", "name", o.Name)
		c.Says = []string{v.say("console.operators.disable.says")}
		c.Submit = v.say("console.operators.disable")
		c.Danger = true
		if err := v.sayTokensOf(o, &c); err != nil {
			return answer{}, err
		}
	case "enable":
		c.Title = v.say("console.operators.enable.title", "name", o.Name)
		c.Says = []string{v.say("console.operators.enable.says")}
		c.Submit = v.say("console.operators.enable")
	case "role":
		if o.Source != identity.ByPassword {
			return answer{}, errNoPage
		}
		c.Title = v.say("console.operators.role.title", "name", o.Name)
		c.Says = []string{v.say("console.operators.role.says")}
		c.Submit = v.say("console.operators.role")
		if err := v.sayTokensOf(o, &c); err != nil {
			return answer{}, err
		}
		roles := web.Field{
			Name:  "role",
			Label: v.say("console.operators.rolefield"),
			Kind:  "choice",
		}
		for _, role := range identity.OperatorRoles() {
			chosen := role == o.Role
			if typed := v.form("role"); typed != "" {
				chosen = typed == string(role)
			}
			roles.Offer(string(role), v.roleName(role), chosen)
		}
		c.Fields = append(c.Fields, roles)
	default:
		return answer{}, errNoPage
	}

	c.Fields = append(c.Fields, web.Field{
		Name:     "reason",
		Label:    v.say("console.field.reason"),
		Help:     v.say("console.field.reason.help"),
		Kind:     "area",
		Value:    v.form("reason"),
		Required: true,
	})
	if refused != nil {
		said := v.worded(refused)
		c.Problem = said.Message
		c.Remedy = said.Remedy
	}
	a, err := v.ask(c)
	if refused != nil {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}
