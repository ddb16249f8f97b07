package portal

import (
	"net/http"
	"strings"
	"time"

	"roomcover.dev/roomcover/rules"
)

// requestForm is the small form on the page of dead links.
type requestForm struct {
	Email, Problem string
}

// askRequest is the page of dead links, for who comes without one.
func askRequest(*visit) (answer, error) { return answer{}, errDeadLink }

// requestInvitation asks the operators for a new link. The answer and its time
// are the same whether the address was ever invited or not (R123).
func requestInvitation(v *visit) (answer, error) {
	email := strings.TrimSpace(v.form("email"))
	if !rules.ValidEmail(email) {
		return answer{
			status: http.StatusUnprocessableEntity,
			page:   "deadlink",
			title:  "deadlink.title",
			data:   requestForm{Email: email, Problem: "email.invalid"},
		}, nil
	}

	if err := v.throttleNetwork("request-ip", 10, time.Hour); err != nil {
		return answer{}, err
	}
	err := v.constantTime(func() error { return v.requestOnce(rules.NormaliseEmail(email)) })
	return answer{page: "requested", title: "requested.title"}, err
}

// requestOnce drops what one address asks too often, without telling.
func (v *visit) requestOnce(email string) error {
	err := v.throttle("request/"+email, 3, 24*time.Hour)
	if rules.CodeOf(err) == rules.RateLimited {
		return nil
	}
	if err != nil {
		return err
	}

	return v.people.RequestInvitation(v.ctx, email)
}
