package portal

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// landing is what an invitation's page shows. The address is masked: who
// holds the link has not yet proved to be its reader.
type landing struct {
	Company, Mailbox, Until, Role string
	Own                           string // the company's own sign-in; empty: it has none
}

// showInvitation is where the mail's button leads. The token leaves the
// address bar at once, and reading consumes nothing, however often (R47).
func showInvitation(v *visit) (answer, error) {
	if v.request.URL.Query().Has("token") {
		return v.takeLink()
	}

	found, err := v.invitation()
	if err != nil {
		return answer{}, err
	}

	page := "invitation"
	if v.who != nil {
		if v.who.user.Email != found.Invitation.Email {
			return answer{}, errWrongPerson()
		}
		page = "invitationaccept"
	}

	if v.who == nil && found.HasUser {
		page = "invitationknown"
	}

	data := v.landing(found)
	if v.who == nil {
		if data.Own, err = v.ownSignInFor(found.Invitation.Email); err != nil {
			return answer{}, err
		}
	}
	return answer{page: page, title: "invitation.title", data: data}, nil
}

func (v *visit) landing(found identity.InvitationView) landing {
	last := rules.LastCoveredDay(found.Invitation.ExpiresAt, location(found.Account.TimeZone))
	return landing{
		Company: found.Account.LegalName,
		Mailbox: masked(found.Invitation.Email),
		Until:   v.day(last),
		Role:    v.roleName(found.Invitation.Role),
	}
}

// takeLink remembers which invitation the link is for. The session keeps the
// id, not the token: the token can be derived, and is not stored anywhere. An
// unknown link looks the same from outside.
func (v *visit) takeLink() (answer, error) {
	if err := v.throttleNetwork("invitation-link", 300, time.Hour); err != nil {
		return answer{}, err
	}

	id := noLink

	found, err := v.people.InvitationByToken(v.ctx, v.request.URL.Query().Get("token"))
	if rules.CodeOf(err) == "" && err != nil {
		return answer{}, err
	}

	if found.Invitation.ID != "" {
		id = found.Invitation.ID
	}
	if v.value(keyInvitation) != id {
		v.removeValues(keyChallenge, keyProven, keyProvenAt)
	}

	v.setValue(keyInvitation, id)
	if v.value(keyBrowser) == "" {
		v.setValue(keyBrowser, rand.Text())
	}
	return redirect("/invitation"), nil
}

// invitation reads the one that this session opened, and refuses one that can
// no longer be accepted. Who is signed in and inside already has nothing to accept.
func (v *visit) invitation() (identity.InvitationView, error) {
	id := v.value(keyInvitation)
	if id == "" && v.who != nil {
		return identity.InvitationView{}, errAtHome
	}

	found, err := v.people.InvitationByToken(v.ctx, v.db.Secrets().InvitationToken(id))
	if rules.CodeOf(err) == rules.NotFound {
		return found, errDeadLink
	}

	if err != nil && v.isInside(found) {
		v.setValue(keyAccount, found.Account.ID)
		return found, errAtHome
	}
	return found, err
}

// isInside reports whether the visitor is the invited person and has access already.
func (v *visit) isInside(found identity.InvitationView) bool {
	return v.who != nil && v.who.user.Email == found.Invitation.Email &&
		v.who.roles[found.Account.ID] != ""
}

// acceptAsKnown is the one click of a person who is signed in. Another person
// is refused by package identity, which audits the attempt and leaves the invitation
// as it is (R47a).
func acceptAsKnown(v *visit) (answer, error) {
	found, err := v.invitation()
	if err != nil {
		return answer{}, err
	}

	if v.who.user.Email != found.Invitation.Email {
		// The audit of the invited account names a wrong person, and is not to be filled.
		key := "wrong-person/" + v.who.user.ID + "/" + found.Invitation.ID
		if err := v.throttle(key, wrongPersonsADay, 24*time.Hour); err != nil {
			return answer{}, err
		}
	}

	_, place, err := v.people.AcceptInvitation(v.ctx, identity.Acceptance{
		InvitationID: found.Invitation.ID,
		Email:        v.who.user.Email,
		SignedInAs:   v.who.user.ID,
	})
	if err != nil {
		return answer{}, v.overtaken(err)
	}

	v.removeValues(keyInvitation)
	v.setValue(keyAccount, place.AccountID)
	return v.done("/", "flash.welcome"), nil
}

// overtaken reads a conflict at acceptance as what it is for the visitor: the
// link is no longer good.
func (v *visit) overtaken(err error) error {
	if rules.CodeOf(err) == rules.StateConflict {
		return errDeadLink
	}
	return err
}

