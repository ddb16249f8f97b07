package portal

import (
	"errors"
	"net/http"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// questionsPath is where an administrator answers whether the person whom an order names
// may come in (S15).
const questionsPath = "/colleagues/questions/"

// questionView is such a question in the list of colleagues.
type questionView struct {
	Path, Name, Email string
	Until             string // a sentence
	due               time.Time
}

// questionPage is the question on its own page.
type questionPage struct {
	Path, Name, Email, Order, Seller, SentBy string
	Asked                                    string // day
	Until                                    string // a sentence, while it is open
	Answer                                   string // sentences, once it was answered
	TooLate                                  bool   // the reader wanted to answer otherwise
	Role                                     string // that is chosen for the person
}

// openQuestions lists what the administrators of the account at hand are asked.
func (v *visit) openQuestions() ([]questionView, error) {
	if !v.isAdmin() {
		return nil, nil
	}

	open, _, err := v.people.ListContactQuestions(
		v.scoped(), v.who.account().ID, identity.QuestionOpen, db.Page{Limit: 200},
	)

	var views []questionView
	for _, q := range open {
		views = append(views, questionView{
			Path:  questionsPath + q.ID,
			Name:  q.ContactName,
			Email: q.Email,
			Until: v.answerUntil(q),
			due:   q.AnswerUntil,
		})
	}

	return views, err
}

func (v *visit) answerUntil(q identity.ContactQuestion) string {
	if q.EscalatedAt != nil {
		return v.language.Say("question.escalated")
	}
	last := rules.LastCoveredDay(q.AnswerUntil, location(v.who.account().TimeZone))
	return v.language.Say("question.until", messages.Args{"day": v.day(last)})
}

// showQuestion is where the mail leads. Reading decides nothing. A question of another
// account of the same person brings that account to hand.
func showQuestion(v *visit) (answer, error) {
	q, err := v.people.GetContactQuestion(v.scoped(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if a, elsewhere := v.toAccountOf(q); elsewhere {
		return a, nil
	}
	if !v.isAdmin() {
		return answer{}, errReadOnly
	}

	return v.questionPage(q)
}

// showRefusal is where the mail's way to refuse leads: the page that asks whether to. The
// address says what was chosen, so that it survives the sign-in.
func showRefusal(v *visit) (answer, error) {
	q, err := v.people.GetContactQuestion(v.scoped(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if a, elsewhere := v.toAccountOf(q); elsewhere {
		return a, nil
	}
	if !v.isAdmin() {
		return answer{}, errReadOnly
	}

	return v.askRefusal(q)
}

// toAccountOf brings the account of a question to hand, and opens this page again.
func (v *visit) toAccountOf(q identity.ContactQuestion) (a answer, elsewhere bool) {
	if q.AccountID == v.who.account().ID {
		return answer{}, false
	}
	v.setValue(keyAccount, q.AccountID)
	return redirect(v.request.URL.Path), true
}

func (v *visit) questionPage(q identity.ContactQuestion) (answer, error) {
	numbers, err := v.orders.OrderNumbers(v.scoped(), q.AccountID)
	if err != nil {
		return answer{}, err
	}

	p := questionPage{
		Path:   questionsPath + q.ID,
		Name:   q.ContactName,
		Email:  q.Email,
		Order:  numbers[q.OrderID],
		Seller: q.Seller,
		SentBy: q.SentBy,
		Asked:  v.day(rules.DateIn(q.AskedAt, location(v.who.account().TimeZone))),
	}

	switch q.Standing() {
	case identity.QuestionWithdrawn:
		p.Answer = v.say("question.withdrawn")
	case identity.QuestionConfirmed, identity.QuestionRefused:
		p.Answer, err = v.questionAnswer(q)
	default:
		p.Until = v.answerUntil(q)
		if v.resumes(p.Path + "/confirm") {
			p.Role = v.form("role")
		}
	}

	return answer{
		page:  "question",
		title: "question.title",
		data:  p,
		here:  p.Path,
	}, err
}

// questionAnswer says who answered a question, when, and what.
func (v *visit) questionAnswer(q identity.ContactQuestion) (string, error) {
	by, err := v.answeredBy(q)
	if err != nil || q.AnsweredAt == nil {
		return "", err
	}

	at := v.moment(*q.AnsweredAt, v.who.account().TimeZone)
	if q.State == identity.QuestionRefused {
		return v.say("question.refused", "by", by, "at", at), nil
	}
	return v.say("question.confirmed", "by", by, "at", at, "role", v.roleName(q.Role)), nil
}

// answeredBy names who answered: a person of the account by name, and anybody else by
// what they are.
func (v *visit) answeredBy(q identity.ContactQuestion) (string, error) {
	if q.AnsweredBy == v.who.user.ID {
		return v.say("question.by.you"), nil
	}

	members, err := v.people.MembersOf(v.scoped(), q.AccountID)
	for _, m := range members {
		if m.UserID == q.AnsweredBy {
			return m.Name, err
		}
	}

	// Before the administrators' time is over, nobody else may answer.
	if q.EscalatedAt == nil {
		return v.say("question.by.administrator"), err
	}
	return v.say("question.by.support"), err
}

// confirmContact lets the person in, after a fresh proof (S52): an invitation with a role is sent.
func confirmContact(v *visit) (answer, error) {
	role := identity.MemberRole(v.form("role"))
	if role != identity.RoleAdmin && role != identity.RoleReadOnly {
		return answer{}, errBadForm
	}

	if a, ok := v.needFresh(questionsPath + v.param("id")); !ok {
		return a, nil
	}
	return v.answerQuestion(identity.ContactAnswer{Confirm: true, Role: role},
		"flash.question.confirmed")
}

// refuseContact keeps the person out, after saying what that means; the order stays.
func refuseContact(v *visit) (answer, error) {
	if v.confirmed() {
		return v.answerQuestion(identity.ContactAnswer{}, "flash.question.refused")
	}

	q, err := v.people.GetContactQuestion(v.acting(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	return v.askRefusal(q)
}

func (v *visit) askRefusal(q identity.ContactQuestion) (answer, error) {
	switch q.Standing() {
	case identity.QuestionConfirmed, identity.QuestionWithdrawn:
		return v.answeredOtherwise(q)
	case identity.QuestionRefused:
		return v.questionPage(q)
	}

	return v.ask(confirmation{
		Title: v.say("question.refuse.ask", "name", q.ContactName),
		Says: []string{
			v.say("question.refuse.says", "name", q.ContactName, "email", q.Email,
				"company", v.who.account().LegalName),
			v.say("question.refuse.says.order", "seller", q.Seller, "mailbox", v.program.Mailbox),
			v.say("question.refuse.says.later"),
		},
		Action: questionsPath + q.ID + "/refuse",
		Submit: v.say("question.refuse.submit"),
		Keep:   v.say("question.refuse.back"),
		Back:   questionsPath + q.ID,
	})
}

// answerQuestion gives an answer; where somebody else was quicker with another one, the
// reader sees who it was, and what they said.
func (v *visit) answerQuestion(a identity.ContactAnswer, message string) (answer, error) {
	_, err := v.people.AnswerContact(v.acting(), v.param("id"), a)
	if err == nil {
		return v.done("/colleagues", message), nil
	}
	if rules.CodeOf(err) != rules.StateConflict {
		return answer{}, err
	}

	q, unread := v.people.GetContactQuestion(v.acting(), v.param("id"))
	if unread != nil || q.Standing() == identity.QuestionOpen {
		return answer{}, errors.Join(unread, err)
	}
	return v.answeredOtherwise(q)
}

// answeredOtherwise is the page of a question for who comes too late with another answer.
func (v *visit) answeredOtherwise(q identity.ContactQuestion) (answer, error) {
	a, err := v.questionPage(q)
	a.status = http.StatusConflict
	if p, ok := a.data.(questionPage); ok {
		p.TooLate = true
		a.data = p
	}
	return a, err
}
