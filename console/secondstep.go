package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const (
	secondPath = signInPath + "/second"
	freshPath  = signInPath + "/fresh"
	// secondValid is how long the second step can be done after the password.
	secondValid = 5 * time.Minute
)

func secondStepRoutes() []route {
	return []route{
		{method: get, path: secondPath, do: showSecondStep},
		{method: post, path: secondPath, do: finishSignIn},
		{method: post, path: freshPath, access: operator, do: freshByPasskey},
	}
}

// halfSignIn is a sign-in whose password was right. The second factor is asked for then, so
// that nobody learns without the password who has which.
type halfSignIn struct {
	Operator  string
	Seal      string // of the password: another one ends it
	Emergency bool
	Next      string
	Until     int64 // Unix seconds
}

// secondStepPage asks for the second factor.
type secondStepPage struct {
	Email   string
	Passkey web.PasskeyButton
	App     bool   // codes come from an app, or are for recovery alone
	Back    string // address to begin again
	Problem string
}

// beginSecondStep keeps a sign-in whose password was right, under a new session token.
func (v *visit) beginSecondStep(o identity.Operator, emergency bool, next string) error {
	kept, err := json.Marshal(halfSignIn{
		Operator:  o.ID,
		Seal:      db.HashSecret(o.PasswordHash),
		Emergency: emergency,
		Next:      v.safeNext(next),
		Until:     time.Now().Add(secondValid).Unix(),
	})
	if err != nil {
		return err
	}
	if err := v.sessions.RenewToken(v.ctx); err != nil {
		return err
	}
	v.setValue(keyHalf, string(kept))
	return nil
}

// halfSignIn is the sign-in that waits for its second step; ok is false where there is none, or
// where it may not go on any more.
func (v *visit) halfSignIn() (h halfSignIn, o identity.Operator, ok bool, err error) {
	text := v.value(keyHalf)
	if json.Unmarshal([]byte(text), &h) != nil || time.Now().Unix() > h.Until ||
		h.Emergency != (v.issuer != nil) {
		return h, o, false, nil
	}
	o, err = v.operators.GetOperator(v.ctx, h.Operator)
	if rules.CodeOf(err) == rules.NotFound {
		return h, o, false, nil
	}
	ok = err == nil && o.Works() && o.SetUp() && h.Seal == db.HashSecret(o.PasswordHash) &&
		(!h.Emergency || o.Armed())
	return h, o, ok, err
}

func showSecondStep(v *visit) (answer, error) {
	h, o, ok, err := v.halfSignIn()
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return v.beginAgain(), nil
	}
	return v.secondStepPage(h, o, "")
}

// beginAgain leads back to the first step.
func (v *visit) beginAgain() answer {
	v.sessions.Remove(v.ctx, keyHalf)
	return v.done(signInPath, "console.flash.beginagain")
}

func (v *visit) secondStepPage(
	h halfSignIn, o identity.Operator, problem string,
) (answer, error) {
	p := secondStepPage{
		Email:   o.Email,
		App:     o.HasApp(),
		Back:    signInPath,
		Problem: problem,
	}
	if h.Emergency {
		p.Back = emergencyPath
	}
	p.Back += "?" + url.Values{"fresh": {"1"}, "next": {h.Next}}.Encode()

	var err error
	p.Passkey, err = v.provePasskeyButton(forSecond, o, false)
	a := answer{
		page:  "secondstep",
		title: v.say("console.signin.title"),
		data:  p,
		plain: true,
	}
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

// finishSignIn is the second step: a passkey, or else a code.
func finishSignIn(v *visit) (answer, error) {
	if err := v.throttleNetwork("sign-in-second", signInsIP, signInWindow); err != nil {
		return answer{}, err
	}
	h, o, ok, err := v.halfSignIn()
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return v.beginAgain(), nil
	}

	problem := "console.signin.wrongcode"
	if v.form(web.FieldPasskey) != "" {
		problem = "passkey.wrong"
		ok, err = v.provedByPasskey(forSecond, o)
	} else {
		ok, err = v.operators.UseCode(v.named(), o.ID, v.form("code"))
	}
	if err != nil {
		return answer{}, err
	}
	if !ok {
		if err := v.operators.OperatorSignInFailed(v.named(), o.ID); err != nil {
			return answer{}, err
		}
		return v.secondStepPage(h, o, v.say(problem))
	}

	if err := v.signedInByPassword(o, h.Emergency); err != nil {
		return answer{}, err
	}
	return redirect(v.safeNext(h.Next)), nil
}

// signedInByPassword lets an operator in who has shown both factors.
func (v *visit) signedInByPassword(o identity.Operator, emergency bool) error {
	if err := v.operators.SignedInByPassword(v.named(), o.ID, emergency); err != nil {
		return err
	}
	v.sessions.Remove(v.ctx, keyHalf)
	v.sessions.Remove(v.ctx, keyPasskey)
	return v.startSession(o, time.Now())
}

// freshByPasskey is a fresh sign-in of who is signed in already: the device makes sure who
// holds the passkey, and so both factors are there without the password.
func freshByPasskey(v *visit) (answer, error) {
	if v.who.Source != identity.ByPassword {
		return answer{}, errNoPage
	}
	if err := v.throttle("fresh/"+v.who.ID, signInsIP, signInWindow); err != nil {
		return answer{}, err
	}
	ok, err := v.provedByPasskey(forFresh, *v.who)
	if err != nil {
		return answer{}, err
	}
	if !ok {
		if err := v.operators.OperatorSignInFailed(v.named(), v.who.ID); err != nil {
			return answer{}, err
		}
		return v.stepUpPage(v.safeNext(v.form("next")), false, v.say("passkey.wrong"))
	}
	if err := v.signedInByPassword(*v.who, v.issuer != nil); err != nil {
		return answer{}, err
	}
	return redirect(v.safeNext(v.form("next"))), nil
}
