package console

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// device is a passkey in software (ES256, no attestation), with what a browser says around it.
// Its fields are what a bad one says otherwise.
type device struct {
	t        *testing.T
	key      *ecdsa.PrivateKey
	id       []byte
	owner    []byte // the user handle
	counter  uint32
	origin   string
	rpID     string
	absent   bool // nobody touched it
	unproved bool // it did not make sure who holds it
}

func (w *world) device() *device {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(w.t, err)
	d := &device{t: w.t, key: key, id: make([]byte, 32), origin: w.url, rpID: "localhost"}
	_, _ = rand.Read(d.id)
	return d
}

// asked is what a page asks a passkey.
type asked struct {
	Challenge string `json:"challenge"`
	RP        struct {
		ID, Name string
	} `json:"rp"`
	RPID string `json:"rpId"`
	User struct {
		ID, Name string
	} `json:"user"`
	Exclude          []struct{ ID string } `json:"excludeCredentials"`
	Allow            []struct{ ID string } `json:"allowCredentials"`
	UserVerification string                `json:"userVerification"`
	Timeout          int                   `json:"timeout"`
}

var optionsShown = regexp.MustCompile(`data-passkey="(create|get)" data-options="([^"]*)"`)

func (w *world) asked(page reply) asked {
	w.t.Helper()
	m := optionsShown.FindStringSubmatch(page.body)
	require.NotNil(w.t, m, page.body)
	var a asked
	require.NoError(w.t, json.Unmarshal([]byte(html.UnescapeString(m[2])), &a))
	return a
}

func (d *device) clientData(kind, challenge string) []byte {
	text, err := json.Marshal(map[string]any{
		"type": kind, "challenge": challenge, "origin": d.origin, "crossOrigin": false,
	})
	require.NoError(d.t, err)
	return text
}

func (d *device) authenticatorData(more byte) []byte {
	flags := more
	if !d.absent {
		flags |= 1
	}
	if !d.unproved {
		flags |= 4
	}
	sum := sha256.Sum256([]byte(d.rpID))
	return binary.BigEndian.AppendUint32(append(sum[:], flags), d.counter)
}

var b64 = base64.RawURLEncoding.EncodeToString

