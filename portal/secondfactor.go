package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// The second factor of who has a password (S52): it is asked for after the password, and again,
// with the password or by a passkey alone, before what asks for a fresh sign-in.

const (
	secondPath  = "/sign-in/second"
	provePath   = "/sign-in/again"
	factorPath  = mePath + "/second-factor"
	appKeyPath  = factorPath + "/app"
	passkeyPath = factorPath + "/passkey"
	codesPath   = factorPath + "/codes"
	// secondValid is how long the second step can be done after the password.
	secondValid = 5 * time.Minute
)

// The session's values of second factors.
const (
	keyHalf    = "half"    // a sign-in whose password was right
	keyPasskey = "passkey" // what a passkey was asked for
	keyApp     = "app"     // sealed key of an app that is being set up
	keyFactor  = "factor"  // the sign-in passed a second factor
)

// What a passkey is asked for.
const (
	forNew    = "new"
	forSecond = "second"
	forFresh  = "fresh"
)

// secondsIP bounds codes and passkeys that one network shows in signInWindow.
const secondsIP = 100

// halfSignIn is a sign-in whose password was right. The second factor is asked for then, so that
// nobody learns without the password who has which.
type halfSignIn struct {
	User  string
	Seal  string // of the password: another one ends it
	Next  string
	Until int64 // Unix seconds
}

// secondPage asks for the second factor.
type secondPage struct {
	Action  string
	Email   string
	Passkey web.PasskeyButton
	App     bool   // codes come from an app, or are for recovery alone
	Factor  bool   // the person has a second factor
	NoKeys  bool   // has passkeys, of which browsers know none at this address
	Next    string // after a fresh sign-in
	Fresh   bool   // who is signed in proves again who they are, with the password too
	Problem string // message key
}

// beginSecondStep keeps a sign-in whose password was right, under a new session token.
func (v *visit) beginSecondStep(u identity.User, next string) (answer, error) {
	kept, err := json.Marshal(halfSignIn{
		User:  u.ID,
		Seal:  db.HashSecret(u.PasswordHash),
		Next:  next,
		Until: time.Now().Add(secondValid).Unix(),
	})
	if err != nil {
		return answer{}, err
	}
	if err := v.sessions.RenewToken(v.ctx); err != nil {
		return answer{}, err
	}
	v.setValue(keyHalf, string(kept))
	return redirect(secondPath), nil
}

// halfSignIn is the sign-in that waits for its second step; ok is false where there is none, or
// where it may not go on any more.
func (v *visit) halfSignIn() (h halfSignIn, u identity.User, ok bool, err error) {
	if json.Unmarshal([]byte(v.value(keyHalf)), &h) != nil || time.Now().Unix() > h.Until {
		return h, u, false, nil
	}
	u, err = v.people.GetUser(v.ctx, h.User)
	if rules.CodeOf(err) == rules.NotFound {
		return h, u, false, nil
	}
	return h, u, err == nil && h.Seal == db.HashSecret(u.PasswordHash), err
}

func showSecondStep(v *visit) (answer, error) {
	h, u, ok, err := v.halfSignIn()
	if err != nil {
		return answer{}, err
	}
	if !ok || h.User == v.value(keyUser) {
		v.removeValues(keyHalf)
		return redirect("/sign-in"), nil
	}
	return v.secondPage(secondPage{Action: secondPath}, u)
}

