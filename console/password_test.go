package console

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

const goodPassword = "três cavalos azuis"

// person is an operator who signs in by password, with the app that makes the codes.
type person struct {
	identity.Operator
	key   string
	codes []string // for recovery
}

// added adds an operator as the command line does, and sets the sign-in up as the person does.
func (w *world) added(email string, role rules.Role) *person {
	w.t.Helper()
	o, secret, err := w.Domains.Operators.AddOperator(w.system(), identity.NewOperator{
		Email: email, Name: "Ana Lima", Role: role, Reason: "new colleague",
	})
	require.NoError(w.t, err)
	return w.setUp(o, secret)
}

var (
	keyShown  = regexp.MustCompile(`<p class="secret">([A-Z2-7 ]+)</p>`)
	codeShown = regexp.MustCompile(`<li>([a-z0-9]{5}-[a-z0-9]{5})</li>`)
)

func (w *world) setUp(o identity.Operator, secret string) *person {
	w.t.Helper()
	b := w.browser()
	page := b.get(SetUpPath + "?" + url.Values{"token": {secret}}.Encode())
	require.Equal(w.t, http.StatusOK, page.status)
	p := &person{Operator: o, key: strings.ReplaceAll(keyShown.FindStringSubmatch(page.body)[1], " ", "")}
	done := b.post(SetUpPath, "token", secret, "password", goodPassword, "code", p.codeAt(w, -1))
	require.Equal(w.t, http.StatusOK, done.status, done.body)
	for _, m := range codeShown.FindAllStringSubmatch(done.body, -1) {
		p.codes = append(p.codes, m[1])
	}
	require.Len(w.t, p.codes, 10)
	return p
}

// codeAt is the app's code some steps from now.
func (p *person) codeAt(w *world, steps int) string {
	w.t.Helper()
	code, err := totp.GenerateCode(p.key, time.Now().Add(time.Duration(steps)*30*time.Second))
	require.NoError(w.t, err)
	return code
}

// enter takes both steps of a sign-in; it ends with the first where that is refused.
func (b *browser) enter(path string, p *person, password, code string) reply {
	b.t.Helper()
	if first := b.firstStep(path, p, password); first.path != secondPath {
		return first
	}
	return b.post(secondPath, "code", code)
}

func (b *browser) firstStep(path string, p *person, password string) reply {
	b.t.Helper()
	return b.post(path, "email", p.Email, "password", password)
}

func TestS53_WithoutAnIssuerOperatorsHavePasswordAndSecondFactor(t *testing.T) {
	storetest.OneOf(t, func(t *testing.T, env storetest.Env) {
		w := worldOn(t, env, false)
		p := w.added("ana@desk.example", rules.OperatorAgent)
		b := w.browser()
		require.Contains(t, b.get(queuePath).body, `type="password"`)

		code := p.codeAt(w, 0)
		require.Equal(t, Root, b.enter(signInPath, p, goodPassword, code).path)
		require.Contains(t, b.get(Root).body, "Ana Lima", w.log.String())

		// the code is used up, for every browser
		again := w.browser().enter(signInPath, p, goodPassword, code)
		require.Equal(t, http.StatusUnprocessableEntity, again.status)
		require.Equal(t, Root, w.browser().enter(signInPath, p, goodPassword, p.codeAt(w, 1)).path)
		require.Equal(t, []string{
			"operator.added", "operator.set_up", "operator.signed_in", "operator.sign_in_failed", "operator.signed_in",
		}, w.verbs(p.ID))
	})
}

// challenge is the question for a passkey, which is another on each page.
var challenge = regexp.MustCompile(`challenge&#34;:&#34;[^&]+`)