// makes is the answer of a browser whose device has made the passkey.
func (d *device) makes(a asked) string {
	d.t.Helper()
	owner, err := base64.RawURLEncoding.DecodeString(a.User.ID)
	require.NoError(d.t, err)
	d.owner = owner

	// The public key by COSE: EC2, ES256, P-256, x, y.
	point, err := d.key.PublicKey.Bytes()
	require.NoError(d.t, err)
	public := append([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, point[1:33]...)
	public = append(append(public, 0x22, 0x58, 32), point[33:]...)

	data := append(d.authenticatorData(0x40), make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(d.id)))
	data = append(append(data, d.id...), public...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	return d.answer(map[string]any{
		"clientDataJSON":    b64(d.clientData("webauthn.create", a.Challenge)),
		"attestationObject": b64(append(object, data...)),
		"transports":        []string{"internal", "carrier pigeon"},
	})
}

// signs is the answer of a browser whose device has signed.
func (d *device) signs(a asked) string {
	d.t.Helper()
	client, data := d.clientData("webauthn.get", a.Challenge), d.authenticatorData(0)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	require.NoError(d.t, err)
	return d.answer(map[string]any{
		"clientDataJSON":    b64(client),
		"authenticatorData": b64(data),
		"signature":         b64(signature),
		"userHandle":        b64(d.owner),
	})
}

func (d *device) answer(response map[string]any) string {
	text, err := json.Marshal(map[string]any{
		"id": b64(d.id), "rawId": b64(d.id), "type": "public-key",
		"clientExtensionResults": map[string]any{}, "response": response,
	})
	require.NoError(d.t, err)
	return string(text)
}

// byCode is a browser in which the person has signed in by password and code.
func (w *world) byCode(p *person, steps int) *browser {
	w.t.Helper()
	b := w.browser()
	require.Equal(w.t, Root, b.enter(signInPath, p, goodPassword, p.codeAt(w, steps)).path)
	return b
}

// addPasskey adds a passkey to the person's second factors, as they do themselves.
func (w *world) addPasskey(p *person) *device {
	w.t.Helper()
	return w.byCode(p, 0).addPasskey("Laptop")
}

func (b *browser) addPasskey(name string) *device {
	b.t.Helper()
	d := b.device()
	r := b.post(newPasskeyPath, "name", name, "passkey", d.makes(b.asked(b.get(newPasskeyPath))))
	require.Equal(b.t, mePath, r.path, r.body)
	require.Contains(b.t, r.body, name)
	return d
}

// secondStep takes the first step, and answers the second with what a device says.
func (b *browser) secondStep(p *person, says func(asked) string) reply {
	b.t.Helper()
	page := b.firstStep(signInPath, p, goodPassword)
	require.Equal(b.t, secondPath, page.path, page.body)
	return b.post(secondPath, "passkey", says(b.asked(page)))
}

func TestS52_AnOperatorSignsInWithAPasskeyAsTheSecondStep(t *testing.T) {
	storetest.OneOf(t, func(t *testing.T, env storetest.Env) {
		w := worldOn(t, env, false)
		p := w.added("ana@desk.example", rules.OperatorAgent)
		b := w.byCode(p, 0)
		require.Contains(t, b.get(mePath).body, "10 codes are left")
		d := b.device()
		a := b.asked(b.get(newPasskeyPath))
		require.Equal(t, "localhost", a.RP.ID)
		require.Equal(t, p.Email, a.User.Name)
		require.Equal(t, mePath, b.post(newPasskeyPath, "name", "Security key", "passkey", d.makes(a)).path)
		require.Len(t, b.asked(b.get(newPasskeyPath)).Exclude, 1, "the same device makes no second one")

		in := w.browser()
		page := in.firstStep(signInPath, p, goodPassword)
		q := in.asked(page)
		require.Equal(t, b64(d.id), q.Allow[0].ID)
		require.Equal(t, "preferred", q.UserVerification)
		require.Equal(t, 5*60*1000, q.Timeout)
		d.counter, d.unproved = 1, true
		require.Equal(t, Root, in.post(secondPath, "passkey", d.signs(q)).path, w.log.String())
		require.Contains(t, in.get(Root).body, "Ana Lima")
		require.Equal(t, []string{
			"operator.added", "operator.set_up", "operator.signed_in", "operator.passkey_added", "operator.signed_in",
		}, w.verbs(p.ID))

		var key identity.Passkey
		keys, err := w.Domains.Operators.PasskeysOf(w.system(), p.ID)
		require.NoError(t, err)
		key = keys[0]
		require.Equal(t, "internal", key.Transports)
		require.EqualValues(t, 1, key.Counter)
		require.NotNil(t, key.UsedAt)

		// the code goes on to work beside it
		require.Equal(t, Root, w.browser().enter(signInPath, p, goodPassword, p.codeAt(w, 1)).path)
	})
}

func TestS52_AnAnswerOfAPasskeyThatDoesNotHoldIsRefused(t *testing.T) {
	w := passwordWorld(t)
	p, other := w.added("ana@desk.example", rules.OperatorAgent), w.added("rui@desk.example", rules.OperatorAgent)
	d, theirs := w.addPasskey(p), w.addPasskey(other)

	spoilt := func(change func(*device)) func(asked) string {
		return func(a asked) string {
			bad := *d
			bad.counter = 5
			change(&bad)
			return bad.signs(a)
		}
	}
	b := w.browser()
	page := b.firstStep(signInPath, p, goodPassword)
	for name, says := range map[string]func(asked) string{
		"another origin":              spoilt(func(d *device) { d.origin = "https://roomcover.example" }),
		"another party":               spoilt(func(d *device) { d.rpID = "roomcover.example" }),
		"nobody touched it":           spoilt(func(d *device) { d.absent = true }),
		"another operator's":          func(a asked) string { theirs.counter++; return theirs.signs(a) },
		"another's in one's own name": func(a asked) string { x := *theirs; x.owner = d.owner; return x.signs(a) },
		"another key under its id":    spoilt(func(d *device) { d.key = theirs.key }),
		"another challenge":           func(a asked) string { a.Challenge = b64(make([]byte, 32)); return d.signs(a) },
		"a new passkey":               func(a asked) string { return d.makes(a) },
		"no answer":                   func(asked) string { return "{}" },
		"no JSON":                     func(asked) string { return "x" },
	} {
		page = b.post(secondPath, "passkey", says(b.asked(page)))
		require.Equal(t, http.StatusUnprocessableEntity, page.status, name)
		require.Contains(t, page.body, "The passkey was not accepted", name)
		require.Equal(t, signInPath, b.get(Root).path, name)
		page = b.get(secondPath) // the page of the sign-in has asked for a passkey, too
	}
	require.Contains(t, w.verbs(p.ID), "operator.sign_in_failed")
	require.NotContains(t, w.log.String(), "level=ERROR")
	d.counter++
	right := b.post(secondPath, "passkey", d.signs(b.asked(page)))
	require.Equal(t, Root, right.path, "the right one goes on to open")
}

func TestS52_AChallengeIsAnsweredOnceAndInItsOwnBrowser(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	d := w.addPasskey(p)

	var answer string
	b := w.browser()
	require.Equal(t, Root, b.secondStep(p, func(a asked) string { answer = d.signs(a); return answer }).path)
	again := func(asked) string { return answer }
	require.Equal(t, http.StatusUnprocessableEntity, w.browser().secondStep(p, again).status)
	require.Equal(t, http.StatusUnprocessableEntity, b.secondStep(p, again).status)
	require.Equal(t, signInPath, w.browser().post(secondPath, "passkey", answer).path, "nor without the password")

	// one that was refused is used up as well
	b = w.browser()
	q := b.asked(b.firstStep(signInPath, p, goodPassword))
	require.Equal(t, http.StatusUnprocessableEntity, b.post(secondPath, "passkey", "{}").status)
	require.Equal(t, http.StatusUnprocessableEntity, b.post(secondPath, "passkey", d.signs(q)).status)
}

// The session before the second step is still known for a minute, for a second click: whoever
// sends its cookie and the same answer from elsewhere is refused all the same.
func TestS52_AnAnswerOfAPasskeyOpensTheConsoleOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := worldOn(t, env, false)
		p := w.added("ana@desk.example", rules.OperatorAgent)
		d := w.addPasskey(p)

		b, thief := w.browser(), w.browser()
		page := b.firstStep(signInPath, p, goodPassword)
		home, err := url.Parse(w.url)
		require.NoError(t, err)
		thief.client.Jar.SetCookies(home, b.client.Jar.Cookies(home))
		answer := d.signs(b.asked(page))
		require.Equal(t, Root, b.post(secondPath, "passkey", answer).path)

		require.Equal(t, http.StatusUnprocessableEntity, thief.post(secondPath, "passkey", answer).status)
		require.Equal(t, signInPath, thief.get(Root).path)
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM operator_passkey_answers"))

		require.NoError(t, env.Exec("UPDATE operator_passkey_answers SET expires_at = '2020-01-01 00:00:00+00:00'"))
		require.NoError(t, env.PruneSessions(env.Context))
		require.Zero(t, w.Count(t, "SELECT count(*) FROM operator_passkey_answers"))
	})
}

