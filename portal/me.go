package portal

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const (
	mePath         = "/me"
	myNamePath     = "/me/name"
	myZonePath     = "/me/time-zone"
	myPasswordPath = "/me/password"
)

const keyPasswordBefore = "passwordBefore" // Unix seconds, and the hash

// mostSignIns bounds the sign-ins that the page lists.
const mostSignIns = 5

// mePage is what a person can see and change about themselves.
type mePage struct {
	Email, Name string
	NameProblem string // message key
	NameMost    int
	Mails       mailLanguageForm
	Zone        ownZoneForm
	Password    ownPasswordForm
	Factor      factorView
	SignIns     []signInView
	Sessions    []sessionView
}

// ownZoneForm chooses the clock by which a person is shown times.
type ownZoneForm struct {
	Now     string
	Choices []choice
	Problem string // message key
}

// ownPasswordForm changes the password; typed passwords are never shown again.
type ownPasswordForm struct {
	Has                    bool // the person signs in with a password
	OldProblem, NewProblem string
	LeastLength            int
}

// signInView is one of the person's latest sign-ins.
type signInView struct{ When, From string }

func showMe(v *visit) (answer, error) {
	p := mePage{Name: v.who.user.Name}
	zone := db.Text(v.who.user.TimeZone)
	if v.resumes(myNamePath) {
		p.Name = v.form("name")
	}
	if v.resumes(myZonePath) {
		zone = v.form("zone")
	}
	p.Zone = v.ownZone(zone)
	return v.mePage(p)
}