// The answer is one and the same, whoever it is and whatever is wrong, until the password is
// right: what the second step asks for shows only then.
func TestS53_TheAnswerDoesNotSayWhoIsAnOperator(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	off := w.added("off@desk.example", rules.OperatorAgent)
	_, err := w.Domains.Operators.DisableOperator(w.system(), off.ID, "left")
	require.NoError(t, err)
	unready, _, err := w.Domains.Operators.AddOperator(w.system(), identity.NewOperator{
		Email: "new@desk.example", Name: "New", Role: rules.OperatorAgent, Reason: "x",
	})
	require.NoError(t, err)

	same := func(r reply, email string) string {
		require.Equal(t, http.StatusUnprocessableEntity, r.status, email)
		return challenge.ReplaceAllString(strings.ReplaceAll(r.body, email, ""), "")
	}
	keyed := w.added("key@desk.example", rules.OperatorAgent)
	w.addPasskey(keyed)
	first := same(w.browser().enter(signInPath, p, "another password", p.codeAt(w, 0)), p.Email)
	for _, c := range []struct {
		who            *person
		password, code string
	}{
		{p, "", p.codeAt(w, 0)},
		{keyed, "another password", ""},
		{off, goodPassword, off.codeAt(w, 0)},
		{&person{Operator: unready}, goodPassword, "000000"},
		{&person{Operator: identity.Operator{Email: "nobody@desk.example"}}, goodPassword, "000000"},
	} {
		require.Equal(t, first, same(w.browser().enter(signInPath, c.who, c.password, c.code), c.who.Email))
	}

	b := w.browser()
	require.Equal(t, http.StatusUnprocessableEntity, b.enter(signInPath, p, goodPassword, "000000").status)
	require.Equal(t, signInPath, b.get(Root).path, "the password alone opens nothing")
	require.Equal(t, signInPath, w.browser().post(secondPath, "code", p.codeAt(w, 0)).path)
}

func TestS53_ARecoveryCodeOpensOnce(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	code := strings.ToUpper(strings.ReplaceAll(p.codes[3], "-", " "))
	require.Equal(t, Root, w.browser().enter(signInPath, p, goodPassword, code).path)
	require.Equal(t, http.StatusUnprocessableEntity, w.browser().enter(signInPath, p, goodPassword, code).status)
	require.Contains(t, w.verbs(p.ID), "operator.recovery_code_used")
	for _, c := range p.codes {
		require.Zero(t, w.Count(t, "SELECT count(*) FROM operator_recovery_codes WHERE code_hash = '"+c+"'"))
	}
}

// Who knows the password cannot try all codes: from the bound on, not even the right one opens,
// for the rest of the hour.
func TestS53_CodesAreBounded(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	for range 10 {
		ok, err := w.Domains.Operators.UseCode(w.system(), p.ID, "000000")
		require.NoError(t, err)
		require.False(t, ok)
	}
	ok, err := w.Domains.Operators.UseCode(w.system(), p.ID, p.codeAt(w, 0))
	require.NoError(t, err)
	require.False(t, ok)
}

func TestS53_SignInsAreBounded(t *testing.T) {
	w := passwordWorld(t)
	b := w.browser()
	nobody := &person{Operator: identity.Operator{Email: "nobody@desk.example"}}
	for range 10 {
		require.Equal(t, http.StatusUnprocessableEntity, b.enter(signInPath, nobody, "x", "1").status)
	}
	r := b.enter(signInPath, nobody, "x", "1")
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.NotEmpty(t, r.header.Get("Retry-After"))
}

func TestS53_ALinkToSetUpOpensOnceAndForADay(t *testing.T) {
	w := passwordWorld(t)
	o, secret, err := w.Domains.Operators.AddOperator(w.system(), identity.NewOperator{
		Email: "ana@desk.example", Name: "Ana Lima", Role: rules.OperatorAgent, Reason: "x",
	})
	require.NoError(t, err)
	_, _, err = w.Domains.Operators.AddOperator(w.system(), identity.NewOperator{
		Email: "Ana@desk.example", Name: "Ana", Role: rules.OperatorAgent, Reason: "x",
	})
	storetest.RequireCode(t, rules.StateConflict, err)

	path := SetUpPath + "?" + url.Values{"token": {secret}}.Encode()
	b := w.browser()
	for password, says := range map[string]string{
		"short":       "at least 10",
		"password123": "one of the first",
		goodPassword:  "This is not the app",
	} {
		r := b.post(SetUpPath, "token", secret, "password", password, "code", "000000")
		require.Equal(t, http.StatusUnprocessableEntity, r.status, password)
		require.Contains(t, r.body, says, password)
	}
	p := w.setUp(o, secret)
	require.Equal(t, http.StatusGone, b.get(path).status)
	require.Equal(t, http.StatusGone, b.get(SetUpPath+"?token=x").status)

	// a lost phone: everything of before ends
	in := w.browser()
	require.Equal(t, Root, in.enter(signInPath, p, goodPassword, p.codeAt(w, 0)).path)
	_, secret, err = w.Domains.Operators.ResetFactor(w.system(), o.ID, "lost the phone")
	require.NoError(t, err)
	require.Equal(t, signInPath, in.get(Root).path)
	require.Equal(t, http.StatusUnprocessableEntity, in.enter(signInPath, p, goodPassword, p.codes[0]).status)
	require.NoError(t, w.Exec("UPDATE operators SET setup_until = '2020-01-01 00:00:00+00:00'"))
	require.Equal(t, http.StatusGone, b.get(SetUpPath+"?token="+url.QueryEscape(secret)).status)
}