// A device that counts tells by its count that there is a copy of its key.
func TestS52_APasskeyWhoseCounterGoesBackIsRefusedAndAudited(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	d := w.addPasskey(p)
	d.counter = 7
	require.Equal(t, Root, w.browser().secondStep(p, d.signs).path)
	for _, count := range []uint32{7, 6, 0} {
		d.counter = count
		require.Equal(t, http.StatusUnprocessableEntity, w.browser().secondStep(p, d.signs).status)
	}
	refused := 0
	for _, verb := range w.verbs(p.ID) {
		if verb == "operator.passkey_refused" {
			refused++
		}
	}
	require.Equal(t, 3, refused)
	d.counter = 8
	require.Equal(t, Root, w.browser().secondStep(p, d.signs).path)
}

func TestS52_APasskeyIsAFreshSignInWhenTheDeviceMakesSureWhoHoldsIt(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorLead)
	b := w.byCode(p, 0)
	d := b.addPasskey("Laptop")
	w.site.freshFor = 0
	page := b.post(tokensPath, "label", "night shift", "whose", "x y")
	require.Equal(t, http.StatusForbidden, page.status)
	require.Equal(t, "required", w.asked(page).UserVerification)

	d.counter, d.unproved = 1, true
	page = b.post(freshPath, "next", tokensPath, "passkey", d.signs(w.asked(page)))
	require.Equal(t, http.StatusForbidden, page.status, "a touch alone is one factor")
	require.Contains(t, page.body, "The passkey was not accepted")

	w.site.freshFor = freshFor
	d.unproved = false
	page = b.post(freshPath, "next", tokensPath, "passkey", d.signs(w.asked(page)))
	require.Equal(t, tokensPath, page.path)
	require.Contains(t, page.body, `value="night shift"`, "what was typed is there again")
	require.Equal(t, Root, b.post(freshPath, "next", "//evil.example", "passkey", "{}").path[:len(Root)])
}

