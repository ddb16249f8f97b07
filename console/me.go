package console

import (
	"net/http"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const (
	mePath         = Root + "/me"
	codesPath      = mePath + "/codes"
	newPasskeyPath = mePath + "/passkeys/new"
)

func meRoutes() []route {
	const one = mePath + "/passkeys/:id/:change"
	return []route{
		{method: get, path: mePath, access: operator, do: showMe},
		{method: get, path: newPasskeyPath, access: operator, do: showNewPasskey, fresh: true},
		{method: post, path: newPasskeyPath, access: operator, do: addPasskey, fresh: true},
		{method: get, path: one, access: operator, do: changePasskey},
		{method: post, path: one, access: operator, do: changePasskey, fresh: true},
		{method: get, path: codesPath, access: operator, do: makeCodes},
		{method: post, path: codesPath, access: operator, do: makeCodes, fresh: true},
	}
}

// mePage shows an operator how they sign in.
type mePage struct {
	Issuer       bool // at the issuer, which has the factors
	Name, Email  string
	App          web.Badge
	HasApp       bool
	Passkeys     []passkeyView
	PasskeysKnow bool // of this address browsers know passkeys
	CodesLeft    int64
	Few          bool // recovery codes are few
}

type passkeyView struct {
	Name, Since, Used string
	Rename, Remove    string // addresses; empty: not possible
}

// fewCodes is from how many recovery codes on the page advises to make new ones.
const fewCodes = 3

func showMe(v *visit) (answer, error) {
	p := mePage{
		Name:         v.who.Name,
		Email:        v.who.Email,
		Issuer:       v.who.Source == identity.ByIssuer,
		PasskeysKnow: v.passkeys != nil,
	}
	a := answer{page: "me", title: v.say("console.me.title")}
	if p.Issuer {
		a.data = p
		return a, nil
	}

	f, err := v.operators.SecondFactorsOf(v.ctx, v.who.ID)
	if err != nil {
		return answer{}, err
	}
	p.App = web.Badge{Text: v.say("console.me.app.none")}
	p.HasApp = f.App
	if f.App {
		p.App = web.Badge{Text: v.say("console.me.app.used"), Color: "green"}
	}
	p.CodesLeft = f.CodesLeft
	p.Few = f.CodesLeft <= fewCodes
	for _, key := range f.Passkeys {
		path := mePath + "/passkeys/" + key.ID
		view := passkeyView{
			Name:   key.Name,
			Since:  v.dayAt(key.CreatedAt, v.zone).Text,
			Used:   v.say("console.operators.never"),
			Rename: path + "/rename",
		}
		if key.UsedAt != nil {
			view.Used = v.dayAt(*key.UsedAt, v.zone).Text
		}
		if f.App || len(f.Passkeys) > 1 {
			view.Remove = path + "/remove"
		}
		p.Passkeys = append(p.Passkeys, view)
	}
	a.data = p
	return a, nil
}

// hasFactors refuses who signs in at the issuer: the second factors are there.
func (v *visit) hasFactors() error {
	if v.who.Source != identity.ByPassword {
		return errNoPage
	}
	return nil
}

// newPasskeyPage asks for a name, and the browser for a passkey.
type newPasskeyPage struct {
	Name    web.Field
	Passkey web.PasskeyButton
	Problem string
}

func showNewPasskey(v *visit) (answer, error) {
	if err := v.hasFactors(); err != nil {
		return answer{}, err
	}
	v.resume(newPasskeyPath)
	return v.newPasskeyPage("", "")
}

func (v *visit) newPasskeyPage(wrongName, problem string) (answer, error) {
	keys, err := v.operators.PasskeysOf(v.ctx, v.who.ID)
	if err != nil {
		return answer{}, err
	}
	p := newPasskeyPage{Name: v.passkeyName(v.deviceName(), wrongName), Problem: problem}
	if p.Passkey, err = v.newPasskeyButton(forNew, *v.who, keys); err != nil {
		return answer{}, err
	}
	p.Passkey.Label = v.say("console.me.passkey.make")
	p.Passkey.Main = true

	a := answer{page: "newpasskey", title: v.say("console.me.passkey.add"), data: p}
	if problem != "" || wrongName != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// deviceName is what a passkey is called unless the operator calls it otherwise.
func (v *visit) deviceName() string { return web.BrowserLabel(v.request.UserAgent()) }

// passkeyName is the field for a passkey's name: what was typed, or else what it is.
func (v *visit) passkeyName(is, problem string) web.Field {
	f := web.Field{
		Name:     "name",
		Label:    v.say("field.name"),
		Help:     v.say("console.me.passkey.name.help"),
		Kind:     "text",
		Value:    is,
		Required: true,
		Problem:  problem,
	}
	if v.request.PostForm.Has("name") {
		f.Value = v.form("name")
	}
	return f
}

// addPasskey keeps the passkey that the browser has made.
func addPasskey(v *visit) (answer, error) {
	if err := v.hasFactors(); err != nil {
		return answer{}, err
	}
	keys, err := v.operators.PasskeysOf(v.ctx, v.who.ID)
	if err != nil {
		return answer{}, err
	}
	key, ok, err := v.madePasskey(forNew, *v.who, keys)
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return v.newPasskeyPage("", v.say("passkey.wrong"))
	}

	key.Name = v.form("name")
	_, err = v.operators.AddPasskey(v.acting(""), v.who.ID, key)
	switch rules.CodeOf(err) {
	case rules.ValidationFailed:
		return v.newPasskeyPage(v.say("console.me.passkey.name.wrong"), "")
	case rules.StateConflict:
		return v.newPasskeyPage("", v.say("console.me.passkey.conflict"))
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(mePath, "console.flash.passkeyadded"), nil
}

// changePasskey renames one of the operator's passkeys, or takes it away after saying what
// follows from it.
func changePasskey(v *visit) (answer, error) {
	if err := v.hasFactors(); err != nil {
		return answer{}, err
	}
	f, err := v.operators.SecondFactorsOf(v.ctx, v.who.ID)
	if err != nil {
		return answer{}, err
	}
	for _, key := range f.Passkeys {
		if key.ID != v.param("id") {
			continue
		}
		v.resume(v.request.URL.Path)
		switch v.param("change") {
		case "rename":
			return v.renamePasskey(key)
		case "remove":
			return v.removePasskey(key)
		}
	}
	return answer{}, errNoPage
}

func (v *visit) renamePasskey(key identity.Passkey) (answer, error) {
	problem := ""
	if v.confirmed() {
		err := v.operators.RenamePasskey(v.acting(""), v.who.ID, key.ID, v.form("name"))
		if err == nil {
			return v.done(mePath, "console.flash.passkeyrenamed"), nil
		}
		if rules.CodeOf(err) != rules.ValidationFailed {
			return answer{}, err
		}
		problem = v.say("console.me.passkey.name.wrong")
	}

	a, err := v.ask(confirmation{
		Title:  v.say("console.me.passkey.rename.title", "name", key.Name),
		Fields: []web.Field{v.passkeyName(key.Name, problem)},
		Action: v.request.URL.Path,
		Submit: v.say("console.me.passkey.rename"),
		Back:   mePath,
	})
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

func (v *visit) removePasskey(key identity.Passkey) (answer, error) {
	if v.confirmed() {
		if err := v.operators.RemovePasskey(v.acting(""), v.who.ID, key.ID); err != nil {
			return answer{}, err
		}
		return v.done(mePath, "console.flash.passkeyremoved"), nil
	}
	return v.ask(confirmation{
		Title:  v.say("console.me.passkey.remove.title", "name", key.Name),
		Says:   []string{v.say("console.me.passkey.remove.says")},
		Action: v.request.URL.Path,
		Submit: v.say("console.me.passkey.remove"),
		Danger: true,
		Back:   mePath,
	})
}

// codesPage shows new recovery codes, once.
type codesPage struct{ Codes []string }

// makeCodes makes new recovery codes, after saying that those of before end.
func makeCodes(v *visit) (answer, error) {
	if err := v.hasFactors(); err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.ask(confirmation{
			Title:  v.say("console.me.codes.new.title"),
			Says:   []string{v.say("console.me.codes.new.says")},
			Action: codesPath,
			Submit: v.say("console.me.codes.new"),
			Back:   mePath,
		})
	}
	codes, err := v.operators.NewRecoveryCodes(v.acting(""), v.who.ID)
	if err != nil {
		return answer{}, err
	}
	return answer{
		page:  "codes",
		title: v.say("console.me.codes.title"),
		data:  codesPage{Codes: codes},
	}, nil
}
