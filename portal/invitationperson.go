package portal

import (
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

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

	if !v.proved(found.Invitation.ID) {
		return redirect("/invitation"), nil
	}
	return v.personPage(found, personPage{Name: found.Invitation.ContactName}), nil
}

func (v *visit) personPage(found identity.InvitationView, p personPage) answer {
	p.Email, p.Company = found.Invitation.Email, found.Account.LegalName
	p.LeastLength = leastPassword
	p.MostLength = mostPassword
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
// and a member; the first of the account becomes its administrator (R47b).
func acceptAsNew(v *visit) (answer, error) {
	found, err := v.invitation()
	if rules.CodeOf(err) == rules.InvitationUsed && v.proved(found.Invitation.ID) {
		return v.acceptAgain(found, err)
	}
	if err != nil {
		return answer{}, err
	}

	if !v.proved(found.Invitation.ID) {
		return redirect("/invitation"), nil
	}

	name, password := strings.TrimSpace(v.form("name")), v.form("password")
	p := personPage{
		Name:        name,
		NameProblem: nameProblem(name),
		PassProblem: passwordProblem(password, name, found.Invitation.Email,
			found.Account.LegalName, v.program.Name),
	}
	if p.NameProblem != "" || p.PassProblem != "" {
		return v.personPage(found, p), nil
	}

	hash, err := hashPassword(v.ctx, password)
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
	if rules.CodeOf(err) == rules.InvitationUsed {
		return v.acceptAgain(found, err)
	}
	if err != nil {
		return answer{}, v.overtaken(err)
	}

	return v.join(u, found)
}

// join signs the new member in and shows the account.
func (v *visit) join(u identity.User, found identity.InvitationView) (answer, error) {
	if err := v.startSession(u); err != nil {
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
	if err := v.maySignIn(found.Invitation.Email); err != nil {
		return answer{}, err
	}

	u, err := v.people.UserByEmail(v.ctx, found.Invitation.Email)
	if err != nil {
		return answer{}, err
	}

	ok, err := passwordMatches(v.ctx, bounded(v.form("password")), u.PasswordHash)
	if err != nil {
		return answer{}, err
	}

	if !ok {
		return answer{}, refused
	}

	return v.join(u, found)
}

// mostName bounds a person's name, in characters.
const mostName = 100

func nameProblem(name string) string {
	switch {
	case name == "" || !utf8.ValidString(name):
		return "name.missing"
	case utf8.RuneCountInString(name) > mostName || strings.ContainsFunc(name, unicode.IsControl):
		return "name.unusable"
	}
	return ""
}