func TestS52_PasskeysAreRenamedAndRemovedAndTheLastFactorStays(t *testing.T) {
	storetest.OneOf(t, func(t *testing.T, env storetest.Env) {
		w := worldOn(t, env, false)
		p := w.setUpByPasskey("ana@desk.example")
		in := w.browser()
		require.Equal(t, Root, in.secondStep(p.person, p.device.signs).path, w.log.String())
		me := in.get(mePath)
		require.Contains(t, me.body, "The last second factor stays")
		require.Contains(t, me.body, "Not set up")

		change := func(key identity.Passkey, what string) string { return mePath + "/passkeys/" + key.ID + "/" + what }
		keys := w.passkeys(p.ID)
		require.Equal(t, http.StatusConflict, in.post(change(keys[0], "remove"), "confirmed", "yes").status)
		require.Len(t, w.passkeys(p.ID), 1)

		in.addPasskey("Security key")
		renamed := change(keys[0], "rename")
		require.Equal(t, http.StatusUnprocessableEntity, in.post(renamed, "confirmed", "yes", "name", " ").status)
		require.Contains(t, in.post(renamed, "confirmed", "yes", "name", "Work laptop").body, "Work laptop")
		require.Contains(t, in.get(change(keys[0], "remove")).body, "Remove the passkey Work laptop")
		require.Len(t, w.passkeys(p.ID), 2, "asked, not done")
		removed := in.post(change(keys[0], "remove"), "confirmed", "yes")
		require.Equal(t, mePath, removed.path)
		require.NotContains(t, removed.body, "Work laptop")
		require.Equal(t, http.StatusUnprocessableEntity,
			w.browser().secondStep(p.person, p.device.signs).status, "the removed one opens nothing")
		require.Subset(t, w.verbs(p.ID), []string{
			"operator.passkey_added", "operator.passkey_renamed", "operator.passkey_removed",
		})

		// those of somebody else
		other := w.added("rui@desk.example", rules.OperatorLead)
		theirs := w.byCode(other, 0)
		left := w.passkeys(p.ID)[0]
		require.Equal(t, http.StatusNotFound, theirs.post(change(left, "remove"), "confirmed", "yes").status)
		err := w.Domains.Operators.RemovePasskey(w.as(other.Operator), p.ID, left.ID)
		storetest.RequireCode(t, rules.Forbidden, err)
	})
}

// keyed is a person without an app.
type keyed struct {
	*person
	device *device
}

