package portal

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// The bounds of one-time codes: what one invitation and one address of the
// network may ask for and try. With five tries a code, a guess succeeds at
// most once in ten thousand days of trying.
const (
	codesAnHour   = 5
	codesADay     = 15
	codesAnHourIP = 30
	triesAnHourIP = 60
)

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
	if v.value(keyBrowser) == "" {
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
	if err := v.throttle("code-ip/"+v.network, codesAnHourIP, time.Hour); err != nil {
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
	if err := v.throttle("code-try-ip/"+v.network, triesAnHourIP, time.Hour); err != nil {
		return answer{}, err
	}

	code := strings.Map(onlyDigits, v.form("code"))
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
