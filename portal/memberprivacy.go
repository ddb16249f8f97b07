package portal

import (
	"errors"
	"net/http"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/rules"
)

// memberPrivacyPage is what an administrator may ask about the data of somebody of the account
// at hand: an export of what the account keeps, and an erasure (S33).
type memberPrivacyPage struct {
	ID, Name, Email string
	Pseudonym       string
	Member          bool       // not removed
	Rows            []rowsView // what an erasure changes
	Refused         []string   // why there can be no erasure now, with the way out
	AskPassword     bool       // the administrator proved it too long ago
	ConfirmProblem  string     // message key
	PassProblem     string     // message key
}

// rowsView is how many rows of one kind an erasure changes.
type rowsView struct{ What, Number string }

func showMemberPrivacy(v *visit) (answer, error) {
	m, err := v.anyMember(v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if m.UserID == v.who.user.ID {
		return redirect(privacyPath), nil
	}
	return v.memberPrivacyPage(m, memberPrivacyPage{})
}

// anyMember finds who is or was a member of the account at hand.
func (v *visit) anyMember(id string) (identity.Membership, error) {
	m, err := v.people.GetMembership(v.acting(), id)
	if err == nil && m.AccountID != v.who.account().ID {
		err = errNoPage
	}
	return m, err
}

func (v *visit) erasureOf(m identity.Membership) privacy.NewRequest {
	return privacy.NewRequest{
		Kind:      privacy.Erasure,
		AccountID: m.AccountID,
		UserID:    m.UserID,
		Confirm:   v.form("confirm"),
	}
}

func (v *visit) memberPrivacyPage(m identity.Membership, p memberPrivacyPage) (answer, error) {
	found, err := v.privacy.Preview(v.acting(), v.erasureOf(m))
	if err != nil {
		return answer{}, err
	}

	p.ID = m.ID
	p.Name = found.Name
	p.Email = found.Email
	p.Pseudonym = found.Pseudonym
	p.Member = m.State != rules.MembershipRemoved
	p.AskPassword = !v.provedLately()
	for _, c := range found.Counts {
		p.Rows = append(p.Rows, rowsView{
			What:   v.language.Say("privacy.rows." + c.Table),
			Number: v.language.Number(c.Rows),
		})
	}
	p.Refused = v.noErasure(found)

	a := answer{
		page:  "memberprivacy",
		label: v.say("privacy.member.title", "name", p.Name),
		data:  p,
		here:  colleaguesPath,
	}
	if p.ConfirmProblem != "" || p.PassProblem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// noErasure says why a person cannot be erased now, and what to do about it.
func (v *visit) noErasure(found privacy.Preview) (says []string) {
	if found.Elsewhere {
		return []string{v.say("privacy.member.elsewhere", "mailbox", v.program.Mailbox)}
	}
	if len(found.LastAdmin) > 0 {
		says = append(says, v.say("privacy.member.lastadmin"))
	}
	if found.LastGlass {
		says = append(says, v.say("privacy.member.lastglass"))
	}
	if len(found.Waits) > 0 {
		says = append(says, v.say("privacy.member.waits", "what", v.language.List(found.Waits)))
	}
	return says
}

// exportMember asks for an export of what the account keeps about somebody. Again, while it is
// under way, it is that one.
func exportMember(v *visit) (answer, error) {
	m, err := v.anyMember(v.param("id"))
	if err != nil {
		return answer{}, err
	}
	_, err = v.privacy.Ask(v.acting(), privacy.NewRequest{
		Kind:      privacy.Export,
		AccountID: m.AccountID,
		UserID:    m.UserID,
	})
	if err != nil {
		return answer{}, err
	}
	return v.done(privacyPath, "flash.exportasked"), nil
}

// eraseMember has somebody erased, after the person's address and the administrator's own
// password (S52). The access of the person ends at once, the worker does the rest; the second
// press of the button finds the first.
func eraseMember(v *visit) (answer, error) {
	m, err := v.anyMember(v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if problem, err := v.proveAgain(); err != nil || problem != "" {
		a, wrong := v.memberPrivacyPage(m, memberPrivacyPage{PassProblem: problem})
		return a, errors.Join(err, wrong)
	}

	_, err = v.privacy.Ask(v.acting(), v.erasureOf(m))
	if rules.CodeOf(err) == rules.ValidationFailed {
		return v.memberPrivacyPage(m, memberPrivacyPage{
			ConfirmProblem: "privacy.member.confirm.wrong",
		})
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(privacyPath, "flash.erasureasked"), nil
}