func (v *visit) secondPage(p secondPage, u identity.User) (answer, error) {
	f, err := v.people.FactorsOf(v.ctx, u.ID)
	if err != nil {
		return answer{}, err
	}
	p.Email = u.Email
	p.App = f.App
	purpose := forSecond
	if p.Fresh {
		purpose = forFresh
	}
	p.Passkey, err = v.passkeyDesk().AskForProof(purpose, passkeysOf(u, f.Passkeys), p.Fresh,
		v.say("passkey.use"))
	p.Factor = f.Any()
	p.NoKeys = len(f.Passkeys) > 0 && p.Passkey.Options == ""
	title := "second.title"
	if p.Fresh {
		title = "again.title"
	}
	a := answer{page: "secondstep", title: title, data: p}
	if p.Problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

func passkeysOf(u identity.User, keys []identity.Passkey) web.PasskeyOwner {
	return web.PasskeyOwner{ID: u.ID, Name: u.Name, Email: u.Email, Keys: keys}
}

// passkeyDesk asks this session's browser for passkeys.
func (v *visit) passkeyDesk() web.PasskeyDesk {
	return web.PasskeyDesk{
		Passkeys: v.passkeys,
		Keep:     func(text string) { v.setValue(keyPasskey, text) },
		Take: func() string {
			text := v.value(keyPasskey)
			v.removeValues(keyPasskey)
			return text
		},
		Refused: func(err error) {
			v.log.WarnContext(v.ctx, "portal: a passkey's answer does not hold",
				"request", v.id, "error", err)
		},
	}
}

// finishSignIn is the second step: a passkey, or else a code.
func finishSignIn(v *visit) (answer, error) {
	if err := v.throttleNetwork("sign-in-second", secondsIP, signInWindow); err != nil {
		return answer{}, err
	}
	h, u, ok, err := v.halfSignIn()
	if err != nil {
		return answer{}, err
	}
	if !ok {
		v.removeValues(keyHalf)
		return v.done("/sign-in", "flash.beginagain"), nil
	}

	problem, err := v.showsFactor(forSecond, u)
	if err != nil {
		return answer{}, err
	}
	if problem != "" {
		if err := v.people.SignInFailed(v.named(), u.ID); err != nil {
			return answer{}, err
		}
		return v.secondPage(secondPage{Action: secondPath, Problem: problem}, u)
	}
	v.removeValues(keyHalf, keyPasskey)
	if err := v.sso.UsedBreakGlass(v.ctx, u.ID); err != nil {
		return answer{}, err
	}
	a, err := v.welcome(u, h.Next)
	v.setValue(keyFactor, "yes")
	return a, err
}

// showsFactor holds the form's passkey or code against the person's, and returns what is wrong
// with it, as a message's key.
func (v *visit) showsFactor(purpose string, u identity.User) (problem string, err error) {
	if v.form(web.FieldPasskey) == "" {
		ok, err := v.people.UseCode(v.named(), u.ID, v.form("code"))
		if err != nil || ok {
			return "", err
		}
		return "second.wrong", nil
	}

	f, err := v.people.FactorsOf(v.ctx, u.ID)
	if err != nil {
		return "", err
	}
	use, ok, err := v.passkeyDesk().ReadProof(purpose, passkeysOf(u, f.Passkeys),
		v.form(web.FieldPasskey))
	if err == nil && ok {
		ok, err = v.people.UsePasskey(v.named(), use)
	}
	if err != nil || ok {
		return "", err
	}
	return "passkey.wrong", nil
}

// safeNext is the page that was asked for, or the start.
func safeNext(next string) string {
	if pageAddress(next) {
		return next
	}
	return "/"
}

// showProof asks who is signed in to prove again who they are (S52): at the company's own sign-in
// for who came by it, and else by the password, with the second factor of who has one.
func showProof(v *visit) (answer, error) {
	next := safeNext(v.request.URL.Query().Get("next"))
	if v.provedLately() {
		return redirect(next), nil
	}
	if v.value(keyConnection) != "" {
		return redirect(v.provesBy(next)), nil
	}
	return v.secondPage(secondPage{Action: provePath, Fresh: true, Next: next}, v.who.user)
}

// proveFresh takes the proof. A passkey is enough: the device makes sure who holds it.
func proveFresh(v *visit) (answer, error) {
	next := safeNext(v.form("next"))
	if v.value(keyConnection) != "" {
		return redirect(v.provesBy(next)), nil
	}
	if err := v.throttleNetwork("sign-in-second", secondsIP, signInWindow); err != nil {
		return answer{}, err
	}

	u := v.who.user
	problem := ""
	if v.form(web.FieldPasskey) == "" {
		_, ok, err := v.trySignIn(u.Email, v.form("password"))
		if err != nil {
			return answer{}, err
		}
		if !ok {
			problem = "proof.wrong"
		}
	}
	if problem == "" && v.who.factor {
		var err error
		if problem, err = v.showsFactor(forFresh, u); err != nil {
			return answer{}, err
		}
		if problem != "" {
			if err := v.people.SignInFailed(v.named(), u.ID); err != nil {
				return answer{}, err
			}
		}
	} else if problem == "" && v.form(web.FieldPasskey) != "" {
		problem = "passkey.wrong"
	}
	if problem != "" {
		return v.secondPage(secondPage{
			Action:  provePath,
			Fresh:   true,
			Next:    next,
			Problem: problem,
		}, u)
	}
	v.passwordProved()
	return redirect(next), nil
}

// needFresh leads to the proof where the last one is too old; ok reports that it is not. The page
// shows a form of it that was sent again, filled in, once the proof is done.
func (v *visit) needFresh(page string) (a answer, ok bool) {
	if v.provedLately() {
		return answer{}, true
	}
	v.keepForProof(page)
	return redirect(provePath + "?next=" + url.QueryEscape(page)), false
}

// factorView is the part of the person's page with their second factors.
type factorView struct {
	Has      bool // the person has a password, and so their own second factor
	App      bool
	Passkeys []passkeyView
	Any      bool
	Codes    int64
	CanKeys  bool // browsers know passkeys of this address
}

type passkeyView struct{ ID, Name, Since, Used string }

func (v *visit) factorView() (factorView, error) {
	if v.who.user.PasswordHash == "" || v.value(keyConnection) != "" {
		return factorView{}, nil
	}
	f, err := v.people.FactorsOf(v.ctx, v.who.user.ID)
	view := factorView{
		Has:     true,
		App:     f.App,
		Any:     f.Any(),
		Codes:   f.CodesLeft,
		CanKeys: v.passkeys != nil,
	}
	for _, key := range f.Passkeys {
		row := passkeyView{
			ID:    key.ID,
			Name:  key.Name,
			Since: v.moment(key.CreatedAt, v.zone()),
		}
		if key.UsedAt != nil {
			row.Used = v.moment(*key.UsedAt, v.zone())
		}
		view.Passkeys = append(view.Passkeys, row)
	}
	return view, err
}

// changesFactors refuses who came by the company's own sign-in: its provider must not set up, or
// take away, what guards the accounts of others.
func (v *visit) changesFactors() error {
	if v.who.user.PasswordHash == "" || v.value(keyConnection) != "" {
		return errNoPage
	}
	return nil
}

// factorPage sets an app or a passkey up, or shows the recovery codes, once.
type factorPage struct {
	App     *web.AppKey
	Passkey web.PasskeyButton
	Name    string
	Codes   []string
	Problem string // message key
}

func showAppKey(v *visit) (answer, error) {
	if err := v.changesFactors(); err != nil {
		return answer{}, err
	}
	if a, ok := v.needFresh(appKeyPath); !ok {
		return a, nil
	}
	_, sealed := v.people.NewAppKey(v.who.user.ID)
	v.setValue(keyApp, sealed)
	return v.appKeyPage(sealed, "")
}

func (v *visit) appKeyPage(sealed, problem string) (answer, error) {
	key, ok := v.people.OpenAppKey(v.who.user.ID, sealed)
	if !ok {
		return redirect(appKeyPath), nil // with a key that holds
	}
	shown, err := web.ShowAppKey(v.program.Name, v.who.user.Email, key)
	return factorAnswer("factor.app.title", factorPage{App: &shown, Problem: problem}), err
}

func factorAnswer(title string, p factorPage) answer {
	a := answer{page: "secondfactor", title: title, data: p, here: mePath}
	if p.Problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a
}

// useAppKey makes the app whose code it is the person's.
func useAppKey(v *visit) (answer, error) {
	if err := v.changesFactors(); err != nil {
		return answer{}, err
	}
	sealed := v.value(keyApp)
	if a, ok := v.needFresh(appKeyPath); !ok || sealed == "" {
		if ok {
			a = redirect(appKeyPath)
		}
		return a, nil
	}
	codes, ok, err := v.people.UseApp(v.named(), v.who.user.ID, sealed, v.form("code"),
		!v.who.factor)
	if rules.CodeOf(err) == rules.SignInRequired {
		return redirect("/sign-in"), nil
	}
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return v.appKeyPage(sealed, "factor.wrongcode")
	}
	v.removeValues(keyApp)
	return v.factorChanged(codes, "flash.factoradded")
}