// With an issuer the password opens nothing, until somebody arms it by the command line: then
// each use raises a task, and the session ends with the time.
func TestS53_BreakGlassIsArmedForHoursAndEachUseRaisesATask(t *testing.T) {
	w := issuerWorld(t)
	p := w.added("ana@desk.example", rules.OperatorLead)
	b := w.browser()
	require.Equal(t, http.StatusNotFound, b.enter(signInPath, p, goodPassword, p.codeAt(w, 0)).status)
	require.Equal(t, http.StatusUnprocessableEntity, b.enter(emergencyPath, p, goodPassword, p.codeAt(w, 0)).status)

	_, err := w.Domains.Operators.ArmOperator(w.system(), p.ID, 4*time.Hour, "")
	storetest.RequireCode(t, rules.ReasonRequired, err)
	_, err = w.Domains.Operators.ArmOperator(w.system(), p.ID, 4*time.Hour, "the issuer is down")
	require.NoError(t, err)
	require.Equal(t, Root, b.enter(emergencyPath, p, goodPassword, p.codeAt(w, 0)).path)
	require.Equal(t, Root, w.browser().enter(emergencyPath, p, goodPassword, p.codeAt(w, 1)).path)
	require.Len(t, w.Tasks(t, db.TaskBreakGlass), 2)
	require.Contains(t, b.get(queuePath).body, "Look at an emergency sign-in")

	require.NoError(t, w.Exec("UPDATE operators SET armed_until = '2020-01-01 00:00:00+00:00'"))
	require.Equal(t, signInPath, b.get(Root).path)
	_, err = w.Domains.Operators.ArmOperator(w.system(), w.operatorOf(p.Email).ID, 0, "it is over")
	require.NoError(t, err)
}

func TestS53_OnlyALeadManagesOperators(t *testing.T) {
	w := passwordWorld(t)
	p := w.added("ana@desk.example", rules.OperatorAgent)
	for _, role := range []rules.Role{rules.OperatorAgent, rules.OperatorCSM, rules.OperatorManager, rules.Reseller} {
		ctx := db.WithScope(w.Context, db.Scope{System: true, Actor: db.Actor{ID: "x", Role: role}})
		_, err := w.Domains.Operators.ChangeOperatorRole(ctx, p.ID, rules.OperatorLead, "x")
		storetest.RequireCode(t, rules.Forbidden, err)
	}

	b := w.browser()
	require.Equal(t, Root, b.enter(signInPath, p, goodPassword, p.codeAt(w, 0)).path)
	require.Equal(t, http.StatusForbidden, b.get(operatorsPath).status)
	_, err := w.Domains.Operators.ChangeOperatorRole(w.system(), p.ID, rules.OperatorLead, "promoted")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, b.get(operatorsPath).status, "it holds from the next request on")
}

// Who looked at the link before the person did has no key that opens anything; a page with an
// error goes on with the one that the app has by now.
func TestS53_ALinkToSetUpShowsAnotherKeyEachTimeItIsOpened(t *testing.T) {
	w := passwordWorld(t)
	o, secret, err := w.Domains.Operators.AddOperator(w.system(), identity.NewOperator{
		Email: "ana@desk.example", Name: "Ana Lima", Role: rules.OperatorAgent, Reason: "x",
	})
	require.NoError(t, err)
	look := func(page reply) *person {
		require.NotNil(t, keyShown.FindStringSubmatch(page.body))
		return &person{Operator: o, key: strings.ReplaceAll(keyShown.FindStringSubmatch(page.body)[1], " ", "")}
	}
	path := SetUpPath + "?" + url.Values{"token": {secret}}.Encode()
	spy, own := look(w.browser().get(path)), look(w.browser().get(path))
	require.NotEqual(t, spy.key, own.key)

	b := w.browser()
	wrong := b.post(SetUpPath, "token", secret, "password", goodPassword, "code", spy.codeAt(w, 0))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.status)
	require.Equal(t, own.key, look(wrong).key)
	done := b.post(SetUpPath, "token", secret, "password", goodPassword, "code", own.codeAt(w, 0))
	require.Equal(t, http.StatusOK, done.status)
	require.Len(t, codeShown.FindAllString(done.body, -1), 10)
}
