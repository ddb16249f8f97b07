package console

import (
	"errors"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// What a passkey is asked for. An answer to one question answers no other.
const (
	forSetUp  = "set-up"
	forNew    = "new"
	forSecond = "second"
	forFresh  = "fresh"
	forSignIn = "sign-in"
)

func ownerOfPasskeys(o identity.Operator, keys []identity.Passkey) web.PasskeyOwner {
	return web.PasskeyOwner{ID: o.ID, Name: o.Name, Email: o.Email, Keys: keys}
}

// passkeyDesk asks this session's browser for passkeys.
func (v *visit) passkeyDesk() web.PasskeyDesk {
	return web.PasskeyDesk{
		Passkeys: v.passkeys,
		Keep:     func(text string) { v.setValue(keyPasskey, text) },
		Take:     func() string { return v.takeValue(keyPasskey) },
		Refused: func(err error) {
			v.log.WarnContext(v.ctx, "console: a passkey's answer does not hold",
				"request", v.id, "error", err)
		},
	}
}

// newPasskeyButton asks the operator for a new passkey.
func (v *visit) newPasskeyButton(
	purpose string, o identity.Operator, keys []identity.Passkey,
) (web.PasskeyButton, error) {
	return v.passkeyDesk().AskForNew(purpose, ownerOfPasskeys(o, keys), v.program.Name, "")
}

// madePasskey reads the passkey that the operator's browser has made; ok is false for an
// answer that does not hold.
func (v *visit) madePasskey(
	purpose string, o identity.Operator, keys []identity.Passkey,
) (key identity.Passkey, ok bool, err error) {
	return v.passkeyDesk().ReadNew(purpose, ownerOfPasskeys(o, keys), v.form(web.FieldPasskey))
}

// provePasskeyButton asks for one of the operator's passkeys; without one there is no button.
// With verified the device makes sure who holds it.
func (v *visit) provePasskeyButton(
	purpose string, o identity.Operator, verified bool,
) (web.PasskeyButton, error) {
	keys, err := v.operators.PasskeysOf(v.ctx, o.ID)
	if err != nil {
		return web.PasskeyButton{}, err
	}
	return v.passkeyDesk().AskForProof(purpose, ownerOfPasskeys(o, keys), verified,
		v.say("passkey.use"))
}

// provedByPasskey reports whether the form has the signature of one of the operator's passkeys
// that was asked for.
func (v *visit) provedByPasskey(purpose string, o identity.Operator) (bool, error) {
	keys, err := v.operators.PasskeysOf(v.ctx, o.ID)
	if err != nil {
		return false, err
	}
	use, ok, err := v.passkeyDesk().ReadProof(purpose, ownerOfPasskeys(o, keys),
		v.form(web.FieldPasskey))
	if err != nil || !ok {
		return false, err
	}
	return v.operators.UsePasskey(v.named(), use)
}

// signInPasskeyButton asks whoever comes for a passkey of theirs. Each page that asks keeps its
// question in a session: from a network that asks too often there is no button, and the password
// is left.
func (v *visit) signInPasskeyButton() (web.PasskeyButton, error) {
	if v.passkeys == nil {
		return web.PasskeyButton{}, nil
	}
	err := v.throttleNetwork("passkey-asked", startsIP, signInWindow)
	if rules.CodeOf(err) == rules.RateLimited {
		return web.PasskeyButton{}, nil
	}
	if err != nil {
		return web.PasskeyButton{}, err
	}
	return v.passkeyDesk().AskAnybody(forSignIn, v.say("console.passkey.signin"))
}

// signInByPasskey lets in whose passkey has signed: the device made sure who holds it, and so
// both factors are there without the password (S52). Past an issuer it opens only what the
// command line has armed, and raises its task, as the password does. It says the same whatever is
// wrong.
func signInByPasskey(v *visit) (answer, error) {
	if err := v.throttleNetwork("sign-in-second", signInsIP, signInWindow); err != nil {
		return answer{}, err
	}
	emergency := v.issuer != nil
	o, ok, err := v.operatorOfPasskey(emergency)
	if err != nil {
		return answer{}, err
	}
	if ok {
		err := v.signedInByPassword(o, emergency)
		if !errors.Is(err, identity.ErrOperatorDisabled) {
			return redirect(v.safeNext(v.form("next"))), err
		}
	}
	return v.signInPage(signInPage{
		Emergency: emergency,
		Next:      v.form("next"),
		Problem:   v.say("console.passkey.refused"),
	})
}

// operatorOfPasskey is who has answered with a passkey, where the answer holds and they may come
// in.
func (v *visit) operatorOfPasskey(emergency bool) (o identity.Operator, ok bool, err error) {
	ownerOf := func(id string) (*web.PasskeyOwner, error) {
		if !rules.Storable(id) { // a device says what it likes
			return nil, nil
		}
		found, err := v.operators.GetOperator(v.ctx, id)
		if rules.CodeOf(err) == rules.NotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		keys, err := v.operators.PasskeysOf(v.ctx, id)
		o = found
		whose := ownerOfPasskeys(o, keys)
		return &whose, err
	}
	use, ok, err := v.passkeyDesk().ReadAnybody(forSignIn, v.form(web.FieldPasskey), ownerOf)
	if err != nil || v.passkeys == nil {
		return o, false, err
	}

	if ok && o.Source == identity.ByPassword && o.Works() && o.SetUp() &&
		(!emergency || o.Armed()) {
		ok, err = v.operators.UsePasskey(v.named(), use)
		if err != nil || ok {
			return o, ok, err
		}
	}
	return o, false, v.operators.OperatorSignInFailed(v.named(), o.ID)
}