func errWrongPerson() error {
	return rules.Refuse(rules.InvitationWrongPerson, "The invitation is for another person.",
		"Sign out and open the link as the person it was sent to.")
}

// masked shows enough of an address for its owner to know it.
func masked(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 1 {
		return "***"
	}
	return email[:1] + "***" + email[at:]
}

func (v *visit) roleName(r identity.MemberRole) string {
	if r == identity.RoleAdmin {
		return v.language.Say("role.admin")
	}
	return v.language.Say("role.readonly")
}

// The bounds of one-time codes: what one invitation and one address of the
// network may ask for and try. With five tries a code, a guess succeeds at
// most once in ten thousand days of trying.
const (
	codesAnHour   = 5
	codesADay     = 15
	codesAnHourIP = 30
	triesAnHourIP = 60
)

// wrongPersonsADay is how often one person may try an invitation that is another's.
const wrongPersonsADay = 5

type codePage struct {
	Mailbox string
	Minutes int
	Problem string // message key
}

// sendCode mails a one-time code to the invited mailbox. Only this browser can
// answer it.
func sendCode(v *visit) (answer, error) {
	if v.who != nil {
		return acceptAsKnown(v)
	}

	found, err := v.invitation()
	if err != nil {
		return answer{}, err
	}

	if found.HasUser {
		return redirect("/sign-in"), nil
	}
	if err := v.mayAskCode(found.Invitation.ID); err != nil {
		return answer{}, err
	}
	if v.value(keyBrowser) == "" { // sessions from before the link's page kept one
		v.setValue(keyBrowser, rand.Text())
	}

	c, err := v.people.ChallengeInvited(v.ctx, found.Invitation.ID, v.value(keyBrowser),
		v.language.Locale())
	if err != nil {
		return answer{}, err
	}

	v.setValue(keyChallenge, c.ID)
	return redirect("/invitation/code"), nil
}

func (v *visit) mayAskCode(invitation string) error {
	if err := v.throttleNetwork("code-ip", codesAnHourIP, time.Hour); err != nil {
		return err
	}
	if err := v.throttle("code-hour/"+invitation, codesAnHour, time.Hour); err != nil {
		return err
	}
	return v.throttle("code-day/"+invitation, codesADay, 24*time.Hour)
}

func askCode(v *visit) (answer, error) {
	found, err := v.invitation()
	if err != nil {
		return answer{}, err
	}

	if v.proved(found.Invitation.ID) {
		return redirect("/invitation/person"), nil
	}
	if v.value(keyChallenge) == "" {
		return redirect("/invitation"), nil
	}
	return v.codePage(found, ""), nil
}

func (v *visit) codePage(found identity.InvitationView, problem string) answer {
	a := answer{
		page:  "code",
		title: "code.title",
		data: codePage{
			Mailbox: masked(found.Invitation.Email),
			Minutes: int(identity.CodeLifetime.Minutes()),
			Problem: problem,
		},
	}

	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a
}

// checkCode holds the typed code against this browser's challenge.
func checkCode(v *visit) (answer, error) {
	found, err := v.invitation()
	if err != nil {
		return answer{}, err
	}
	if v.value(keyChallenge) == "" && v.proved(found.Invitation.ID) {
		return redirect("/invitation/person"), nil // a second click
	}
	if err := v.throttleNetwork("code-try-ip", triesAnHourIP, time.Hour); err != nil {
		return answer{}, err
	}

	code := strings.Map(onlyDigits, rules.NormaliseDigits(v.form("code")))
	c, err := v.people.AnswerChallenge(v.ctx, v.value(keyChallenge), v.value(keyBrowser), code)
	switch rules.CodeOf(err) {
	case identity.CodeWrong:
		return v.codePage(found, "code.wrong"), nil
	case identity.CodeTried:
		return v.codePage(found, "code.tried"), nil
	case identity.CodeExpired, rules.NotFound:
		return v.codePage(found, "code.expired"), nil
	}

	if err != nil {
		return answer{}, err
	}
	if c.SubjectID != found.Invitation.ID || c.Purpose != identity.ChallengeInvitation {
		return v.codePage(found, "code.expired"), nil
	}
	if err := v.sessions.RenewToken(v.ctx); err != nil {
		return answer{}, err
	}

	v.setValue(keyProven, found.Invitation.ID)
	v.setValue(keyProvenAt, strconv.FormatInt(time.Now().Unix(), 10))
	v.removeValues(keyChallenge)
	return redirect("/invitation/person"), nil
}

