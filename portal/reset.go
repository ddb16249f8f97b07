package portal

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// The bounds of links for a new password to one address.
const (
	resetsAnHour = 3
	resetsADay   = 8
)

type resetPage struct {
	Email, Problem          string
	LeastLength, MostLength int
	Hours                   int64
}

func showReset(*visit) (answer, error) {
	return answer{page: "reset", title: "reset.title", data: resetPage{}}, nil
}

// requestReset mails a link to a user and says the same to everybody else.
func requestReset(v *visit) (answer, error) {
	email := strings.TrimSpace(v.form("email"))
	if !rules.ValidEmail(email) {
		return answer{
			status: http.StatusUnprocessableEntity,
			page:   "reset",
			title:  "reset.title",
			data:   resetPage{Email: email, Problem: "email.invalid"},
		}, nil
	}

	if err := v.throttleNetwork("reset-ip", 20, time.Hour); err != nil {
		return answer{}, err
	}

	err := v.constantTime(func() error { return v.resetOnce(rules.NormaliseEmail(email)) })
	return answer{
		page:  "resetsent",
		title: "resetsent.title",
		data:  resetPage{Hours: int64(identity.ResetLifetime.Hours())},
	}, err
}

func (v *visit) resetOnce(email string) error {
	// In silence: a refusal would say who has an account. Whoever uses up the hour of
	// another person has sent them a link that works.
	// What the hour refuses does not count against the day: else a minute of requests
	// would keep a person from a link until tomorrow.
	err := v.throttle("reset/"+email, resetsAnHour, time.Hour)
	if err == nil {
		err = v.throttle("reset-day/"+email, resetsADay, 24*time.Hour)
	}
	if rules.CodeOf(err) == rules.RateLimited {
		return nil
	}
	if err != nil {
		return err
	}

	return v.people.ChallengeReset(v.ctx, email, v.language.Locale())
}

// showNewPassword is where the mail's link leads; as with an invitation, the
// token leaves the address bar and reading consumes nothing.
func showNewPassword(v *visit) (answer, error) {
	if token := v.request.URL.Query().Get("token"); token != "" {
		return v.takeReset(token)
	}
	if _, err := v.reset(); err != nil {
		return answer{}, err
	}
	return newPasswordPage(""), nil
}

func (v *visit) takeReset(token string) (answer, error) {
	if err := v.throttleNetwork("reset-link", 300, time.Hour); err != nil {
		return answer{}, err
	}

	c, err := v.people.ResetByToken(v.ctx, token)
	if err != nil && rules.CodeOf(err) == "" {
		return answer{}, err
	}

	if c.ID == "" {
		c.ID = noLink
	}
	v.setValue(keyReset, c.ID)
	return redirect("/password-reset/new"), nil
}

// reset reads the challenge that this session opened; any that is over is one
// and the same refusal, except for who used it and is signed in.
func (v *visit) reset() (identity.Challenge, error) {
	c, err := v.people.ResetByToken(v.ctx, v.db.Secrets().ResetToken(v.value(keyReset)))
	if rules.CodeOf(err) == "" {
		return c, err
	}

	if v.who != nil && c.ConsumedAt != nil && c.SubjectID == v.who.user.ID {
		return c, errAtHome
	}
	return c, errDeadReset
}

func newPasswordPage(problem string) answer {
	a := answer{
		page:  "newpassword",
		title: "newpassword.title",
		data: resetPage{
			Problem:     problem,
			LeastLength: web.LeastPassword,
			MostLength:  web.MostPassword,
		},
	}

	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a
}

// setNewPassword ends every session of the user, wherever it is.
func setNewPassword(v *visit) (answer, error) {
	c, err := v.reset()
	if err != nil {
		return v.resetAgain(c, err)
	}

	u, err := v.people.GetUser(v.ctx, c.SubjectID)
	if err != nil {
		return answer{}, err
	}

	password := v.form("password")
	if problem := web.PasswordProblem(password, u.Name, u.Email, v.program.Name); problem != "" {
		return newPasswordPage(problem), nil
	}

	hash, err := web.HashPassword(v.ctx, password)
	if err != nil {
		return answer{}, err
	}
	err = v.people.ResetPassword(v.named(), v.db.Secrets().ResetToken(c.ID), hash)
	if rules.CodeOf(err) == identity.CodeExpired {
		return v.resetAgain(c, err)
	}
	if err != nil {
		return answer{}, err
	}
	if err := v.people.RememberPlace(v.ctx, u.ID, v.placeFromNowOn()); err != nil {
		return answer{}, err
	}
	if err := v.sessions.Destroy(v.ctx); err != nil {
		return answer{}, err
	}

	v.who = nil
	return v.done("/sign-in", "flash.password"), nil
}

// resetAgain answers the second click of an impatient person as the first one: the link
// was used a moment ago, in this browser, and the password is the one just set.
func (v *visit) resetAgain(c identity.Challenge, refused error) (answer, error) {
	just, err := v.people.ResetJustNow(v.ctx, c.ID)
	if err != nil || !just {
		return answer{}, errors.Join(err, refused)
	}

	u, err := v.people.GetUser(v.ctx, c.SubjectID)
	if err != nil {
		return answer{}, err
	}

	_, ok, err := v.trySignIn(u.Email, v.form("password"))
	if err != nil || !ok {
		return answer{}, errors.Join(err, refused)
	}

	return v.done("/sign-in", "flash.password"), nil
}