// setUpByPasskey adds an operator who chooses a passkey in place of the app.
func (w *world) setUpByPasskey(email string) keyed {
	w.t.Helper()
	o, secret, err := w.Domains.Operators.AddOperator(w.system(), identity.NewOperator{
		Email: email, Name: "Ana Lima", Role: rules.OperatorAgent, Reason: "new colleague",
	})
	require.NoError(w.t, err)
	b, d := w.browser(), w.device()
	page := b.get(SetUpPath + "?" + url.Values{"token": {secret}}.Encode())
	p := &person{Operator: o, key: strings.ReplaceAll(keyShown.FindStringSubmatch(page.body)[1], " ", "")}
	wrong := b.post(SetUpPath, "token", secret, "password", goodPassword, "passkey", "{}")
	require.Equal(w.t, http.StatusUnprocessableEntity, wrong.status)
	done := b.post(SetUpPath, "token", secret, "password", goodPassword, "passkey", d.makes(w.asked(wrong)))
	require.Equal(w.t, http.StatusOK, done.status, done.body)
	for _, m := range codeShown.FindAllStringSubmatch(done.body, -1) {
		p.codes = append(p.codes, m[1])
	}
	require.Len(w.t, p.codes, 10)
	return keyed{p, d}
}

// as is the context of what an operator does.
func (w *world) as(o identity.Operator) context.Context {
	return db.WithScope(w.Context, db.Scope{System: true, Actor: db.Actor{ID: o.ID, Role: o.Role}})
}

func (w *world) passkeys(operatorID string) []identity.Passkey {
	w.t.Helper()
	keys, err := w.Domains.Operators.PasskeysOf(w.system(), operatorID)
	require.NoError(w.t, err)
	return keys
}

func TestS52_SetUpWithAPasskeyLeavesTheAppsKeyWorthless(t *testing.T) {
	w := passwordWorld(t)
	p := w.setUpByPasskey("ana@desk.example")
	require.Equal(t, []string{"operator.added", "operator.passkey_added", "operator.set_up"}, w.verbs(p.ID))
	require.Equal(t, http.StatusUnprocessableEntity,
		w.browser().enter(signInPath, p.person, goodPassword, p.codeAt(w, 0)).status)
	require.Equal(t, Root, w.browser().enter(signInPath, p.person, goodPassword, p.codes[0]).path)
	require.Equal(t, Root, w.browser().secondStep(p.person, p.device.signs).path)
}

func TestS52_WhatTheOperatorLosesEndsThePasskeysToo(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	d := w.addPasskey(p)

	// half way in when the operator is disabled
	b := w.browser()
	q := b.asked(b.firstStep(signInPath, p, goodPassword))
	_, err := w.Domains.Operators.DisableOperator(w.system(), p.ID, "left")
	require.NoError(t, err)
	require.Equal(t, signInPath, b.post(secondPath, "passkey", d.signs(q)).path)
	require.Equal(t, http.StatusUnprocessableEntity, w.browser().firstStep(signInPath, p, goodPassword).status)
	_, err = w.Domains.Operators.EnableOperator(w.system(), p.ID, "is back")
	require.NoError(t, err)

	// and when the factors are reset
	b = w.browser()
	q = b.asked(b.firstStep(signInPath, p, goodPassword))
	_, secret, err := w.Domains.Operators.ResetFactor(w.system(), p.ID, "lost the laptop")
	require.NoError(t, err)
	require.Empty(t, w.passkeys(p.ID))
	w.setUp(p.Operator, secret)
	require.Equal(t, signInPath, b.post(secondPath, "passkey", d.signs(q)).path)
	page := w.browser().firstStep(signInPath, p, goodPassword)
	require.NotRegexp(t, optionsShown, page.body)
}

// aloneAt signs in by a passkey and nothing else, from the page at the path.
func (b *browser) aloneAt(path string, says func(asked) string) reply {
	b.t.Helper()
	return b.post(passkeyPath, "next", queuePath, "passkey", says(b.asked(b.get(path))))
}

