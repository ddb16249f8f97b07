package portal

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/rules"
)

const askHelpPath = "/help-with-access"

// askHelpPage is the form on which who has no access says what is missing (S56).
type askHelpPage struct {
	Email, Text string
	Kinds       []kindChoice
	Problems    map[string]string // message keys, by the field
	MostText    int
}

type kindChoice struct {
	Value, Label string
	Selected     bool
}

// typedHelp is what was typed into the form.
func (v *visit) typedHelp() mailbox.FormRequest {
	return mailbox.FormRequest{
		Email:  strings.TrimSpace(v.form("email")),
		Kind:   inbound.Kind(v.form("kind")),
		Text:   strings.ReplaceAll(v.form("text"), "\r\n", "\n"),
		Locale: v.language.Locale(),
	}
}

func showAskHelp(v *visit) (answer, error) {
	return v.askHelpAnswer(mailbox.FormRequest{Kind: inbound.LostInvitation}, nil), nil
}

func (v *visit) askHelpAnswer(r mailbox.FormRequest, problems map[string]string) answer {
	p := askHelpPage{
		Email:    r.Email,
		Text:     r.Text,
		Problems: problems,
		MostText: mailbox.MaxFormText,
	}
	for _, k := range mailbox.FormKinds {
		p.Kinds = append(p.Kinds, kindChoice{
			Value:    string(k),
			Label:    v.language.Say("askhelp.kind." + string(k)),
			Selected: k == r.Kind,
		})
	}
	a := answer{page: "askhelp", title: "askhelp.title", data: p}
	if len(problems) > 0 {
		a.status = http.StatusUnprocessableEntity
	}
	return a
}

// askHelp makes an item for the operators. The answer and its time are the same whether the
// address is known or not, and whether it has asked too often: nobody learns who has an account.
func askHelp(v *visit) (answer, error) {
	r := v.typedHelp()
	var refusal *rules.Error
	if err := r.Check(); errors.As(err, &refusal) {
		return v.askHelpAnswer(r, askHelpProblems(refusal.Fields)), nil
	}

	if err := v.throttleNetwork("askhelp-ip", 10, time.Hour); err != nil {
		return answer{}, err
	}
	err := v.constantTime(func() error { return v.askHelpOnce(r) })
	return answer{page: "helpasked", title: "helpasked.title"}, err
}

// askHelpOnce drops what one mailbox asks too often, without telling.
func (v *visit) askHelpOnce(r mailbox.FormRequest) error {
	err := v.throttle("askhelp/"+identity.MailboxOf(r.Email), 5, 24*time.Hour)
	if rules.CodeOf(err) == rules.RateLimited {
		return nil
	}
	if err != nil {
		return err
	}
	return v.mailbox.AskByForm(v.ctx, r)
}

// askHelpProblems gives the message of each field that is wrong.
func askHelpProblems(fields []rules.FieldError) map[string]string {
	problems := map[string]string{}
	for _, f := range fields {
		switch {
		case f.Pointer == "/email":
			problems["email"] = "email.invalid"
		case f.Pointer == "/kind":
			problems["kind"] = "askhelp.kind.missing"
		case f.Code == rules.Required:
			problems["text"] = "askhelp.text.missing"
		case f.Code == rules.TooLong:
			problems["text"] = "askhelp.text.long"
		default:
			problems["text"] = "askhelp.text.wrong"
		}
	}
	return problems
}
