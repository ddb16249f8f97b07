package console

import (
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/web"
)

// What a passkey is asked for. An answer to one question answers no other.
const (
	forSetUp  = "set-up"
	forNew    = "new"
	forSecond = "second"
	forFresh  = "fresh"
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
			v.log.Warn("console: a passkey's answer does not hold", "request", v.id, "error", err)
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