func TestS52_APasskeyAloneIsBothFactors(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := worldOn(t, env, false)
		p := w.added("ana@desk.example", rules.OperatorAgent)
		other := w.added("rui@desk.example", rules.OperatorLead)
		d, theirs := w.addPasskey(p), w.addPasskey(other)
		q := w.asked(w.browser().get(signInPath))
		require.Empty(t, q.Allow, "the page names nobody")
		require.Equal(t, "required", q.UserVerification)

		spoilt := func(change func(*device)) func(asked) string {
			return func(a asked) string {
				bad := *d
				bad.counter = 5
				change(&bad)
				return bad.signs(a)
			}
		}
		first, second := w.browser(), w.browser()
		ofFirst := d.signs(first.asked(first.get(signInPath)))
		for name, says := range map[string]func(asked) string{
			"a touch alone is one factor": spoilt(func(d *device) { d.unproved = true }),
			"nobody touched it":           spoilt(func(d *device) { d.absent = true }),
			"another origin":              spoilt(func(d *device) { d.origin = "https://roomcover.example" }),
			"another party":               spoilt(func(d *device) { d.rpID = "roomcover.example" }),
			"another key under its id":    spoilt(func(d *device) { d.key = theirs.key }),
			"another's in one's own name": func(a asked) string { x := *theirs; x.owner = d.owner; return x.signs(a) },
			"in another's name":           spoilt(func(d *device) { d.owner = theirs.owner }),
			"in nobody's name":            spoilt(func(d *device) { d.owner = []byte("opr_none\x00") }),
			"without a name":              spoilt(func(d *device) { d.owner = nil }),
			"of another browser":          func(asked) string { return ofFirst },
			"no answer":                   func(asked) string { return "{}" },
		} {
			page := second.aloneAt(signInPath, says)
			require.Equal(t, http.StatusUnprocessableEntity, page.status, name)
			require.Contains(t, page.body, "The passkey was not accepted", name)
			require.Equal(t, signInPath, second.get(Root).path, name)
		}
		require.NotContains(t, w.log.String(), "level=ERROR")

		in := w.browser()
		page := in.get(signInPath)
		d.counter++
		right := d.signs(in.asked(page))
		require.Equal(t, queuePath, in.post(passkeyPath, "next", queuePath, "passkey", right).path)
		require.Contains(t, in.get(Root).body, "Ana Lima")
		require.Equal(t, tokensPath, w.lead(other, theirs).get(tokensPath).path, "it is a fresh sign-in")
		require.Contains(t, w.verbs(p.ID), "operator.sign_in_failed")
		require.Equal(t, "operator.signed_in", w.verbs(p.ID)[len(w.verbs(p.ID))-1])
		again := w.browser()
		require.Equal(t, http.StatusUnprocessableEntity, again.post(passkeyPath, "passkey", right).status)

		// Who is let in no more, and whose keys are gone.
		_, err := w.Domains.Operators.DisableOperator(w.system(), p.ID, "left")
		require.NoError(t, err)
		d.counter++
		require.Equal(t, http.StatusUnprocessableEntity, w.browser().aloneAt(signInPath, d.signs).status)
		require.Equal(t, signInPath, in.get(Root).path)
		_, err = w.Domains.Operators.EnableOperator(w.system(), p.ID, "is back")
		require.NoError(t, err)
		d.counter++
		require.Equal(t, queuePath, w.browser().aloneAt(signInPath, d.signs).path)
		_, _, err = w.Domains.Operators.ResetFactor(w.system(), p.ID, "lost the laptop")
		require.NoError(t, err)
		d.counter++
		require.Equal(t, http.StatusUnprocessableEntity, w.browser().aloneAt(signInPath, d.signs).status)
	})
}

// lead signs in by a passkey alone.
func (w *world) lead(p *person, d *device) *browser {
	w.t.Helper()
	b := w.browser()
	d.counter++
	require.Equal(w.t, queuePath, b.aloneAt(signInPath, d.signs).path, p.Email)
	return b
}

