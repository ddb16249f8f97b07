package web

import (
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"

	"roomcover.dev/roomcover/models/identity"
)

// AppKey shows the key of an app for codes: to read out, and as a QR code. The parts of
// templates/factors.html show it, and the button for a passkey.
type AppKey struct {
	Key     string // in groups
	QR      string // the path of its QR code
	Modules int    // of the QR code's side, with its margin
}

// ShowAppKey is a key as the page shows it, for an app that names the brand and the person.
func ShowAppKey(brand, email, key string) (AppKey, error) {
	shown := AppKey{Key: grouped(key)}
	var err error
	shown.QR, shown.Modules, err = qrPath(keyAddress(brand, email, key))
	return shown, err
}

// keyAddress is what apps read from the QR code.
func keyAddress(brand, email, key string) string {
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + brand + ":" + email}
	u.RawQuery = url.Values{"secret": {key}, "issuer": {brand}}.Encode()
	u.RawQuery = strings.ReplaceAll(u.RawQuery, "+", "%20")
	return u.String()
}

func grouped(key string) string {
	var out []string
	for len(key) > 4 {
		out = append(out, key[:4])
		key = key[4:]
	}
	return strings.Join(append(out, key), " ")
}

// qrMargin is the white around a QR code, in modules.
const qrMargin = 4

// qrPath draws a QR code as the path of an SVG, a square for each dark module.
func qrPath(text string) (path string, modules int, err error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", 0, err
	}
	size := code.Bounds().Dx()
	var b strings.Builder
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				b.WriteString("M")
				b.WriteString(strconv.Itoa(x + qrMargin))
				b.WriteString(" ")
				b.WriteString(strconv.Itoa(y + qrMargin))
				b.WriteString("h1v1h-1z")
			}
		}
	}
	return b.String(), size + 2*qrMargin, nil
}

// FieldPasskey is the field with a passkey's answer.
const FieldPasskey = "passkey"

// PasskeyButton is the button by which a page asks for a passkey. Without Options there is
// none; without scripts, or in a browser that knows no passkeys, it stays hidden.
type PasskeyButton struct {
	Does    string // create or get
	Options string // for the browser
	Label   string
	Main    bool // it is what the page is about
}

// PasskeyDesk asks the browser of one session for passkeys. The session keeps what the answer is
// judged by: used up by the first answer, gone with the next question. An answer to what was asked
// for one purpose answers no other.
type PasskeyDesk struct {
	Passkeys *Passkeys // nil: browsers know none of this address
	Keep     func(text string)
	Take     func() string
	Refused  func(error) // hears why an answer does not hold
}

// keptQuestion is what the session keeps.
type keptQuestion struct{ For, Kept string }

func (d PasskeyDesk) keep(purpose string, q PasskeyQuestion) error {
	kept, err := json.Marshal(keptQuestion{purpose, q.Kept})
	if err != nil {
		return err
	}
	d.Keep(string(kept))
	return nil
}

// taken is what was kept of a question; empty: there was none.
func (d PasskeyDesk) taken(purpose string) string {
	var q keptQuestion
	if json.Unmarshal([]byte(d.Take()), &q) != nil || q.For != purpose {
		return ""
	}
	return q.Kept
}

// AskForNew is the button for a new passkey, made for the brand.
func (d PasskeyDesk) AskForNew(
	purpose string, o PasskeyOwner, brand, label string,
) (PasskeyButton, error) {
	if d.Passkeys == nil {
		return PasskeyButton{}, nil
	}
	q, err := d.Passkeys.AskForNew(o, brand)
	if err != nil {
		return PasskeyButton{}, err
	}
	return PasskeyButton{Does: "create", Options: q.Options, Label: label}, d.keep(purpose, q)
}

// ReadNew reads the passkey that a browser has made; ok is false for an answer that does not hold.
func (d PasskeyDesk) ReadNew(
	purpose string, o PasskeyOwner, answer string,
) (key identity.Passkey, ok bool, err error) {
	kept := d.taken(purpose)
	if d.Passkeys == nil {
		return key, false, nil
	}
	key, err = d.Passkeys.ReadNew(o, kept, answer)
	if errors.Is(err, ErrPasskey) {
		d.Refused(err)
		return key, false, nil
	}
	return key, err == nil, err
}

// AskForProof is the button for one of the owner's passkeys; without one there is no button. With
// verified the device makes sure who holds it.
func (d PasskeyDesk) AskForProof(
	purpose string, o PasskeyOwner, verified bool, label string,
) (PasskeyButton, error) {
	if d.Passkeys == nil || len(o.Keys) == 0 {
		return PasskeyButton{}, nil
	}
	q, err := d.Passkeys.AskForProof(o, verified)
	if err != nil {
		return PasskeyButton{}, err
	}
	button := PasskeyButton{Does: "get", Options: q.Options, Label: label, Main: true}
	return button, d.keep(purpose, q)
}

// ReadProof reads the signature of one of the owner's passkeys that was asked for; ok is false for
// an answer that does not hold. Whether it is the first use is for the domain to say.
func (d PasskeyDesk) ReadProof(
	purpose string, o PasskeyOwner, answer string,
) (use identity.PasskeyUse, ok bool, err error) {
	kept := d.taken(purpose)
	if d.Passkeys == nil {
		return use, false, nil
	}
	proof, err := d.Passkeys.ReadProof(o, kept, answer)
	if errors.Is(err, ErrPasskey) {
		d.Refused(err)
		return use, false, nil
	}
	return o.used(proof), err == nil, err
}

// AskAnybody is the button by which whoever comes may sign in with a passkey of theirs.
func (d PasskeyDesk) AskAnybody(purpose, label string) (PasskeyButton, error) {
	if d.Passkeys == nil {
		return PasskeyButton{}, nil
	}
	q, err := d.Passkeys.AskAnybody()
	if err != nil {
		return PasskeyButton{}, err
	}
	return PasskeyButton{Does: "get", Options: q.Options, Label: label}, d.keep(purpose, q)
}

// ReadAnybody reads the signature that AskAnybody asked for; ownerOf finds the owner whose id the
// device gives, nil: nobody. ok is false for an answer that does not hold.
func (d PasskeyDesk) ReadAnybody(
	purpose, answer string, ownerOf func(id string) (*PasskeyOwner, error),
) (use identity.PasskeyUse, ok bool, err error) {
	kept := d.taken(purpose)
	if d.Passkeys == nil {
		return use, false, nil
	}
	o, proof, err := d.Passkeys.ReadAnybody(kept, answer, ownerOf)
	if errors.Is(err, ErrPasskey) {
		d.Refused(err)
		return use, false, nil
	}
	return o.used(proof), err == nil, err
}

// used is what the domain judges a signature of one of the owner's passkeys by.
func (o PasskeyOwner) used(proof PasskeyProof) identity.PasskeyUse {
	return identity.PasskeyUse{
		OwnerID:      o.ID,
		CredentialID: proof.CredentialID,
		Challenge:    proof.Challenge,
		Counter:      proof.Counter,
	}
}