// factorChanged goes on under a new session token: all sessions of before have ended.
func (v *visit) factorChanged(codes []string, flash string) (answer, error) {
	if err := v.sessions.RenewToken(v.ctx); err != nil {
		return answer{}, err
	}
	v.setValue(keyFactor, "yes")
	if len(codes) == 0 {
		return v.done(mePath, flash), nil
	}
	return factorAnswer("factor.codes.title", factorPage{Codes: codes}), nil
}

func showNewPasskey(v *visit) (answer, error) {
	if err := v.changesFactors(); err != nil {
		return answer{}, err
	}
	if a, ok := v.needFresh(passkeyPath); !ok {
		return a, nil
	}
	return v.newPasskeyPage("")
}

func (v *visit) newPasskeyPage(problem string) (answer, error) {
	f, err := v.people.FactorsOf(v.ctx, v.who.user.ID)
	if err != nil {
		return answer{}, err
	}
	p := factorPage{Name: v.label, Problem: problem}
	if v.request.PostForm.Has("name") {
		p.Name = strings.TrimSpace(v.form("name"))
	}
	p.Passkey, err = v.passkeyDesk().AskForNew(forNew, passkeysOf(v.who.user, f.Passkeys),
		v.program.Name, v.say("factor.passkey.make"))
	p.Passkey.Main = true
	return factorAnswer("factor.passkey.title", p), err
}