// Beside an issuer a passkey opens what the command line has armed, and nothing else.
func TestS53_APasskeyAlonePastTheIssuerIsAnEmergency(t *testing.T) {
	w := issuerWorld(t)
	p := w.added("ana@desk.example", rules.OperatorLead)
	arm := func(hours time.Duration) {
		_, err := w.Domains.Operators.ArmOperator(w.system(), p.ID, hours, "the issuer is down")
		require.NoError(t, err)
	}
	arm(4 * time.Hour)
	b := w.browser()
	require.Equal(t, Root, b.enter(emergencyPath, p, goodPassword, p.codeAt(w, 0)).path)
	d := b.addPasskey("Laptop")
	require.NotRegexp(t, optionsShown, w.browser().get(signInPath).body, "the issuer is the way in")

	d.counter++
	require.Equal(t, queuePath, w.browser().aloneAt(emergencyPath, d.signs).path)
	require.Len(t, w.Tasks(t, db.TaskBreakGlass), 2, "each use raises its task")
	arm(0)
	d.counter++
	refused := w.browser().aloneAt(emergencyPath, d.signs)
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, refused.body, "The passkey was not accepted")
	require.Len(t, w.Tasks(t, db.TaskBreakGlass), 2)
}

func TestS52_ASecondStepComesWithinFiveMinutes(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	b := w.browser()
	page := b.get(secondPath)
	require.Equal(t, signInPath, page.path)
	require.Contains(t, page.body, "Begin again")

	v := &visit{site: w.site}
	v.ctx, _ = w.site.sessions.Load(w.Context, "")
	require.NoError(t, v.beginSecondStep(w.operatorOf(p.Email), false, ""))
	_, _, ok, err := v.halfSignIn()
	require.NoError(t, err)
	require.True(t, ok)
	var h halfSignIn
	require.NoError(t, json.Unmarshal([]byte(v.value(keyHalf)), &h))
	require.InDelta(t, time.Now().Add(5*time.Minute).Unix(), h.Until, 5)
	h.Until = time.Now().Add(-time.Second).Unix()
	text, err := json.Marshal(h)
	require.NoError(t, err)
	v.setValue(keyHalf, string(text))
	_, _, ok, err = v.halfSignIn()
	require.NoError(t, err)
	require.False(t, ok)
}

func TestS52_NewRecoveryCodesEndThoseOfBefore(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	b := w.byCode(p, 0)
	require.Contains(t, b.get(codesPath).body, "open nothing any more")
	made := codeShown.FindAllStringSubmatch(b.post(codesPath, "confirmed", "yes").body, -1)
	require.Len(t, made, 10)
	require.Equal(t, http.StatusUnprocessableEntity, w.browser().enter(signInPath, p, goodPassword, p.codes[0]).status)
	require.Equal(t, Root, w.browser().enter(signInPath, p, goodPassword, made[0][1]).path)
	require.Contains(t, b.get(mePath).body, "9 codes are left")
	require.Contains(t, w.verbs(p.ID), "operator.recovery_codes_made")
}

func TestS52_AnAppIsSetUpOrReplacedOnceItShowsACode(t *testing.T) {
	storetest.OneOf(t, func(t *testing.T, env storetest.Env) {
		w := worldOn(t, env, false)
		p := w.setUpByPasskey("ana@desk.example")
		b := w.browser()
		require.Equal(t, Root, b.secondStep(p.person, p.device.signs).path)
		app := func(page reply) *person {
			m := keyShown.FindStringSubmatch(page.body)
			require.NotNil(t, m, page.body)
			return &person{Operator: p.Operator, key: strings.ReplaceAll(m[1], " ", "")}
		}
		first := app(b.get(appPath))
		require.NotEqual(t, first.key, app(b.get(appPath)).key, "a page that was left leaves nothing behind")
		wrong := b.post(appPath, "code", first.codeAt(w, 0))
		require.Equal(t, http.StatusUnprocessableEntity, wrong.status)
		require.Contains(t, b.get(mePath).body, "Not set up")

		first = app(wrong)
		require.Equal(t, mePath, b.post(appPath, "code", first.codeAt(w, -1)).path)
		require.Contains(t, b.get(mePath).body, "In use")
		require.Equal(t, Root, w.browser().enter(signInPath, p.person, goodPassword, first.codeAt(w, 0)).path)

		second := app(b.get(appPath))
		require.Equal(t, mePath, b.post(appPath, "code", second.codeAt(w, -1)).path)
		require.Equal(t, http.StatusUnprocessableEntity,
			w.browser().enter(signInPath, p.person, goodPassword, first.codeAt(w, 1)).status)
		require.Equal(t, Root, w.browser().enter(signInPath, p.person, goodPassword, second.codeAt(w, 0)).path)
		require.Equal(t, appPath, b.post(appPath, "code", second.codeAt(w, 1)).path, "the key is used up")
		require.Contains(t, w.verbs(p.ID), "operator.app_set_up")
	})
}

