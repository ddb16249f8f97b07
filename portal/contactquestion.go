package portal

import (
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
}

// questionPage is the question on its own page.
type questionPage struct {
	Path, Name, Email, Order, Seller, SentBy string
	Asked                                    string // day
	Until                                    string // a sentence, while it is open
	Answer                                   string // a sentence, once it was answered
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

// showQuestion is where the buttons of the mail lead. Reading decides nothing. A question
// of another account of the same person brings that account to hand.
func showQuestion(v *visit) (answer, error) {
	q, err := v.people.GetContactQuestion(v.scoped(), v.param("id"))
	if err != nil {
		return answer{}, err
	}

	if q.AccountID != v.who.account().ID {
		v.setValue(keyAccount, q.AccountID)
		return redirect(questionsPath + q.ID), nil
	}
	if !v.isAdmin() {
		return answer{}, errReadOnly
	}

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
		p.Answer = v.language.Say("question.withdrawn")
	case identity.QuestionConfirmed:
		p.Answer = v.language.Say("question.confirmed",
			messages.Args{"role": v.roleName(q.Role)})
	case identity.QuestionRefused:
		p.Answer = v.language.Say("question.refused")
	default:
		p.Until = v.answerUntil(q)
	}

	return answer{page: "question", title: "question.title", data: p}, nil
}

// confirmContact lets the person in: an invitation with a role is sent.
func confirmContact(v *visit) (answer, error) {
	role := identity.MemberRole(v.form("role"))
	if role != identity.RoleAdmin && role != identity.RoleReadOnly {
		return answer{}, errBadForm
	}

	_, err := v.people.AnswerContact(v.acting(), v.param("id"), identity.ContactAnswer{
		Confirm: true,
		Role:    role,
	})
	if err != nil {
		return answer{}, err
	}

	return v.done("/colleagues", "flash.question.confirmed"), nil
}

// refuseContact keeps the person out; the order stays.
func refuseContact(v *visit) (answer, error) {
	_, err := v.people.AnswerContact(v.acting(), v.param("id"), identity.ContactAnswer{})
	if err != nil {
		return answer{}, err
	}
	return v.done("/colleagues", "flash.question.refused"), nil
}