// mePage completes the page around what was typed.
func (v *visit) mePage(p mePage) (answer, error) {
	u := v.who.user
	p.Email = u.Email
	p.NameMost = identity.MaxName
	p.Mails = v.mailLanguage()
	p.Password.Has = u.PasswordHash != ""
	p.Password.LeastLength = web.LeastPassword
	if len(p.Zone.Choices) == 0 {
		p.Zone = v.ownZone(db.Text(u.TimeZone))
	}
	if p.Name == "" && p.NameProblem == "" {
		p.Name = u.Name
	}

	var err error
	if p.Factor, err = v.factorView(); err != nil {
		return answer{}, err
	}
	if p.Sessions, err = v.sessionViews(); err != nil {
		return answer{}, err
	}
	signIns, err := v.people.SignInsOf(v.ctx, u.ID, mostSignIns)
	if err != nil {
		return answer{}, err
	}
	for _, s := range signIns {
		from := "me.signin.new"
		if s.KnownBrowser {
			from = "me.signin.known"
		}
		p.SignIns = append(p.SignIns, signInView{
			When: v.moment(s.At, v.zone()),
			From: v.language.Say(from),
		})
	}

	a := answer{page: "me", title: "me.title", data: p, here: mePath}
	if p.NameProblem != "" || p.Zone.Problem != "" ||
		p.Password.OldProblem != "" || p.Password.NewProblem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// zone is the time zone by whose clock the person is shown when something happened: their own
// choice, else that of the account at hand.
func (v *visit) zone() string {
	switch {
	case v.who.user.TimeZone != nil:
		return *v.who.user.TimeZone
	case len(v.who.accounts) > 0:
		return v.who.account().TimeZone
	}
	return "UTC"
}

// ownZone offers the zone of the account first, and all zones after it.
func (v *visit) ownZone(chosen string) ownZoneForm {
	now := v.db.Clock().Now()
	f := ownZoneForm{
		Now: v.say("timezone.now", "zone", v.zoneLabel(v.zone(), now),
			"moment", v.moment(now, v.zone())),
	}
	for _, zone := range rules.TimeZones("") {
		f.Choices = append(f.Choices, choice{zone, v.zoneLabel(zone, now), zone == chosen})
	}
	sortChoices(f.Choices)

	account := choice{Label: v.language.Say("me.zone.account"), Selected: chosen == ""}
	f.Choices = append([]choice{account}, f.Choices...)
	return f
}

func chooseName(v *visit) (answer, error) {
	name := strings.TrimSpace(v.form("name"))
	if problem := nameProblem(name); problem != "" {
		return v.mePage(mePage{Name: name, NameProblem: problem})
	}
	if err := v.people.ChooseName(v.named(), v.who.user.ID, name); err != nil {
		return answer{}, err
	}
	return v.done(mePath, "flash.me.name"), nil
}

func chooseTimeZone(v *visit) (answer, error) {
	err := v.people.ChooseTimeZone(v.named(), v.who.user.ID, v.form("zone"))
	if rules.CodeOf(err) == rules.ValidationFailed {
		p := mePage{Zone: v.ownZone(v.form("zone"))}
		p.Zone.Problem = "timezone.choose"
		return v.mePage(p)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(mePath, "flash.me.zone"), nil
}

// changePassword sets another password for who knows the one before, within the bounds of a
// sign-in. It ends every other session, and this one goes on under a new token. Whoever does not
// know the one before is told so, whatever the new one is: another answer where the new one is the
// password would let an open screen try passwords. Only the second click of an impatient person,
// which arrives with the one before right after the change, is done.
func changePassword(v *visit) (answer, error) {
	u := v.who.user
	before, after := v.form("password"), v.form("newpassword")
	if before == "" {
		return v.wrongPassword("proof.missing", "")
	}

	own := []string{u.Name, u.Email, v.program.Name}
	for _, a := range v.who.accounts {
		own = append(own, a.LegalName)
	}
	if problem := web.PasswordProblem(after, own...); problem != "" {
		return v.wrongPassword("", problem)
	}

	known, ok, err := v.trySignIn(u.Email, before)
	if err != nil {
		return answer{}, err
	}
	same, err := web.PasswordMatches(v.ctx, after, u.PasswordHash)
	if err != nil {
		return answer{}, err
	}
	if same && !ok {
		again, err := v.wasPassword(before)
		if err != nil {
			return answer{}, err
		}
		if again {
			return v.done(mePath, "flash.me.password"), nil
		}
	}
	switch {
	case !ok:
		return v.wrongPassword("proof.wrong", "")
	case same:
		return v.wrongPassword("", "me.password.same")
	}

	hash, err := web.HashPassword(v.ctx, after)
	if err != nil {
		return answer{}, err
	}
	err = v.people.ChangePassword(v.named(), identity.PasswordChange{
		UserID: u.ID,
		Before: known.PasswordHash,
		After:  hash,
	})
	if err != nil {
		return answer{}, err
	}
	err = errors.Join(
		v.sessions.RenewToken(v.ctx),
		v.people.RememberPlace(v.ctx, u.ID, v.placeFromNowOn()),
	)
	if err != nil {
		return answer{}, err
	}
	// The password alone proves nothing fresh of who has more to show for it (S52).
	if v.provesBy(mePath) == "" {
		v.passwordProved()
	}
	v.sessions.Put(v.ctx, keyPasswordBefore,
		strconv.FormatInt(time.Now().Unix(), 10)+" "+known.PasswordHash)
	return v.done(mePath, "flash.me.password"), nil
}

// secondClick is how long after a change the password before is known in the session.
const secondClick = time.Minute

// wasPassword reports whether a text was the person's password until a moment ago, when this
// session changed it.
func (v *visit) wasPassword(text string) (bool, error) {
	since, hash, _ := strings.Cut(v.value(keyPasswordBefore), " ")
	at, err := strconv.ParseInt(since, 10, 64)
	if err != nil || time.Since(time.Unix(at, 0)) > secondClick {
		v.removeValues(keyPasswordBefore)
		return false, nil
	}
	return web.PasswordMatches(v.ctx, text, hash)
}

func (v *visit) wrongPassword(old, next string) (answer, error) {
	return v.mePage(mePage{Password: ownPasswordForm{OldProblem: old, NewProblem: next}})
}