// Changing a second factor asks for a fresh sign-in, like every change of who gets in.
func TestS52_ChangingASecondFactorAsksForAFreshSignIn(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	b := w.byCode(p, 0)
	b.addPasskey("Laptop")
	w.site.freshFor = 0
	one := mePath + "/passkeys/" + w.passkeys(p.ID)[0].ID
	require.Equal(t, http.StatusForbidden, b.get(newPasskeyPath).status)
	for _, path := range []string{newPasskeyPath, one + "/rename", one + "/remove", codesPath, appPath} {
		r := b.post(path, "confirmed", "yes", "name", "x")
		require.Equal(t, http.StatusForbidden, r.status, path)
		require.Contains(t, r.body, "Sign in again first", path)
	}
	require.Equal(t, "Laptop", w.passkeys(p.ID)[0].Name)
}

func TestS52_WhoSignsInAtTheIssuerHasTheirFactorsThere(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(staff[1])
	require.Contains(t, b.get(mePath).body, "You sign in with your work account")
	for _, path := range []string{newPasskeyPath, codesPath, appPath} {
		require.Equal(t, http.StatusNotFound, b.get(path).status, path)
		require.Equal(t, http.StatusNotFound, b.post(path, "confirmed", "yes").status, path)
	}
	require.Equal(t, http.StatusNotFound, b.post(freshPath, "passkey", "{}").status)
	key := identity.Passkey{CredentialID: "x", Name: "x"}
	o := w.operatorOf(staff[1].Email)
	_, err := w.Domains.Operators.AddPasskey(w.as(o), o.ID, key)
	storetest.RequireCode(t, rules.StateConflict, err)
}

// The emergency's second step may be a passkey as well, and each use raises its task.
func TestS53_BreakGlassByPasskeyRaisesATask(t *testing.T) {
	w := issuerWorld(t)
	p := w.added("ana@desk.example", rules.OperatorLead)
	_, err := w.Domains.Operators.ArmOperator(w.system(), p.ID, 4*time.Hour, "the issuer is down")
	require.NoError(t, err)
	b := w.browser()
	require.Equal(t, Root, b.enter(emergencyPath, p, goodPassword, p.codeAt(w, 0)).path)
	d := b.addPasskey("Laptop")

	in := w.browser()
	q := in.asked(in.firstStep(emergencyPath, p, goodPassword))
	require.Equal(t, Root, in.post(secondPath, "passkey", d.signs(q)).path)
	require.Len(t, w.Tasks(t, db.TaskBreakGlass), 2)

	q = in.asked(in.firstStep(emergencyPath, p, goodPassword))
	_, err = w.Domains.Operators.ArmOperator(w.system(), p.ID, 0, "it is over")
	require.NoError(t, err)
	require.Equal(t, signInPath, in.post(secondPath, "passkey", d.signs(q)).path)
}

func TestS52_ThePageOfOnesSignInKeepsToTheBudget(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	b := w.byCode(p, 0)
	for _, name := range []string{"Laptop", "Phone", "Security key"} {
		b.addPasskey(name)
	}
	w.withinBudget(b, mePath)
	w.withinBudget(b, newPasskeyPath)
}