func onlyDigits(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

// provenFor is how long a proven mailbox lets a person finish the form.
const provenFor = 30 * time.Minute

type personPage struct {
	Email, Name, Company     string
	NameProblem, PassProblem string // message keys
	LeastLength, MostLength  int
	NameMostLength           int
}

func askPerson(v *visit) (answer, error) {
	found, err := v.invitation()
	if err != nil {
		return answer{}, err
	}

	if !v.proved(found.Invitation.ID) || found.HasUser {
		return redirect("/invitation"), nil
	}
	return v.personPage(found, personPage{Name: found.Invitation.ContactName}), nil
}

func (v *visit) personPage(found identity.InvitationView, p personPage) answer {
	p.Email, p.Company = found.Invitation.Email, found.Account.LegalName
	p.LeastLength = web.LeastPassword
	p.MostLength = web.MostPassword
	p.NameMostLength = mostName
	a := answer{page: "person", title: "person.title", data: p}
	if p.NameProblem != "" || p.PassProblem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a
}

// proved reports whether this session proved the invited mailbox not long ago.
func (v *visit) proved(invitation string) bool {
	at, err := strconv.ParseInt(v.value(keyProvenAt), 10, 64)
	if err != nil {
		return false
	}
	return v.value(keyProven) == invitation && time.Since(time.Unix(at, 0)) < provenFor
}

// acceptAsNew makes the proven person a user with a name of their own (R49b)
// and a member; the first of the account becomes its administrator (R47b). Who has become
// a user meanwhile, by another invitation, has to sign in: the code of the mail does not
// stand for the password.
func acceptAsNew(v *visit) (answer, error) {
	found, err := v.invitation()
	if rules.CodeOf(err) == rules.InvitationUsed && v.proved(found.Invitation.ID) {
		return v.acceptAgain(found, err)
	}
	if err != nil {
		return answer{}, err
	}

	if !v.proved(found.Invitation.ID) || found.HasUser {
		return redirect("/invitation"), nil
	}

	name, password := strings.TrimSpace(v.form("name")), v.form("password")
	p := personPage{
		Name:        name,
		NameProblem: nameProblem(name),
		PassProblem: web.PasswordProblem(password, name, found.Invitation.Email,
			found.Account.LegalName, v.program.Name),
	}
	if p.NameProblem != "" || p.PassProblem != "" {
		return v.personPage(found, p), nil
	}

	hash, err := web.HashPassword(v.ctx, password)
	if err != nil {
		return answer{}, err
	}

	u, _, err := v.people.AcceptInvitation(v.ctx, identity.Acceptance{
		InvitationID: found.Invitation.ID,
		Email:        found.Invitation.Email,
		Name:         name,
		PasswordHash: hash,
		Locale:       v.language.Locale(),
	})
	switch rules.CodeOf(err) {
	case rules.InvitationUsed:
		return v.acceptAgain(found, err)
	case rules.SignInRequired:
		return redirect("/invitation"), nil
	case identity.OwnSignInOnly:
		return v.done("/invitation", "flash.ownsigninonly"), nil
	}
	if err != nil {
		return answer{}, v.overtaken(err)
	}

	return v.join(u, found)
}

// join signs the new member in and shows the account.
func (v *visit) join(u identity.User, found identity.InvitationView) (answer, error) {
	if err := v.startSession(u, wayInvitation); err != nil {
		return answer{}, err
	}
	v.removeValues(keyInvitation)
	v.setValue(keyAccount, found.Account.ID)
	return v.done("/", "flash.welcome"), nil
}

// acceptAgain answers the second click of an impatient person as the first
// one: their mailbox is proven, and the password is the one just set. Anything
// else stays refused.
func (v *visit) acceptAgain(found identity.InvitationView, refused error) (answer, error) {
	u, ok, err := v.trySignIn(found.Invitation.Email, v.form("password"))
	if err != nil {
		return answer{}, err
	}

	if !ok {
		return answer{}, refused
	}

	f, err := v.people.FactorsOf(v.ctx, u.ID)
	if err != nil {
		return answer{}, err
	}
	if f.Any() { // set up since: the password alone lets nobody in any more (S52)
		v.removeValues(keyInvitation)
		return v.afterPassword(u, "")
	}
	return v.join(u, found)
}

// mostName bounds a person's name, in characters.
const mostName = identity.MaxName

func nameProblem(name string) string {
	switch {
	case name == "" || !utf8.ValidString(name):
		return "name.missing"
	case utf8.RuneCountInString(name) > mostName:
		return "name.unusable"
	case len(rules.CheckLine("", name, mostName)) > 0:
		return "name.unseen"
	case len(rules.CheckPersonName("/name", name, mostName)) > 0:
		return "name.link"
	}
	return ""
}