// addPasskey keeps the passkey that the browser has made.
func addPasskey(v *visit) (answer, error) {
	if err := v.changesFactors(); err != nil {
		return answer{}, err
	}
	if a, ok := v.needFresh(passkeyPath); !ok {
		return a, nil
	}
	f, err := v.people.FactorsOf(v.ctx, v.who.user.ID)
	if err != nil {
		return answer{}, err
	}
	key, ok, err := v.passkeyDesk().ReadNew(forNew, passkeysOf(v.who.user, f.Passkeys),
		v.form(web.FieldPasskey))
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return v.newPasskeyPage("factor.passkey.wrong")
	}

	key.Name = v.form("name")
	codes, err := v.people.AddPasskey(v.named(), v.who.user.ID, key, !v.who.factor)
	switch rules.CodeOf(err) {
	case rules.SignInRequired:
		return redirect("/sign-in"), nil
	case rules.ValidationFailed:
		return v.newPasskeyPage("factor.passkey.name.wrong")
	case rules.StateConflict:
		return v.newPasskeyPage("factor.passkey.conflict")
	}
	if err != nil {
		return answer{}, err
	}
	return v.factorChanged(codes, "flash.factoradded")
}

// makeCodes makes new recovery codes, after saying that those of before end.
func makeCodes(v *visit) (answer, error) {
	if err := v.changesFactors(); err != nil {
		return answer{}, err
	}
	if !v.who.factor {
		return answer{}, errNoPage
	}
	if a, ok := v.needFresh(codesPath); !ok {
		return a, nil
	}
	if !v.confirmed() {
		return v.ask(confirmation{
			Title:  v.say("factor.codes.ask"),
			Says:   []string{v.say("factor.codes.says")},
			Action: codesPath,
			Submit: v.say("factor.codes.make"),
			Back:   mePath,
		})
	}
	codes, err := v.people.NewRecoveryCodes(v.named(), v.who.user.ID)
	if err != nil {
		return answer{}, err
	}
	return v.factorChanged(codes, "")
}

// removeFactor takes the app or a passkey away, after saying what follows.
func removeFactor(v *visit) (answer, error) {
	if err := v.changesFactors(); err != nil {
		return answer{}, err
	}
	path := factorPath + "/" + v.param("id") + "/remove"
	if a, ok := v.needFresh(path); !ok {
		return a, nil
	}
	f, err := v.people.FactorsOf(v.ctx, v.who.user.ID)
	if err != nil {
		return answer{}, err
	}

	name, isApp := "", v.param("id") == appFactor
	if isApp && f.App {
		name = v.say("factor.app")
	}
	for _, key := range f.Passkeys {
		if key.ID == v.param("id") {
			name = key.Name
		}
	}
	if name == "" {
		if v.confirmed() { // a second click: it is gone, as was wanted
			return redirect(mePath), nil
		}
		return answer{}, errNoPage
	}
	if !v.confirmed() {
		says := []string{v.say("factor.remove.says")}
		if len(f.Passkeys) == 0 || !f.App && len(f.Passkeys) == 1 {
			says = append(says, v.say("factor.remove.last"))
		}
		return v.ask(confirmation{
			Title:  v.say("factor.remove.ask", "name", name),
			Says:   says,
			Action: path,
			Submit: v.say("factor.remove"),
			Back:   mePath,
		})
	}

	if isApp {
		err = v.people.RemoveApp(v.named(), v.who.user.ID)
	} else {
		err = v.people.RemovePasskey(v.named(), v.who.user.ID, v.param("id"))
	}
	if rules.CodeOf(err) == identity.FactorDemanded {
		return v.done(mePath, "flash.factordemanded"), nil
	}
	if gone(err) != nil {
		return answer{}, err
	}
	return v.factorChanged(nil, "flash.factorremoved")
}

// appFactor stands in an address for the app, in the place of a passkey's id.
const appFactor = "fac_app"

// resetFactor takes a colleague's second factors away, who has lost them, after saying what
// follows.
func resetFactor(v *visit) (answer, error) {
	id := v.param("id")
	path := "/colleagues/" + id + "/second-factor"
	if a, ok := v.needFresh(path); !ok {
		return a, nil
	}
	if v.confirmed() {
		err := v.people.ResetFactor(v.acting(), id)
		switch rules.CodeOf(err) {
		case rules.StateConflict, identity.FactorDemanded:
			return v.done("/colleagues", "flash.factorkept"), nil
		}
		if err != nil {
			return answer{}, err
		}
		return v.done("/colleagues", "flash.factorreset"), nil
	}

	members, err := v.people.MembersOf(v.acting(), v.who.account().ID)
	if err != nil {
		return answer{}, err
	}
	for _, m := range members {
		if m.ID != id || m.UserID == v.who.user.ID {
			continue
		}
		return v.ask(confirmation{
			Title:  v.say("factor.reset.ask", "name", m.Name),
			Says:   []string{v.say("factor.reset.says", "name", m.Name)},
			Final:  true,
			Action: path,
			Submit: v.say("factor.reset"),
			Back:   "/colleagues",
		})
	}
	return answer{}, errNoPage
}
